package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Mutant;

/** Runs seeds one after the other, and adds up what they met. */
final class ClusterRuns {
  private ClusterRuns() {}

  static ClusterCoverage run(long first, int count, ClusterKind kind) {
    ClusterCoverage coverage = new ClusterCoverage(kind);
    for (long seed = first; seed < first + count; seed++) {
      coverage.add(new ClusterSimulation(seed, Mutant.NONE, Reduction.NONE, 200, kind).run());
    }
    return coverage;
  }
}
