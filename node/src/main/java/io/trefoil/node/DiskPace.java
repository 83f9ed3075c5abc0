package io.trefoil.node;

import java.util.concurrent.TimeUnit;

/**
 * Whether the journal's disk answers: what is written is synced some 20 ms later, also where nobody
 * waits for it. A disk that takes seconds will soon hold up writes, too; others should lead by
 * then.
 *
 * <p>Belongs to the data loop's thread.
 */
final class DiskPace {
  /** Longer than a disk takes that is merely busy. */
  static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** So long it must have answered in time to be taken for well again. */
  private static final long WELL_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A process that was stopped itself looks once, and sees a long time go by. */
  private static final int LOOKS = 20;

  private final String node;
  private long synced;
  private long movedNanos;
  private int looks;
  private boolean stalled;
  private long badNanos;

  DiskPace(String node, long nowNanos) {
    this.node = node;
    this.movedNanos = nowNanos;
  }

  /**
   * The journal is written and synced up to these offsets now.
   *
   * @return whether it is stalled now and was not, or the other way round
   */
  boolean looked(long written, long newSynced, long nowNanos) {
    boolean before = stalled;
    if (newSynced != synced || written == newSynced) {
      synced = newSynced;
      movedNanos = nowNanos;
      looks = 0;
    }
    looks++;
    if (nowNanos - movedNanos > STALLED_NANOS && looks > LOOKS) {
      stalled = true;
      badNanos = nowNanos;
    }
    stalled &= nowNanos - badNanos < WELL_NANOS;
    return stalled != before;
  }

  boolean isStalled() {
    return stalled;
  }

  /** What is wrong, for people. */
  String text() {
    return node
        + "'s disk takes more than "
        + TimeUnit.NANOSECONDS.toSeconds(STALLED_NANOS)
        + " s to sync the journal";
  }
}
