package io.trefoil.cli.demo;

/** Turns a growing count into a rate, anew once a second. Not thread-safe. */
final class RateMeter {
  private static final long SECOND_NANOS = 1_000_000_000L;

  private boolean begun;
  private long sinceNanos;
  private long sinceCount;
  private long perSecond;

  /** The rate over the last full second or more; 0 during the first. */
  long perSecond(long nowNanos, long count) {
    if (!begun) {
      begun = true;
      sinceNanos = nowNanos;
      sinceCount = count;
    }
    long elapsed = nowNanos - sinceNanos;
    if (elapsed >= SECOND_NANOS) {
      perSecond = Math.round((count - sinceCount) * (double) SECOND_NANOS / elapsed);
      sinceNanos = nowNanos;
      sinceCount = count;
    }
    return perSecond;
  }
}
