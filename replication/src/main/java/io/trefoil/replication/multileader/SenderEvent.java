package io.trefoil.replication.multileader;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/** What can happen to a {@link RegionSender}. */
public sealed interface SenderEvent {
  /**
   * Time has passed.
   *
   * @param nowMillis monotonic milliseconds of this node; only differences mean anything
   * @param wallMillis since 1970; for the other region's status alone
   */
  record Tick(long nowMillis, long wallMillis) implements SenderEvent {}

  /**
   * A {@link RegionMessage.Pull} came.
   *
   * @param afterIndex of this log: the last index up to which the puller's history of this region
   *     and this log are surely the same. Too small a number costs duplicates, one too large a gap
   */
  record Pulled(long id, long afterIndex, SortedSet<Integer> wants) implements SenderEvent {
    public Pulled {
      wants = Collections.unmodifiableSortedSet(new TreeSet<>(wants));
    }
  }

  /**
   * A {@link RegionMessage.Acked} came.
   *
   * @param index of this log, found as for {@link Pulled}
   */
  record Acked(long id, long index) implements SenderEvent {}

  /** The log may be sent up to here: it is committed, and on two copies whatever the rule is. */
  record MaySend(long index) implements SenderEvent {}

  /**
   * What {@link SenderEffect.ReadLog} asked for.
   *
   * @param stretch from {@code fromIndex} on, or null when the log no longer holds that
   */
  record LogRead(long id, long fromIndex, Stretch stretch) implements SenderEvent {}

  /** The connection broke. */
  record Lost() implements SenderEvent {}
}
