package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsRefused;
import io.trefoil.cell.EntryWriter;
import io.trefoil.cell.Opened;
import io.trefoil.replication.multileader.CommonHorizon;

/**
 * Collects the entries that a turn's commands write to one partition, in the form in which they are
 * journaled and sent: a batch body. A command that is run again takes its own back.
 */
final class EntryBuilder {
  /** A length that is written before it is known: a varint of four bytes, whatever its value. */
  private static final int LENGTH_BYTES = 4;

  private static final int MAX_ENTRY_BYTES = (1 << 28) - 1;

  /** A command that writes more is refused: its entry is in memory, and in a frame with others. */
  static final int MAX_COMMAND_BYTES = 160 << 20;

  private final ByteSink body = new ByteSink(4096);
  private int count;
  private int entryStart = -1;
  private int commandStart;
  private long firstIndex;
  private long nextIndex;
  private long stamp;

  /** The collection that the entry named last; 0 for none. */
  private long opened;

  /** Begins a command, whose entry, if it writes one, has this index and stamp. */
  void beginCommand(long index) {
    nextIndex = index;
    commandStart = body.size();
    entryStart = -1;
  }

  boolean hasEntry() {
    return entryStart >= 0;
  }

  void open(long newStamp) {
    Invariants.check(entryStart < 0, "a command writes one entry");
    entryStart = body.size();
    opened = 0;
    body.reserve(LENGTH_BYTES);
    stamp = newStamp;
    EntryWriter.begin(body, newStamp);
  }

  /**
   * Refuses a command whose entry is larger than entries may be.
   *
   * @throws CellsRefused then
   */
  void refuseTooLarge() {
    if (entryStart >= 0 && body.size() - entryStart > MAX_COMMAND_BYTES) {
      throw new CellsRefused(
          "ERR what the command changes is more than "
              + (MAX_COMMAND_BYTES >> 20)
              + " MB together; nothing was changed");
    }
  }

  long index() {
    return nextIndex;
  }

  long stamp() {
    return stamp;
  }

  void put(
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    EntryWriter.put(
        body, type, expireAtMillis, key, keyOffset, keyLength, value, valueOffset, valueLength);
  }

  void remove(byte[] key, int offset, int length) {
    EntryWriter.remove(body, key, offset, length);
  }

  void expire(long expireAtMillis, byte[] key, int offset, int length) {
    EntryWriter.expire(body, expireAtMillis, key, offset, length);
  }

  void clear() {
    EntryWriter.clear(body);
  }

  void field(
      Opened of,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    open(of);
    EntryWriter.field(body, field, fieldOffset, fieldLength, value, valueOffset, valueLength);
  }

  void drop(Opened of, byte[] field, int offset, int length) {
    open(of);
    EntryWriter.drop(body, field, offset, length);
  }

  void head(Opened of, long expireAtMillis, long count) {
    open(of);
    EntryWriter.head(body, expireAtMillis, count);
  }

  void merge(byte[] key, byte[] change, int changeLength) {
    EntryWriter.merge(body, key, 0, key.length, change, changeLength);
  }

  void part(CellType type, byte[] field, int offset, int length, byte[] change, int changeLength) {
    EntryWriter.part(body, type, field, offset, length, change, changeLength);
  }

  /** Changes as they are in an entry. */
  void raw(ByteSink changes) {
    body.putBytes(changes.array(), 0, changes.size());
  }

  /** Names the collection, unless the changes before are about it, too. */
  private void open(Opened of) {
    if (opened != of.collection()) {
      opened = of.collection();
      EntryWriter.open(body, of.type(), of.collection(), of.array(), of.offset(), of.length());
    }
  }

  void told(int region, CommonHorizon.Told what) {
    ByteSink bytes = new ByteSink();
    what.write(bytes);
    EntryWriter.told(body, region, bytes.array(), bytes.size());
  }

  void adopt(byte[] key) {
    EntryWriter.adopt(body, key, 0, key.length);
  }

  void adopted() {
    EntryWriter.adopted(body);
  }

  void mark(long id, long timeMillis) {
    EntryWriter.mark(body, id, timeMillis);
  }

  /** Ends the command; its entry, if any, belongs to the batch. */
  void endCommand() {
    if (entryStart < 0) {
      return;
    }
    int length = body.size() - entryStart - LENGTH_BYTES;
    Invariants.check(length <= MAX_ENTRY_BYTES, "an entry is bounded", length, MAX_ENTRY_BYTES);
    body.setInt(entryStart, paddedVarint(length));
    entryStart = -1;
    if (count == 0) {
      firstIndex = nextIndex;
    }
    count++;
  }

  /** Takes the command's entry back. */
  void undoCommand() {
    body.truncate(commandStart);
    entryStart = -1;
  }

  /** Index of the batch's first entry. */
  long firstIndex() {
    return firstIndex;
  }

  int count() {
    return count;
  }

  int sizeBytes() {
    return body.size();
  }

  /** The batch body so far; the next command begins a new one. */
  Bytes take() {
    Bytes taken = Bytes.wrap(body.toArray());
    reset();
    return taken;
  }

  void reset() {
    body.clear();
    count = 0;
    entryStart = -1;
  }

  private static int paddedVarint(int value) {
    return value & 0x7f
        | 0x80
        | (value >>> 7 & 0x7f | 0x80) << 8
        | (value >>> 14 & 0x7f | 0x80) << 16
        | (value >>> 21) << 24;
  }

  /** A batch body of one entry that changes nothing: it opens an epoch, or carries time. */
  static Bytes emptyEntry(long stamp) {
    ByteSink entry = new ByteSink(16);
    entry.putVarint(8);
    EntryWriter.begin(entry, stamp);
    return Bytes.wrap(entry.toArray());
  }
}
