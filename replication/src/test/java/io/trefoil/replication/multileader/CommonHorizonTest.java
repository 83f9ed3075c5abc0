package io.trefoil.replication.multileader;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.replication.multileader.CommonHorizon.Told;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class CommonHorizonTest {
  private static final int EU = 1;
  private static final int US = 2;
  private static final int LOST = 33;

  private final CommonHorizon horizon = new CommonHorizon();
  private long stamp;

  private void told(int region, long complete, Map<Integer, Long> vector) {
    horizon.told(region, 2, new Told(complete, new TreeMap<>(vector)), ++stamp);
  }

  @Test
  void nothingIsCommonBeforeAllHaveToldTwice() {
    told(EU, 100, Map.of(17, 5L));
    told(EU, 200, Map.of(17, 6L));
    assertThat(horizon.horizon()).isZero();
    told(US, 150, Map.of(17, 6L));
    assertThat(horizon.horizon()).isZero();
    told(US, 300, Map.of(17, 6L));
    assertThat(horizon.horizon()).isEqualTo(150);
    assertThat(horizon.purgeable()).isZero();
  }

  @Test
  void whatOneRegionHasMustBeEverywhereBeforeItsStampCounts() {
    told(EU, 100, Map.of(17, 5L, LOST, 9L));
    told(US, 100, Map.of(17, 5L)); // us lacks what the region that wrote it has lost
    told(US, 400, Map.of(17, 7L));
    told(EU, 400, Map.of(17, 7L, LOST, 9L));
    assertThat(horizon.horizon()).isZero();
    told(US, 500, Map.of(17, 7L, LOST, 9L));
    assertThat(horizon.horizon()).isEqualTo(100);
  }

  @Test
  void whatWasRemovedIsForgottenWhenTheHorizonHasPassedWhatWasTold() {
    stamp = 1_000;
    told(EU, 900, Map.of());
    told(US, 900, Map.of());
    told(EU, 990, Map.of());
    assertThat(horizon.horizon()).isEqualTo(900);
    told(US, 999, Map.of());
    told(EU, 1_001, Map.of());
    told(US, 1_001, Map.of());
    assertThat(horizon.purgeable()).isZero();
    told(EU, 1_100, Map.of());
    told(US, 1_100, Map.of());
    told(EU, 1_200, Map.of());
    assertThat(horizon.purgeable()).isEqualTo(900);
  }

  @Test
  void aRegionThatSaysNothingKeepsEverything() {
    told(US, 100, Map.of(17, 5L));
    for (long stamp = 100; stamp < 10_000; stamp += 100) {
      told(EU, stamp, Map.of(17, stamp));
    }
    assertThat(horizon.horizon()).isZero();
  }

  @Test
  void aRegionMoreBeginsAnew() {
    told(EU, 100, Map.of());
    told(US, 100, Map.of());
    horizon.told(EU, 3, new Told(200, new TreeMap<>()), 3);
    horizon.told(US, 3, new Told(200, new TreeMap<>()), 4);
    assertThat(horizon.horizon()).isZero();
  }

  @Test
  void itGoesOnFromWhatIsStored() {
    told(EU, 100, Map.of(17, 5L));
    told(US, 120, Map.of(17, 5L));
    ByteSink stored = new ByteSink();
    horizon.write(stored);
    CommonHorizon again = new CommonHorizon();
    again.read(new ByteSource(stored.toArray()));
    again.told(EU, 2, new Told(300, new TreeMap<>(Map.of(17, 5L))), 9);
    assertThat(again.horizon()).isEqualTo(100);
    assertThat(again.isEmpty()).isFalse();
  }
}
