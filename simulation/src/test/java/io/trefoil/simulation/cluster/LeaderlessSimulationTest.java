package io.trefoil.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole nodes without leaders, as {@link ClusterSimulationTest} has them with leaders. */
class LeaderlessSimulationTest {
  private static ClusterCoverage run(long first, int count) {
    return ClusterRuns.run(first, count, ClusterKind.LEADERLESS);
  }

  @Test
  void noPromiseIsBrokenInAFewLeaderlessClusters() {
    assertThat(run(1, 8).of("acknowledged")).isGreaterThan(1_000);
  }

  @Test
  @Tag("slow")
  void noPromiseIsBrokenInManyLeaderlessClusters() {
    assertThat(run(100, 115).missing()).as("never met").isEmpty();
  }

  /**
   * Seeds of leaderless clusters that found something: 39, a write that found nothing to do took an
   * unconfirmed removal for done; 47, a field that was added to an absent key hid others' fields of
   * which its coordinator had not heard; 55, a removal that was not synced was taken for done; 336,
   * what the journal had let go of never came; 549, a removal took away a value that came while
   * others were asked, and what that had overwritten was seen again; 691, a copy that had forgotten
   * never counted again; 1155, the word that a write can't be seen was lost with its connection;
   * 2099, a gap after which nothing came was never filled; 5381, the late word of a dead process
   * made its successor's disk look old, so that its copies were emptied.
   */
  @ParameterizedTest
  @ValueSource(longs = {39, 47, 55, 336, 549, 691, 1_155, 2_099, 5_381})
  void aLeaderlessSeedThatFoundABugPasses(long seed) {
    assertThat(run(seed, 1).of("acknowledged")).isPositive();
  }
}
