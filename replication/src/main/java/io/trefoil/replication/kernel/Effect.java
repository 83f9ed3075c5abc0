package io.trefoil.replication.kernel;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;

/**
 * What a replica wants done, in order. What may happen only after something is on disk is not an
 * effect of the same step: the machine waits for {@link Event.Stable} or {@link
 * Event.PromiseDurable}.
 */
public sealed interface Effect {
  record Send(NodeId to, Message message) implements Effect {}

  /** Write these entries to the journal; {@link Event.Stable} says when they are stable. */
  record Append(EntryBatch batch) implements Effect {}

  /** The entries from {@code fromIndex} on are not history: cut them from the journal. */
  record Cut(long fromIndex) implements Effect {}

  /** Everything up to {@code index} is committed: apply it, and answer who waits for it. */
  record Commit(long index) implements Effect {}

  /** Make the promise durable, with an fsync in every durability mode. */
  record PersistPromise(long epoch) implements Effect {}

  /**
   * Tell the controller.
   *
   * @param promised the epoch below which nothing is acknowledged any more
   * @param last position of the last entry; the copy up to it is stable
   * @param counts whether the journal is unbroken
   */
  record AnswerFence(long promised, Position last, boolean counts, long logTimeMillis)
      implements Effect {}

  /** This replica leads: it may execute commands, on top of its whole log. */
  record BecameLeader(long epoch, long openingIndex) implements Effect {}

  /** This replica follows {@code leader}, or nobody yet when null. What waits is uncertain now. */
  record BecameFollower(long epoch, NodeId leader) implements Effect {}

  /**
   * The entries {@code fromIndex} to {@code toIndex}, of which the first at least was applied, are
   * not in the leader's history: save them to the divergence file. The replica serves and counts
   * again only after a snapshot.
   */
  record Diverged(long epoch, Position from, Position to) implements Effect {
    public long fromIndex() {
      return from.index();
    }

    public long toIndex() {
      return to.index();
    }
  }

  /** Read entries from the journal, off the loop, and come back with {@link Event.LogRead}. */
  record ReadLog(NodeId follower, long fromIndex, int maxBytes) implements Effect {}

  /**
   * Stream the partition as it is to the follower; {@link Event.SnapshotSent} says how it ended.
   */
  record SendSnapshot(NodeId follower) implements Effect {}

  /** Make durable whether this replica's copy counts. */
  record PersistCounts(boolean counts) implements Effect {}
}
