package io.trefoil.replication.leaderless;

/**
 * Bytes that rounds may take. A message may go when anything is left, and what it and its answer
 * take is taken off, also below nothing; at most a second's worth is saved up.
 */
final class RepairBudget {
  private static final long SECOND = 1_000;

  private long bytesPerSecond;
  private long left; // in thousandths of a byte, so that short ticks at low rates add up
  private long nowMillis;

  RepairBudget(long bytesPerSecond) {
    this.bytesPerSecond = bytesPerSecond;
    this.left = bytesPerSecond * SECOND;
  }

  void onTick(long tickMillis) {
    long passed = Math.min(SECOND, Math.max(0, tickMillis - nowMillis));
    nowMillis = tickMillis;
    left = Math.min(bytesPerSecond * SECOND, left + bytesPerSecond * passed);
  }

  void rate(long newBytesPerSecond) {
    bytesPerSecond = newBytesPerSecond;
    left = Math.min(bytesPerSecond * SECOND, left);
  }

  boolean allows() {
    return left > 0;
  }

  void take(long bytes) {
    left -= bytes * SECOND;
  }
}
