package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The dirty records of one store, frozen at one position on their way to the disk.
 *
 * <p>Life: frozen by the owner, written by the flusher in one batch, then drained by the owner, who
 * makes its records clean and frees those that fell out of the table meanwhile. A store has at most
 * one; the next waits until this one is drained. One batch, because RocksDB must never hold half of
 * a generation; it is bounded by freezing early.
 */
final class Generation {
  private static final int FEW_FIELDS = 64;

  /** So many bits tell a record's number; more records are not put in order. */
  private static final int NUMBER_BITS = 22;

  private static final int HASH_BITS = 24;
  private static final int COLLECTION_BITS = 14;

  final long copy;
  final Position position;
  final Layer layer;

  private final Bytes meta;
  private final IntList records;

  /** Removed, with all their fields. */
  private final Set<Long> removedCollections;

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

  private int drained;

  Generation(
      long copy,
      Position position,
      Bytes meta,
      Layer layer,
      DirtyCells dirty,
      Records memory,
      boolean snapshotWanted) {
    this.copy = copy;
    this.position = position;
    this.meta = meta;
    this.layer = layer;
    this.records = dirty.records();
    this.removedCollections = new HashSet<>(dirty.removedCollections());
    this.memory = memory;
    this.clearFirst = dirty.cleared();
    this.snapshotWanted = snapshotWanted;
    provisionalCount = layer.committedCount;
  }

  // ---- on the flusher thread

  /** Writes everything in one batch and returns what RocksDB then holds. */
  CopyState write(CellDisk disk) {
    int[] ordered = inDiskOrder();
    // The disk is asked before it is written: afterwards it would know every key.
    IntList blind = new IntList();
    List<byte[]> diskKeys = new ArrayList<>();
    for (int handle : ordered) {
      if (memory.is(handle, Records.BASE_UNKNOWN)) {
        blind.add(handle);
        diskKeys.add(diskKey(handle));
      }
    }
    List<byte[]> heads = disk.heads(diskKeys);
    for (int i = 0; i < blind.size(); i++) {
      foundOnDisk += heads.get(i) != CellDisk.ABSENT ? 1 : 0;
      noteRemoved(heads.get(i), blind.get(i));
    }
    unknown = blind.size();
    List<byte[]> fields = new ArrayList<>();
    Set<Long> large = new HashSet<>();
    if (!clearFirst) {
      removedCollections.forEach(it -> listFields(disk, it, fields, large));
    }
    CopyState state = new CopyState(copy, position, provisionalCount - foundOnDisk, meta);
    disk.write(
        "write cells",
        batch -> {
          if (clearFirst) {
            batch.clear(copy);
          }
          addRecords(batch, ordered);
          fields.forEach(batch::delete);
          large.forEach(it -> batch.clearFields(copy, it));
          batch.ready(state);
        });
    if (snapshotWanted) {
      view = disk.view();
    }
    return state;
  }

  /** A key was written blindly: what the disk had of it is gone, with its fields. */
  private void noteRemoved(byte[] stored, int handle) {
    if (!StoredCell.isHead(stored)) {
      return;
    }
    long collection = StoredCell.collection(stored);
    boolean goesOn = memory.isHead(handle) && memory.headCollection(handle) == collection;
    if (!goesOn) {
      for (long number : StoredCell.numbers(stored)) {
        removedCollections.add(number);
      }
    }
  }

  /**
   * Lists the fields of a removed collection to delete them one by one, if they are few: RocksDB
   * reads slowly where many ranges were deleted. Many fields are one range.
   */
  private void listFields(CellDisk disk, long collection, List<byte[]> fields, Set<Long> large) {
    List<byte[]> few = new ArrayList<>();
    try (CellDisk.CellIterator all = disk.fields(copy, collection, null)) {
      for (; all.isValid() && few.size() < FEW_FIELDS; all.next()) {
        few.add(all.diskKey());
      }
      if (all.isValid()) {
        large.add(collection);
      } else {
        fields.addAll(few);
      }
    }
  }

  private byte[] diskKey(int handle) {
    byte[] key = memory.key(handle);
    return CellDisk.key(copy, HashIndex.hash(key, 0, key.length), key, 0, key.length);
  }

  private void addRecords(CellDisk.Batch batch, int[] ordered) {
    byte[] scratch = new byte[256];
    for (int handle : ordered) {
      int keyLength = memory.keyLength(handle);
      if (keyLength > scratch.length) {
        scratch = new byte[keyLength * 2];
      }
      memory.copyKey(handle, scratch);
      if (!memory.is(handle, Records.FIELD)) {
        int hash = HashIndex.hash(scratch, 0, keyLength);
        batch.key(copy, hash, keyLength).put(scratch, 0, keyLength);
      } else if (!addFieldKey(batch, scratch, keyLength)) {
        continue;
      }
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

  /**
   * The records nearly in the order of their keys on disk, unless there are very many: RocksDB
   * finds the place of a key in less time when it has just found that of a neighbour.
   */
  private int[] inDiskOrder() {
    boolean tooMany = records.size() > 1 << NUMBER_BITS;
    long[] order = new long[records.size()];
    int count = 0;
    for (int i = 0; i < records.size(); i++) {
      int handle = records.get(i);
      if (handle != 0) {
        order[count++] = tooMany ? i : diskPlace(handle) << NUMBER_BITS | i;
      }
    }
    Arrays.sort(order, 0, count);
    int mask = tooMany ? -1 : (1 << NUMBER_BITS) - 1;
    int[] handles = new int[count];
    for (int i = 0; i < count; i++) {
      handles[i] = records.get((int) order[i] & mask);
    }
    return handles;
  }

  private long diskPlace(int handle) {
    long hash = (memory.hash(handle) & 0xffffffffL) >>> Integer.SIZE - HASH_BITS;
    if (!memory.is(handle, Records.FIELD)) {
      return hash;
    }
    long number = memory.collection(handle);
    long kind = FieldOrder.isOrder(number) ? 2 : 1;
    long collection = number & (1 << COLLECTION_BITS) - 1;
    return (kind << COLLECTION_BITS | collection) << HASH_BITS | hash;
  }

  /** False when the field's collection is removed. */
  private boolean addFieldKey(CellDisk.Batch batch, byte[] fieldKey, int keyLength) {
    long collection = Records.collection(fieldKey);
    if (removedCollections.contains(collection)) {
      return false;
    }
    int at = Records.FIELD_AT;
    int hash = HashIndex.hash(fieldKey, at, keyLength - at);
    batch.fieldKey(copy, collection, hash, keyLength - at).put(fieldKey, at, keyLength - at);
    return true;
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

  /** Removed with all their fields; not for the owner while a key of it was written blindly. */
  Set<Long> removedCollections() {
    return removedCollections;
  }

  /** As {@link DirtyCells#records()}. */
  IntList records() {
    return records;
  }

  /** How many of the records have been drained. */
  int drained() {
    return drained;
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
