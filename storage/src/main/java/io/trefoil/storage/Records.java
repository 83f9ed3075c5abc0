package io.trefoil.storage;

import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The layout of the records in an {@link Arena}'s chunks.
 *
 * <p><b>Handles.</b> A record is named by an int: chunk number, and offset in units of 16 bytes. 0
 * is none. A record that is larger than a chunk begins at a chunk's start and goes on in the chunks
 * that {@code next} names.
 *
 * <p>Not thread-safe by itself: the flusher reads frozen records, of which the owner changes only
 * the marks.
 *
 * <pre>
 * index of its entry 8 · stamp 8 · previous 4 · link 4 · flags 1 · marks 1 · store 2
 * · keyLength 2 · valueLength 2; or 65535 2 · 0 2 · keyLength 4 · valueLength 4
 * · of keys only: type 1 · expireAt 8
 * · key · value
 * </pre>
 *
 * <p>The key of a {@link #FIELD field's} record is its collection's number (8) and then the field;
 * its type is 0, and it does not expire by itself. The value of a collection's head is a {@link
 * Head}.
 */
class Records {
  static final int CHUNK_BITS = 18;
  static final int CHUNK = 1 << CHUNK_BITS;

  /** A record's lengths, its type and what follows begin here. */
  private static final int SHORT_HEADER = 32;

  /** Lengths that two bytes each are too short for take so many more. */
  private static final int LENGTHS = 2 * Integer.BYTES;

  /** What the records of keys have, and those of fields don't. */
  private static final int OF_KEY = 1 + Long.BYTES;

  private static final int LONG_LENGTHS = 0xffff;

  static final int UNIT_BITS = 4;
  static final int OFFSET_BITS = CHUNK_BITS - UNIT_BITS;
  static final int OFFSET_MASK = (1 << OFFSET_BITS) - 1;

  static final int AT_INDEX = 0;
  private static final int AT_STAMP = 8;
  private static final int AT_PREVIOUS = 16;
  private static final int AT_LINK = 20;
  static final int AT_FLAGS = 24;
  private static final int AT_MARKS = 25;
  private static final int AT_STORE = 26;
  private static final int AT_KEY_LENGTH = 28;
  private static final int AT_VALUE_LENGTH = 30;

  // Flags, the low three bits: where the record is on its way to the disk.
  static final int STATE = 7;

  /** A slot without a record. */
  static final int FREE = 0;

  /** As on disk, or known to be absent there; may be evicted. */
  static final int CLEAN = 1;

  static final int UNCOMMITTED = 2;

  /** Committed and not yet on disk; of a generation with an even or odd number. */
  static final int DIRTY_EVEN = 4;

  static final int DIRTY_ODD = 5;

  // Flags, the other bits: never changed while the flusher may read.
  /** The key is absent from this version on. */
  static final int TOMBSTONE = 8;

  /** Whether the disk has the key is not known; counted as if not. */
  static final int BASE_UNKNOWN = 16;

  /** The key was present just before this version. */
  static final int PRESENT_BEFORE = 32;

  /** Not a record of a key: stands for a clear among the uncommitted records. */
  static final int CLEAR = 64;

  /** A record of a field, not of a key. */
  static final int FIELD = 128;

  /** Bytes before the field in a field's key. */
  static final int FIELD_AT = 8;

  // Marks: a byte of the owner's own.
  /** Looked up since the evictor passed. */
  static final int REFERENCED = 1;

  /** No longer in the table; freed when the flusher is done with it. */
  static final int DETACHED = 2;

  /** It was read from the disk, and not used since. */
  static final int FETCHED = 4;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  ByteBuffer[] buffers;
  int[] next;
  private byte[] scratch = new byte[256];

  Records(ByteBuffer[] buffers, int[] next) {
    this.buffers = buffers;
    this.next = next;
  }

  static int at(int handle) {
    return (handle & OFFSET_MASK) << UNIT_BITS;
  }

  private ByteBuffer buffer(int handle) {
    return buffers[handle >>> OFFSET_BITS];
  }

