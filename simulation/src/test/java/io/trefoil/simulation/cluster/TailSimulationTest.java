package io.trefoil.simulation.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Clusters with leaders that somebody tails meanwhile. */
class TailSimulationTest {
  private static ClusterCoverage run(long first, int count) {
    return ClusterRuns.run(first, count, ClusterKind.TAILED);
  }

  @Test
  void whatIsReadIsTheHistoryInAFewClusters() {
    assertThat(run(1, 5).of("tail is what is there")).isEqualTo(5);
  }

  @Test
  @Tag("slow")
  void whatIsReadIsTheHistoryInManyClusters() {
    assertThat(run(200, 60).missing()).as("never met").isEmpty();
  }
}
