package io.trefoil.storage;

import io.trefoil.base.Invariants;
import java.util.Arrays;

/**
 * One node of a {@link FieldOrder}, read to be looked at or changed. Used again for the next.
 *
 * <pre>
 * level 1, 0 for a leaf · of the root: the next free id 4 · entries
 * of a leaf: place (its length, varint, and its bytes) · value (the same)
 * of others: child's id (varint) · how many places are below it (varint) · a place that none of
 *            these is before, and that is after all below the child before
 * </pre>
 */
final class OrderNode {
  static final int ROOT = 0;
  private static final int ROOT_HEADER = 5;
  private static final int HEADER = 1;

  int id;

  // The record that this was read from, or written to; 0 when it is new.
  private long order;
  private int handle;
  private long index;
  private long stamp;
  private long replaced;

  /** It does not hold what its record does: from here on, and, if both are as long, to there. */
  private boolean changed;

  private int changedFrom;
  private int changedTo;

  byte[] bytes = new byte[FieldOrder.NODE_RECORD_BYTES];
  int size;

  /** Where entries begin, and where the last one ends. */
  private int[] starts = new int[64];

  /** Where their places begin. */
  private int[] places = new int[64];

  private int count;

  /** How many places are below an entry and those before it; known of the first so many. */
  private long[] ends = new long[8];

  private int endsKnown;

  /** The entry that the search went on from. */
  int chosen;

  // What the last entry looked at has.
  private int at;
  int placeAt;
  int placeLength;
  int valueAt;
  int valueLength;
  int child;
  long below;

  /** Whether it holds what the record of a node does. */
  boolean holds(long ofOrder, int ofHandle, PartitionStore store) {
    return handle == ofHandle
        && !changed
        && order == ofOrder
        && store.replacedCount() == replaced
        && store.arena().index(handle) == index
        && store.arena().stamp(handle) == stamp;
  }

  /**
   * Whether it holds what the newest record of a node does, as a look would find: nobody but its
   * reader writes orders, and nothing was undone since it was read.
   */
  boolean isNewest(int ofId, long ofOrder, PartitionStore store) {
    return id == ofId && order == ofOrder && !changed && store.replacedCount() == replaced;
  }

  /** The entry that wrote it. */
  long index() {
    return index;
  }

  long stamp() {
    return stamp;
  }

  /** It holds what a record does. */
  void isAs(long ofOrder, int ofHandle, PartitionStore store) {
    order = ofOrder;
    handle = ofHandle;
    index = store.arena().index(handle);
    stamp = store.arena().stamp(handle);
    replaced = store.replacedCount();
    changed = false;
    changedFrom = size;
    changedTo = 0;
  }

  private void changed(int from, int to) {
    changed = true;
    changedFrom = Math.min(changedFrom, from);
    changedTo = Math.max(changedTo, to);
  }

  /** Up to here it holds what its record does. */
  int changedFrom() {
    return changedFrom;
  }

  /** If it is as long as its record, it holds what that does from here on. */
  int changedTo() {
    return changedTo;
  }

  /**
   * Which record is to be replaced when this is written; 0 when that must be looked up: what an
   * earlier batch wrote may be elsewhere by now, or only on disk.
   */
  int handle(PartitionStore store) {
    return store.isOfBatch(index) ? handle : 0;
  }

  /** Another one was written: when it is the same node, what this holds is outdated. */
  void forgetIf(OrderNode written) {
    if (id == written.id && this != written) {
      changed = true;
    }
  }

  /** Makes it an empty node. */
  void begin(int newId, int level, int nextId) {
    handle = 0;
    id = newId;
    bytes[0] = (byte) level;
    size = header();
    changed(0, Integer.MAX_VALUE);
    if (id == ROOT) {
      setNextId(nextId);
    }
    count = 0;
    endsKnown = 0;
    starts[0] = size;
  }

  /** Its bytes were set: finds the entries. */
  void parse() {
    count = 0;
    endsKnown = 0;
    at = header();
    while (at < size) {
      roomForEntries(count + 1);
      starts[count] = at;
      skipToPlace();
      places[count++] = at;
      skipRest();
    }
    starts[count] = size;
    Invariants.check(at == size, "a node ends where its last entry does", at, size);
  }

  byte[] room(int length) {
    if (bytes.length < length) {
      bytes = Arrays.copyOf(bytes, Math.max(length, bytes.length * 2));
    }
    return bytes;
  }

