package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.replication.leaderless.CopyState;

/**
 * Where one replica of a leaderless partition is, for those who watch.
 *
 * @param lastIndex of its log
 * @param everywhereIndex up to where every other replica has what it coordinated
 * @param gaps of how many streams something was left out
 * @param counts whether its copy counts in reads
 * @param repairs what reads have repaired
 * @param restamped writes that were written again, above a stamp that was in their way
 * @param digest of all that it holds, also of what was removed and is not forgotten yet
 * @param vouches whether it was compared with all others since it forgot something, if ever
 * @param horizon a stamp up to which it may have forgotten what was removed
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
    long digest,
    boolean vouches,
    long horizon,
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
        replica.repair().sum(0, 0),
        replica.repair().machine().state() == CopyState.VOUCHES,
        replica.origins().state().horizon(),
        replica.calls().waiting());
  }
}
