package io.trefoil.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class Hash64Test {
  @Test
  void theHashNeverChangesBecauseItOrdersKeysOnDisk() {
    assertThat(Hash64.of(Bytes.utf8("").array())).isEqualTo(EMPTY);
    assertThat(Hash64.of(Bytes.utf8("greeting").array())).isEqualTo(GREETING);
  }

  @Test
  void theRangeDecidesNotWhatSurroundsIt() {
    byte[] framed = Bytes.utf8("xxgreetingxx").array();
    assertThat(Hash64.of(framed, 2, 8)).isEqualTo(GREETING);
  }

  @Test
  void topBitsOfNearbyKeysSpread() {
    Set<Long> buckets = new HashSet<>();
    for (int i = 0; i < 65_536; i++) {
      byte[] key = Bytes.utf8("key:" + i).array();
      buckets.add(Hash64.of(key) >>> 48);
    }
    // 65,536 balls into as many bins leave 1/e of them empty: 41,427 full bins are expected.
    assertThat(buckets.size()).isBetween(40_800, 42_000);
  }

  private static final long EMPTY = -440734389552863590L;
  private static final long GREETING = 778068565918472280L;
}
