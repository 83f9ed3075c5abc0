package io.trefoil.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A growing array that formats are written into: fixed numbers little-endian, counts as varints.
 * The array is kept across {@link #clear()}, so a sink that is used again allocates nothing. Not
 * thread-safe.
 */
public final class ByteSink {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] array;
  private int size;

  public ByteSink() {
    this(256);
  }

  public ByteSink(int capacity) {
    array = new byte[Math.max(capacity, 16)];
  }

  /**
   * Makes room for {@code length} more bytes and returns where they begin; the caller fills them.
   */
  public int reserve(int length) {
    int start = size;
    int needed = Math.addExact(size, length);
    if (needed > array.length) {
      array = Arrays.copyOf(array, Math.max(needed, (int) Math.min(array.length * 2L, 1 << 30)));
    }
    size = needed;
    return start;
  }

  public ByteSink putByte(int value) {
    int at = reserve(1);
    array[at] = (byte) value;
    return this;
  }

  public ByteSink putInt(int value) {
    int at = reserve(4);
    INT.set(array, at, value);
    return this;
  }

  public ByteSink putLong(long value) {
    int at = reserve(8);
    LONG.set(array, at, value);
    return this;
  }

  /** Seven bits a byte, lowest first, as in Protocol Buffers. Negative values take ten bytes. */
  public ByteSink putVarint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      putByte((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    return putByte((int) rest);
  }

  public ByteSink putBytes(byte[] source, int offset, int length) {
    int at = reserve(length);
    System.arraycopy(source, offset, array, at, length);
    return this;
  }

  /** A varint length, then the bytes. */
  public ByteSink putBlock(byte[] source, int offset, int length) {
    return putVarint(length).putBytes(source, offset, length);
  }

  /** A {@link #putBlock block} of UTF-8. */
  public ByteSink putText(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return putBlock(utf8, 0, utf8.length);
  }

  /** Overwrites four bytes that were written before, such as a length known only afterwards. */
  public void setInt(int at, int value) {
    Invariants.check(at >= 0 && at + 4 <= size, "outside what was written", at, size);
    INT.set(array, at, value);
  }

  /** The array behind; bytes 0 to {@link #size()} are written. Changes when the sink grows. */
  public byte[] array() {
    return array;
  }

  public int size() {
    return size;
  }

  /** Forgets what was written from {@code newSize} on. */
  public void truncate(int newSize) {
    Invariants.check(newSize >= 0 && newSize <= size, "can't grow by truncating", newSize, size);
    size = newSize;
  }

  public void clear() {
    size = 0;
  }

  public byte[] toArray() {
    return Arrays.copyOf(array, size);
  }
}
