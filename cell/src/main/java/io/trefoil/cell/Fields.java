package io.trefoil.cell;

import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The fields of one key. Each is a cell of its own, so a change of one is no larger for the others.
 * A key without fields is absent.
 *
 * <ul>
 *   <li>Of a hash: names and values.
 *   <li>Of a set: members, whose values are empty.
 *   <li>Of a sorted set: members, whose values are their {@link Score}s. Their order is that of the
 *       score, then of the member.
 *   <li>Of a list: elements, under names that are places. Their order is that of the places: see
 *       {@link #placeBetween}.
 * </ul>
 *
 * <p>Like all of {@link Cells}, any method may throw {@link CellsNotInMemory}.
 */
public interface Fields {
  /** How many there are; known without looking at them. */
  long count();

  /**
   * Says what the command is about to look for, or to change: so that much of it is fetched at a
   * time when something of it is only on disk. Nothing else depends on it.
   *
   * @param names of the fields; asked for when one is missing, and then as far as is needed
   * @param places that fields will have in the order, if their type has one
   */
  default void expect(Supplier<Stream<byte[]>> names, Supplier<Stream<byte[]>> places) {}

  /** As above, where fields get no other places. */
  default void expect(Supplier<Stream<byte[]>> names) {
    expect(names, Stream::empty);
  }

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

  /**
   * Visits some fields, in the order of their hashes. A field that is there during a whole
   * iteration is visited, whatever else changes; a field may be visited twice.
   *
   * @param cursor where to go on: 0 at first, then what the last call returned; always below 2^32
   * @param count about how many to visit; at least one hash value is finished
   * @return the next cursor, or 0 when the iteration is complete
   */
  long scan(long cursor, int count, Visitor visitor);

  /**
   * Visits one field picked at random, each as likely as any other; nothing when there is none. It
   * takes the same time however many there are.
   */
  void pick(Visitor visitor);

  // Of types that are ordered: sorted sets and lists.

  /**
   * How many fields come before a place in the order. A field's place is the bytes of its value,
   * which is a score, and of its name, in a sorted set; in a list, of its name. Places are compared
   * as unsigned bytes, so that a place comes before all that it is the beginning of.
   */
  long rank(byte[] place, int offset, int length);

  /**
   * Visits fields in their order, or in the order turned round.
   *
   * @param rank of the first to visit: so many come before it; from 0 to {@link #count()}
   * @param count how many to visit at most; backwards, those before the first come after it
   */
  void visit(long rank, long count, boolean backwards, Visitor visitor);

  /**
   * A name for a new element of a list that no other has: it comes after {@code lower} and before
   * {@code upper}, which are names of neighbours.
   *
   * @param lower null to come first
   * @param upper null to come last; both null in an empty list
   */
  byte[] placeBetween(byte[] lower, byte[] upper);

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
