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
    boolean amnesiac) {
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
        amnesiac);
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
        amnesiac);
  }

  ClusterNode whole() {
    return new ClusterNode(
        id, name, region, addresses, diskId, claim, issued, incarnation, voter, insecure, false);
  }
}
