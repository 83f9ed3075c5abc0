package io.trefoil.storage;

import io.trefoil.base.Hash64;

/**
 * Adds up hashes of cells: the same for the same visible cells in any order, whatever removed or
 * expired ones lie around.
 */
final class CellDigest implements CellWalk.Visitor {
  private final Arena arena;
  private final long logTimeMillis;
  private long sum;

  /**
   * @param arena where the table's cells are, or null when only cells from the disk are added
   */
  CellDigest(Arena arena, long logTimeMillis) {
    this.arena = arena;
    this.logTimeMillis = logTimeMillis;
  }

  @Override
  public void inTable(int handle) {
    byte[] key = arena.key(handle);
    byte[] value = arena.value(handle);
    add(key, 0, arena.type(handle), arena.expireAt(handle), value, 0);
  }

  @Override
  public void onDisk(byte[] diskKey, byte[] stored) {
    add(
        diskKey,
        CellDisk.KEY_HEADER,
        StoredCell.type(stored),
        StoredCell.expireAt(stored),
        stored,
        StoredCell.HEADER);
  }

  private void add(
      byte[] key, int keyOffset, int type, long expireAt, byte[] value, int valueOffset) {
    if (!StoredCell.expired(expireAt, logTimeMillis)) {
      long keyHash = Hash64.of(key, keyOffset, key.length - keyOffset);
      sum += ofCell(keyHash, type, expireAt, value, valueOffset);
    }
  }

  /** The digest of one stored cell: key, type, expiry and value count, its stamp does not. */
  static long ofStored(long keyHash, byte[] stored) {
    return ofCell(
        keyHash, StoredCell.type(stored), StoredCell.expireAt(stored), stored, StoredCell.HEADER);
  }

  private static long ofCell(long keyHash, int type, long expireAt, byte[] value, int valueOffset) {
    long valueHash = Hash64.of(value, valueOffset, value.length - valueOffset);
    return Hash64.combine(Hash64.combine(keyHash, valueHash), Hash64.combine(type, expireAt));
  }

  long sum() {
    return sum;
  }
}
