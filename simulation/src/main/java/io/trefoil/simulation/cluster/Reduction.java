package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.SimulationFailure;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Less of what goes wrong in a seed's run: what is left is easier to read. Each kind of fault draws
 * from a stream of its own, so that without one the others mostly come as before.
 *
 * @param without what never goes wrong
 * @param faultsMillis for how long faults happen, at most
 */
public record Reduction(Set<FaultRate> without, int faultsMillis) {
  public static final Reduction NONE = new Reduction(Set.of(), Integer.MAX_VALUE);
  private static final int LEAST_MILLIS = 250;

  ClusterShape of(ClusterShape shape) {
    ClusterShape reduced = shape.lasting(Math.min(shape.faultsMillis(), faultsMillis));
    for (FaultRate fault : without) {
      reduced = reduced.without(fault);
    }
    return reduced;
  }

  /** The least with which a seed that fails still does: a few dozen runs, tried one by one. */
  public static Reduction find(long seed, Mutant mutant, ClusterKind kind) {
    ClusterShape shape = ClusterSimulation.shapeOf(seed, kind);
    Reduction least = NONE;
    for (FaultRate fault : FaultRate.values()) {
      Set<FaultRate> more = EnumSet.of(fault);
      more.addAll(least.without);
      Reduction candidate = new Reduction(more, least.faultsMillis);
      if (shape.rate(fault) > 0 && fails(seed, mutant, candidate, kind)) {
        least = candidate;
      }
    }
    for (int millis = shape.faultsMillis() / 2; millis > LEAST_MILLIS; millis /= 2) {
      Reduction candidate = new Reduction(least.without, millis);
      if (!fails(seed, mutant, candidate, kind)) {
        break;
      }
      least = candidate;
    }
    return least;
  }

  private static boolean fails(long seed, Mutant mutant, Reduction candidate, ClusterKind kind) {
    try {
      new ClusterSimulation(seed, mutant, candidate, 0, kind).run();
      return false;
    } catch (SimulationFailure failure) {
      return true;
    }
  }

  /** As it is written on the command line; nothing when nothing is left out. */
  @Override
  public String toString() {
    String labels = without.stream().map(FaultRate::label).collect(Collectors.joining(","));
    return (labels.isEmpty() ? "" : " --without " + labels)
        + (faultsMillis == Integer.MAX_VALUE ? "" : " --fault-millis " + faultsMillis);
  }
}
