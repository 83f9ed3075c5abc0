package io.trefoil.storage;

import io.trefoil.base.Invariants;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Newer versions in the place of uncommitted ones of the same batch.
 *
 * <p>Entries of a batch are committed together, so that nobody ever asks for what is between. A
 * busy list's end, the nodes above it and its count are written by every command of a turn, and
 * then once for all of them. What the running command wrote over is kept until the next one begins:
 * it may be undone.
 *
 * <p>For the store's owner.
 */
final class Overwrites {
  /** A larger record is not written over: copying it for the undo costs more than a version. */
  private static final int MAX_BYTES = 2_048;

  private static final int NONE = 0;

  private final Arena arena;

  /** Those of which not all is committed. */
  private final ArrayDeque<Batch> batches = new ArrayDeque<>();

  private long first = Long.MAX_VALUE;
  private long lastBefore;

  /** The records that the running command wrote over, and where what they had is kept. */
  private int[] records = new int[16];

  private int[] starts = new int[16];
  private int count;
  private byte[] kept = new byte[4 * MAX_BYTES];
  private int end;

  private static final class Batch {
    final long first;

    /** The last of its entries that wrote over what others of them had written. */
    long last;

    Batch(long first) {
      this.first = first;
    }
  }

  Overwrites(Arena arena) {
    this.arena = arena;
  }

  /** Another batch begins with this entry, if there is one now. */
  void divide(long firstIndex) {
    if (first != Long.MAX_VALUE) {
      begin(firstIndex);
    }
  }

  /** Entries from this one on, up to the next batch, are committed together. */
  void begin(long firstIndex) {
    first = firstIndex;
    if (batches.isEmpty() || batches.peekLast().first < firstIndex) {
      batches.add(new Batch(firstIndex));
    }
  }

  boolean isOfBatch(long entry) {
    return entry >= first;
  }

  /** What was written over so far is not undone any more, unless its whole batch is. */
  void commandBegins() {
    forgetKept();
    lastBefore = batches.isEmpty() ? 0 : batches.peekLast().last;
  }

  /** Whether a record may be given another value of so many bytes, as of a later entry. */
  boolean takes(int record, int valueLength) {
    if (record == NONE
        || arena.index(record) < first
        || arena.state(record) != Records.UNCOMMITTED
        || arena.is(record, Records.TOMBSTONE)) {
      return false;
    }
    long slot = arena.footprint(record);
    long bytes = arena.bytesWith(record, valueLength);
    return slot <= MAX_BYTES && bytes <= slot && bytes >= slot / 2;
  }

  /**
   * How many bytes to take for a record. One that the same batch wrote before is growing: some more
   * spare it being moved each time, but no more than a full node takes.
   */
  long room(int before, long bytes) {
    boolean grows = before != NONE && arena.index(before) >= first;
    return grows
        ? Math.max(bytes, Math.min(bytes + bytes / 2, FieldOrder.NODE_RECORD_BYTES))
        : bytes;
  }

  /**
   * Writes over a record that {@link #takes} it.
   *
   * @param changed from which byte of the value on it is another one
   * @param same from which byte on it is the same again, if it is as long as before
   */
  void write(
      int record,
      long index,
      long stamp,
      long expireAt,
      byte[] value,
      int valueOffset,
      int valueLength,
      int changed,
      int same) {
    long before = arena.index(record);
    Invariants.check(index >= before, "written over out of order", index, before);
    if (index > before) {
      batches.peekLast().last = index;
      keep(record);
    }
    replace(record, index, stamp, expireAt, value, valueOffset, valueLength, changed, same);
  }

  /**
   * Writes over a field's record what commands before the running one changed: it is not undone
   * with that one, which must not have written over it.
   */
  void writeForEarlier(
      int record, long index, long stamp, byte[] value, int valueLength, int changed, int same) {
    long before = arena.index(record);
    Invariants.check(index >= before, "written over out of order", index, before);
    Batch batch = batches.peekLast();
    batch.last = Math.max(batch.last, index);
    replace(record, index, stamp, 0, value, 0, valueLength, changed, same);
  }

  private void replace(
      int record,
      long index,
      long stamp,
      long expireAt,
      byte[] value,
      int valueOffset,
      int valueLength,
      int changed,
      int same) {
    int lengthBefore = arena.valueLength(record);
    int from = Math.min(changed, lengthBefore);
    int to = valueLength == lengthBefore ? same : valueLength;
    arena.overwrite(record, index, stamp, expireAt, valueLength);
    arena.overwriteValue(record, from, value, valueOffset + from, to - from);
  }

  /** Once in a command, however often it writes over the record. */
  private void keep(int record) {
    if (count == records.length) {
      records = Arrays.copyOf(records, 2 * count);
      starts = Arrays.copyOf(starts, 2 * count);
    }
    int length = Records.SAVED_HEADER + arena.valueLength(record);
    if (end + length > kept.length) {
      kept = Arrays.copyOf(kept, 2 * kept.length);
    }
    arena.saveVersion(record, kept, end);
    records[count] = record;
    starts[count++] = end;
    end += length;
  }

  /** Records have again what they had before the running command. */
  void undoCommand() {
    if (count > 0) {
      batches.peekLast().last = lastBefore;
    }
    for (int i = 0; i < count; i++) {
      arena.restoreVersion(records[i], kept, starts[i]);
    }
    forgetKept();
  }

  private void forgetKept() {
    count = 0;
    end = 0;
  }

  /** Entries after this one are undone. */
  void undoneAfter(long index) {
    while (!batches.isEmpty() && batches.peekLast().first > index) {
      batches.removeLast();
    }
    if (!batches.isEmpty()) {
      long last = batches.peekLast().last;
      Invariants.check(last <= index, "a batch is undone as a whole", index, last);
    }
    first = Long.MAX_VALUE;
    forgetKept();
  }

  /** Entries up to this one are committed. */
  void committed(long index) {
    while (!batches.isEmpty() && batches.peekFirst().first <= index) {
      long last = batches.removeFirst().last;
      Invariants.check(last <= index, "a batch is committed as a whole", index, last);
    }
    first = batches.isEmpty() ? Long.MAX_VALUE : first;
    forgetKept();
  }
}
