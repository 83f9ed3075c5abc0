package io.trefoil.storage;

import io.trefoil.base.Hash64;
import io.trefoil.cell.CellType;
import java.util.function.LongUnaryOperator;

/**
 * Adds up hashes of cells: the same for the same visible cells in any order, whatever removed or
 * expired ones lie around. A key that has fields counts with all of them, whatever the number of
 * its collection. Of keys that several origins write, removed ones count, too, as long as they are
 * held.
 */
final class CellDigest implements CellWalk.Visitor {
  private final Arena arena;
  private final long logTimeMillis;
  private final LongUnaryOperator fields;
  private long sum;

  /**
   * @param arena where the table's cells are
   * @param fields the {@link OfFields digest of the fields} of a collection, by its number
   */
  CellDigest(Arena arena, long logTimeMillis, LongUnaryOperator fields) {
    this.arena = arena;
    this.logTimeMillis = logTimeMillis;
    this.fields = fields;
  }

  @Override
  public void inTable(int handle) {
    if (StoredCell.expired(arena.expireAt(handle), logTimeMillis)) {
      return;
    }
    long keyHash = Hash64.of(arena.key(handle));
    long valueHash =
        CellType.ofStored(arena.type(handle)).isMerged()
            ? ofMerged(arena.headCollection(handle), arena.value(handle), 0, fields)
            : arena.isHead(handle)
                ? fields.applyAsLong(arena.headCollection(handle))
                : Hash64.of(arena.value(handle));
    sum += ofCell(keyHash, arena.type(handle), arena.expireAt(handle), valueHash);
  }

  @Override
  public void onDisk(byte[] diskKey, byte[] stored) {
    if (!StoredCell.expired(StoredCell.expireAt(stored), logTimeMillis)) {
      sum += ofStored(name(diskKey, CellDisk.KEY_HEADER), stored, fields);
    }
  }

  /** The digest of one stored cell: key, type, expiry and value count, its stamp does not. */
  static long ofStored(long keyHash, byte[] stored, LongUnaryOperator fields) {
    long valueHash =
        CellType.ofStored(StoredCell.type(stored)).isMerged()
            ? ofMerged(StoredCell.collection(stored), stored, StoredCell.HEADER, fields)
            : StoredCell.isHead(stored)
                ? fields.applyAsLong(StoredCell.collection(stored))
                : name(stored, StoredCell.HEADER);
    return ofCell(keyHash, StoredCell.type(stored), StoredCell.expireAt(stored), valueHash);
  }

  /**
   * Of a key that several origins write, all that is held counts, also what was removed; what only
   * this copy knows of it does not.
   */
  private static long ofMerged(
      long collection, byte[] array, int offset, LongUnaryOperator fields) {
    long ofFields = collection == Head.NO_COLLECTION ? 0 : fields.applyAsLong(collection);
    int state = MergedStore.stateAt(array, offset);
    return Hash64.combine(Hash64.of(array, state, array.length - state), ofFields);
  }

  private static long ofCell(long keyHash, int type, long expireAt, long valueHash) {
    return Hash64.combine(Hash64.combine(keyHash, valueHash), Hash64.combine(type, expireAt));
  }

  /** The hash of what follows a header. */
  private static long name(byte[] array, int header) {
    return Hash64.of(array, header, array.length - header);
  }

  long sum() {
    return sum;
  }

  /** Adds up the hashes of one collection's fields and their values. */
  static final class OfFields implements CellWalk.Visitor {
    private final Arena arena;
    private long sum;

    /**
     * @param arena where the table's cells are, or null when only cells from the disk are added
     */
    OfFields(Arena arena) {
      this.arena = arena;
    }

    @Override
    public void inTable(int handle) {
      long valueHash = Hash64.of(arena.value(handle));
      sum += Hash64.combine(name(arena.key(handle), Records.FIELD_AT), valueHash);
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      long valueHash = name(stored, StoredCell.HEADER);
      sum += Hash64.combine(name(diskKey, CellDisk.FIELD_HEADER), valueHash);
    }

    long sum() {
      return sum;
    }
  }
}
