package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.replication.kernel.EntryBatch;

/**
 * What replicas of a leaderless partition tell each other. Messages may be lost and repeated, but
 * of one start of a node's process they come in order; the shell adds partition and incarnation,
 * and drops what is from or to an earlier start.
 */
public sealed interface LeaderlessMessage {
  /**
   * Coordinator to replica: from {@code fromIndex} to {@code upToIndex} my log holds for you just
   * this batch. With {@code upToIndex == fromIndex - 1} it says nothing and wants an answer: a
   * probe, or a heartbeat.
   *
   * @param origin of the coordinator's log
   * @param version of the coordinator's configuration
   * @param batch ends with {@code upToIndex}; null when the stretch holds nothing for others
   * @param skipped what lies before {@code fromIndex} and was not confirmed is no longer in my log
   */
  record Share(
      int origin, long version, long fromIndex, long upToIndex, EntryBatch batch, boolean skipped)
      implements LeaderlessMessage {
    public Share {
      Stretch.check(fromIndex, upToIndex, batch);
    }

    boolean isHeartbeat() {
      return upToIndex < fromIndex;
    }
  }

  /**
   * Replica to coordinator: all that your log holds for me up to {@code index} is here and stable.
   *
   * @param counts whether the replica's copy counts: it has forgotten nothing that it acknowledged
   */
  record Shared(int origin, long index, boolean counts) implements LeaderlessMessage {}

  /**
   * Replica to coordinator: your share begins beyond what I have.
   *
   * @param rejectedFrom {@link Share#fromIndex}, so that late answers are told apart
   * @param index up to which I have everything, stable or not
   */
  record Lacking(int origin, long rejectedFrom, long index) implements LeaderlessMessage {
    public Lacking {
      Invariants.check(index + 1 < rejectedFrom, "lacks something", index, rejectedFrom);
    }
  }

  /** I know another configuration than you, and took nothing of what you sent. */
  record Refused(long version) implements LeaderlessMessage {}

  /** Coordinator to replica: what have you that differs? */
  record Ask(long id, long version, Bytes question) implements LeaderlessMessage {}

  /**
   * Replica to coordinator: the answer to {@link Ask}.
   *
   * @param differing null when there is nothing that differs
   */
  record Told(long id, boolean counts, Bytes differing) implements LeaderlessMessage {}
}
