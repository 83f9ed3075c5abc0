package io.trefoil.storage;

import io.trefoil.base.Hash64;

/**
 * Finds a field's newest record, and visits those of one collection in the order of their hashes.
 *
 * <p>Records are in one order: by 32 bits of their collection's number, mixed, then by the top 32
 * bits of their field's hash. So a collection's fields lie together, but for a rare other whose
 * number mixes to the same. The order is cut into leaves of a hundred or so: small collections
 * share one, large ones take many. A full leaf splits, nearly empty ones are joined; nothing grows
 * by more than a leaf at once, however large a collection is.
 */
final class FieldIndex implements RecordIndex {
  private static final int LEAF_RECORDS = 128;

  /** A leaf with so few may be joined with the next one; who draws would meet empty slots. */
  private static final int FEW_RECORDS = 32;

  /** Looked for each time that so many were removed. */
  private static final int JOIN_STEPS = 8;

  private final Arena arena;
  private final FieldLeaves leaves = new FieldLeaves();

  // Where the last search ended: null when there is no leaf yet.
  private FieldLeaf leaf;
  private int at;

  // The last place that was sought, and how often leaves had changed by then: a field that is
  // looked for, and then set, is sought once.
  private long sought;
  private FieldLeaf soughtLeaf;
  private int soughtAt;
  private long soughtChanges = -1;
  private long changes;

  /** How many records the largest leaf ever had room for. */
  private int longest = LEAF_RECORDS;

  FieldIndex(Arena arena) {
    this.arena = arena;
  }

  private static long order(long collection, int fieldHash) {
    return Hash64.combine(collection, 0) & 0xffffffff00000000L | fieldHash & 0xffffffffL;
  }

  private void seek(long order) {
    if (order != sought || changes != soughtChanges) {
      soughtLeaf = leaves.floor(order);
      soughtAt = soughtLeaf == null ? 0 : soughtLeaf.lowerBound(order);
      sought = order;
      soughtChanges = changes;
    }
    leaf = soughtLeaf;
    at = soughtAt;
  }

  private boolean isAt(long order) {
    return leaf != null && at < leaf.size && leaf.order(at) == order;
  }

  /** The newest record of a field, or 0. */
  int find(long collection, int hash, byte[] field, int offset, int length) {
    long order = order(collection, hash);
    seek(order);
    for (; isAt(order); at++) {
      if (arena.fieldEquals(leaf.handle(at), collection, field, offset, length)) {
        return leaf.handle(at);
      }
    }
    return 0;
  }

