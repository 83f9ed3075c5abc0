package io.trefoil.node;

/**
 * A token bucket: holds senders to so many bytes a second, all together. What is sent may overdraw
 * it, so that a piece of any size can be sent; nothing more may then be sent until that is paid
 * for. It has no clock: who asks says what time it is, in monotonic nanoseconds.
 */
final class RateLimit {
  /** How long nothing must have been sent for the bucket to be full. */
  private static final long FULL_NANOS = 100_000_000L;

  private static final double NANOS_A_SECOND = 1e9;

  private final long bytesPerSecond;

  /** When what was sent so far is paid for. */
  private long paidAtNanos;

  RateLimit(long bytesPerSecond, long nowNanos) {
    this.bytesPerSecond = bytesPerSecond;
    this.paidAtNanos = nowNanos;
  }

  /** Whether {@code bytes} may be sent now; if so they count as sent. */
  boolean take(int bytes, long nowNanos) {
    if (nowNanos - paidAtNanos > FULL_NANOS) {
      paidAtNanos = nowNanos - FULL_NANOS;
    }
    if (paidAtNanos - nowNanos > 0) {
      return false;
    }
    paidAtNanos += (long) (bytes * NANOS_A_SECOND / bytesPerSecond);
    return true;
  }
}
