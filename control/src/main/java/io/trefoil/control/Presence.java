package io.trefoil.control;

import io.trefoil.base.NodeId;

/**
 * What a process says of itself and its disk when it starts.
 *
 * @param clusterId the cluster its disk belongs to; 0 for a fresh disk
 * @param node the id its disk was issued; null for a fresh disk
 * @param diskId random id of its data folder
 * @param claim random number of this start, so that a repeated request is told from another process
 * @param journaled the last incarnation on its disk; 0 for none
 * @param issued the last incarnation that was issued to its disk, as far as the process was told: a
 *     late request of a process that died is known by it
 */
public record Presence(
    long clusterId,
    NodeId node,
    long diskId,
    long claim,
    long journaled,
    long issued,
    String name,
    String region,
    Addresses addresses,
    boolean insecure) {
  /** As it says it once it was told better. */
  public Presence withIssued(long newIssued) {
    return new Presence(
        clusterId, node, diskId, claim, journaled, newIssued, name, region, addresses, insecure);
  }
}