  @Override
  public boolean findHandle(int handle) {
    long order = order(arena.collection(handle), arena.hash(handle));
    seek(order);
    for (; isAt(order); at++) {
      if (leaf.handle(at) == handle) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void replaceFound(int handle) {
    leaf.setHandle(at, handle);
  }

  @Override
  public void removeFound() {
    changes++;
    leaf.remove(at);
    if (leaf.size == 0) {
      removeLeaf(leaf);
    } else if (leaf.size <= FEW_RECORDS && leaf.size % JOIN_STEPS == 0) {
      joinNext();
    }
  }

  private void removeLeaf(FieldLeaf gone) {
    leaves.remove(gone);
    gone.free();
  }

  /** Takes over what the next leaf has, if both together are far from full. */
  private void joinNext() {
    FieldLeaf next = leaves.after(leaf);
    if (next != null && leaf.size + next.size <= 2 * FEW_RECORDS) {
      leaf.append(next);
      removeLeaf(next);
    }
  }

  /** Adds a record whose field the index does not hold. */
  void insert(long collection, int hash, int handle) {
    long order = order(collection, hash);
    seek(order);
    if (leaf == null) {
      // Leaves above may be all there are: the lowest one takes what is before it.
      leaf = leaves.isEmpty() ? firstLeaf(order) : lowered(order);
    }
    changes++;
    if (leaf.size == leaf.room()) {
      split();
      leaf = leaves.floor(order);
    }
    leaf.insert(leaf.lowerBound(order), order, handle);
  }

  private FieldLeaf firstLeaf(long order) {
    FieldLeaf only = new FieldLeaf(arena, order, LEAF_RECORDS);
    leaves.add(only);
    return only;
  }

  private FieldLeaf lowered(long order) {
    FieldLeaf lowest = leaves.first();
    leaves.remove(lowest);
    lowest.first = order;
    leaves.add(lowest);
    return lowest;
  }

  private void split() {
    int middle = leaf.middle();
    if (middle == 0) {
      leaf.grow();
      longest = Math.max(longest, leaf.room());
      return;
    }
    int room = Math.max(LEAF_RECORDS, 2 * (leaf.size - middle));
    FieldLeaf upper = new FieldLeaf(arena, leaf.order(middle), room);
    longest = Math.max(longest, room);
    leaf.moveFrom(middle, upper);
    leaves.add(upper);
  }

  /** Some record of a collection, which {@link #removeFound} then means; 0 when there is none. */
  int findAny(long collection) {
    Range range = new Range(collection);
    return (int) range.firstFrom(0);
  }

  /** One collection's records, in their order; good until the index changes. */
  HashOrder of(long collection) {
    return new Range(collection);
  }

  private final class Range implements HashOrder {
    private final long collection;

    // From where on was sought last, and what was found: a walk asks for it again, and then for
    // what follows.
    private long soughtFrom;
    private long found;
    private FieldLeaf foundLeaf;
    private int foundAt;

    Range(long collection) {
      this.collection = collection;
    }

    @Override
    public int find(int hash, byte[] field, int offset, int length) {
      return FieldIndex.this.find(collection, hash, field, offset, length);
    }

    @Override
    public long firstFrom(int hash) {
      long from = order(collection, hash);
      boolean isBehind = foundLeaf != null && Long.compareUnsigned(from, soughtFrom) >= 0;
      if (isBehind && Long.compareUnsigned(from, found) <= 0) {
        leaf = foundLeaf;
        at = foundAt;
      } else if (isBehind && from == found + 1) {
        leaf = foundLeaf;
        at = foundAt + 1;
        skipTo(from);
      } else {
        leaf = leaves.floor(from);
        if (leaf == null) {
          leaf = leaves.first();
        }
        at = leaf == null ? 0 : leaf.lowerBound(from);
        skipTo(from);
      }
      foundLeaf = null;
      if (leaf == null) {
        return 0;
      }
      soughtFrom = from;
      found = leaf.order(at);
      foundLeaf = leaf;
      foundAt = at;
      return found << 32 | leaf.handle(at) & 0xffffffffL;
    }

    /**
     * Goes on to the collection's first record at or after an order; no leaf when there is none.
     */
    private void skipTo(long from) {
      while (leaf != null) {
        for (; at < leaf.size; at++) {
          long order = leaf.order(at);
          if (order >>> 32 != from >>> 32) {
            leaf = null;
            return;
          }
          boolean isAtOrAfter = Long.compareUnsigned(order, from) >= 0;
          if (isAtOrAfter && arena.collection(leaf.handle(at)) == collection) {
            return;
          }
        }
        leaf = leaves.after(leaf);
        at = 0;
      }
    }

    /** Equal orders are in one leaf. */
    @Override
    public long nextOfSameHash() {
      long order = leaf.order(at);
      for (int next = at + 1; next < leaf.size && leaf.order(next) == order; next++) {
        if (arena.collection(leaf.handle(next)) == collection) {
          at = next;
          return order << 32 | leaf.handle(at) & 0xffffffffL;
        }
      }
      return 0;
    }
  }

  /**
   * Draws a record of a collection, each as likely as any other; 0 when this draw finds none, so
   * that another one is to be made.
   *
   * @param random any number: all of its bits are used
   */
  int draw(long collection, long random) {
    long from = order(collection, 0);
    long to = from | 0xffffffffL;
    FieldLeaf drawn = leaves.draw(from, to, random >>> Integer.SIZE);
    int low = 0;
    // Of many leaves all slots are as likely, whether a record is there or not.
    int room = longest;
    if (drawn != null && leaves.isOnlyOne()) {
      low = drawn.lowerBound(from);
      room = drawn.lowerBound(to + 1) - low;
    }
    if (drawn == null || room == 0) {
      return 0;
    }
    int slot = low + (int) ((random & 0xffffffffL) % room);
    boolean isThere =
        slot < drawn.size
            && drawn.order(slot) >>> 32 == from >>> 32
            && arena.collection(drawn.handle(slot)) == collection;
    return isThere ? drawn.handle(slot) : 0;
  }

  /** Takes some records out, for who wants all of them bit by bit; empty when none is left. */
  int[] takeSome() {
    changes++;
    FieldLeaf some = leaves.first();
    if (some == null) {
      return new int[0];
    }
    int[] handles = some.handles();
    removeLeaf(some);
    return handles;
  }

  /** Returns the index's own memory; its records are not its to free. */
  void release() {
    changes++;
    leaves.forEach(FieldLeaf::free);
    leaves.clear();
  }
}
