package io.trefoil.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * The port to the disk that holds cells behind the memory table, and its layout.
 *
 * <p>Two families, made durable together. Cells: copy id (8 bytes, big-endian), top 32 bits of the
 * key's hash (big-endian), key → {@link StoredCell}. Metas: copy id → state, position, count, the
 * caller's bytes.
 *
 * <p>What is written survives a crash only after {@link #flush}; what was made durable earlier
 * holds whole batches all the same. Thread-safe; only the flusher writes.
 */
public abstract sealed class CellDisk implements AutoCloseable permits RocksDisk, MemoryCellDisk {
  static final int KEY_HEADER = 12;

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

  /** The cells of a copy in hash order, seen as they are now, or in {@code view} if given. */
  abstract CellIterator cells(long copy, int fromHash, View view);

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
  interface CellIterator extends AutoCloseable {
    /** Whether there is a cell here. */
    boolean isValid();

    byte[] diskKey();

    byte[] stored();

    void next();

    @Override
    void close();
  }

  // Writing.

  /** Makes one kind of change in a batch of its own. */
  abstract void write(String what, Change change);

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

    /** Removes the cells of a copy. */
    abstract void clear(long copy);

    /** Removes a copy. */
    abstract void drop(long copy);

    /** The copy is whole, and this is its state. */
    abstract void ready(CopyState state);

    /** The copy is not whole yet. */
    abstract void loading(long copy);
  }
}
