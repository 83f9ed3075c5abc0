package io.trefoil.node.http;

import java.util.List;

/**
 * A node at one moment.
 *
 * @param journalBytes of its files on disk
 * @param memoryTableBytes in use, of the memory set aside
 * @param divergedFiles not yet replayed or discarded
 * @param replicas one per partition that the node holds, no partition twice
 */
public record NodeSample(
    long connectedClients,
    long journalBytes,
    long memoryTableBytes,
    long divergedFiles,
    List<ReplicaSample> replicas) {
  public NodeSample {
    replicas = List.copyOf(replicas);
  }
}
