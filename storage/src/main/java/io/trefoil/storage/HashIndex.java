package io.trefoil.storage;

import io.trefoil.base.Hash64;
import io.trefoil.base.Invariants;
import java.nio.LongBuffer;
import java.util.Arrays;

/**
 * Finds a key's newest record, and visits records in the order of their hashes.
 *
 * <p>The top bits of a hash choose a segment in the directory. A segment is a table probed linearly
 * from where the hash's next bits point, and kept sorted by hash, so that its order is hash order
 * and a search for a missing key ends at the first larger hash. A segment that is four fifths full
 * splits in two, so the index grows in steps of microseconds; only when the directory has its
 * largest size, a segment gets a larger table instead.
 *
 * <p>A slot is the top 32 bits of the hash, then the record's handle. Segments never merge again.
 * They are outside the Java heap: it would have to grow with the keys, and a full collection would
 * move them.
 */
final class HashIndex implements HashOrder, RecordIndex {
  private static final int MAX_DEPTH = 20;
  private static final int MAX_BUCKETS = 1 << 27;

  /** Room behind the last bucket for what was pushed past it. */
  private static final int SLACK = 64;

  /** Of most segments: with the slack it makes 8 KiB, a size that wastes nothing. */
  private static final int BUCKETS = 1024 - SLACK;

  private static final long HASH = 0xffffffffL;

  private final Arena arena;
  private Segment[] directory;
  private int depth;
  private int size;

  // Where the last search ended.
  private Segment segment;
  private int at;

  HashIndex(Arena arena) {
    this.arena = arena;
    segment = new Segment(arena, 0, BUCKETS);
    directory = new Segment[] {segment};
  }

  private static final class Segment {
    final int depth;
    final int buckets;
    final int length;
    final LongBuffer slots;
    private final IndexPage page;
    int count;

    Segment(Arena arena, int depth, int buckets) {
      this.depth = depth;
      this.buckets = buckets;
      length = buckets + SLACK;
      page = new IndexPage(arena, length * Long.BYTES);
      slots = page.memory().asLongBuffer();
      for (int i = 0; i < length; i++) {
        slots.put(i, 0);
      }
    }

    int bucket(int hash) {
      return (int) ((hash << depth & HASH) * buckets >>> 32);
    }

    boolean isFull() {
      return count > buckets / 5 * 4;
    }

    /** Puts sorted slots into the empty segment; false when they don't fit. */
    boolean fill(long[] sorted, int from, int to) {
      int end = 0;
      for (int i = from; i < to; i++) {
        int place = Math.max(bucket(hashOf(sorted[i])), end);
        if (place == length) {
          return false;
        }
        slots.put(place, sorted[i]);
        end = place + 1;
      }
      count = to - from;
      return true;
    }

