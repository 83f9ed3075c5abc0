package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A check that never fails proves nothing: each rule that is broken on purpose must be caught. */
class MutantTest {
  private static final int SEEDS = 1_500;

  @ParameterizedTest
  @EnumSource(
      value = Mutant.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "PROMISE_NOT_WRITTEN"})
  void aBrokenRuleIsCaught(Mutant mutant) {
    assertThat(firstFailure(mutant)).as("the seed that catches it").isLessThanOrEqualTo(SEEDS);
  }

  private static long firstFailure(Mutant mutant) {
    for (long seed = 1; seed <= SEEDS; seed++) {
      try {
        new Simulation(seed, mutant, 1).run();
      } catch (SimulationFailure caught) {
        return seed;
      }
    }
    return Long.MAX_VALUE;
  }
}
