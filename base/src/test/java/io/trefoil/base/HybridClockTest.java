package io.trefoil.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class HybridClockTest {
  @Property
  void stampsOnlyGrowWhateverTheWallClockDoes(
      @ForAll List<@LongRange(min = 0, max = 1L << 40) Long> wallMillis) {
    HybridClock clock = new HybridClock(0);
    long previous = 0;
    for (long now : wallMillis) {
      long stamp = clock.next(now);
      assertThat(stamp).isGreaterThan(previous);
      assertThat(Stamp.millis(stamp)).isGreaterThanOrEqualTo(now);
      previous = stamp;
    }
  }

  @Test
  void stampsAreAboveWhatWasObserved() {
    HybridClock clock = new HybridClock(0);
    clock.observe(Stamp.of(5_000, 7));
    assertThat(clock.next(1_000)).isEqualTo(Stamp.of(5_000, 8));
  }

  @Test
  void aFullCounterCarriesIntoTheMilliseconds() {
    HybridClock clock = new HybridClock(Stamp.of(1_000, 0xffff));
    assertThat(clock.next(1_000)).isEqualTo(Stamp.of(1_001, 0));
  }
}
