package io.trefoil.replication.leaderless;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.replication.leaderless.LeaderlessWorld.Faults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replicas under a seed: what is promised holds at every step, and in the end all are equal. */
class LeaderlessWorldTest {
  private static final int SEEDS = 250;

  @ParameterizedTest
  @EnumSource(Faults.class)
  void whatIsAcknowledgedIsThereAndEverythingGetsEverywhere(Faults faults) {
    int acknowledged = 0;
    int informed = 0;
    int overlapping = 0;
    int gaps = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      LeaderlessWorld world = new LeaderlessWorld(seed, faults);
      try {
        world.run(600);
        world.heal();
        world.checkConverged();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(faults + " seed " + seed, e);
      }
      acknowledged += world.acknowledged();
      informed += world.informed();
      overlapping += world.overlapping();
      gaps += world.hasGaps() ? 1 : 0;
    }
    // A world in which nothing comes about proves nothing.
    assertThat(acknowledged).isGreaterThan(10 * SEEDS);
    assertThat(informed).isGreaterThan(10 * SEEDS);
    assertThat(overlapping > SEEDS).isEqualTo(faults != Faults.FORGETTING);
    assertThat(gaps > SEEDS / 10).isEqualTo(faults == Faults.DROPPING_HINTS);
  }
}
