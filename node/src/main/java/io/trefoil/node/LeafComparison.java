package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.storage.BucketDigests;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which leaves of the trees of a partition's replicas differ, by looks at them one after the other.
 * There is no moment at which leaderless replicas must be equal: a write is here before it is
 * there. So a leaf that was once equal everywhere is, and one differs only if it does so without
 * having changed anywhere from one look to the next.
 */
final class LeafComparison {
  private final BitSet open = new BitSet();
  private final BitSet still = new BitSet();
  private SortedMap<NodeId, BucketDigests> last = new TreeMap<>();

  LeafComparison() {
    open.set(0, BucketDigests.COUNT);
  }

  /** Takes a look: the sums of those that are compared, each as of some moment since the last. */
  void look(Map<NodeId, BucketDigests> sums) {
    still.clear();
    for (int leaf = open.nextSetBit(0); leaf >= 0; leaf = open.nextSetBit(leaf + 1)) {
      if (areEqual(sums, leaf)) {
        open.clear(leaf);
      } else if (areAsBefore(sums, leaf)) {
        still.set(leaf);
      }
    }
    last = new TreeMap<>(sums);
  }

  /**
   * Takes what is to be seen in the leaves that {@link #differing() differ}: where that is equal
   * they don't. What was removed is held, too, and replicas forget it in their own time.
   */
  void lookAtShown(Map<NodeId, BucketDigests> shown) {
    for (int leaf = still.nextSetBit(0); leaf >= 0; leaf = still.nextSetBit(leaf + 1)) {
      if (areEqual(shown, leaf)) {
        open.clear(leaf);
        still.clear(leaf);
      }
    }
  }

  private static boolean areEqual(Map<NodeId, BucketDigests> sums, int leaf) {
    return sums.values().stream().mapToLong(own -> own.sum(leaf)).distinct().count() <= 1;
  }

  private boolean areAsBefore(Map<NodeId, BucketDigests> sums, int leaf) {
    return sums.entrySet().stream()
        .allMatch(
            each -> {
              BucketDigests before = last.get(each.getKey());
              return before != null && before.sum(leaf) == each.getValue().sum(leaf);
            });
  }

  /** Leaves that were equal in no look yet. */
  int open() {
    return open.cardinality();
  }

  /** Those of them that had the same sums in the last two looks. */
  int differing() {
    return still.cardinality();
  }

  /** Those that {@link #differing()} counts, in their order. */
  List<Integer> differingLeaves() {
    return still.stream().boxed().toList();
  }

  /** What was seen last; of those that were compared then. */
  SortedMap<NodeId, BucketDigests> last() {
    return last;
  }
}
