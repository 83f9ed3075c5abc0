package io.trefoil.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The port to the disk that holds cells behind the memory table, and its layout.
 *
 * <p>Two families, made durable together. Cells: copy id (8 bytes, big-endian), top 32 bits of the
 * key's hash (big-endian), key → {@link StoredCell}; and for fields: copy id with its top bit set,
 * number of the collection (8, big-endian), top 32 bits of the field's hash, field. Metas: copy id
 * → state, position, count, the caller's bytes.
 *
 * <p>What is written survives a crash only after {@link #flush}; what was made durable earlier
 * holds whole batches all the same. Thread-safe; only the flusher writes.
 */
public abstract sealed class CellDisk implements AutoCloseable permits RocksDisk, MemoryCellDisk {
  static final int KEY_HEADER = 12;

  /** Bytes before the field in a field's key on disk. */
  static final int FIELD_HEADER = 20;

  private static final long FIELDS = Long.MIN_VALUE;

  /** Answers of {@link #peek} that are no cell. */
  static final byte[] ABSENT = new byte[0];

  CellDisk() {}

  static byte[] key(long copy, int hash, byte[] key, int offset, int length) {
    byte[] full = new byte[KEY_HEADER + length];
    ByteBuffer.wrap(full).putLong(copy).putInt(hash).put(key, offset, length);
    return full;
  }

  static int hashOf(byte[] diskKey) {
    return ByteBuffer.wrap(diskKey).getInt(8);
  }

  static byte[] fieldKey(
      long copy, long collection, int hash, byte[] field, int offset, int length) {
    byte[] full = new byte[FIELD_HEADER + length];
    ByteBuffer.wrap(full)
        .putLong(copy | FIELDS)
        .putLong(collection)
        .putInt(hash)
        .put(field, offset, length);
    return full;
  }

  /** With what the keys of a collection's fields begin. */
  static byte[] fieldsPrefix(long copy, long collection) {
    return ByteBuffer.allocate(16).putLong(copy | FIELDS).putLong(collection).array();
  }

  /** Behind all fields of a copy. */
  static byte[] fieldsEnd(long copy) {
    return copyPrefix((copy | FIELDS) + 1);
  }

  static long collectionOf(byte[] fieldKey) {
    return ByteBuffer.wrap(fieldKey).getLong(8);
  }

  static byte[] copyPrefix(long copy) {
    return ByteBuffer.allocate(8).putLong(copy).array();
  }

  // Reading.

  /**
   * Looks a cell up without waiting for the disk.
   *
   * @return the stored cell, {@link #ABSENT}, or null when only the disk knows
   */
  abstract byte[] peek(byte[] diskKey);

  /** Looks a cell up, waiting for the disk; {@link #ABSENT} when there is none. */
  abstract byte[] get(byte[] diskKey);

  /**
   * Looks keys' cells up, waiting for the disk, for what {@link StoredCell#numbers} tells of those
   * that are heads: others are not given in full.
   *
   * @param diskKeys best in their order
   * @return in the same order; {@link #ABSENT} where there is none
   */
  abstract List<byte[]> heads(List<byte[]> diskKeys);

  /** The keys' cells of a copy in hash order, as they are now, or in {@code view} if given. */
  CellIterator cells(long copy, int fromHash, View view) {
    return range(key(copy, fromHash, ABSENT, 0, 0), copyPrefix(copy + 1), KEY_HEADER, view);
  }

  /** A collection's fields in the order of their hashes, as they are now, or in {@code view}. */
  CellIterator fields(long copy, long collection, View view) {
    return fields(copy, collection, 0, view);
  }

  /** As above, from a hash on. */
  CellIterator fields(long copy, long collection, int fromHash, View view) {
    byte[] from = fieldKey(copy, collection, fromHash, ABSENT, 0, 0);
    return range(from, fieldsPrefix(copy, collection + 1), FIELD_HEADER, view);
  }

  /**
   * @param header bytes before the name in the keys on disk; the last four of them are its hash
   */
  abstract CellIterator range(byte[] from, byte[] end, int header, View view);

  /** All cells as they are now, while writes go on. */
  abstract View view();

  abstract void release(View view);

  /** The copies that are whole. */
  abstract List<CopyState> copies();

  /** Copies whose loading from a snapshot was never finished. */
  abstract List<Long> unfinishedCopies();

  /** A moment that can be read; to be released. */
  interface View {}

  /** Walks over cells. */
  abstract static class CellIterator implements AutoCloseable {
    private final int header;

    CellIterator(int header) {
      this.header = header;
    }

    /** Whether there is a cell here. */
    abstract boolean isValid();

    abstract byte[] diskKey();

    abstract byte[] stored();

    abstract void next();

    /** Bytes before the key, or field, in {@link #diskKey()}. */
    int header() {
      return header;
    }

    @Override
    public abstract void close();
  }

  // Writing.

  /** Makes one kind of change in a batch of its own. */
  abstract void write(String what, Change change);

  /**
   * Notes that something here is damaged, so that the disk is not opened again.
   *
   * @param cause null when it was not found by reading
   */
  abstract StorageDamaged foundDamaged(String text, Exception cause);

  /** Makes all that was written durable: both families at one point. */
  abstract void flush();

  /** Closes without flushing; what was not flushed is lost. */
  @Override
  public abstract void close();

  @FunctionalInterface
  interface Change {
    void addTo(Batch batch);
  }

  /** Changes that reach the disk together or not at all. */
  abstract static class Batch {
    private ByteBuffer key = buffer(256);
    private ByteBuffer value = buffer(4096);

    abstract ByteBuffer buffer(int bytes);

    /** A buffer for the next cell's key, its header filled in. */
    ByteBuffer key(long copy, int hash, int length) {
      key = room(key, (long) KEY_HEADER + length);
      return key.putLong(copy).putInt(hash);
    }

    /** The same for a field. */
    ByteBuffer fieldKey(long copy, long collection, int hash, int length) {
      key = room(key, (long) FIELD_HEADER + length);
      return key.putLong(copy | FIELDS).putLong(collection).putInt(hash);
    }

    /** A buffer for a {@link StoredCell} with {@code length} bytes of value. */
    ByteBuffer value(int length) {
      value = room(value, (long) StoredCell.HEADER + length).order(ByteOrder.LITTLE_ENDIAN);
      return value;
    }

    private ByteBuffer room(ByteBuffer current, long bytes) {
      if (bytes <= current.capacity()) {
        return current.clear();
      }
      return buffer(Math.toIntExact(Math.min(bytes * 2, Integer.MAX_VALUE)));
    }

    /** Puts what was filled into the buffers. */
    void put() {
      put(key.flip(), value.flip());
    }

    /** Removes the cell whose key was filled into its buffer. */
    void delete() {
      delete(key.flip());
    }

    abstract void put(ByteBuffer diskKey, ByteBuffer stored);

    abstract void put(byte[] diskKey, byte[] stored);

    abstract void delete(ByteBuffer diskKey);

    abstract void delete(byte[] diskKey);

    /** Removes every cell from one key on disk to before another. */
    abstract void deleteRange(byte[] from, byte[] end);

    /** Removes the cells of a copy. */
    void clear(long copy) {
      deleteRange(copyPrefix(copy), copyPrefix(copy + 1));
      deleteRange(copyPrefix(copy | FIELDS), copyPrefix((copy | FIELDS) + 1));
    }

    /** Removes all fields of a collection; takes the same short time however many. */
    void clearFields(long copy, long collection) {
      deleteRange(fieldsPrefix(copy, collection), fieldsPrefix(copy, collection + 1));
    }

    /** Removes a copy. */
    void drop(long copy) {
      clear(copy);
      forget(copy);
    }

    /** Removes the state of a copy. */
    abstract void forget(long copy);

    /** The copy is whole, and this is its state. */
    abstract void ready(CopyState state);

    /** The copy is not whole yet. */
    abstract void loading(long copy);
  }
}
