package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.nio.ByteBuffer;

/**
 * The dirty records of one store, frozen at one position on their way to the disk.
 *
 * <p>Life: frozen by the owner, written by the flusher in one batch, then drained by the owner, who
 * makes its records clean and frees those that fell out of the table meanwhile. A store has at most
 * one; the next waits until this one is drained. One batch, because RocksDB must never hold half of
 * a generation; it is bounded by freezing early.
 */
final class Generation {
  final long copy;
  final Position position;
  final Layer layer;

  private final Bytes meta;
  private final IntList records;
  private final Records memory;
  private final boolean clearFirst;
  private final long provisionalCount;
  private final boolean snapshotWanted;

  // Written by the flusher before it hands back, read by the owner afterwards.
  private long unknown;
  private long foundOnDisk;
  private CellDisk.View view;

  /** Owner: the batch is in RocksDB. */
  boolean written;

  /** Owner: how many of the records have been drained. */
  private int drained;

  Generation(
      long copy,
      Position position,
      Bytes meta,
      Layer layer,
      IntList records,
      Records memory,
      boolean clearFirst,
      boolean snapshotWanted) {
    this.copy = copy;
    this.position = position;
    this.meta = meta;
    this.layer = layer;
    this.records = records;
    this.memory = memory;
    this.clearFirst = clearFirst;
    this.snapshotWanted = snapshotWanted;
    provisionalCount = layer.committedCount;
  }

  // ---- on the flusher thread

  /** Writes everything in one batch and returns what RocksDB then holds. */
  CopyState write(CellDisk disk) {
    // The disk is asked before it is written: afterwards it would know every key.
    for (int i = 0; i < records.size(); i++) {
      int handle = records.get(i);
      if (handle != 0 && memory.is(handle, Records.BASE_UNKNOWN)) {
        unknown++;
        foundOnDisk += isOnDisk(disk, handle) ? 1 : 0;
      }
    }
    CopyState state = new CopyState(copy, position, provisionalCount - foundOnDisk, meta);
    disk.write(
        "write cells",
        batch -> {
          if (clearFirst) {
            batch.clear(copy);
          }
          addRecords(batch);
          batch.ready(state);
        });
    if (snapshotWanted) {
      view = disk.view();
    }
    return state;
  }

  private boolean isOnDisk(CellDisk disk, int handle) {
    byte[] key = memory.key(handle);
    byte[] diskKey = CellDisk.key(copy, HashIndex.hash(key, 0, key.length), key, 0, key.length);
    byte[] cached = disk.peek(diskKey);
    return (cached == null ? disk.get(diskKey) : cached) != CellDisk.ABSENT;
  }

  private void addRecords(CellDisk.Batch batch) {
    byte[] scratch = new byte[256];
    for (int i = 0; i < records.size(); i++) {
      int handle = records.get(i);
      if (handle == 0) {
        continue;
      }
      int keyLength = memory.keyLength(handle);
      if (keyLength > scratch.length) {
        scratch = new byte[keyLength * 2];
      }
      memory.copyKey(handle, scratch);
      int hash = HashIndex.hash(scratch, 0, keyLength);
      batch.key(copy, hash, keyLength).put(scratch, 0, keyLength);
      if (memory.is(handle, Records.TOMBSTONE)) {
        batch.delete();
        continue;
      }
      ByteBuffer value = batch.value(memory.valueLength(handle));
      value.put((byte) memory.type(handle));
      value.putLong(memory.stamp(handle)).putLong(memory.expireAt(handle));
      memory.copyValueTo(handle, value);
      batch.put();
    }
  }

  // ---- on the owner's thread

  /** What the batch found out about the keys that had been written blindly. */
  void settleCounts() {
    layer.unknown -= unknown;
    layer.count -= foundOnDisk;
    layer.committedCount -= foundOnDisk;
  }

  /**
   * Whether a record is of this generation and not drained yet.
   *
   * @param place the record's link: where it is, or was in an earlier generation. Records of a
   *     layer that a clear buried before they were frozen still have one, so the state won't do.
   */
  boolean holds(int handle, int place) {
    return place >= drained && place < records.size() && records.get(place) == handle;
  }

  boolean isDrained() {
    return drained == records.size();
  }

  /** The next record to drain; 0 when it was superseded before the freeze. */
  int drainNext() {
    return records.get(drained++);
  }

  CellSnapshot snapshot(CellDisk disk) {
    return new CellSnapshot(
        disk, view, new CopyState(copy, position, provisionalCount - foundOnDisk, meta));
  }
}
