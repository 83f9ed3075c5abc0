package io.trefoil.storage;

import io.trefoil.base.Hash64;
import java.util.Arrays;
import java.util.Comparator;
import java.util.TreeSet;

/**
 * Finds a field's newest record, and visits those of one collection in the order of their hashes.
 *
 * <p>Records are in one order: by 32 bits of their collection's number, mixed, then by the top 32
 * bits of their field's hash. So a collection's fields lie together, but for a rare other whose
 * number mixes to the same. The order is cut into leaves of a hundred or so: small collections
 * share one, large ones take many. A full leaf splits, an empty one goes; nothing grows by more
 * than a leaf at once, however large a collection is.
 */
final class FieldIndex implements RecordIndex {
  private static final int LEAF_RECORDS = 128;

  /** What a leaf costs beside its arrays. */
  private static final int LEAF_OVERHEAD_BYTES = 160;

  private final Arena arena;
  private final TreeSet<Leaf> leaves =
      new TreeSet<>(Comparator.comparingLong((Leaf leaf) -> leaf.first + Long.MIN_VALUE));

  /** Only its {@code first} is used, to search by. */
  private final Leaf probe = new Leaf(0, 0);

  // Where the last search ended: null when there is no leaf yet.
  private Leaf leaf;
  private int at;

  FieldIndex(Arena arena) {
    this.arena = arena;
  }

  private static final class Leaf {
    /** No record of the leaf is before this; records from the next leaf's on are not here. */
    long first;

    long[] orders;
    int[] handles;
    int size;

    Leaf(long first, int room) {
      this.first = first;
      orders = new long[room];
      handles = new int[room];
    }

    long bytes() {
      return orders.length * 12L + LEAF_OVERHEAD_BYTES;
    }

    /** The place of the first record at or after {@code order}. */
    int lowerBound(long order) {
      int low = 0;
      int high = size;
      while (low < high) {
        int middle = low + high >>> 1;
        if (Long.compareUnsigned(orders[middle], order) < 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    void insert(int place, long order, int handle) {
      System.arraycopy(orders, place, orders, place + 1, size - place);
      System.arraycopy(handles, place, handles, place + 1, size - place);
      orders[place] = order;
      handles[place] = handle;
      size++;
    }

    void remove(int place) {
      size--;
      System.arraycopy(orders, place + 1, orders, place, size - place);
      System.arraycopy(handles, place + 1, handles, place, size - place);
    }

    /** Where to split so that equal orders stay together; 0 when all are equal. */
    int middle() {
      for (int distance = 0; distance <= size / 2; distance++) {
        int above = size / 2 + distance;
        int below = size / 2 - distance;
        if (above < size && above > 0 && orders[above] != orders[above - 1]) {
          return above;
        }
        if (below > 0 && orders[below] != orders[below - 1]) {
          return below;
        }
      }
      return 0;
    }
  }

  private static long order(long collection, int fieldHash) {
    return Hash64.combine(collection, 0) & 0xffffffff00000000L | fieldHash & 0xffffffffL;
  }

  private void seek(long order) {
    probe.first = order;
    leaf = leaves.floor(probe);
    at = leaf == null ? 0 : leaf.lowerBound(order);
  }

  private boolean isAt(long order) {
    return leaf != null && at < leaf.size && leaf.orders[at] == order;
  }

  /** The newest record of a field, or 0. */
  int find(long collection, int hash, byte[] field, int offset, int length) {
    long order = order(collection, hash);
    seek(order);
    for (; isAt(order); at++) {
      if (arena.fieldEquals(leaf.handles[at], collection, field, offset, length)) {
        return leaf.handles[at];
      }
    }
    return 0;
  }

  @Override
  public boolean findHandle(int handle) {
    long order = order(arena.collection(handle), arena.hash(handle));
    seek(order);
    for (; isAt(order); at++) {
      if (leaf.handles[at] == handle) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void replaceFound(int handle) {
    leaf.handles[at] = handle;
  }

  @Override
  public void removeFound() {
    leaf.remove(at);
    if (leaf.size == 0) {
      leaves.remove(leaf);
      arena.addIndexBytes(-leaf.bytes());
    }
  }

  /** Adds a record whose field the index does not hold. */
  void insert(long collection, int hash, int handle) {
    long order = order(collection, hash);
    seek(order);
    if (leaf == null) {
      // Leaves above may be all there are: the lowest one takes what is before it.
      leaf = leaves.isEmpty() ? added(new Leaf(order, LEAF_RECORDS)) : lowered(order);
    }
    if (leaf.size == leaf.orders.length) {
      split();
      seek(order);
    }
    leaf.insert(leaf.lowerBound(order), order, handle);
  }

  private Leaf added(Leaf fresh) {
    leaves.add(fresh);
    arena.addIndexBytes(fresh.bytes());
    return fresh;
  }

  private Leaf lowered(long order) {
    Leaf lowest = leaves.pollFirst();
    lowest.first = order;
    leaves.add(lowest);
    return lowest;
  }

  private void split() {
    int middle = leaf.middle();
    if (middle == 0) {
      arena.addIndexBytes(12L * leaf.size);
      leaf.orders = Arrays.copyOf(leaf.orders, leaf.size * 2);
      leaf.handles = Arrays.copyOf(leaf.handles, leaf.size * 2);
      return;
    }
    int moved = leaf.size - middle;
    Leaf upper = new Leaf(leaf.orders[middle], Math.max(LEAF_RECORDS, 2 * moved));
    System.arraycopy(leaf.orders, middle, upper.orders, 0, moved);
    System.arraycopy(leaf.handles, middle, upper.handles, 0, moved);
    upper.size = moved;
    leaf.size = middle;
    added(upper);
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
      probe.first = from;
      leaf = leaves.floor(probe);
      if (leaf == null) {
        leaf = leaves.ceiling(probe);
      }
      at = leaf == null ? 0 : leaf.lowerBound(from);
      while (leaf != null) {
        for (; at < leaf.size; at++) {
          long order = leaf.orders[at];
          if (order >>> 32 != from >>> 32) {
            return 0;
          }
          if (arena.collection(leaf.handles[at]) == collection) {
            return order << 32 | leaf.handles[at] & 0xffffffffL;
          }
        }
        leaf = leaves.higher(leaf);
        at = 0;
      }
      return 0;
    }

    /** Equal orders are in one leaf. */
    @Override
    public long nextOfSameHash() {
      long order = leaf.orders[at];
      for (int next = at + 1; next < leaf.size && leaf.orders[next] == order; next++) {
        if (arena.collection(leaf.handles[next]) == collection) {
          at = next;
          return order << 32 | leaf.handles[at] & 0xffffffffL;
        }
      }
      return 0;
    }
  }

  /** Takes some records out, for who wants all of them bit by bit; empty when none is left. */
  int[] takeSome() {
    Leaf some = leaves.pollFirst();
    if (some == null) {
      return new int[0];
    }
    arena.addIndexBytes(-some.bytes());
    return Arrays.copyOf(some.handles, some.size);
  }

  /** Returns the index's own memory; its records are not its to free. */
  void release() {
    leaves.forEach(each -> arena.addIndexBytes(-each.bytes()));
    leaves.clear();
  }
}
