package io.trefoil.replication.kernel;

import io.trefoil.base.Position;

/**
 * What replicas of a partition tell each other. Messages may be lost, repeated, late and out of
 * order. Each carries the epoch of the leadership it belongs to; the shell adds partition and
 * incarnation.
 */
public sealed interface Message {
  long epoch();

  /**
   * Leader to follower: entries, or none as a heartbeat.
   *
   * @param previous the position just before the entries; the follower takes them only after it
   * @param batch the entries, or null
   * @param commitIndex the leader's, which may be beyond what the follower has
   * @param everywhereIndex up to which every replica has a stable copy, as far as the leader knows
   * @param logTimeMillis the leader's log time
   */
  record Append(
      long epoch,
      Position previous,
      EntryBatch batch,
      long commitIndex,
      long everywhereIndex,
      long logTimeMillis)
      implements Message {}

  /**
   * Follower to leader: the copy is stable up to here.
   *
   * @param index last index that is stable and verified against this leader's log
   * @param counts whether the follower's journal is unbroken, so that its copy counts
   * @param synced up to where, at most {@code index}, the copy is known to be synced: a leader
   *     whose rule asks for that can't go by {@code index} while the follower has yet to hear of it
   */
  record Appended(long epoch, long index, boolean counts, long synced) implements Message {
    /** Of a follower that syncs what it acknowledges. */
    public Appended(long epoch, long index, boolean counts) {
      this(epoch, index, counts, index);
    }
  }

  /**
   * Follower to leader: {@link Append#previous} is not in my log.
   *
   * @param rejected the previous position that did not fit, so that late answers are told apart
   * @param last the latest position, at or before that index, that might fit
   */
  record Mismatch(long epoch, Position rejected, Position last) implements Message {}

  /** Follower to leader: my log can't be joined to yours; send the whole partition. */
  record NeedSnapshot(long epoch) implements Message {}

  /** Leader to follower: you have everything that you may ever have acknowledged; count again. */
  record Whole(long epoch) implements Message {}

  /** Replica to a leader of the past: a newer epoch exists. */
  record Stale(long epoch) implements Message {}
}
