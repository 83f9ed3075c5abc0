package io.trefoil.storage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The leaves of a {@link FieldIndex}, in their order. They are found by where they begin: first in
 * the branches, then among the leaves of one. A branch that is full becomes two; nearly empty ones
 * are joined.
 *
 * <p>Arrays of plain numbers, since each search of a field goes through here: a tree of objects
 * took a fifth of a {@code ZADD}.
 */
final class FieldLeaves {
  private static final int BRANCH_LEAVES = 256;

  /** A branch with so few may be joined with the next one; who draws would meet empty places. */
  private static final int FEW_LEAVES = 64;

  private final List<Branch> branches = new ArrayList<>();

  /** Where the branches begin. */
  private long[] firsts = new long[4];

  // The leaf that was found last.
  private int branchAt;
  private int leafAt;

  private boolean onlyOne;

  private static final class Branch {
    final long[] firsts = new long[BRANCH_LEAVES];
    final FieldLeaf[] leaves = new FieldLeaf[BRANCH_LEAVES];
    int size;

    void insert(int place, FieldLeaf leaf) {
      System.arraycopy(firsts, place, firsts, place + 1, size - place);
      System.arraycopy(leaves, place, leaves, place + 1, size - place);
      firsts[place] = leaf.first;
      leaves[place] = leaf;
      size++;
    }

    void remove(int place) {
      size--;
      System.arraycopy(firsts, place + 1, firsts, place, size - place);
      System.arraycopy(leaves, place + 1, leaves, place, size - place);
      leaves[size] = null;
    }

    /** Adds the leaves of a branch that came after this one; there is room. */
    void append(Branch other) {
      System.arraycopy(other.firsts, 0, firsts, size, other.size);
      System.arraycopy(other.leaves, 0, leaves, size, other.size);
      size += other.size;
    }

    /** Takes the upper half out. */
    Branch split() {
      Branch upper = new Branch();
      int middle = size / 2;
      upper.size = size - middle;
      System.arraycopy(firsts, middle, upper.firsts, 0, upper.size);
      System.arraycopy(leaves, middle, upper.leaves, 0, upper.size);
      Arrays.fill(leaves, middle, size, null);
      size = middle;
      return upper;
    }
  }

  boolean isEmpty() {
    return branches.isEmpty();
  }

  /** The last leaf that begins at or before {@code order}; null when there is none. */
  FieldLeaf floor(long order) {
    branchAt = floor(firsts, branches.size(), order);
    if (branchAt < 0) {
      return null;
    }
    Branch branch = branches.get(branchAt);
    leafAt = floor(branch.firsts, branch.size, order);
    return branch.leaves[leafAt];
  }

  private static int floor(long[] sorted, int size, long order) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = low + high >>> 1;
      if (Long.compareUnsigned(sorted[middle], order) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Null when there is none. */
  FieldLeaf first() {
    branchAt = 0;
    leafAt = 0;
    return isEmpty() ? null : branches.get(0).leaves[0];
  }

  /** The leaf after another one; null when there is none. */
  FieldLeaf after(FieldLeaf leaf) {
    floor(leaf.first);
    if (++leafAt == branches.get(branchAt).size) {
      branchAt++;
      leafAt = 0;
    }
    return branchAt == branches.size() ? null : branches.get(branchAt).leaves[leafAt];
  }

  /**
   * Draws one of the leaves where records from an order to another are, each as likely as any
   * other; null when this draw finds none.
   *
   * @param random 32 random bits
   */
  FieldLeaf draw(long from, long to, long random) {
    onlyOne = false;
    if (floor(to) == null) {
      return null;
    }
    int lastBranch = branchAt;
    int lastLeaf = leafAt;
    if (floor(from) == null) {
      branchAt = 0;
      leafAt = 0;
    }
    Branch branch = branches.get(branchAt);
    if (branchAt == lastBranch) {
      onlyOne = leafAt == lastLeaf;
      return branch.leaves[leafAt + (int) (random % (lastLeaf - leafAt + 1))];
    }
    // Of several branches all places are as likely, whether a leaf is there or not.
    int place = (int) (random % BRANCH_LEAVES);
    int number = branchAt + (int) (random / BRANCH_LEAVES % (lastBranch - branchAt + 1));
    boolean isOutside =
        number == branchAt && place < leafAt || number == lastBranch && place > lastLeaf;
    return isOutside ? null : branches.get(number).leaves[place];
  }

  /** Whether there was no other leaf to draw. */
  boolean isOnlyOne() {
    return onlyOne;
  }

  /** Adds a leaf, of which none begins where it does. */
  void add(FieldLeaf leaf) {
    if (floor(leaf.first) == null) {
      branchAt = 0;
      leafAt = -1;
      if (isEmpty()) {
        addBranch(0, new Branch());
      }
    }
    if (branches.get(branchAt).size == BRANCH_LEAVES) {
      addBranch(branchAt + 1, branches.get(branchAt).split());
      add(leaf);
      return;
    }
    branches.get(branchAt).insert(leafAt + 1, leaf);
    firsts[branchAt] = branches.get(branchAt).firsts[0];
  }

  private void addBranch(int place, Branch branch) {
    int count = branches.size();
    if (count == firsts.length) {
      firsts = Arrays.copyOf(firsts, 2 * count);
    }
    System.arraycopy(firsts, place, firsts, place + 1, count - place);
    firsts[place] = branch.firsts[0];
    branches.add(place, branch);
  }

  /** Removes a leaf, which is one of these. */
  void remove(FieldLeaf leaf) {
    floor(leaf.first);
    Branch branch = branches.get(branchAt);
    branch.remove(leafAt);
    if (branch.size == 0) {
      removeBranch(branchAt);
      return;
    }
    firsts[branchAt] = branch.firsts[0];
    int next = branchAt + 1;
    if (branch.size <= FEW_LEAVES
        && next < branches.size()
        && branch.size + branches.get(next).size <= 2 * FEW_LEAVES) {
      branch.append(branches.get(next));
      removeBranch(next);
    }
  }

  private void removeBranch(int place) {
    branches.remove(place);
    System.arraycopy(firsts, place + 1, firsts, place, branches.size() - place);
  }

  void forEach(Consumer<FieldLeaf> visitor) {
    for (Branch branch : branches) {
      for (int i = 0; i < branch.size; i++) {
        visitor.accept(branch.leaves[i]);
      }
    }
  }

  void clear() {
    branches.clear();
  }
}
