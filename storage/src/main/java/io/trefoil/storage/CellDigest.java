package io.trefoil.storage;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Hash64;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.SeenStamps;
import io.trefoil.cell.merge.Versions;

/**
 * Adds up hashes of cells: the same for the same visible cells in any order, whatever removed or
 * expired ones lie around. A key that has fields counts with all of them, whatever the number of
 * its collection. Of what several origins write, only what lives counts, with its stamps: what was
 * removed or overwritten each copy forgets in its own time.
 */
final class CellDigest implements CellWalk.Visitor {
  private final Arena arena;
  private final long logTimeMillis;
  private final FieldsOf fields;
  private long sum;

  /** Shows the fields of a collection, by its number. */
  @FunctionalInterface
  interface FieldsOf {
    void visit(long collection, CellWalk.Visitor visitor);
  }

  /**
   * @param arena where the table's cells are, or null when only cells from the disk are added
   */
  CellDigest(Arena arena, long logTimeMillis, FieldsOf fields) {
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
    int type = arena.type(handle);
    if (CellType.ofStored(type).isMerged()) {
      sum += ofMerged(keyHash, arena.headCollection(handle), arena.value(handle), 0, arena, fields);
      return;
    }
    long valueHash =
        arena.isHead(handle)
            ? ofPlain(CellType.ofStored(type), arena.headCollection(handle), arena, fields)
            : Hash64.of(arena.value(handle));
    sum += ofCell(keyHash, type, arena.expireAt(handle), valueHash);
  }

  @Override
  public void onDisk(byte[] diskKey, byte[] stored) {
    if (!StoredCell.expired(StoredCell.expireAt(stored), logTimeMillis)) {
      sum += ofStored(name(diskKey, CellDisk.KEY_HEADER), stored, arena, fields);
    }
  }

  /**
   * The digest of one stored cell: key, type, expiry and value count, its stamp does not. 0 when
   * nothing is to be seen of it.
   */
  static long ofStored(long keyHash, byte[] stored, Arena arena, FieldsOf fields) {
    int type = StoredCell.type(stored);
    if (CellType.ofStored(type).isMerged()) {
      long collection = StoredCell.collection(stored);
      return ofMerged(keyHash, collection, stored, StoredCell.HEADER, arena, fields);
    }
    long valueHash =
        StoredCell.isHead(stored)
            ? ofPlain(CellType.ofStored(type), StoredCell.collection(stored), arena, fields)
            : name(stored, StoredCell.HEADER);
    return ofCell(keyHash, type, StoredCell.expireAt(stored), valueHash);
  }

  private static long ofMerged(
      long keyHash, long collection, byte[] array, int record, Arena arena, FieldsOf fields) {
    int at = MergedStore.stateAt(array, record);
    MergedKey key = new MergedKey().read(new ByteSource(array, at, array.length - at));
    long ofFields =
        collection == Head.NO_COLLECTION ? 0 : ofFields(collection, key.removed(), arena, fields);
    long ofString = key.string().shownDigest();
    long shown = 0;
    if (ofString != 0) {
      shown += ofCell(ofString, CellType.STRING.code(), key.expireAt(CellType.STRING), 0);
    }
    if (ofFields != 0 && key.fieldsType() != null) {
      shown += ofCell(ofFields, key.fieldsType().code(), key.expireAt(key.fieldsType()), 0);
    }
    return shown == 0 ? 0 : Hash64.combine(keyHash, shown);
  }

  /** Of fields that one leader writes. An element of a list counts with its place. */
  private static long ofPlain(CellType type, long collection, Arena arena, FieldsOf fields) {
    if (type != CellType.LIST) {
      return ofFields(collection, null, arena, fields);
    }
    OfNodes digest = new OfNodes(arena);
    fields.visit(FieldOrder.number(type, collection), digest);
    return digest.sum;
  }

  private static long ofFields(long collection, SeenStamps removed, Arena arena, FieldsOf fields) {
    OfFields digest = new OfFields(arena, removed);
    fields.visit(collection, digest);
    return digest.sum;
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

  /** Adds up the hashes of the places and values in the leaves of an order. */
  private static final class OfNodes implements CellWalk.Visitor {
    private final Arena arena;
    private final OrderNode node = new OrderNode();
    private long sum;

    OfNodes(Arena arena) {
      this.arena = arena;
    }

    @Override
    public void inTable(int handle) {
      add(arena.key(handle), Records.FIELD_AT, arena.value(handle), 0);
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      add(diskKey, CellDisk.FIELD_HEADER, stored, StoredCell.HEADER);
    }

    private void add(byte[] key, int at, byte[] value, int valueAt) {
      FieldOrder.read(node, key, at, value, valueAt);
      for (int i = 0; node.isLeaf() && i < node.count(); i++) {
        node.look(i);
        sum +=
            Hash64.combine(
                Hash64.of(node.bytes, node.placeAt, node.placeLength),
                Hash64.of(node.bytes, node.valueAt, node.valueLength));
      }
    }
  }

  /** Adds up the hashes of one collection's fields and their values. */
  private static final class OfFields implements CellWalk.Visitor {
    private final Arena arena;
    private final SeenStamps removed;
    private final Versions versions = new Versions();
    private long sum;

    /**
     * @param removed of fields that several origins write: what removers of the key had seen; null
     *     of fields that one leader writes
     */
    OfFields(Arena arena, SeenStamps removed) {
      this.arena = arena;
      this.removed = removed;
    }

    @Override
    public void inTable(int handle) {
      add(name(arena.key(handle), Records.FIELD_AT), arena.value(handle), 0);
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      add(name(diskKey, CellDisk.FIELD_HEADER), stored, StoredCell.HEADER);
    }

    private void add(long nameHash, byte[] value, int at) {
      if (removed == null) {
        sum += Hash64.combine(nameHash, name(value, at));
        return;
      }
      versions.read(new ByteSource(value, at, value.length - at));
      versions.hide(removed);
      long shown = versions.shownDigest();
      sum += shown == 0 ? 0 : Hash64.combine(nameHash, shown);
    }
  }
}
