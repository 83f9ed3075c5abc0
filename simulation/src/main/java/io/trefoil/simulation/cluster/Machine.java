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

  /** Where it is; null of a client's. */
  final SimulatedRegion region;

  /** Nanoseconds on this machine's clocks per microsecond of the world's: 950 to 1050. */
  final int rate;

  /** Null until a process has run on this disk. */
  JournalFiles journal;

  MemoryCellDisk cells = new MemoryCellDisk();
  NodeIdentity identity;

  /** A copy of the disk as it was once; null for none. */
  private Disk backup;

  /** The disk that was taken out for another; null for none. */
  private Disk takenOut;

  private record Disk(JournalFiles journal, MemoryCellDisk cells, NodeIdentity identity) {
    private Disk copy() {
      return new Disk(journal.copy(), cells.afterCrash(), identity);
    }
  }

  /** By how much the wall clock is always wrong. */
  long skewMillis;

  /** By how much the wall clock is wrong beside that. */
  long wallOffsetMillis;

  /** What the wall clock shows while it stands still; 0 while it goes. */
  long clockStandsAt;

  /** Nothing is synced before then. */
  long stalledUntilMicros;

  /** What the divergence files hold. */
  final Map<String, LeftHistory> diverged = new LinkedHashMap<>();

  /** Of every process that runs here. */
  NodeSettings settings;

  /** The process that runs, or null. */
  SimulatedProcess process;

  Machine(int number, SimulatedRegion region, int rate, long diskId) {
    this.number = number;
    this.region = region;
    this.rate = rate;
    this.identity = new NodeIdentity(diskId, 0, 0, 0);
  }

  // Each while no process runs.

  void backUp() {
    backup = disk().copy();
  }

  boolean hasBackup() {
    return backup != null;
  }

  /** What was written since the copy was made is gone. */
  void restore() {
    use(backup.copy());
  }

  /** Another disk, with nothing on it, for the one that is there. */
  void takeOut(long freshDiskId) {
    journal.full(false);
    takenOut = disk();
    journal = journal.empty();
    cells = new MemoryCellDisk();
    identity = new NodeIdentity(freshDiskId, 0, 0, 0);
  }

  boolean isTakenOut() {
    return takenOut != null;
  }

  void putBack() {
    use(takenOut);
    takenOut = null;
  }

  /** What it has is set aside, and its identity says so. */
  void heal() {
    journal.full(false);
    journal = journal.empty();
    cells = new MemoryCellDisk();
    identity = identity.emptied();
  }

  /** Whether its disk gives back something that was not written. */
  boolean isDamaged() {
    return journal.isDamaged() || cells.isDamaged();
  }

  /** As if nothing had been damaged. */
  void repair() {
    journal.repair();
    cells.repair();
  }

  private Disk disk() {
    return new Disk(journal, cells, identity);
  }

  private void use(Disk disk) {
    journal = disk.journal();
    cells = disk.cells();
    identity = disk.identity();
  }

  boolean isUp() {
    return process != null && !process.isDead();
  }

  String name() {
    return (region == null ? "n" : region.prefix()) + number;
  }

  @Override
  public String toString() {
    return name();
  }
}
