package io.trefoil.cell;

import java.util.List;

/**
 * Signals that a command needs cells that only the disk has. Not an error: the loop that owns the
 * partition never waits for the disk, so the command ends here and is run again when they are in.
 */
public final class CellsNotInMemory extends RuntimeException {
  private final transient byte[] key;
  private final long collection;
  private final transient List<byte[]> fields;

  private CellsNotInMemory(byte[] key, long collection, List<byte[]> fields) {
    super("cells not in memory", null, false, false);
    this.key = key;
    this.collection = collection;
    this.fields = fields;
  }

  /**
   * @param key the key to fetch, or null when the command needs the partition as a whole to be
   *     written out first (an exact {@link Cells#keyCount()}, for instance)
   */
  public CellsNotInMemory(byte[] key) {
    this(key, 0, null);
  }

  /** A field of a key's collection is needed. */
  public static CellsNotInMemory field(byte[] key, long collection, byte[] field) {
    return new CellsNotInMemory(key, collection, List.of(field));
  }

  /** Some fields of a key's collection are needed. */
  public static CellsNotInMemory fields(byte[] key, long collection, List<byte[]> fields) {
    return new CellsNotInMemory(key, collection, List.copyOf(fields));
  }

  /** All fields of a key's collection are needed. */
  public static CellsNotInMemory fields(byte[] key, long collection) {
    return new CellsNotInMemory(key, collection, null);
  }

  /** The key that the command is about, or null. */
  public byte[] key() {
    return key;
  }

  /** The key's collection when its fields are needed; 0 when the key itself is. */
  public long collection() {
    return collection;
  }

  /** The fields that are needed, or null for all. */
  public List<byte[]> fields() {
    return fields;
  }
}
