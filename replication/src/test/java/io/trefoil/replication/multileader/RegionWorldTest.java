package io.trefoil.replication.multileader;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.replication.multileader.RegionWorld.Faults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Regions under a seed: what is promised holds at every step, and in the end all are equal. */
class RegionWorldTest {
  private static final int SEEDS = 250;

  @ParameterizedTest
  @EnumSource(Faults.class)
  void eachEntryGetsEverywhereOnceAndAfterItsCauses(Faults faults) {
    int entries = 0;
    int acks = 0;
    int notes = 0;
    int leaders = 0;
    int fetchedBack = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      RegionWorld world = new RegionWorld(seed, faults);
      try {
        world.run(1_000);
        world.heal();
        world.checkConverged();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(faults + " seed " + seed, e);
      }
      entries += world.entries();
      acks += world.acks();
      notes += world.notes();
      leaders += world.leaders();
      fetchedBack += world.fetchedBack();
    }
    // A world in which nothing comes about proves nothing.
    assertThat(entries).isGreaterThan(100 * SEEDS);
    assertThat(acks).isGreaterThan(10 * SEEDS);
    assertThat(notes).isGreaterThan(SEEDS);
    assertThat(leaders).isGreaterThan(5 * SEEDS);
    assertThat(fetchedBack > SEEDS / 2).isEqualTo(faults == Faults.LOSING);
  }
}
