package io.trefoil.cell.merge;

import java.util.Arrays;

/**
 * A live write of a cell.
 *
 * @param array holds the value, from {@code offset}; not copied
 */
public record Write(int origin, long stamp, byte[] array, int offset, int length) {
  /** No two writes are equally late. */
  public boolean isLaterThan(Write other) {
    return stamp != other.stamp ? stamp > other.stamp : origin > other.origin;
  }

  /** An origin uses a stamp once. */
  boolean isSame(Write other) {
    return stamp == other.stamp && origin == other.origin;
  }

  public byte[] value() {
    return Arrays.copyOfRange(array, offset, offset + length);
  }
}
