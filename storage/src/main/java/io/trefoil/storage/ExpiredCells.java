package io.trefoil.storage;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds the expired cells of a store bit by bit: in the table at once, on the disk by way of a
 * reader thread. Belongs to the store's owner.
 */
final class ExpiredCells {
  /** Keys in one step of the search on disk. */
  private static final int SWEEP_KEYS = 1_000;

  private final Storage storage;
  private final PartitionStore store;
  private final Arena arena;
  private long tableHash;
  private long diskHash;
  private boolean sweeping;

  /** An expired cell on disk. */
  private record OnDisk(byte[] diskKey, byte[] stored) {}

  ExpiredCells(Storage storage, PartitionStore store, Arena arena) {
    this.storage = storage;
    this.store = store;
    this.arena = arena;
  }

  /** See {@link PartitionStore#collectExpired}. */
  int collect(long logTimeMillis, int maxSteps) {
    Layer bottom = store.bottom();
    if (bottom.incomplete && !sweeping) {
      sweepDisk(bottom, logTimeMillis);
    }
    int collected = 0;
    int steps = 0;
    while (steps < maxSteps) {
      long entry = bottom.index.firstFrom((int) tableHash);
      if (entry == 0) {
        tableHash = 0;
        break;
      }
      for (long each = entry; each != 0; each = bottom.index.nextOfSameHash()) {
        steps++;
        collected += collect((int) each, logTimeMillis) ? 1 : 0;
      }
      tableHash = (entry >>> 32) + 1 & 0xffffffffL;
      if (tableHash == 0) {
        break;
      }
    }
    return collected;
  }

  private boolean collect(int handle, long logTimeMillis) {
    if (arena.state(handle) == Records.UNCOMMITTED
        || arena.is(handle, Records.TOMBSTONE)
        || !StoredCell.expired(arena.expireAt(handle), logTimeMillis)) {
      return false;
    }
    store.removeFoundExpired(handle);
    return true;
  }

  /** The store was cleared. */
  void startOver() {
    tableHash = 0;
    diskHash = 0;
  }

  boolean isSweeping() {
    return sweeping;
  }

  private void sweepDisk(Layer layer, long logTimeMillis) {
    sweeping = true;
    int from = (int) diskHash;
    long writtenBefore = store.generationsWritten();
    storage.onReader(
        () -> {
          List<OnDisk> expired = new ArrayList<>();
          long next = search(from, logTimeMillis, expired);
          store.owner().execute(() -> onSwept(layer, writtenBefore, expired, next));
        });
  }

  /** Lists expired cells of the next keys on disk; returns the hash to go on from, or 0. */
  private long search(int from, long logTimeMillis, List<OnDisk> expired) {
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
        if (StoredCell.expired(StoredCell.expireAt(stored), logTimeMillis)) {
          expired.add(new OnDisk(diskKey, stored));
        }
      }
    }
    return 0;
  }

  private void onSwept(Layer layer, long writtenBefore, List<OnDisk> expired, long next) {
    sweeping = false;
    // What the disk had then is only known to be current while nothing was written since.
    if (store.isClosed()
        || layer != store.bottom()
        || store.generationsWritten() != writtenBefore) {
      return;
    }
    diskHash = next;
    expired.forEach(it -> store.removeExpiredOnDisk(it.diskKey(), it.stored()));
  }
}