  int header() {
    return id == ROOT ? ROOT_HEADER : HEADER;
  }

  int level() {
    return bytes[0];
  }

  boolean isLeaf() {
    return bytes[0] == 0;
  }

  int count() {
    return count;
  }

  int nextId() {
    return (bytes[1] & 0xff) << 24
        | (bytes[2] & 0xff) << 16
        | (bytes[3] & 0xff) << 8
        | bytes[4] & 0xff;
  }

  void setNextId(int next) {
    changed(1, ROOT_HEADER);
    bytes[1] = (byte) (next >>> 24);
    bytes[2] = (byte) (next >>> 16);
    bytes[3] = (byte) (next >>> 8);
    bytes[4] = (byte) next;
  }

  /** Where entry {@code number} begins; of the one after the last, where they end. */
  int start(int number) {
    return starts[number];
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte next = bytes[at++];
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
  }

  private void roomForEntries(int entries) {
    if (entries >= starts.length) {
      starts = Arrays.copyOf(starts, 2 * entries);
      places = Arrays.copyOf(places, 2 * entries);
    }
  }

  /** Goes on from an entry's beginning to its place, whose length is then known. */
  private void skipToPlace() {
    if (!isLeaf()) {
      child = (int) varint();
      below = varint();
    }
    placeLength = (int) varint();
  }

  /** Goes on from an entry's place to its end. */
  private void skipRest() {
    at += placeLength;
    if (isLeaf()) {
      skipBlock();
    }
  }

  private void skipBlock() {
    int length = (int) varint(); // which moves on itself
    at += length;
  }

  /** Looks at an entry. */
  void look(int number) {
    at = starts[number];
    skipToPlace();
    placeAt = at;
    at += placeLength;
    if (isLeaf()) {
      valueLength = (int) varint();
      valueAt = at;
    }
  }

  /**
   * Looks at an entry; returns how many bytes of its place tell it from the one before, in a leaf.
   * Other nodes have places that are cut already.
   */
  int lengthToTell(int number) {
    if (!isLeaf() || number == 0) {
      look(number);
      return placeLength;
    }
    look(number - 1);
    int from = placeAt;
    int to = placeAt + placeLength;
    look(number);
    return 1 + Arrays.mismatch(bytes, from, to, bytes, placeAt, placeAt + placeLength);
  }

  /** How the place of an entry compares with another one. */
  int compare(int number, byte[] place, int offset, int length) {
    int from = places[number];
    return Arrays.compareUnsigned(bytes, from, placeEnd(number), place, offset, offset + length);
  }

  private int placeEnd(int number) {
    if (!isLeaf()) {
      return starts[number + 1];
    }
    at = starts[number];
    int length = (int) varint(); // which moves on itself
    return at + length;
  }

  /** The first entry at or after a place; {@link #count()} when there is none. */
  int lowerBound(byte[] place, int offset, int length) {
    return lowerBound(0, place, offset, length);
  }

