package io.trefoil.node;

import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;

/**
 * The cells of a database that does not exist yet: reads find nothing, and its first write makes
 * it.
 */
final class EmptyCells implements Cells {
  private final long nowMillis;

  EmptyCells(long nowMillis) {
    this.nowMillis = nowMillis;
  }

  @Override
  public boolean find(byte[] key, int offset, int length) {
    return false;
  }

  @Override
  public long keyCount() {
    return 0;
  }

  @Override
  public long scan(long cursor, int count, KeyVisitor visitor) {
    return 0;
  }

  @Override
  public byte[] randomKey() {
    return null;
  }

  @Override
  public long nowMillis() {
    return nowMillis;
  }

  @Override
  public CellType type() {
    throw nothingHere();
  }

  @Override
  public long expireAtMillis() {
    throw nothingHere();
  }

  @Override
  public long stamp() {
    throw nothingHere();
  }

  @Override
  public int valueLength() {
    throw nothingHere();
  }

  @Override
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    throw nothingHere();
  }

  @Override
  public void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    throw nothingHere();
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    throw nothingHere();
  }

  @Override
  public void setExpiry(byte[] key, int offset, int length, long expireAtMillis) {
    throw nothingHere();
  }

  @Override
  public void clear() {
    throw nothingHere();
  }

  private static RuntimeException nothingHere() {
    Invariants.check(false, "a database that does not exist holds nothing");
    return new IllegalStateException();
  }
}
