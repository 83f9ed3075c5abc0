package io.trefoil.storage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Fills the table of a store that was opened with what the disk has, bit by bit, for as long as
 * there is room: first the keys, then the fields. When the table has all and nothing was dropped
 * meanwhile, what it does not have does not exist, and neither reads nor writes ask the disk any
 * more. When there is no room for all, the table begins warm.
 *
 * <p>For the store's owner.
 */
final class TableFill {
  private static final int CELLS_OF_STEP = 1_000;
  private static final int BYTES_OF_STEP = 256 << 10;

  /**
   * One part in so many of the budget stays free: nothing is dropped for the sake of what comes.
   */
  private static final int FREE = 8;

  private final Storage storage;
  private final PartitionStore store;
  private final Arena arena;
  private final Layer layer;
  private final byte[] endOfKeys;
  private final byte[] fields;
  private final byte[] endOfFields;
  private boolean ofFields;

  /** The key on disk to go on from. */
  private byte[] next;

  private boolean reading;
  private boolean ended;

  /**
   * Some cells that follow each other.
   *
   * @param next the key on disk of the one after them; null at the end
   */
  private record Step(List<OnDisk> cells, byte[] next) {}

  TableFill(Storage storage, PartitionStore store, Arena arena) {
    this.storage = storage;
    this.store = store;
    this.arena = arena;
    layer = store.bottom();
    next = CellDisk.copyPrefix(store.copy());
    endOfKeys = CellDisk.copyPrefix(store.copy() + 1);
    fields = CellDisk.fieldsPrefix(store.copy(), 0);
    endOfFields = CellDisk.fieldsEnd(store.copy());
    ended = !layer.incomplete;
  }

  boolean hasEnded() {
    return ended;
  }

  /** Has a reader thread read some more, unless one does. */
  void step() {
    if (ended || reading) {
      return;
    }
    if (!goesOn()) {
      ended = true;
      return;
    }
    if (ofFields && store.top().unknown > 0) {
      return; // who wrote a key blindly has not removed its fields yet; from now on nobody does
    }
    reading = true;
    long writtenBefore = store.generationsWritten();
    byte[] from = next;
    boolean areFields = ofFields;
    storage.onReader(
        () -> {
          Step step = read(from, areFields);
          store.owner().execute(() -> take(step, writtenBefore));
        });
  }

  private boolean goesOn() {
    long most = arena.budgetBytes() - arena.budgetBytes() / FREE;
    boolean asItWas = layer == store.bottom() && layer.lacksKeys != ofFields;
    return asItWas && store.dropped() == 0 && arena.usedBytes() < most;
  }

  private Step read(byte[] from, boolean areFields) {
    byte[] end = areFields ? endOfFields : endOfKeys;
    int header = areFields ? CellDisk.FIELD_HEADER : CellDisk.KEY_HEADER;
    List<OnDisk> cells = new ArrayList<>();
    long bytes = 0;
    try (CellDisk.CellIterator all = storage.disk().range(from, end, header, null)) {
      for (; all.isValid(); all.next()) {
        byte[] diskKey = all.diskKey();
        if (cells.size() == CELLS_OF_STEP || bytes > BYTES_OF_STEP) {
          return new Step(cells, diskKey);
        }
        byte[] stored = all.stored();
        cells.add(new OnDisk(diskKey, stored));
        bytes += diskKey.length + stored.length;
      }
    }
    return new Step(cells, null);
  }

  private void take(Step step, long writtenBefore) {
    reading = false;
    if (store.isClosed() || !goesOn()) {
      ended = true;
      return;
    }
    if (store.generationsWritten() != writtenBefore) {
      return; // what was read may be outdated
    }
    if (ofFields) {
      takeFields(step.cells());
    } else {
      step.cells().forEach(store::fillKey);
    }
    next = step.next();
    if (next == null && !ofFields) {
      ofFields = true;
      next = fields;
      store.hasAllKeys();
    } else if (next == null) {
      ended = true;
      store.hasAll();
    }
  }

  /** The disk still has fields of collections that were removed and are not written yet. */
  private void takeFields(List<OnDisk> cells) {
    Set<Long> removed = new HashSet<>(store.removedCollections());
    for (OnDisk each : cells) {
      long collection = CellDisk.collectionOf(each.diskKey());
      if (!removed.contains(collection)) {
        store.fields().fill(collection, each);
      }
    }
  }
}
