package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RateLimitTest {
  private static final long MILLI = 1_000_000;
  private static final long START = -500 * MILLI; // a monotonic clock may begin anywhere

  private final RateLimit rate = new RateLimit(1_000_000, START);

  private int takenUntil(long fromMilli, long toMilli, int bytes) {
    int taken = 0;
    for (long at = fromMilli; at < toMilli; at++) {
      while (rate.take(bytes, START + at * MILLI)) {
        taken += bytes;
      }
    }
    return taken;
  }

  @Test
  void soManyBytesASecondMayBeSent() {
    assertThat(takenUntil(0, 1_000, 1_000)).isBetween(999_000, 1_001_000);
    assertThat(takenUntil(1_000, 3_000, 1_000)).isBetween(1_999_000, 2_001_000);
  }

  @Test
  void aPieceOfAnySizeIsSentAndPaidForAfterwards() {
    assertThat(rate.take(5_000_000, START)).isTrue();
    assertThat(rate.take(1, START + 4_999 * MILLI)).isFalse();
    assertThat(rate.take(1, START + 5_000 * MILLI)).isTrue();
  }

  @Test
  void whatWasNotSentForLongIsNotMadeUpFor() {
    assertThat(rate.take(1, START)).isTrue();
    assertThat(takenUntil(60_000, 60_001, 1_000)).isBetween(100_000, 101_000);
  }
}
