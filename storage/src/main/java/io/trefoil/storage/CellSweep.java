package io.trefoil.storage;

import java.util.ArrayList;
import java.util.List;

/**
 * Goes round the keys of a store bit by bit and has some collected that nobody misses: those in the
 * table at once, those that only the disk has by way of a reader thread, unless it is busy with
 * filling the table. What is not committed yet is left for the next round. Belongs to the store's
 * owner.
 */
final class CellSweep {
  /** Keys in one step of the search on disk. */
  private static final int SWEEP_KEYS = 1_000;

  private final Storage storage;
  private final MemoryTable memory;
  private final PartitionStore store;
  private final Arena arena;
  private long tableHash;
  private long diskHash;
  private boolean sweeping;
  private int collectedFromDisk;

  /** Decides what goes. */
  interface Collector {
    /**
     * Collects a committed record of a key if it is to go.
     *
     * @param handle the record at which the index of keys stands, and has to stay
     * @return whether it went, or something of it
     */
    boolean collect(int handle);

    /** Whether a cell on disk is to be collected. Asked on a reader thread. */
    boolean wants(byte[] stored);
  }

  CellSweep(Storage storage, MemoryTable memory, PartitionStore store, Arena arena) {
    this.storage = storage;
    this.memory = memory;
    this.store = store;
    this.arena = arena;
  }

  /**
   * Goes on where the last call ended.
   *
   * @param maxSteps how many keys of the table to look at
   * @return how many were collected since the last call returned
   */
  int collect(Collector collector, int maxSteps) {
    Layer bottom = store.bottom();
    if (bottom.lacksKeys && !sweeping && !memory.isFilling()) {
      sweepDisk(bottom, collector);
    }
    int collected = collectedFromDisk;
    collectedFromDisk = 0;
    int steps = 0;
    while (steps < maxSteps) {
      long entry = bottom.index.firstFrom((int) tableHash);
      if (entry == 0) {
        tableHash = 0;
        break;
      }
      for (long each = entry; each != 0; each = bottom.index.nextOfSameHash()) {
        steps++;
        collected += collect((int) each, collector) ? 1 : 0;
      }
      tableHash = (entry >>> 32) + 1 & 0xffffffffL;
      if (tableHash == 0) {
        break;
      }
    }
    return collected;
  }

  private boolean collect(int handle, Collector collector) {
    return arena.state(handle) != Records.UNCOMMITTED
        && !arena.is(handle, Records.TOMBSTONE)
        && collector.collect(handle);
  }

  /** The store was cleared. */
  void startOver() {
    tableHash = 0;
    diskHash = 0;
  }

  boolean isSweeping() {
    return sweeping;
  }

  private void sweepDisk(Layer layer, Collector collector) {
    sweeping = true;
    int from = (int) diskHash;
    long departures = store.departures().count();
    storage.onReader(
        () -> {
          List<OnDisk> wanted = new ArrayList<>();
          long next = search(from, collector, wanted);
          store.owner().execute(() -> onSwept(layer, departures, collector, wanted, next));
        });
  }

  /** Lists wanted cells of the next keys on disk; returns the hash to go on from, or 0. */
  private long search(int from, Collector collector, List<OnDisk> wanted) {
    int seen = 0;
    int lastHash = from;
    try (CellDisk.CellIterator cells = storage.disk().cells(store.copy(), from, null)) {
      for (; cells.isValid(); cells.next()) {
        byte[] diskKey = cells.diskKey();
        int hash = CellDisk.hashOf(diskKey);
        if (seen >= SWEEP_KEYS && hash != lastHash) {
          return hash & 0xffffffffL;
        }
        seen++;
        lastHash = hash;
        byte[] stored = cells.stored();
        if (collector.wants(stored)) {
          wanted.add(new OnDisk(diskKey, stored));
        }
      }
    }
    return 0;
  }

  private void onSwept(
      Layer layer, long departures, Collector collector, List<OnDisk> wanted, long next) {
    sweeping = false;
    if (store.isClosed() || layer != store.bottom()) {
      return;
    }
    diskHash = next;
    for (OnDisk each : wanted) {
      if (store.departures().hasLeft(CellDisk.hashOf(each.diskKey()), departures)) {
        continue; // there may be a newer version on disk: it is the next round's
      }
      int handle = store.takeFromDisk(each.diskKey(), each.stored());
      collectedFromDisk += handle != 0 && collector.collect(handle) ? 1 : 0;
    }
  }
}
