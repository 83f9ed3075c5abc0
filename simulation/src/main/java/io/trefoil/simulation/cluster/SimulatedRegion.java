package io.trefoil.simulation.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A cluster of its own: its machines, and the consensus of those alone. */
final class SimulatedRegion {
  /** Its number among the regions, from 0. */
  final int number;

  /** Empty where there is but one. */
  final String name;

  final SimulatedConsensus consensus;
  final List<Machine> machines = new ArrayList<>();

  SimulatedRegion(int number, String name, ClusterWorld world) {
    this.number = number;
    this.name = name;
    this.consensus = new SimulatedConsensus(world);
  }

  Machine anyMachine(SplittableRandom random) {
    return machines.get(random.nextInt(machines.size()));
  }

  /** What its machines' names begin with. */
  String prefix() {
    return name.isEmpty() ? "n" : name;
  }

  /** The one that the others join. */
  Machine founder() {
    return machines.get(0);
  }

  @Override
  public String toString() {
    return name;
  }
}