  /** Bytes that the record of a key takes. */
  static long keyBytes(int keyLength, int valueLength) {
    return fieldBytes(keyLength, valueLength) + OF_KEY;
  }

  /**
   * Bytes that the record of a field takes.
   *
   * @param keyLength of its collection's number and the field
   */
  static long fieldBytes(int keyLength, int valueLength) {
    int more = areLong(keyLength, valueLength) ? LENGTHS : 0;
    return (long) SHORT_HEADER + more + keyLength + valueLength;
  }

  private static boolean areLong(int keyLength, int valueLength) {
    return keyLength >= LONG_LENGTHS || valueLength > LONG_LENGTHS;
  }

  /** Bytes of a record, had it a value of this length. */
  long bytesWith(int handle, int valueLength) {
    int keyLength = keyLength(handle);
    return fieldBytes(keyLength, valueLength) + (is(handle, FIELD) ? 0 : OF_KEY);
  }

  /** Bytes before the key. */
  private int header(int handle) {
    return ofKey(handle) + (is(handle, FIELD) ? 0 : OF_KEY);
  }

  /** Bytes before what only the records of keys have. */
  private int ofKey(int handle) {
    return shortKeyLength(handle) == LONG_LENGTHS ? SHORT_HEADER + LENGTHS : SHORT_HEADER;
  }

  private int shortKeyLength(int handle) {
    return buffer(handle).getShort(at(handle) + AT_KEY_LENGTH) & 0xffff;
  }

  /** Writes a whole record; it is not marked and follows nothing. */
  void write(
      int handle,
      long index,
      long stamp,
      long expireAt,
      int flags,
      int type,
      int store,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    b.putLong(at + AT_INDEX, index);
    b.putLong(at + AT_STAMP, stamp);
    b.putLong(at + AT_PREVIOUS, 0); // and no link
    b.put(at + AT_FLAGS, (byte) flags);
    b.put(at + AT_MARKS, (byte) 0);
    b.putShort(at + AT_STORE, (short) store);
    int header = SHORT_HEADER;
    if (areLong(keyLength, valueLength)) {
      b.putShort(at + AT_KEY_LENGTH, (short) LONG_LENGTHS);
      b.putShort(at + AT_VALUE_LENGTH, (short) 0);
      b.putInt(at + SHORT_HEADER, keyLength);
      b.putInt(at + SHORT_HEADER + Integer.BYTES, valueLength);
      header += LENGTHS;
    } else {
      b.putShort(at + AT_KEY_LENGTH, (short) keyLength);
      b.putShort(at + AT_VALUE_LENGTH, (short) valueLength);
    }
    if ((flags & FIELD) == 0) {
      b.put(at + header, (byte) type);
      b.putLong(at + header + 1, expireAt);
      header += OF_KEY;
    }
    if ((long) at + header + keyLength + valueLength <= CHUNK) {
      b.put(at + header, key, keyOffset, keyLength);
      b.put(at + header + keyLength, value, valueOffset, valueLength);
    } else {
      writeChain(handle, header, key, keyOffset, keyLength);
      writeChain(handle, header + (long) keyLength, value, valueOffset, valueLength);
    }
  }

  /** What {@link #saveVersion} keeps beside the value: index, stamp, expiry, the value's length. */
  static final int SAVED_HEADER = 3 * Long.BYTES + Integer.BYTES;

  private static final int SAVED_EXPIRE = AT_STAMP + Long.BYTES;
  private static final int SAVED_LENGTH = SAVED_EXPIRE + Long.BYTES;

