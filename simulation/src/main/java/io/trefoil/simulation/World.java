package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** What the parts of a run share. */
final class World {
  final Schedule schedule = new Schedule();
  final Coverage coverage = new Coverage();
  final Checks checks = new Checks();
  final SortedMap<NodeId, SimulatedNode> nodes = new TreeMap<>();
  final Trace trace;
  final Network network;
  final Chance chance;
  final Mutant mutant;
  final boolean fsync;
  Control control;

  /** Told of a node that was killed between two effects. */
  Consumer<SimulatedNode> killed = node -> {};

  World(int traceLines, NetworkMaker network, ChanceMaker chance, Mutant mutant, boolean fsync) {
    this.trace = new Trace(schedule, traceLines);
    this.network = network.make(schedule, coverage);
    this.chance = chance.make(coverage);
    this.mutant = mutant;
    this.fsync = fsync;
  }

  @FunctionalInterface
  interface NetworkMaker {
    Network make(Schedule schedule, Coverage coverage);
  }

  @FunctionalInterface
  interface ChanceMaker {
    Chance make(Coverage coverage);
  }
}
