package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.simulation.cluster.ClusterSimulation;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A check that never fails proves nothing: each rule that is broken on purpose must be caught. */
class MutantTest {
  private static final int SEEDS = 1_500;

  static Stream<Mutant> ofTheProtocol() {
    return Arrays.stream(Mutant.values())
        .filter(it -> it.world() == Mutant.World.PROTOCOL)
        .filter(it -> it != Mutant.NONE && it != Mutant.PROMISE_NOT_WRITTEN);
  }

  @ParameterizedTest
  @MethodSource("ofTheProtocol")
  void aBrokenRuleIsCaught(Mutant mutant) {
    assertThat(firstFailure(mutant)).as("the seed that catches it").isLessThanOrEqualTo(SEEDS);
  }

  /** Clusters take longer: the first seed that catches each was looked for once. */
  @Tag("slow")
  @ParameterizedTest
  @CsvSource({
    "SYNC_DOES_NOTHING, 3",
    "CLOCK_RUNS_SLOW, 365",
    "CONTROLLER_NOT_CONFIRMED, 5",
    "DIVERGENCE_NOT_STORED, 49"
  })
  void aPortThatLiesIsCaught(Mutant mutant, long seed) {
    assertThatCode(() -> new ClusterSimulation(seed, 1).run()).doesNotThrowAnyException();
    assertThatThrownBy(() -> new ClusterSimulation(seed, mutant, 1).run())
        .isInstanceOf(SimulationFailure.class);
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