  /**
   * Gives a record whose lengths are short a value of another length, as of another entry.
   *
   * @param expireAt of a key
   */
  void overwrite(int handle, long index, long stamp, long expireAt, int valueLength) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    b.putLong(at + AT_INDEX, index);
    b.putLong(at + AT_STAMP, stamp);
    setVersion(handle, expireAt, valueLength);
  }

  private void setVersion(int handle, long expireAt, int valueLength) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    b.putShort(at + AT_VALUE_LENGTH, (short) valueLength);
    if (!is(handle, FIELD)) {
      b.putLong(at + SHORT_HEADER + 1, expireAt);
    }
  }

  /** Gives a record that is no chain other bytes in its value, from byte {@code from} on. */
  void overwriteValue(int handle, int from, byte[] value, int offset, int length) {
    buffer(handle).put(valueAt(handle) + from, value, offset, length);
  }

  private int valueAt(int handle) {
    return at(handle) + header(handle) + keyLength(handle);
  }

  /** Keeps what {@link #overwrite} changes, and the value. */
  void saveVersion(int handle, byte[] to, int toOffset) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    int length = valueLength(handle);
    LONG.set(to, toOffset, b.getLong(at + AT_INDEX));
    LONG.set(to, toOffset + AT_STAMP, b.getLong(at + AT_STAMP));
    LONG.set(to, toOffset + SAVED_EXPIRE, expireAt(handle));
    INT.set(to, toOffset + SAVED_LENGTH, length);
    b.get(valueAt(handle), to, toOffset + SAVED_HEADER, length);
  }

  /** Puts back what {@link #saveVersion} kept. */
  void restoreVersion(int handle, byte[] kept, int keptOffset) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    int length = (int) INT.get(kept, keptOffset + SAVED_LENGTH);
    b.putLong(at + AT_INDEX, (long) LONG.get(kept, keptOffset));
    b.putLong(at + AT_STAMP, (long) LONG.get(kept, keptOffset + AT_STAMP));
    setVersion(handle, (long) LONG.get(kept, keptOffset + SAVED_EXPIRE), length);
    b.put(valueAt(handle), kept, keptOffset + SAVED_HEADER, length);
  }

  private void writeChain(int handle, long from, byte[] source, int offset, int length) {
    int chunk = chunkAt(handle, from);
    int at = (int) (from & CHUNK - 1);
    int done = 0;
    while (done < length) {
      int piece = Math.min(length - done, CHUNK - at);
      buffers[chunk].put(at, source, offset + done, piece);
      done += piece;
      at = 0;
      chunk = next[chunk];
    }
  }

  private int chunkAt(int handle, long offset) {
    int chunk = handle >>> OFFSET_BITS;
    for (long skipped = CHUNK; skipped <= offset; skipped += CHUNK) {
      chunk = next[chunk];
    }
    return chunk;
  }

  long index(int handle) {
    return buffer(handle).getLong(at(handle) + AT_INDEX);
  }

  long stamp(int handle) {
    return buffer(handle).getLong(at(handle) + AT_STAMP);
  }

  /** When a key expires, or 0; 0 of a field. */
  long expireAt(int handle) {
    return is(handle, FIELD) ? 0 : buffer(handle).getLong(at(handle) + ofKey(handle) + 1);
  }

  int previous(int handle) {
    return buffer(handle).getInt(at(handle) + AT_PREVIOUS);
  }

  void setPrevious(int handle, int older) {
    buffer(handle).putInt(at(handle) + AT_PREVIOUS, older);
  }

  /** The record's place in its generation, while it is dirty. */
  int link(int handle) {
    return buffer(handle).getInt(at(handle) + AT_LINK);
  }

  void setLink(int handle, int place) {
    buffer(handle).putInt(at(handle) + AT_LINK, place);
  }

  int valueLength(int handle) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    return shortKeyLength(handle) == LONG_LENGTHS
        ? b.getInt(at + SHORT_HEADER + Integer.BYTES)
        : b.getShort(at + AT_VALUE_LENGTH) & 0xffff;
  }

  int keyLength(int handle) {
    int length = shortKeyLength(handle);
    return length == LONG_LENGTHS ? buffer(handle).getInt(at(handle) + SHORT_HEADER) : length;
  }

  int flags(int handle) {
    return buffer(handle).get(at(handle) + AT_FLAGS);
  }

  void setFlags(int handle, int flags) {
    buffer(handle).put(at(handle) + AT_FLAGS, (byte) flags);
  }

  int state(int handle) {
    return flags(handle) & STATE;
  }

  void setState(int handle, int state) {
    setFlags(handle, flags(handle) & ~STATE | state);
  }

  boolean is(int handle, int flag) {
    return (flags(handle) & flag) != 0;
  }

  boolean marked(int handle, int mark) {
    return (buffer(handle).get(at(handle) + AT_MARKS) & mark) != 0;
  }

  void mark(int handle, int mark) {
    ByteBuffer b = buffer(handle);
    int at = at(handle) + AT_MARKS;
    int marks = b.get(at);
    // Testing first keeps hot lookups from writing to the record's cache line again and again.
    if ((marks & mark) == 0) {
      b.put(at, (byte) (marks | mark));
    }
  }

  /**
   * Marks a record as used, so that it stays longer. What a record was fetched for does not count:
   * most of what is rarely used would push out what is used often.
   */
  void use(int handle) {
    ByteBuffer b = buffer(handle);
    int at = at(handle) + AT_MARKS;
    int marks = b.get(at);
    if ((marks & FETCHED) != 0) {
      b.put(at, (byte) (marks & ~FETCHED));
    } else if ((marks & REFERENCED) == 0) {
      b.put(at, (byte) (marks | REFERENCED));
    }
  }

  void unmark(int handle, int mark) {
    ByteBuffer b = buffer(handle);
    int at = at(handle) + AT_MARKS;
    b.put(at, (byte) (b.get(at) & ~mark));
  }

  /** Of a key's record, the {@link CellType}'s code; 0 of a field's. */
  int type(int handle) {
    return is(handle, FIELD) ? 0 : buffer(handle).get(at(handle) + ofKey(handle)) & 0xff;
  }

  int store(int handle) {
    return buffer(handle).getShort(at(handle) + AT_STORE) & 0xffff;
  }

  // ---- key and value

  /** Whether the record of a key is of this one. */
  boolean keyEquals(int handle, byte[] key, int offset, int length) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    if (keyLength(handle) != length) {
      return false;
    }
    int header = ofKey(handle) + OF_KEY;
    if (at + header + (long) length > CHUNK) {
      return Arrays.equals(key(handle), Arrays.copyOfRange(key, offset, offset + length));
    }
    return equalAt(b, at + header, key, offset, length);
  }

  private static boolean equalAt(ByteBuffer b, int at, byte[] key, int offset, int length) {
    int i = 0;
    for (; i + 8 <= length; i += 8) {
      if (b.getLong(at + i) != (long) LONG.get(key, offset + i)) {
        return false;
      }
    }
    for (; i < length; i++) {
      if (b.get(at + i) != key[offset + i]) {
        return false;
      }
    }
    return true;
  }

  /** A field's key: the number of its collection, then the field. */
  static byte[] fieldKey(long collection, byte[] field, int offset, int length) {
    byte[] key = new byte[FIELD_AT + length];
    LONG.set(key, 0, collection);
    System.arraycopy(field, offset, key, FIELD_AT, length);
    return key;
  }

  /** The number of the collection that a field's key begins with. */
  static long collection(byte[] fieldKey) {
    return (long) LONG.get(fieldKey, 0);
  }

  /** The number of the collection that a field's record belongs to. */
  long collection(int handle) {
    return buffer(handle).getLong(at(handle) + ofKey(handle));
  }

  /** Whether the record is of this field of this collection. */
  boolean fieldEquals(int handle, long collection, byte[] field, int offset, int length) {
    ByteBuffer b = buffer(handle);
    int at = at(handle);
    int header = ofKey(handle);
    if (keyLength(handle) != FIELD_AT + length || b.getLong(at + header) != collection) {
      return false;
    }
    if (at + header + FIELD_AT + (long) length > CHUNK) {
      byte[] whole = key(handle);
      return Arrays.equals(whole, FIELD_AT, whole.length, field, offset, offset + length);
    }
    return equalAt(b, at + header + FIELD_AT, field, offset, length);
  }

  byte[] key(int handle) {
    byte[] key = new byte[keyLength(handle)];
    copy(handle, header(handle), key, 0, key.length);
    return key;
  }

  /** The top 32 bits of the hash of the record's key, or field. */
  int hash(int handle) {
    int length = keyLength(handle);
    if (length > scratch.length) {
      scratch = new byte[Math.max(length, scratch.length * 2)];
    }
    copy(handle, header(handle), scratch, 0, length);
    int from = is(handle, FIELD) ? FIELD_AT : 0;
    return HashIndex.hash(scratch, from, length - from);
  }

  /** Whether the record is of a key that has fields. */
  boolean isHead(int handle) {
    return type(handle) > CellType.STRING.code();
  }

  /** Whether the record of a key is of one that commands can see, expired or not. */
  boolean isPresent(int handle) {
    return !is(handle, TOMBSTONE) && type(handle) != CellType.GONE.code();
  }

  /** The number of the collection whose head the record is. */
  long headCollection(int handle) {
    return valueLong(handle, 0);
  }

  /** How many fields the collection has whose head the record is. */
  long headCount(int handle) {
    return valueLong(handle, Head.COUNT_AT);
  }

  /** As {@link Head#numbers}, of a record that is a head. */
  long[] headNumbers(int handle) {
    CellType type = CellType.ofStored(type(handle));
    int flags = 0;
    if (type.isMerged()) {
      copyValue(handle, Head.FLAGS_AT, scratch, 0, 1);
      flags = scratch[0];
    }
    return Head.numbers(type, headCollection(handle), flags);
  }

  /** What a record adds to the {@link MergedTree}; 0 when nothing is to be seen. */
  long mergedDigest(int handle) {
    boolean merged = !is(handle, TOMBSTONE) && type(handle) >= CellType.MERGED.code();
    return merged ? valueLong(handle, Head.DIGEST_AT) : 0;
  }

  private long valueLong(int handle, int from) {
    int at = valueAt(handle) + from;
    if (at + Long.BYTES <= CHUNK) {
      return buffer(handle).getLong(at);
    }
    copyValue(handle, from, scratch, 0, Long.BYTES);
    return (long) LONG.get(scratch, 0);
  }

  byte[] value(int handle) {
    byte[] value = new byte[valueLength(handle)];
    copyValue(handle, 0, value, 0, value.length);
    return value;
  }

  void copyValue(int handle, int from, byte[] to, int toOffset, int length) {
    Invariants.check(
        from >= 0 && length >= 0 && length <= valueLength(handle) - from,
        "outside the value",
        from,
        length);
    copy(handle, (long) header(handle) + keyLength(handle) + from, to, toOffset, length);
  }

  private void copy(int handle, long from, byte[] to, int toOffset, int length) {
    int at = at(handle);
    if (at + from + length <= CHUNK) {
      buffer(handle).get(at + (int) from, to, toOffset, length);
      return;
    }
    int chunk = chunkAt(handle, from);
    at = (int) (from & CHUNK - 1);
    int done = 0;
    while (done < length) {
      int piece = Math.min(length - done, CHUNK - at);
      buffers[chunk].get(at, to, toOffset + done, piece);
      done += piece;
      at = 0;
      chunk = next[chunk];
    }
  }

  /** Copies a record's key to the beginning of {@code to}. */
  void copyKey(int handle, byte[] to) {
    copy(handle, header(handle), to, 0, keyLength(handle));
  }

  /** Appends a record's value to a buffer. */
  void copyValueTo(int handle, ByteBuffer to) {
    copyTo(handle, (long) header(handle) + keyLength(handle), valueLength(handle), to);
  }

  private void copyTo(int handle, long from, int length, ByteBuffer to) {
    int chunk = chunkAt(handle, at(handle) + from);
    int at = (int) (at(handle) + from & CHUNK - 1);
    int left = length;
    while (left > 0) {
      int piece = Math.min(left, CHUNK - at);
      to.put(to.position(), buffers[chunk], at, piece).position(to.position() + piece);
      left -= piece;
      at = 0;
      chunk = next[chunk];
    }
  }
}