  private int lowerBound(int from, byte[] place, int offset, int length) {
    int low = from;
    int high = count;
    while (low < high) {
      int middle = low + high >>> 1;
      if (compare(middle, place, offset, length) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Whether entry {@code number} is of this place; it is then looked at. */
  boolean isAt(int number, byte[] place, int offset, int length) {
    if (number == count || compare(number, place, offset, length) != 0) {
      return false;
    }
    look(number);
    return true;
  }

  /** The smallest count that takes so many bytes. */
  private static long leastOf(int varintLength) {
    return varintLength == 1 ? 0 : 1L << 7 * (varintLength - 1);
  }

  /** By how much the count of a child may fall and still take as much room; not positive. */
  long mayFall(int number) {
    look(number);
    return leastOf(varintLength(below)) - below;
  }

  /** By how much the count of a child may grow and still take as much room; not negative. */
  long mayGrow(int number) {
    look(number);
    return leastOf(varintLength(below) + 1) - 1 - below;
  }

  /**
   * The child below which a place is or would be. The first child takes all before the second one,
   * whatever its own first place says: that was of another, which is gone.
   */
  int childFor(byte[] place, int offset, int length) {
    int bound = lowerBound(1, place, offset, length);
    return isAt(bound, place, offset, length) ? bound : bound - 1;
  }

  /** As {@link #childFor}, for places that mostly are first or last. */
  int childNearEnd(byte[] place, int offset, int length) {
    if (count > 2) {
      if (compare(count - 1, place, offset, length) <= 0) {
        return count - 1;
      }
      if (compare(1, place, offset, length) > 0) {
        return 0;
      }
    }
    return childFor(place, offset, length);
  }

  /** As {@link #lowerBound}, for places that mostly are first or last. */
  int boundNearEnd(byte[] place, int offset, int length) {
    if (count > 2) {
      if (compare(count - 1, place, offset, length) < 0) {
        return count;
      }
      if (compare(0, place, offset, length) >= 0) {
        return 0;
      }
    }
    return lowerBound(place, offset, length);
  }

  /** Gives a child another count of places, if that takes as much room as before. */
  boolean setBelow(int number, long newBelow) {
    at = starts[number];
    varint();
    int from = at;
    varint();
    if (at - from != varintLength(newBelow)) {
      return false;
    }
    changed(from, at);
    endsKnown = Math.min(endsKnown, number);
    long left = newBelow;
    for (int i = from; i < at - 1; i++) {
      bytes[i] = (byte) (left | 0x80);
      left >>>= 7;
    }
    bytes[at - 1] = (byte) left;
    return true;
  }

  private static int varintLength(long value) {
    return (Long.SIZE + 6 - Long.numberOfLeadingZeros(value | 1)) / 7;
  }

  /** Puts an entry before another. */
  void insert(int number, byte[] entry, int length) {
    replace(starts[number], starts[number], entry, length);
    roomForEntries(count + 1);
    System.arraycopy(starts, number, starts, number + 1, count + 1 - number);
    System.arraycopy(places, number, places, number + 1, count - number);
    count++;
    entriesMoved(number, length);
    notePlace(number);
  }

  /** Puts an entry in the place of another. */
  void set(int number, byte[] entry, int length) {
    int before = starts[number + 1] - starts[number];
    replace(starts[number], starts[number + 1], entry, length);
    entriesMoved(number, length - before);
    notePlace(number);
  }

  private void notePlace(int number) {
    at = starts[number];
    skipToPlace();
    places[number] = at;
  }

  /** Removes an entry. */
  void cut(int number) {
    int length = starts[number + 1] - starts[number];
    replace(starts[number], starts[number + 1], bytes, 0);
    System.arraycopy(starts, number + 1, starts, number, count - number);
    System.arraycopy(places, number + 1, places, number, count - 1 - number);
    count--;
    entriesMoved(number - 1, -length);
  }

  /** An entry is another one, and those after it begin elsewhere. */
  private void entriesMoved(int number, int by) {
    for (int i = number + 1; i < count; i++) {
      starts[i] += by;
      places[i] += by;
    }
    starts[count] += by;
    endsKnown = Math.min(endsKnown, Math.max(0, number));
  }

  /** Keeps the entries before one. */
  void cutFrom(int number) {
    changed(starts[number], size);
    size = starts[number];
    count = number;
    endsKnown = Math.min(endsKnown, number);
  }

  /** Puts bytes in the place of others; entries are to be parsed again. */
  void replace(int from, int to, byte[] with, int length) {
    int more = length - (to - from);
    changed(from, more == 0 ? to : Integer.MAX_VALUE);
    room(size + more);
    System.arraycopy(bytes, to, bytes, to + more, size - to);
    System.arraycopy(with, 0, bytes, from, length);
    size += more;
  }

  /** How many places are in it or below it. */
  long total() {
    return isLeaf() ? count : before(count);
  }

  /** How many places are below the children before one. */
  long before(int number) {
    if (ends.length < number) {
      ends = Arrays.copyOf(ends, starts.length);
    }
    for (; endsKnown < number; endsKnown++) {
      look(endsKnown);
      ends[endsKnown] = below + (endsKnown == 0 ? 0 : ends[endsKnown - 1]);
    }
    return number == 0 ? 0 : ends[number - 1];
  }

  /** The child below which the place of a rank is, or the last one. */
  int childOfRank(long rank) {
    int low = 0;
    int high = count - 1;
    if (endsKnown > 0 && ends[endsKnown - 1] > rank) {
      high = Math.min(high, endsKnown - 1);
    } else {
      low = Math.min(endsKnown, high);
      while (low < high && before(low + 1) <= rank) {
        low++;
      }
      return low;
    }
    while (low < high) {
      int middle = low + high >>> 1;
      if (ends[middle] <= rank) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
