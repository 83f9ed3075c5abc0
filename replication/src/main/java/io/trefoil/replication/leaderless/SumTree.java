package io.trefoil.replication.leaderless;

/**
 * Sums over all that a copy holds, in memory: level 0 is the root, each node has 16 children, and
 * the nodes of level 3 are the leaves, into which keys fall by their hash.
 *
 * <p>Copies that hold the same have equal sums, in whatever order it came to them. A removal is
 * held, and in the sums, until it is purged: of two copies that show the same, one may hold the
 * removal of what only a third still has.
 */
public interface SumTree {
  int CHILDREN = 16;
  int LEAF_LEVEL = 3;
  int LEAVES = 4096;

  /**
   * @param level from 0 to {@link #LEAF_LEVEL}
   * @param node from 0 to the number of nodes of that level; its children are 16 · node and the 15
   *     after it
   */
  long sum(int level, int node);

  /** How many nodes a level has. */
  static int nodes(int level) {
    return 1 << 4 * level;
  }
}
