package io.trefoil.storage;

/**
 * When records left the table: dropped, or as removals that the disk knows. What was read of a key
 * from the disk is current unless the key's record left since: as long as the table has one, that
 * one counts.
 *
 * <p>By hashes: several share a place, so that a key may be said to have left that did not. For the
 * store's owner.
 */
final class Departures {
  private static final int PLACES = 1 << 12;

  /** Null for as long as nobody reads from the disk. */
  private long[] lastOf;

  private long count;

  /** A record leaves. */
  void note(Arena arena, int handle) {
    count++;
    if (lastOf != null) {
      lastOf[arena.hash(handle) & PLACES - 1] = count;
    }
  }

  /** How many left so far, for {@link #hasLeft}. */
  long count() {
    if (lastOf == null) {
      lastOf = new long[PLACES];
    }
    return count;
  }

  /** Whether a record of the hash may have left since {@link #count()} was {@code since}. */
  boolean hasLeft(int hash, long since) {
    return lastOf[hash & PLACES - 1] > since;
  }
}
