package io.trefoil.cell;

/**
 * The fields of one key: of a hash, or the members of a set, whose values are empty. Each is a cell
 * of its own, so a change of one is no larger for the others. A key without fields is absent.
 *
 * <p>Like all of {@link Cells}, any method may throw {@link CellsNotInMemory}.
 */
public interface Fields {
  /** How many there are; known without looking at them. */
  long count();

  /**
   * Looks a field up. When it is there, {@link #valueLength()} and {@link #copyValue} describe its
   * value until the next call of a method here.
   */
  boolean find(byte[] field, int offset, int length);

  /** Stamp of the entry that set the found field last. Every later one has a larger stamp. */
  long stamp();

  /**
   * Stamp of the entry that changed the key last, or any of its fields, whichever is later; looks
   * at all of them. The key is there, and nothing was changed here yet.
   */
  long newestStamp();

  /** Size in bytes of the found field's value. */
  int valueLength();

  /** Copies {@code length} bytes of the found field's value, from byte {@code from}. */
  void copyValue(int from, byte[] to, int toOffset, int length);

  /**
   * Sets a field.
   *
   * @return whether it is new
   */
  boolean put(
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength);

  /**
   * Whether to put once more what is there says something: that it stays, beside a removal
   * elsewhere that did not know of that.
   */
  default boolean repeatsMatter() {
    return false;
  }

  /** Adds to a field's number, as {@link Cells#addToString} does to a key's. */
  default void add(
      byte[] field,
      int fieldOffset,
      int fieldLength,
      long delta,
      byte[] sum,
      int sumOffset,
      int sumLength) {
    put(field, fieldOffset, fieldLength, sum, sumOffset, sumLength);
  }

  /**
   * Removes a field.
   *
   * @return whether it was there
   */
  boolean remove(byte[] field, int offset, int length);

  /** Keeps the changes: to be called once, after the last of them. */
  void save();

  /** Visits all fields, in the order of their hashes. */
  void forEach(Visitor visitor);

  /** Receives what {@link #forEach} visits. The arrays are only valid during the call. */
  @FunctionalInterface
  interface Visitor {
    void visit(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength);
  }
}
