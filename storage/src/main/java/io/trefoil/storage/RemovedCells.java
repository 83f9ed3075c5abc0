package io.trefoil.storage;

/**
 * Records that say that a key or field was removed, until they are on disk.
 *
 * <p>While the table has all cells, what is not in it does not exist: so such a record leaves the
 * index when it is committed, and nobody who walks or draws meets it. Only the flusher still needs
 * it. When the table lacks some, and the disk is to be asked for what is not in it, those that the
 * disk has not heard of come back first.
 *
 * <p>For the store's owner.
 */
final class RemovedCells {
  private static final int NONE = 0;

  private final PartitionStore store;
  private final Arena arena;

  RemovedCells(PartitionStore store, Arena arena) {
    this.store = store;
    this.arena = arena;
  }

  /** A record was committed, and is to be written. */
  void committed(Layer layer, int handle) {
    if (!layer.incomplete && arena.is(handle, Records.TOMBSTONE) && store.takeOut(handle)) {
      arena.mark(handle, Records.DETACHED);
    }
  }

  /**
   * Puts those that left back into the index, under what was written since.
   *
   * @param records of one layer, of which the later ones are written later
   * @param from the first of them that may not be on disk
   */
  void comeBack(Layer layer, IntList records, int from) {
    for (int i = records.size() - 1; i >= from; i--) {
      int handle = records.get(i);
      if (handle != NONE
          && arena.is(handle, Records.TOMBSTONE)
          && arena.marked(handle, Records.DETACHED)) {
        comeBack(layer, handle);
      }
    }
  }

  private void comeBack(Layer layer, int handle) {
    byte[] key = arena.key(handle);
    boolean isField = arena.is(handle, Records.FIELD);
    int at = isField ? Records.FIELD_AT : 0;
    int length = key.length - at;
    int hash = HashIndex.hash(key, at, length);
    long collection = isField ? Records.collection(key) : 0;
    int newest =
        isField
            ? layer.fields.find(collection, hash, key, at, length)
            : layer.index.find(hash, key, 0, length);
    if (CellWalk.committed(arena, newest) != NONE) {
      return; // written again since
    }
    arena.unmark(handle, Records.DETACHED);
    if (newest != NONE) {
      store.putUnder(newest, handle, true);
    } else if (isField) {
      layer.fields.insert(collection, hash, handle);
    } else {
      layer.index.insert(hash, handle);
    }
  }
}
