package io.trefoil.node.http;

import java.util.List;

/**
 * A node at one moment.
 *
 * @param journalBytes of its files on disk
 * @param leftBehind followers that are away and need a snapshot when they are back
 * @param memoryTableBytes in use, of the memory set aside
 * @param divergedFiles not yet replayed or discarded
 * @param replicas one per partition that the node holds, no partition twice
 */
public record NodeSample(
    long connectedClients,
    long journalBytes,
    long leftBehind,
    long memoryTableBytes,
    long divergedFiles,
    List<ReplicaSample> replicas) {
  public NodeSample {
    replicas = List.copyOf(replicas);
  }
}
