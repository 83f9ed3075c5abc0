package io.trefoil.replication.multileader;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.replication.multileader.CommonHorizon.Told;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CommonHorizonTest {
  private static final int EU = 1;
  private static final int US = 2;
  private static final int ASIA = 3;

  /** Of a third region, which has lost it. */
  private static final int LOST = 35;

  private final CommonHorizon horizon = new CommonHorizon();
  private long stamp;

  private void told(int region, long complete, Map<Integer, Long> vector) {
    horizon.told(region, of(1, Set.of(EU, US), complete, vector), ++stamp);
  }

  private static Told of(
      int version, Set<Integer> regions, long complete, Map<Integer, Long> vector) {
    return of(version, regions, complete, vector, Map.of());
  }

  private static Told of(
      int version,
      Set<Integer> regions,
      long complete,
      Map<Integer, Long> vector,
      Map<Integer, Long> log) {
    return new Told(
        version, new TreeSet<>(regions), complete, 0, new TreeMap<>(vector), new TreeMap<>(log));
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

  /**
   * What each region changed last is its own affair; that it may be forgotten takes all to tell.
   */
  @Test
  void theLastChangeIsThatOfAllWhoeverToldOfIt() {
    TreeSet<Integer> regions = new TreeSet<>(Set.of(EU, US));
    horizon.told(EU, new Told(1, regions, 100, 90, new TreeMap<>(), new TreeMap<>()), ++stamp);
    horizon.told(US, new Told(1, regions, 100, 95, new TreeMap<>(), new TreeMap<>()), ++stamp);
    horizon.told(EU, new Told(1, regions, 110, 91, new TreeMap<>(), new TreeMap<>()), ++stamp);
    assertThat(horizon.lastChange()).isEqualTo(95);
    ByteSink stored = new ByteSink();
    horizon.write(stored);
    CommonHorizon again = new CommonHorizon();
    again.read(new ByteSource(stored.toArray()));
    assertThat(again.lastChange()).isEqualTo(95);
  }

  @Test
  void whatOneRegionHasMustBeEverywhereBeforeItsStampCounts() {
    told(EU, 100, Map.of(17, 5L, LOST, 9L));
    told(US, 100, Map.of(17, 5L)); // us lacks what asia has lost
    told(US, 400, Map.of(17, 7L));
    told(EU, 400, Map.of(17, 7L, LOST, 9L));
    assertThat(horizon.horizon()).isZero();
    told(US, 500, Map.of(17, 7L, LOST, 9L));
    assertThat(horizon.horizon()).isEqualTo(100);
  }

  @Test
  void anEarlierEpochMayEndWithEntriesThatAreNotItsOwn() {
    told(EU, 100, Map.of(17, 69L, 33, 80L));
    told(US, 100, Map.of(17, 66L, 33, 80L)); // 67 to 69 are entries of others in eu's log
    told(EU, 200, Map.of(17, 69L, 33, 90L));
    told(US, 200, Map.of(17, 66L, 33, 90L));
    assertThat(horizon.horizon()).isEqualTo(100);
  }

  @Test
  void whoMergedASnapshotKnowsWhereAnEpochEndsAndWhoPulledItNot() {
    Set<Integer> three = Set.of(EU, US, ASIA);
    Map<Integer, Long> eu = Map.of(17, 69L, 33, 80L);
    horizon.told(EU, of(1, three, 100, eu, eu), ++stamp);
    horizon.told(US, of(1, three, 100, Map.of(17, 66L, 33, 80L)), ++stamp);
    horizon.told(ASIA, of(1, three, 100, Map.of(17, 69L, 33, 80L)), ++stamp); // by a snapshot
    horizon.told(EU, of(1, three, 200, eu, eu), ++stamp);
    assertThat(horizon.horizon()).isEqualTo(100);
  }

  @Test
  void whatARegionLostOfAnEpochIsStillToBeHadByAll() {
    Set<Integer> three = Set.of(EU, US, ASIA);
    Map<Integer, Long> log = Map.of(17, 66L, 33, 80L);
    horizon.told(EU, of(1, three, 100, log, log), ++stamp);
    horizon.told(US, of(1, three, 100, Map.of(17, 66L, 33, 80L)), ++stamp);
    horizon.told(ASIA, of(1, three, 100, Map.of(17, 69L, 33, 80L)), ++stamp);
    horizon.told(EU, of(1, three, 200, Map.of(17, 69L, 33, 80L), log), ++stamp); // fetched back
    assertThat(horizon.horizon()).as("us lacks what eu lost").isZero();
    horizon.told(US, of(1, three, 200, Map.of(17, 69L, 33, 80L)), ++stamp);
    assertThat(horizon.horizon()).isEqualTo(100);
  }

  @Test
  void aLogThatMayHaveLostItsEndProvesNothing() {
    Set<Integer> three = Set.of(EU, US, ASIA);
    Map<Integer, Long> log = Map.of(17, 69L); // of which it then loses 67 to 69
    horizon.told(EU, of(1, three, 100, log, log), ++stamp);
    horizon.told(US, of(1, three, 100, Map.of(17, 66L, 33, 80L)), ++stamp);
    horizon.told(ASIA, of(1, three, 100, Map.of(17, 69L)), ++stamp);
    horizon.told(US, of(1, three, 200, Map.of(17, 66L, 33, 90L)), ++stamp);
    assertThat(horizon.horizon()).isZero();
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
    stamp = 1_000; // an entry is later than what it tells
    told(US, 100, Map.of(17, 5L));
    for (long stamp = 100; stamp < 10_000; stamp += 100) {
      told(EU, stamp, Map.of(17, stamp));
    }
    assertThat(horizon.horizon()).as("what us told").isEqualTo(100);
    assertThat(horizon.purgeable()).isZero();
  }

  @Test
  void aRegionMoreBeginsAnew() {
    told(EU, 100, Map.of());
    told(US, 100, Map.of());
    Set<Integer> three = Set.of(EU, US, ASIA);
    horizon.told(EU, of(2, three, 200, Map.of()), 3);
    assertThat(horizon.version()).isEqualTo(2);
    told(US, 200, Map.of()); // it does not know of asia yet, so asia may lack what it removed
    told(US, 300, Map.of());
    horizon.told(US, of(2, three, 300, Map.of()), 4);
    horizon.told(US, of(2, three, 400, Map.of()), 5);
    assertThat(horizon.horizon()).isZero();
    horizon.told(ASIA, of(2, three, 400, Map.of()), 6);
    horizon.told(EU, of(2, three, 400, Map.of()), 7);
    assertThat(horizon.horizon()).isEqualTo(200);
  }

  @Test
  void aRegionLessIsNotWaitedForOnceAllKnow() {
    told(EU, 100, Map.of());
    horizon.told(EU, of(2, Set.of(EU), 200, Map.of()), 3);
    horizon.told(EU, of(2, Set.of(EU), 300, Map.of()), 4);
    assertThat(horizon.horizon()).isEqualTo(200);
  }

  @Test
  void itGoesOnFromWhatIsStored() {
    told(EU, 100, Map.of(17, 5L));
    told(US, 120, Map.of(17, 5L));
    ByteSink stored = new ByteSink();
    horizon.write(stored);
    CommonHorizon again = new CommonHorizon();
    again.read(new ByteSource(stored.toArray()));
    again.told(EU, of(1, Set.of(EU, US), 300, Map.of(17, 5L)), 9);
    assertThat(again.horizon()).isEqualTo(100);
    assertThat(again.isEmpty()).isFalse();
  }
}
