package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import java.util.Arrays;

/**
 * Sums of what is held in the keys of a copy that several nodes write, by ranges of their hashes.
 * What was removed is held, too, until it is forgotten: of two copies that show the same, one may
 * lack the removal of what a third still has.
 *
 * <p>A leaf is the sum of its keys' digests, so that a key that changes costs one addition. Inner
 * nodes are sums of sixteen, added up when asked for: the leaves are few.
 *
 * <pre>leaves that are not 0 (varint), then for each in their order: leaf (varint) · sum (8)</pre>
 *
 * @see "Merkle 1987, A Digital Signature Based on a Conventional Encryption Function"
 */
public final class MergedTree {
  private static final int FANOUT_BITS = 4;
  private static final int LEAF_BITS = 12;

  /** Children of an inner node: of node n those from n times this. */
  public static final int FANOUT = 1 << FANOUT_BITS;

  public static final int LEAVES = 1 << LEAF_BITS;

  /** The level of the leaves; the root's is 0. */
  public static final int LEAF_LEVEL = LEAF_BITS / FANOUT_BITS;

  private static final long[] NONE = {};

  /** Made when the first key comes: most copies have one writer, and no use for it. */
  private long[] leaves = NONE;

  /** The leaf of a hash, which is that of a key on disk and in memory: its top bits. */
  static int leafOf(int hash) {
    return hash >>> Integer.SIZE - LEAF_BITS;
  }

  /** The first hash of a leaf, or the one after the last of the leaf before it. */
  static long firstHash(int leaf) {
    return (long) leaf << Integer.SIZE - LEAF_BITS;
  }

  /** Whether nothing is held. */
  boolean isEmpty() {
    return Arrays.stream(leaves).allMatch(sum -> sum == 0);
  }

  /** Changes the sum of a key's leaf. */
  void add(int hash, long difference) {
    if (difference == 0) {
      return;
    }
    if (leaves == NONE) {
      leaves = new long[LEAVES];
    }
    leaves[leafOf(hash)] += difference;
  }

  /**
   * The sum of a node.
   *
   * @param level 0 for the root to {@link #LEAF_LEVEL}
   * @param node its number among those of its level, from 0
   */
  public long sum(int level, int node) {
    Invariants.check(
        level >= 0 && level <= LEAF_LEVEL && node >= 0 && node < 1 << FANOUT_BITS * level,
        "no node of the tree: level and node",
        level,
        node);
    if (leaves == NONE) {
      return 0;
    }
    int bits = FANOUT_BITS * (LEAF_LEVEL - level);
    long sum = 0;
    for (int leaf = node << bits; leaf < node + 1 << bits; leaf++) {
      sum += leaves[leaf];
    }
    return sum;
  }

  void write(ByteSink sink) {
    int count = 0;
    for (long leaf : leaves) {
      count += leaf == 0 ? 0 : 1;
    }
    sink.putVarint(count);
    for (int leaf = 0; leaf < leaves.length; leaf++) {
      if (leaves[leaf] != 0) {
        sink.putVarint(leaf).putLong(leaves[leaf]);
      }
    }
  }

  void read(ByteSource source) {
    int count = source.getCount(LEAVES);
    leaves = count == 0 ? NONE : new long[LEAVES];
    int last = -1;
    for (int i = 0; i < count; i++) {
      int leaf = source.getCount(LEAVES - 1);
      if (leaf <= last) {
        throw new MalformedBytesException("leaf " + leaf + " after leaf " + last);
      }
      leaves[leaf] = source.getLong();
      last = leaf;
    }
  }
}
