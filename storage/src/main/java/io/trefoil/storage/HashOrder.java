package io.trefoil.storage;

/**
 * Newest records in the order of the top 32 bits of their hashes: of keys, or of one collection.
 */
interface HashOrder {
  /** The newest record of a name, or 0. */
  int find(int hash, byte[] name, int offset, int length);

  /**
   * The first slot whose hash is {@code hash} or larger: hash in the upper, handle in the lower
   * half; 0 when there is none.
   */
  long firstFrom(int hash);

  /** The slot after the one that {@link #firstFrom} or this found, if it has the same hash. */
  long nextOfSameHash();
}
