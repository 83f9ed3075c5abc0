package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;

/**
 * Where one replica is, for those who watch.
 *
 * @param made of the replicas that this process makes of the partition one after the other, each
 *     has another number here
 * @param leader whom it takes for the leader of its epoch; null for nobody
 * @param leads whether it leads; others may not have heard of a newer epoch yet
 * @param committed the last entry that it knows to be committed
 * @param counts whether it counts in commits and elections
 */
public record ReplicaView(
    PartitionId id,
    long made,
    long epoch,
    NodeId leader,
    boolean leads,
    Position committed,
    long lastIndex,
    boolean counts) {

  static ReplicaView of(PartitionReplica replica) {
    return new ReplicaView(
        replica.id(),
        replica.made(),
        replica.epoch(),
        replica.machine().leader(),
        replica.machine().isLeader(),
        replica.committedPosition(),
        replica.machine().lastIndex(),
        replica.machine().counts());
  }
}
