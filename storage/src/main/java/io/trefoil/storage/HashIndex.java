package io.trefoil.storage;

import io.trefoil.base.Hash64;
import io.trefoil.base.Invariants;
import java.util.Arrays;

/**
 * Finds a key's newest record, and visits records in the order of their hashes.
 *
 * <p>The top bits of a hash choose a segment in the directory. A segment is an array probed
 * linearly from where the hash's next bits point, and kept sorted by hash, so that array order is
 * hash order and a search for a missing key ends at the first larger hash. A segment that is four
 * fifths full splits in two, so the index grows in steps of microseconds; only when the directory
 * has its largest size, a segment gets a larger array instead.
 *
 * <p>A slot is the top 32 bits of the hash, then the record's handle. Segments never merge again.
 */
final class HashIndex implements HashOrder, RecordIndex {
  private static final int SEGMENT_BITS = 10;
  private static final int MAX_DEPTH = 20;

  /** Room behind the last bucket for what was pushed past it. */
  private static final int SLACK = 64;

  private static final long HASH = 0xffffffffL;

  private final Arena arena;
  private Segment[] directory = {new Segment(0, SEGMENT_BITS)};
  private int depth;
  private int size;

  // Where the last search ended.
  private Segment segment = directory[0];
  private int at;

  HashIndex(Arena arena) {
    this.arena = arena;
    arena.addIndexBytes(directory[0].bytes());
  }

  private static final class Segment {
    final int depth;
    final int bits;
    final long[] slots;
    int count;

    Segment(int depth, int bits) {
      this.depth = depth;
      this.bits = bits;
      slots = new long[(1 << bits) + SLACK];
    }

    int bucket(int hash) {
      return hash << depth >>> 32 - bits;
    }

    boolean isFull() {
      return count > (1 << bits) / 5 * 4;
    }

    /** Adds an element not smaller than those before; false when it does not fit. */
    boolean append(long slot, int from) {
      int place = Math.max(bucket(hashOf(slot)), from);
      if (place == slots.length) {
        return false;
      }
      slots[place] = slot;
      count++;
      return true;
    }

    long bytes() {
      return slots.length * 8L + 64;
    }
  }

  /** The top 32 bits of a key's hash, which are what the index and the disk order by. */
  static int hash(byte[] key, int offset, int length) {
    return (int) (Hash64.of(key, offset, length) >>> 32);
  }

  private static int hashOf(long slot) {
    return (int) (slot >>> 32);
  }

  int size() {
    return size;
  }

  @Override
  public int find(int hash, byte[] key, int offset, int length) {
    seek(hash);
    long[] slots = segment.slots;
    for (int i = at; i < slots.length && slots[i] >>> 32 == (hash & HASH) && slots[i] != 0; i++) {
      if (arena.keyEquals((int) slots[i], key, offset, length)) {
        at = i;
        return (int) slots[i];
      }
    }
    return 0;
  }

  @Override
  public boolean findHandle(int handle) {
    return findHandle(arena.hash(handle), handle);
  }

  boolean findHandle(int hash, int handle) {
    seek(hash);
    long[] slots = segment.slots;
    for (int i = at; i < slots.length && slots[i] >>> 32 == (hash & HASH) && slots[i] != 0; i++) {
      if ((int) slots[i] == handle) {
        at = i;
        return true;
      }
    }
    return false;
  }

  /** Moves to the first slot whose hash is not smaller, or the empty slot where it would be. */
  private void seek(int hash) {
    segment = directory[depth == 0 ? 0 : hash >>> 32 - depth];
    long[] slots = segment.slots;
    int i = segment.bucket(hash);
    while (i < slots.length && slots[i] != 0 && slots[i] >>> 32 < (hash & HASH)) {
      i++;
    }
    at = i;
  }

  @Override
  public void replaceFound(int handle) {
    segment.slots[at] = segment.slots[at] & ~HASH | handle & HASH;
  }

  @Override
  public void removeFound() {
    long[] slots = segment.slots;
    int hole = at;
    int i = hole + 1;
    while (i < slots.length && slots[i] != 0 && segment.bucket(hashOf(slots[i])) < i) {
      i++;
    }
    System.arraycopy(slots, hole + 1, slots, hole, i - hole - 1);
    slots[i - 1] = 0;
    segment.count--;
    size--;
  }

