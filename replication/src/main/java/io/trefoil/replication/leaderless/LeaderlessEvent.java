package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;

/** What can happen to a replica. */
public sealed interface LeaderlessEvent {
  /** Time has passed. Monotonic milliseconds of this node; only differences mean anything. */
  record Tick(long nowMillis) implements LeaderlessEvent {}

  record Received(NodeId from, LeaderlessMessage message) implements LeaderlessEvent {}

  /** The connection to a node broke, or one was refused. It may be back before the next tick. */
  record PeerLost(NodeId peer) implements LeaderlessEvent {}

  /**
   * The control plane's configuration. A version that is not newer than the known one is ignored.
   *
   * @param version from 1; each change of the configuration has a larger one
   */
  record Configured(long version, Membership membership) implements LeaderlessEvent {}

  /**
   * This replica coordinated these writes in this turn.
   *
   * @param body as in {@link io.trefoil.replication.kernel.EntryBatch#body}
   * @param issuer incarnation of the node's start that stamped them
   */
  record Proposed(int count, Bytes body, long logTimeMillis, int issuer)
      implements LeaderlessEvent {}

  /** Anti-entropy merged these entries here. They go into the log and to nobody else. */
  record Kept(int count, Bytes body, long logTimeMillis, int issuer) implements LeaderlessEvent {}

  /** The local log is stable up to here: written under {@code os}, synced under {@code fsync}. */
  record Stable(long index) implements LeaderlessEvent {}

  /**
   * What {@link LeaderlessEffect.ReadLog} asked for.
   *
   * @param stretch from {@code fromIndex} on, or null when the log no longer holds that
   * @param firstHeld the first index that the log holds; one past its end when it holds none
   */
  record LogRead(NodeId peer, long fromIndex, Stretch stretch, long firstHeld)
      implements LeaderlessEvent {}

  /**
   * The shell wants to know what enough replicas have; {@link LeaderlessEffect.Informed} says.
   *
   * @param id never used before since this start of the node
   * @param copies R; the own copy is one of them if it counts
   * @param question what the own copy has, in a form that a replica can compare with its own
   */
  record Asked(long id, int copies, Bytes question) implements LeaderlessEvent {}

  /** The shell gave up waiting. */
  record Withdrawn(long id) implements LeaderlessEvent {}

  /**
   * The answer to {@link LeaderlessEffect.Examine}.
   *
   * @param differing what this copy has that differs; null when it has the same
   */
  record Examined(NodeId from, long id, Bytes differing) implements LeaderlessEvent {}

  /**
   * This copy was compared with the others completely, and lacks nothing that it ever acknowledged
   * or that was skipped: it counts, and its gaps are filled. The shell has made that durable.
   */
  record Whole() implements LeaderlessEvent {}
}
