package io.trefoil.base;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what {@link ByteSink} wrote, with every length checked against what is there before memory
 * is taken.
 *
 * <p>Every read throws {@link MalformedBytesException} past the end. Not thread-safe.
 */
public final class ByteSource {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private byte[] array;
  private int at;
  private int end;

  public ByteSource(byte[] array) {
    this(array, 0, array.length);
  }

  public ByteSource(byte[] array, int offset, int length) {
    reset(array, offset, length);
  }

  /** Starts over on other bytes, so that one source can be used again on a hot path. */
  public void reset(byte[] newArray, int offset, int length) {
    array = newArray;
    at = offset;
    end = offset + length;
  }

  public int getByte() {
    return array[take(1)] & 0xff;
  }

  public int getInt() {
    return (int) INT.get(array, take(4));
  }

  public long getLong() {
    return (long) LONG.get(array, take(8));
  }

  public long getVarint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = getByte();
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return value;
      }
    }
    throw new MalformedBytesException("a varint of more than ten bytes at " + at);
  }

  /** Reads a varint that is a size or count: 0 to {@code max}. */
  public int getCount(int max) {
    return checkedCount(getVarint(), max);
  }

  /** Reads a block's length; its bytes are the next ones, to be passed by {@link #skip}. */
  public int getBlockLength() {
    long length = getVarint();
    return checkedCount(length, remaining());
  }

  private static int checkedCount(long value, int max) {
    if (value < 0 || value > max) {
      throw new MalformedBytesException("a count of " + value + ", allowed are 0 to " + max);
    }
    return (int) value;
  }

  public byte[] getBlock() {
    return getBytes(getBlockLength());
  }

  public String getText() {
    int length = getBlockLength();
    int start = take(length);
    return new String(array, start, length, StandardCharsets.UTF_8);
  }

  public byte[] getBytes(int length) {
    int start = take(length);
    return Arrays.copyOfRange(array, start, start + length);
  }

  /** Passes {@code length} bytes and returns where in {@link #array()} they begin. */
  public int skip(int length) {
    return take(length);
  }

  public byte[] array() {
    return array;
  }

  /** Where in {@link #array()} the next read begins. */
  public int position() {
    return at;
  }

  public int remaining() {
    return end - at;
  }

  /** Throws when bytes are left over: a format is read whole or not at all. */
  public void expectEnd() {
    if (at != end) {
      throw new MalformedBytesException(remaining() + " bytes left over");
    }
  }

  private int take(int length) {
    if (length < 0 || length > end - at) {
      throw new MalformedBytesException(
          "needs " + length + " bytes at " + at + ", " + (end - at) + " are left");
    }
    int start = at;
    at += length;
    return start;
  }
}
