package io.trefoil.storage;

import java.nio.ByteBuffer;

/**
 * Visits cells in hash order, table and disk merged; the table wins: the keys of a store, or the
 * fields of one collection. Cells of one hash are visited together, so a hash is a place to go on
 * from. The store must not change during a walk.
 */
final class CellWalk implements AutoCloseable {
  private static final long NONE = 1L << 32;

  private final Arena arena;
  private final HashOrder table;
  private final boolean committedOnly;
  private final CellDisk.CellIterator disk;
  private byte[] diskKey;
  private long examined;

  /**
   * @param committedOnly visit what is committed; otherwise the newest versions
   * @param disk the same cells on disk from the hash where the walk begins, or null when the table
   *     has all
   */
  CellWalk(Arena arena, HashOrder table, boolean committedOnly, CellDisk.CellIterator disk) {
    this.arena = arena;
    this.table = table;
    this.committedOnly = committedOnly;
    this.disk = disk;
    readDiskKey();
  }

  /** Receives a present cell, expired or not; from the table, or from the disk as stored. */
  interface Visitor {
    void inTable(int handle);

    void onDisk(byte[] diskKey, byte[] stored);
  }

  /** Keys looked at so far, removed ones included: the measure of the work done. */
  long examined() {
    return examined;
  }

  /**
   * Visits all cells of the smallest hash that is not below {@code from}.
   *
   * @param from 0 to 2^32 - 1, never going back
   * @return that hash plus one, or 0 when there was none or it was the last possible
   */
  long visitNext(long from, Visitor visitor) {
    long hash = smallest((int) from);
    if (hash == NONE) {
      return 0;
    }
    while (diskHash() == hash) {
      visitDisk((int) hash, visitor);
    }
    visitTable((int) hash, visitor);
    return hash + 1 == NONE ? 0 : hash + 1;
  }

  /** Visits all cells. */
  void visitAll(Visitor visitor) {
    visitRange(0, NONE, visitor);
  }

  /** Visits all cells whose hashes are from {@code from} to before {@code to}. */
  void visitRange(long from, long to, Visitor visitor) {
    long hash = from;
    while (hash < to && smallest((int) hash) < to) {
      hash = visitNext(hash, visitor);
      if (hash == 0) {
        return;
      }
    }
  }

  private long smallest(int from) {
    long slot = table.firstFrom(from);
    long inTable = slot == 0 ? NONE : slot >>> 32;
    return Math.min(inTable, diskHash());
  }

  private long diskHash() {
    if (diskKey == null) {
      return NONE;
    }
    int at = disk.header() - Integer.BYTES;
    return ByteBuffer.wrap(diskKey).getInt(at) & 0xffffffffL;
  }

  private void visitDisk(int hash, Visitor visitor) {
    examined++;
    int newest = table.find(hash, diskKey, disk.header(), diskKey.length - disk.header());
    if (version(newest) == 0) {
      visitor.onDisk(diskKey, disk.stored());
    }
    disk.next();
    readDiskKey();
  }

  private void readDiskKey() {
    diskKey = disk != null && disk.isValid() ? disk.diskKey() : null;
  }

  private void visitTable(int hash, Visitor visitor) {
    long slot = table.firstFrom(hash);
    if ((int) (slot >>> 32) != hash) {
      return;
    }
    for (; slot != 0; slot = table.nextOfSameHash()) {
      examined++;
      int handle = version((int) slot);
      if (handle != 0 && !arena.is(handle, Records.TOMBSTONE)) {
        visitor.inTable(handle);
      }
    }
  }

  /** The version that counts, or 0 when the table has none. */
  private int version(int newest) {
    return committedOnly ? committed(arena, newest) : newest;
  }

  /** The committed version of a key, given its newest, or 0. */
  static int committed(Arena arena, int newest) {
    int handle = newest;
    while (handle != 0 && arena.state(handle) == Records.UNCOMMITTED) {
      handle = arena.previous(handle);
    }
    return handle;
  }

  @Override
  public void close() {
    if (disk != null) {
      disk.close();
    }
  }
}
