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

  // Of which record this is what it holds, unless it was changed since: then the record is 0.
  private long order;
  private int handle;
  private long index;
  private long stamp;
  private long undone;

  byte[] bytes = new byte[FieldOrder.MAX_NODE_BYTES * 2];
  int size;

  /** Where entries begin, and where the last one ends. */
  private int[] starts = new int[64];

  private int count;

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

  /**
   * Whether it holds what the record of a node does. Where a record was undone another of the same
   * entry may have taken its place.
   */
  boolean holds(long ofOrder, int ofHandle, PartitionStore store) {
    return handle == ofHandle
        && order == ofOrder
        && store.undoneCount() == undone
        && store.arena().index(handle) == index
        && store.arena().stamp(handle) == stamp;
  }

  /** It holds what a record does. */
  void isAs(long ofOrder, int ofHandle, PartitionStore store) {
    order = ofOrder;
    handle = ofHandle;
    index = store.arena().index(handle);
    stamp = store.arena().stamp(handle);
    undone = store.undoneCount();
  }

  /** Makes it an empty node. */
  void begin(int newId, int level, int nextId) {
    handle = 0;
    id = newId;
    bytes[0] = (byte) level;
    size = header();
    if (id == ROOT) {
      setNextId(nextId);
    }
    count = 0;
    starts[0] = size;
  }

  /** Its bytes were set: finds the entries. */
  void parse() {
    count = 0;
    at = header();
    while (at < size) {
      if (count + 1 == starts.length) {
        starts = Arrays.copyOf(starts, 2 * count + 2);
      }
      starts[count++] = at;
      skipEntry();
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
    handle = 0;
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

  private void skipEntry() {
    if (isLeaf()) {
      skipBlock();
    } else {
      varint();
      varint();
    }
    skipBlock();
  }

  private void skipBlock() {
    int length = (int) varint(); // which moves on itself
    at += length;
  }

  /** Looks at an entry. */
  void look(int number) {
    at = starts[number];
    if (!isLeaf()) {
      child = (int) varint();
      below = varint();
    }
    placeLength = (int) varint();
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

  private int compare(int number, byte[] place, int offset, int length) {
    look(number);
    return Arrays.compareUnsigned(
        bytes, placeAt, placeAt + placeLength, place, offset, offset + length);
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
    return number < count && compare(number, place, offset, length) == 0;
  }

  /**
   * The child below which a place is or would be. The first child takes all before the second one,
   * whatever its own first place says: that was of another, which is gone.
   */
  int childFor(byte[] place, int offset, int length) {
    int bound = lowerBound(1, place, offset, length);
    return isAt(bound, place, offset, length) ? bound : bound - 1;
  }

  /** Puts an entry before another. */
  void insert(int number, byte[] entry, int length) {
    replace(starts[number], starts[number], entry, length);
    if (count + 2 > starts.length) {
      starts = Arrays.copyOf(starts, 2 * count + 2);
    }
    System.arraycopy(starts, number, starts, number + 1, count + 1 - number);
    count++;
    moveStarts(number + 1, length);
  }

  /** Puts an entry in the place of another. */
  void set(int number, byte[] entry, int length) {
    int before = starts[number + 1] - starts[number];
    replace(starts[number], starts[number + 1], entry, length);
    moveStarts(number + 1, length - before);
  }

  /** Removes an entry. */
  void cut(int number) {
    int length = starts[number + 1] - starts[number];
    replace(starts[number], starts[number + 1], bytes, 0);
    System.arraycopy(starts, number + 1, starts, number, count - number);
    count--;
    moveStarts(number, -length);
  }

  private void moveStarts(int from, int by) {
    for (int i = from; i <= count; i++) {
      starts[i] += by;
    }
  }

  /** Keeps the entries before one. */
  void cutFrom(int number) {
    handle = 0;
    size = starts[number];
    count = number;
  }

  /** Puts bytes in the place of others; entries are to be parsed again. */
  void replace(int from, int to, byte[] with, int length) {
    handle = 0;
    int more = length - (to - from);
    room(size + more);
    System.arraycopy(bytes, to, bytes, to + more, size - to);
    System.arraycopy(with, 0, bytes, from, length);
    size += more;
  }

  /** How many places are in it or below it. */
  long total() {
    if (isLeaf()) {
      return count;
    }
    long total = 0;
    for (int i = 0; i < count; i++) {
      look(i);
      total += below;
    }
    return total;
  }
}
