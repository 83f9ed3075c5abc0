package io.trefoil.replication.kernel;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;

/** What can happen to a replica. */
public sealed interface Event {
  /** Time has passed. Monotonic milliseconds of this node; only differences mean anything. */
  record Tick(long nowMillis) implements Event {}

  record Received(NodeId from, Message message) implements Event {}

  /** The connection to a node broke, or one was refused. It may be back before the next tick. */
  record PeerLost(NodeId peer) implements Event {}

  /**
   * The leader's loop ends a turn with these entries. Only while {@code isLeader()}.
   *
   * @param body as in {@link EntryBatch#body}
   */
  record Proposed(int count, Bytes body, long logTimeMillis) implements Event {}

  /**
   * This replica's own copy is stable up to a position: written under {@code os}, synced under
   * {@code fsync}. A position rather than an index, so that word of entries that were cut meanwhile
   * is told apart.
   *
   * @param synced whether it is synced, whichever of the two is asked for
   */
  record Stable(Position upTo, boolean synced) implements Event {
    /** Of a disk on which what is written is synced. */
    public Stable(Position upTo) {
      this(upTo, true);
    }
  }

  /** The controller opened an epoch without a leader. */
  record EpochOpened(long epoch) implements Event {}

  /** The controller asks for the promise to acknowledge nothing of an epoch below this one. */
  record Fence(long epoch) implements Event {}

  /** The promise of {@link Effect.PersistPromise} is on disk, whatever the durability setting. */
  record PromiseDurable(long epoch) implements Event {}

  /**
   * The controller appointed a leader, which has answered the fence of this epoch since it started:
   * one that restarted meanwhile does not take it up, and the controller opens another epoch.
   *
   * @param incarnation the start of the leader's process that is appointed, and no other
   * @param opening a batch body with the one entry that opens the epoch; read only by the leader
   */
  record Appointed(
      long epoch,
      NodeId leader,
      int incarnation,
      Membership membership,
      Bytes opening,
      long logTimeMillis)
      implements Event {}

  /** Entries asked for by {@link Effect.ReadLog}, or null when the log no longer holds them. */
  record LogRead(NodeId follower, long fromIndex, EntryBatch batch) implements Event {}

  /**
   * A snapshot replaced everything this replica had. It is durable, and so is that the copy does
   * not count: whether it does follows as {@link Effect.PersistCounts}. The replaced entries must
   * still be readable until the effects are carried out, as {@link Effect.Diverged} may be one.
   */
  record SnapshotInstalled(long epoch, Position position, EpochTable epochs, long logTimeMillis)
      implements Event {}

  /** A snapshot that was being sent ended: installed by the follower, or not. */
  record SnapshotSent(NodeId follower, boolean installed) implements Event {}
}
