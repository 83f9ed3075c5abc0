package io.trefoil.node.http;

import java.util.List;

/**
 * A node at one moment.
 *
 * @param journalBytes of its files on disk
 * @param memoryTableBytes in use, of the memory set aside
 * @param replicas one per partition that the node holds, no partition twice
 */
public record NodeSample(
    long connectedClients, long journalBytes, long memoryTableBytes, List<ReplicaSample> replicas) {
  public NodeSample {
    replicas = List.copyOf(replicas);
  }
}
