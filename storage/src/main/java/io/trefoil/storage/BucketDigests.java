package io.trefoil.storage;

import io.trefoil.base.Invariants;
import java.util.Arrays;

/**
 * Digests of the visible cells of a copy, one for each of {@link #COUNT} equal ranges of key
 * hashes. Two copies with the same visible cells have the same digests, whatever their histories;
 * where a bucket differs, so does a cell in it. Not proof against somebody who chooses keys and
 * values to collide. Immutable.
 */
public final class BucketDigests {
  /** Buckets: a key is in the one that the top 12 bits of its hash name. */
  public static final int COUNT = 4_096;

  private static final int HASH_BITS_IN_BUCKET = 20;

  private final long[] sums;
  private final long keyCount;

  /**
   * @param sums one for each bucket
   * @param keyCount how many of the cells commands can see
   */
  public BucketDigests(long[] sums, long keyCount) {
    Invariants.check(sums.length == COUNT, "a sum for each bucket", sums.length, COUNT);
    this.sums = sums.clone();
    this.keyCount = keyCount;
  }

  /** The first of a bucket's hashes, 0 to 2^32; of {@link #COUNT}, the end of all. */
  public static long firstHash(int bucket) {
    return (long) bucket << HASH_BITS_IN_BUCKET;
  }

  static int bucketOf(int hash) {
    return hash >>> HASH_BITS_IN_BUCKET;
  }

  public long sum(int bucket) {
    return sums[bucket];
  }

  /** The digest of all cells, equal to {@link CellSnapshot#digest}. */
  public long total() {
    return Arrays.stream(sums).sum();
  }

  /** How many cells are visible. */
  public long keyCount() {
    return keyCount;
  }
}
