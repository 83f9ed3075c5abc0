package io.trefoil.simulation.cluster;

import io.trefoil.node.LeftHistory;
import io.trefoil.node.NodeIdentity;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.MemoryCellDisk;
import java.util.LinkedHashMap;
import java.util.Map;

/** What outlives a process: a machine's disk, and its clock. */
final class Machine {
  final int number;

  /** Nanoseconds on this machine's clocks per microsecond of the world's: 950 to 1050. */
  final int rate;

  JournalFiles journal;
  MemoryCellDisk cells = new MemoryCellDisk();
  NodeIdentity identity;

  /** By how much the wall clock is wrong. */
  long wallOffsetMillis;

  /** What the divergence files hold. */
  final Map<String, LeftHistory> diverged = new LinkedHashMap<>();

  /** Of every process that runs here. */
  NodeSettings settings;

  /** The process that runs, or null. */
  SimulatedProcess process;

  Machine(int number, int rate, long diskId) {
    this.number = number;
    this.rate = rate;
    this.identity = new NodeIdentity(diskId, 0, 0, 0);
  }

  boolean isUp() {
    return process != null && !process.isDead();
  }

  String name() {
    return "n" + number;
  }

  @Override
  public String toString() {
    return name();
  }
}
