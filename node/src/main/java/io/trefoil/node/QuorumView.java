package io.trefoil.node;

import io.trefoil.base.PartitionId;

/**
 * Where one replica of a leaderless partition is, for those who watch.
 *
 * @param lastIndex of its log
 * @param everywhereIndex up to where every other replica has what it coordinated
 * @param gaps of how many streams something was left out
 * @param counts whether its copy counts in reads
 * @param repairs what reads have repaired
 * @param restamped writes that were written again, above a stamp that was in their way
 * @param waiting commands that wait for other replicas
 */
public record QuorumView(
    PartitionId id,
    long lastIndex,
    long everywhereIndex,
    int gaps,
    boolean counts,
    long repairs,
    long restamped,
    int waiting) {

  static QuorumView of(QuorumReplica replica) {
    return new QuorumView(
        replica.id(),
        replica.machine().lastIndex(),
        replica.machine().everywhereIndex(),
        replica.machine().gaps().size(),
        replica.machine().counts(),
        replica.calls().repairs(),
        replica.calls().restamped(),
        replica.calls().waiting());
  }
}
