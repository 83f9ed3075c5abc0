package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RingsTest {
  @Test
  void numbersComeOutInTheirOrderAllAround() {
    IntRing ints = new IntRing(3);
    LongRing longs = new LongRing(3);
    for (int i = 0; i < 100; i++) {
      ints.add(i);
      assertThat(longs.offer(i)).isTrue();
      if (i > 0) {
        assertThat(ints.remove()).isEqualTo(i - 1);
        assertThat(longs.remove()).isEqualTo(i - 1);
      }
    }
  }

  @Test
  void whatIsFullTakesNoMore() {
    IntRing ints = new IntRing(1);
    ints.add(1);
    assertThatThrownBy(() -> ints.add(2)).isInstanceOf(IllegalStateException.class);
    LongRing longs = new LongRing(1);
    assertThat(longs.offer(1)).isTrue();
    assertThat(longs.offer(2)).isFalse();
    assertThat(longs.count()).isEqualTo(1);
  }
}
