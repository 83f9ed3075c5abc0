package io.trefoil.replication.leaderless;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Membership;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** What can happen to the anti-entropy of a replica. */
public sealed interface RepairEvent {
  /**
   * Time has passed.
   *
   * @param nowMillis monotonic, of this node; only differences mean anything
   * @param clock a stamp: whatever this node stamped up to it is in the copy, and no stamp that it
   *     gives from now on, in whatever later start, is as small
   */
  record Tick(long nowMillis, long clock) implements RepairEvent {}

  record Received(NodeId from, RepairMessage message) implements RepairEvent {}

  /** The connection to a node broke, or one was refused. */
  record PeerLost(NodeId peer) implements RepairEvent {}

  /** As {@link LeaderlessEvent.Configured}. */
  record Configured(long version, Membership membership) implements RepairEvent {}

  /**
   * The answer to {@link RepairEffect.ListLeaf}.
   *
   * @param listing names and digests of the keys from there to the leaf's end, in a form that a
   *     replica can compare
   */
  record Listed(long round, int leaf, Bytes listing) implements RepairEvent {}

  /**
   * The answer to {@link RepairEffect.Examine}.
   *
   * @param changes null when nothing differs
   * @param next where to go on, beyond where it began, as the rest is too much for a message; null
   *     at the leaf's end
   */
  record Examined(NodeId from, long round, int step, int leaf, Bytes changes, Bytes next)
      implements RepairEvent {}

  /**
   * {@link RepairEffect.Merge} is in the copy and in its log, stable or not.
   *
   * @param keys how many keys it changed; for people
   */
  record Merged(long round, int leaf, long keys) implements RepairEvent {}

  /** All that the copy held at {@link RepairEffect.AwaitStable} is stable. */
  record Stable(long round) implements RepairEvent {}

  /** Rounds may take so many bytes a second from now on; 0 stops them. */
  record Budget(long bytesPerSecond) implements RepairEvent {
    public Budget {
      Invariants.check(bytesPerSecond >= 0, "a budget", bytesPerSecond, 0);
    }
  }

  /** The origins of whose streams something was skipped here, all of them; another one is new. */
  record Gaps(SortedSet<Integer> origins) implements RepairEvent {
    public Gaps {
      origins = Collections.unmodifiableSortedSet(new TreeSet<>(origins));
    }
  }

  /** An operator wants rounds with all others, at once. */
  record RunNow() implements RepairEvent {}
}