    long[] sorted() {
      long[] sorted = new long[count];
      int found = 0;
      for (int i = 0; i < length; i++) {
        long slot = slots.get(i);
        if (slot != 0) {
          sorted[found++] = slot;
        }
      }
      return sorted;
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
    for (long slot = slotAt(at); isOf(hash, slot); slot = slotAt(++at)) {
      if (arena.keyEquals((int) slot, key, offset, length)) {
        return (int) slot;
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
    for (long slot = slotAt(at); isOf(hash, slot); slot = slotAt(++at)) {
      if ((int) slot == handle) {
        return true;
      }
    }
    return false;
  }

  /** What is at a place of the segment; 0 when it is empty, or behind the last one. */
  private long slotAt(int place) {
    return place < segment.length ? segment.slots.get(place) : 0;
  }

  private static boolean isOf(int hash, long slot) {
    return slot != 0 && slot >>> 32 == (hash & HASH);
  }

  /** Moves to the first slot whose hash is not smaller, or the empty slot where it would be. */
  private void seek(int hash) {
    segment = directory[depth == 0 ? 0 : hash >>> 32 - depth];
    LongBuffer slots = segment.slots;
    int length = segment.length;
    int i = segment.bucket(hash);
    while (i < length) {
      long slot = slots.get(i);
      if (slot == 0 || slot >>> 32 >= (hash & HASH)) {
        break;
      }
      i++;
    }
    at = i;
  }

  @Override
  public void replaceFound(int handle) {
    segment.slots.put(at, segment.slots.get(at) & ~HASH | handle & HASH);
  }

  @Override
  public void removeFound() {
    LongBuffer slots = segment.slots;
    int hole = at;
    int end = hole + 1;
    while (isPushed(end)) {
      end++;
    }
    slots.put(hole, slots, hole + 1, end - hole - 1);
    slots.put(end - 1, 0);
    segment.count--;
    size--;
  }

  /** Whether a slot is further from where its hash points than it had to be if it were alone. */
  private boolean isPushed(int place) {
    long slot = slotAt(place);
    return slot != 0 && segment.bucket(hashOf(slot)) < place;
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
      seek(hash);
    }
  }

  private boolean place(long slot) {
    LongBuffer slots = segment.slots;
    int empty = at;
    while (slotAt(empty) != 0) {
      empty++;
    }
    if (empty == segment.length) {
      return false;
    }
    slots.put(at + 1, slots, at, empty - at);
    slots.put(at, slot);
    segment.count++;
    return true;
  }

  private void enlarge(Segment full, int hash) {
    if (full.depth == MAX_DEPTH) {
      replace(full, hash);
    } else {
      if (full.depth == depth) {
        doubleDirectory();
      }
      split(full, hash);
    }
    full.page.free();
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
    long[] sorted = full.sorted();
    int middle = 0;
    while (middle < sorted.length && hashOf(sorted[middle]) << full.depth >= 0) {
      middle++;
    }
    Segment low = filled(sorted, 0, middle, full.depth + 1, BUCKETS);
    Segment high = filled(sorted, middle, sorted.length, full.depth + 1, BUCKETS);
    int span = 1 << depth - full.depth;
    int first = first(full, hash);
    Arrays.fill(directory, first, first + span / 2, low);
    Arrays.fill(directory, first + span / 2, first + span, high);
  }

  private void replace(Segment old, int hash) {
    Segment larger = filled(old.sorted(), 0, old.count, old.depth, 2 * old.buckets);
    int first = first(old, hash);
    Arrays.fill(directory, first, first + (1 << depth - old.depth), larger);
  }

  /** The first place in the directory of the segment that holds {@code hash}. */
  private int first(Segment of, int hash) {
    return depth == 0 ? 0 : (hash >>> 32 - depth) & -(1 << depth - of.depth);
  }

  /** A segment with the sorted slots; with more buckets than asked for when they are crowded. */
  private Segment filled(long[] sorted, int from, int to, int depth, int buckets) {
    Invariants.check(buckets <= MAX_BUCKETS, "too many keys of one hash", depth, buckets);
    Segment filled = new Segment(arena, depth, buckets);
    if (filled.fill(sorted, from, to) && !filled.isFull()) {
      return filled;
    }
    filled.page.free();
    return filled(sorted, from, to, depth, 2 * buckets);
  }

  @Override
  public long firstFrom(int hash) {
    seek(hash);
    int place = depth == 0 ? 0 : hash >>> 32 - depth;
    while (true) {
      for (; at < segment.length; at++) {
        long slot = segment.slots.get(at);
        if (slot != 0 && slot >>> 32 >= (hash & HASH)) {
          return slot;
        }
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
    long next = slotAt(at + 1);
    if (!isOf(hashOf(segment.slots.get(at)), next)) {
      return 0;
    }
    at++;
    return next;
  }

  /** Returns the index's own memory; its records are not its to free. */
  void release() {
    Segment last = null;
    for (Segment each : directory) {
      if (each != last) {
        each.page.free();
        last = each;
      }
    }
    directory = new Segment[0];
    segment = null;
  }
}
