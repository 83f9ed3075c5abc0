package io.trefoil.base;

/**
 * Stamps of a hybrid logical clock, packed into one long: 48 bits of milliseconds since 1970, 16
 * bits of counter. The natural order of the longs is the order of the stamps; 0 is before all.
 *
 * @see "Kulkarni et al. 2014, Logical Physical Clocks"
 */
public final class Stamp {
  /** No stamp is larger. */
  public static final long MAX = Long.MAX_VALUE;

  private Stamp() {}

  /** Packs {@code millis} (0 to 2^47 - 1, so that stamps stay positive) and {@code counter}. */
  public static long of(long millis, int counter) {
    Invariants.check(millis >= 0 && millis < 1L << 47, "stamp out of range", millis, counter);
    return millis << 16 | counter & 0xffff;
  }

  public static long millis(long stamp) {
    return stamp >>> 16;
  }

  public static int counter(long stamp) {
    return (int) (stamp & 0xffff);
  }

  public static String toString(long stamp) {
    return millis(stamp) + "." + counter(stamp);
  }
}
