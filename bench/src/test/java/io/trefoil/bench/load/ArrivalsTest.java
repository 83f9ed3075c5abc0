package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  @Test
  void equalGapsDoNotDrift() {
    Arrivals arrivals = new Arrivals(3_000, 1_000, null);
    assertThat(arrivals.due()).isEqualTo(1_000);
    for (int i = 0; i < 3_000; i++) {
      arrivals.advance();
    }
    assertThat(arrivals.due()).isCloseTo(1_000_001_000L, within(2L));
  }

  /** Of a Poisson process: the gap's deviation is its mean, 1/e of the gaps are longer than it. */
  @Test
  void gapsByChanceAreExponential() {
    int count = 1_000_000;
    double gap = 200_000;
    Arrivals arrivals = new Arrivals(5_000, 0, new SplittableRandom(7));
    long before = 0;
    int longer = 0;
    for (int i = 0; i < count; i++) {
      longer += arrivals.due() - before > gap ? 1 : 0;
      before = arrivals.due();
      arrivals.advance();
    }
    assertThat(before / (gap * count)).isCloseTo(1, within(5 / Math.sqrt(count)));
    double share = Math.exp(-1);
    double deviation = Math.sqrt(share * (1 - share) / count);
    assertThat(longer / (double) count).isCloseTo(share, within(5 * deviation));
  }
}
