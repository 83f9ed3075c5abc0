package io.trefoil.bench.load;

import java.util.SplittableRandom;

/**
 * When one thread's requests are due, by the clock alone: no reply is waited for. Either as far
 * apart as each other, or by chance, as those of many who do not know of each other (a Poisson
 * process).
 */
final class Arrivals {
  private final double gapNanos;
  private final SplittableRandom random;
  private final long begin;
  private double at;

  /**
   * @param perSecond above 0
   * @param begin the first is due then, or with {@code random} about a gap later; in nanoseconds of
   *     {@link System#nanoTime}
   * @param random of the gaps, or null for equal ones
   */
  Arrivals(double perSecond, long begin, SplittableRandom random) {
    this.gapNanos = 1e9 / perSecond;
    this.begin = begin;
    this.random = random;
    if (random != null) {
      advance();
    }
  }

  /** When the next request is due, in nanoseconds of {@link System#nanoTime}. */
  long due() {
    return begin + (long) at;
  }

  void advance() {
    at += random == null ? gapNanos : -gapNanos * Math.log(1 - random.nextDouble());
  }
}