  /** Adds a record whose key the index does not hold. */
  void insert(int hash, int handle) {
    long slot = (long) hash << 32 | handle & HASH;
    seek(hash);
    while (!place(slot)) {
      enlarge(segment, hash);
      seek(hash);
    }
    size++;
    if (segment.isFull()) {
      enlarge(segment, hash);
    }
  }

  private boolean place(long slot) {
    long[] slots = segment.slots;
    int empty = at;
    while (empty < slots.length && slots[empty] != 0) {
      empty++;
    }
    if (empty == slots.length) {
      return false;
    }
    System.arraycopy(slots, at, slots, at + 1, empty - at);
    slots[at] = slot;
    segment.count++;
    return true;
  }

  private void enlarge(Segment full, int hash) {
    if (full.depth == MAX_DEPTH) {
      replace(full, hash, rebuilt(full.slots, full.depth, full.bits + 1));
      return;
    }
    if (full.depth == depth) {
      doubleDirectory();
    }
    split(full, hash);
  }

  private void doubleDirectory() {
    Segment[] wider = new Segment[directory.length * 2];
    for (int i = 0; i < wider.length; i++) {
      wider[i] = directory[i / 2];
    }
    directory = wider;
    depth++;
  }

  private void split(Segment full, int hash) {
    int halfDepth = full.depth + 1;
    int middle = 0;
    while (middle < full.slots.length
        && (full.slots[middle] == 0 || hashOf(full.slots[middle]) << full.depth >= 0)) {
      middle++;
    }
    Segment low = rebuilt(Arrays.copyOf(full.slots, middle), halfDepth, SEGMENT_BITS);
    long[] rest = Arrays.copyOfRange(full.slots, middle, full.slots.length);
    Segment high = rebuilt(rest, halfDepth, SEGMENT_BITS);
    int span = 1 << depth - full.depth;
    int first = first(full, hash);
    Arrays.fill(directory, first, first + span / 2, low);
    Arrays.fill(directory, first + span / 2, first + span, high);
    arena.addIndexBytes(low.bytes() + high.bytes() - full.bytes());
  }

  private void replace(Segment old, int hash, Segment rebuilt) {
    int first = first(old, hash);
    Arrays.fill(directory, first, first + (1 << depth - old.depth), rebuilt);
    arena.addIndexBytes(rebuilt.bytes() - old.bytes());
  }

  /** The first place in the directory of the segment that holds {@code hash}. */
  private int first(Segment of, int hash) {
    return depth == 0 ? 0 : (hash >>> 32 - depth) & -(1 << depth - of.depth);
  }

  private static Segment rebuilt(long[] sorted, int depth, int bits) {
    Invariants.check(bits < 30, "too many keys of one hash", depth, bits);
    Segment segment = new Segment(depth, bits);
    int end = 0;
    for (long slot : sorted) {
      if (slot == 0) {
        continue;
      }
      if (!segment.append(slot, end)) {
        return rebuilt(sorted, depth, bits + 1);
      }
      end = Math.max(segment.bucket(hashOf(slot)), end) + 1;
    }
    return segment.isFull() ? rebuilt(sorted, depth, bits + 1) : segment;
  }

  @Override
  public long firstFrom(int hash) {
    seek(hash);
    int place = depth == 0 ? 0 : hash >>> 32 - depth;
    while (true) {
      long[] slots = segment.slots;
      while (at < slots.length) {
        if (slots[at] != 0 && slots[at] >>> 32 >= (hash & HASH)) {
          return slots[at];
        }
        at++;
      }
      place = first(segment, place << 32 - depth) + (1 << depth - segment.depth);
      if (place >= directory.length) {
        return 0;
      }
      segment = directory[place];
      at = 0;
    }
  }

  @Override
  public long nextOfSameHash() {
    long[] slots = segment.slots;
    long current = slots[at];
    if (at + 1 < slots.length && slots[at + 1] != 0 && slots[at + 1] >>> 32 == current >>> 32) {
      at++;
      return slots[at];
    }
    return 0;
  }

  /** Returns the index's own memory; its records are not its to free. */
  void release() {
    Segment last = null;
    for (Segment each : directory) {
      if (each != last) {
        arena.addIndexBytes(-each.bytes());
        last = each;
      }
    }
    directory = new Segment[0];
  }
}
