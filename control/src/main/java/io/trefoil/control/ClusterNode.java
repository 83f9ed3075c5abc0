package io.trefoil.control;

import io.trefoil.base.NodeId;

/**
 * What the cluster knows of a node.
 *
 * @param diskId random id of its data folder; another one is another node
 * @param claim random number of the start that {@code issued} was issued to
 * @param issued the last incarnation issued to it, from 1
 * @param incarnation the last incarnation that it has journaled and serves under; 0 before the
 *     first
 * @param voter takes part in the control plane's Raft
 * @param insecure takes clients without a password
 * @param amnesiac came back with an older disk: none of its replicas counts until all are whole
 * @param drained leads nothing if others can, until its process starts again or it is told to
 */
public record ClusterNode(
    NodeId id,
    String name,
    String region,
    Addresses addresses,
    long diskId,
    long claim,
    long issued,
    long incarnation,
    boolean voter,
    boolean insecure,
    boolean amnesiac,
    boolean drained) {
  ClusterNode withName(String newName) {
    return new ClusterNode(
        id,
        newName,
        region,
        addresses,
        diskId,
        claim,
        issued,
        incarnation,
        voter,
        insecure,
        amnesiac,
        drained);
  }

  ClusterNode withIncarnation(long newIncarnation) {
    return new ClusterNode(
        id,
        name,
        region,
        addresses,
        diskId,
        claim,
        issued,
        newIncarnation,
        voter,
        insecure,
        amnesiac,
        drained);
  }

  ClusterNode whole() {
    return with(false, drained);
  }

  ClusterNode drained(boolean newDrained) {
    return with(amnesiac, newDrained);
  }

  private ClusterNode with(boolean newAmnesiac, boolean newDrained) {
    return new ClusterNode(
        id,
        name,
        region,
        addresses,
        diskId,
        claim,
        issued,
        incarnation,
        voter,
        insecure,
        newAmnesiac,
        newDrained);
  }
}
