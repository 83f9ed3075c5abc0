package io.trefoil.cell;

import io.trefoil.base.Position;
import io.trefoil.cell.merge.KeyChange;

/**
 * The cells of one partition as one command sees them: what is visible at {@link #nowMillis()},
 * with the changes of the commands before it and its own.
 *
 * <p>A key or value is a range of an array: {@code array, offset, length}. Nothing keeps the array.
 *
 * <p>Any method may throw {@link CellsNotInMemory}. The shell then undoes what the command changed
 * and wrote, fetches, and runs the whole command again: a handler needs no care but to let the
 * exception pass and to keep no state outside. A change may throw {@link CellsRefused} instead.
 *
 * <p>Used by the thread that owns the partition only.
 */
public interface Cells {
  /** No expiry. */
  long NEVER = 0;

  /**
   * Looks a key up. When it is there, {@link #type()}, {@link #expireAtMillis()}, {@link
   * #valueLength()} and {@link #copyValue} describe it until the next call of {@code find} or of a
   * method that changes something.
   *
   * @return whether the key is visible: present and not expired
   */
  boolean find(byte[] key, int offset, int length);

  CellType type();

  /** When the found key expires, in milliseconds since 1970; {@link #NEVER} when it does not. */
  long expireAtMillis();

  /**
   * Stamp of the entry that changed the found key last. Every later change of it has a larger one.
   */
  long stamp();

  /** Size in bytes of the found key's value, which is a string. */
  int valueLength();

  /**
   * Copies {@code length} bytes of the found key's value, from byte {@code from}, to {@code to}.
   */
  void copyValue(int from, byte[] to, int toOffset, int length);

  /**
   * All values of the found key, which is a string: more than one where writers did not see each
   * other's, and the database keeps them. Only where several nodes write.
   */
  default Siblings siblings() {
    throw new CellsRefused("UNSUPPORTED siblings are kept where several nodes write");
  }

  /**
   * Sets a key to a string in place of all its siblings, if somebody has seen them all.
   *
   * @param context of {@link #siblings()}, as it was when they were seen
   * @throws CellsRefused when it is not one of this key, or there is a sibling that it does not
   *     cover
   */
  default void resolve(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] context,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    throw new CellsRefused("UNSUPPORTED siblings are kept where several nodes write");
  }

  /** The found key's value. */
  default byte[] value() {
    byte[] copy = new byte[valueLength()];
    copyValue(0, copy, 0, copy.length);
    return copy;
  }

  /**
   * Sets a key to a string, whatever it held, to expire at {@code expireAtMillis} or {@link
   * #NEVER}.
   */
  void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis);

  /**
   * Adds to a key's number: sets it to the sum, as {@link #putString} does, but where several nodes
   * write, what others add at the same time counts, too.
   *
   * @param sum the number that was found, 0 if none, plus {@code delta}
   */
  default void addToString(
      byte[] key,
      int keyOffset,
      int keyLength,
      long delta,
      byte[] sum,
      int sumOffset,
      int sumLength,
      long expireAtMillis) {
    putString(key, keyOffset, keyLength, sum, sumOffset, sumLength, expireAtMillis);
  }

  /**
   * What merging a change would make of a key, as it is here.
   *
   * @throws CellsRefused where one leader orders all writes
   */
  default KeyChange.Preview preview(byte[] key, int offset, int length, KeyChange change) {
    throw new CellsRefused("UNSUPPORTED changes are merged where several nodes write");
  }

  /**
   * Merges a change that others wrote into a key. What is there of it already is merged once.
   *
   * @throws CellsRefused where one leader orders all writes, or when nobody can have written it
   */
  default void merge(byte[] key, int offset, int length, KeyChange change) {
    throw new CellsRefused("UNSUPPORTED changes are merged where several nodes write");
  }

  /**
   * The fields of a key, which holds this type or is absent: to read, and to change. Good until the
   * next call of a method of these cells, or until {@link Fields#save()}.
   *
   * @param type one that {@link CellType#hasFields() has fields}
   * @return null when the key holds another type
   */
  Fields fields(CellType type, byte[] key, int offset, int length);

  /** Removes a key, whatever it holds; one write however large it is. Nothing happens if absent. */
  void remove(byte[] key, int offset, int length);

  /** Sets when an existing key expires, or {@link #NEVER}. The value stays. */
  void setExpiry(byte[] key, int offset, int length, long expireAtMillis);

  /** Removes every key of the partition; one write. */
  void clear();

  /** How many keys are present; as in Redis, expired ones count until they are collected. */
  long keyCount();

  /**
   * Visits keys in the order of their hashes.
   *
   * <p>Guarantee (of Redis's SCAN): a key present during the whole iteration is visited at least
   * once, whatever else is written meanwhile.
   *
   * @param cursor where to go on: 0 at first, then what the last call returned; always below 2^32
   * @param count about how many keys to visit; at least one hash value is finished
   * @return the next cursor, or 0 when the iteration is complete
   */
  long scan(long cursor, int count, KeyVisitor visitor);

  /**
   * From now on it is noted which keys change, for as long as the same leader orders all writes.
   *
   * @return where the history stands now, for {@link #isUnchanged}
   * @throws CellsRefused where writes have no single order
   */
  default Position watch() {
    throw new CellsRefused("UNSUPPORTED WATCH needs one order of all writes");
  }

  /**
   * Whether no entry has changed a key since {@link #watch} told a position. It may say no of a key
   * that is as it was, but never yes of one that is not. That a key expired, or went with all
   * others, is no change of that key.
   *
   * @throws CellsRefused where writes have no single order
   */
  default boolean isUnchanged(Position since, byte[] key, int offset, int length) {
    throw new CellsRefused("UNSUPPORTED WATCH needs one order of all writes");
  }

  /** A visible key picked at random, or null when there is none. */
  byte[] randomKey();

  /**
   * A random number, for commands that choose. Whoever runs the command may draw it from a seed;
   * what the command chose is in its entry, and nobody chooses again. It may be drawn while fields
   * are visited.
   */
  long random();

  /**
   * The time by which expiry is judged, in milliseconds since 1970. Log time: the leader's clock,
   * carried by entries; the same on every replica at the same entry, and never going back.
   */
  long nowMillis();

  /** Receives what {@link #scan} visits. The array is only valid during the call. */
  @FunctionalInterface
  interface KeyVisitor {
    void visit(byte[] key, int offset, int length, CellType type);
  }
}
