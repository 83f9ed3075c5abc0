package io.trefoil.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole nodes, run in one thread under faults: no promise is broken, and a seed is a run. The same
 * without leaders is {@link LeaderlessSimulationTest}, with several regions {@link
 * RegionSimulationTest}: classes of their own, to be run side by side.
 */
class ClusterSimulationTest {
  private static ClusterCoverage run(long first, int count) {
    return ClusterRuns.run(first, count, ClusterKind.LED);
  }

  @Test
  void noPromiseIsBrokenInAFewClusters() {
    assertThat(run(1, 8).of("acknowledged")).isGreaterThan(1_000);
  }

  @Test
  @Tag("slow")
  void noPromiseIsBrokenInManyClusters() {
    assertThat(run(600, 190).missing()).as("never met").isEmpty();
  }

  @Test
  @Tag("full")
  void noPromiseIsBrokenInThousandsOfClusters() {
    assertThat(run(100_000, 1_000).missing()).as("never met").isEmpty();
  }

  /**
   * Seeds that found something: 22, a node that started again called a database empty of which it
   * had not heard yet; 219, messages for a node that is gone reached the one that has its address;
   * 805, a leader never looked below what a follower had acknowledged before its disk was restored;
   * 5410, the only copy of a partition showed readers less than it had acknowledged, until it led
   * again after a start; 20229, the late word of a dead process took a node from its successor;
   * 5506, of a change that was never released: a restored disk counted when its first process had
   * died; 8131, a deposed leader's snapshot was taken for its successor's; 652, the only copy of a
   * configuration was gone on without while another one stood beside it; 2004, a leader whose copy
   * was to go had only a drained node to hand over to; 2109, a snapshot whose sender was lost was
   * thrown away and then installed; 2172, a follower's reader was answered by a new leader from
   * what that knew to be committed; 5268, fields were collected from a store that had closed.
   */
  @ParameterizedTest
  @ValueSource(longs = {22, 219, 652, 805, 2_004, 2_109, 2_172, 5_268, 5_410, 5_506, 8_131, 20_229})
  void aSeedThatFoundABugPasses(long seed) {
    assertThat(run(seed, 1).of("acknowledged")).isPositive();
  }

  @Test
  void aSeedReplaysEventByEvent() {
    for (long seed : new long[] {3, 33}) {
      assertThat(traceOf(seed)).isEqualTo(traceOf(seed)).hasSizeGreaterThan(500);
    }
  }

  private static List<String> traceOf(long seed) {
    ClusterSimulation simulation = new ClusterSimulation(seed, Integer.MAX_VALUE);
    simulation.run();
    return simulation.trace();
  }
}
