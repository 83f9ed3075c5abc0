package io.trefoil.node.http;

import java.util.List;

/**
 * A node at one moment.
 *
 * @param journalBytes of its files on disk
 * @param leftBehind followers that are away and need a snapshot when they are back
 * @param differing partitions whose replicas differ, as far as this node compares them
 * @param memoryTableBytes in use, of the memory set aside
 * @param divergedFiles not yet replayed or discarded
 * @param calls of all partitions that the node has or had a replica of
 * @param repairs of all leaderless partitions that the node has or had a replica of
 * @param replicas one per partition with a leader that the node holds, no partition twice
 * @param hints one per leaderless partition that the node holds and other replica of it
 * @param clocks one per other node that coordinated something of which this node has a replica
 */
public record NodeSample(
    long connectedClients,
    long journalBytes,
    long leftBehind,
    long differing,
    long memoryTableBytes,
    long divergedFiles,
    CallCounts calls,
    RepairCounts repairs,
    List<ReplicaSample> replicas,
    List<HintSample> hints,
    List<ClockSample> clocks) {
  public NodeSample {
    clocks = List.copyOf(clocks);
    hints = List.copyOf(hints);
    replicas = List.copyOf(replicas);
  }
}
