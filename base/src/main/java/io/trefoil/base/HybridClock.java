package io.trefoil.base;

/**
 * Issues stamps that only grow, whatever the wall clock does. Pure: the wall time is an argument.
 * Not thread-safe; one per event loop.
 */
public final class HybridClock {
  private long last;

  /** A clock that issues only stamps above {@code floor}. */
  public HybridClock(long floor) {
    last = floor;
  }

  /** The next stamp: at {@code wallMillis}, or just above the last one when that is later. */
  public long next(long wallMillis) {
    long physical = wallMillis << 16;
    // A full counter carries into the milliseconds: the clock then runs ahead, never backwards.
    last = physical > last ? physical : last + 1;
    return last;
  }

  /** Makes every later stamp larger than {@code stamp}. */
  public void observe(long stamp) {
    last = Math.max(last, stamp);
  }

  /** The largest stamp issued or observed. */
  public long last() {
    return last;
  }
}
