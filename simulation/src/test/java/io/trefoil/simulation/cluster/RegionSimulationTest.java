package io.trefoil.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clusters that are regions, with a database between them. */
class RegionSimulationTest {
  private static ClusterCoverage run(long first, int count) {
    return ClusterRuns.run(first, count, ClusterKind.REGIONS);
  }

  @Test
  void noPromiseIsBrokenInAFewRegions() {
    assertThat(run(1, 5).of("acknowledged")).isGreaterThan(1_000);
  }

  @Test
  @Tag("slow")
  void noPromiseIsBrokenInManyRegions() {
    assertThat(run(100, 80).missing()).as("never met").isEmpty();
  }
}
