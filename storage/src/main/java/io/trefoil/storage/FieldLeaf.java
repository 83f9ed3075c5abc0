package io.trefoil.storage;

import java.nio.ByteBuffer;

/**
 * Records in one order, with what they are ordered by, up to the first record of the next leaf: in
 * a page, the orders of all and then their handles.
 */
final class FieldLeaf {
  private static final int RECORD_BYTES = Long.BYTES + Integer.BYTES;

  /** No record of the leaf is before this; records from the next leaf's on are not here. */
  long first;

  int size;
  private final Arena arena;
  private int room;
  private IndexPage page;
  private ByteBuffer memory;

  FieldLeaf(Arena arena, long first, int room) {
    this.arena = arena;
    this.first = first;
    take(room);
  }

  private void take(int room) {
    this.room = room;
    page = new IndexPage(arena, room * RECORD_BYTES);
    memory = page.memory();
  }

  /** How many records it has room for. */
  int room() {
    return room;
  }

  long order(int place) {
    return memory.getLong(place * Long.BYTES);
  }

  int handle(int place) {
    return memory.getInt(handleAt(place));
  }

  int[] handles() {
    int[] handles = new int[size];
    for (int place = 0; place < size; place++) {
      handles[place] = handle(place);
    }
    return handles;
  }

  void setHandle(int place, int handle) {
    memory.putInt(handleAt(place), handle);
  }

  private int handleAt(int place) {
    return room * Long.BYTES + place * Integer.BYTES;
  }

  /** The place of the first record at or after {@code order}. */
  int lowerBound(long order) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = low + high >>> 1;
      if (Long.compareUnsigned(order(middle), order) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  void insert(int place, long order, int handle) {
    copy(this, place, place + 1, size - place);
    memory.putLong(place * Long.BYTES, order);
    setHandle(place, handle);
    size++;
  }

  /** Copies {@code count} records of a leaf, which may be this one, to a place of this one. */
  private void copy(FieldLeaf source, int from, int to, int count) {
    memory.put(to * Long.BYTES, source.memory, from * Long.BYTES, count * Long.BYTES);
    memory.put(handleAt(to), source.memory, source.handleAt(from), count * Integer.BYTES);
  }

  /** Adds the records of a leaf that came after this one; there is room. */
  void append(FieldLeaf other) {
    copy(other, 0, size, other.size);
    size += other.size;
  }

  void remove(int place) {
    size--;
    copy(this, place + 1, place, size - place);
  }

  /** Moves the records from a place on to another leaf, which is empty and has room for them. */
  void moveFrom(int place, FieldLeaf upper) {
    upper.size = size - place;
    upper.copy(this, place, 0, upper.size);
    size = place;
  }

  /** Makes room for twice as many. */
  void grow() {
    IndexPage before = page;
    int ordersBefore = room * Long.BYTES;
    take(2 * room);
    memory.put(0, before.memory(), 0, size * Long.BYTES);
    memory.put(handleAt(0), before.memory(), ordersBefore, size * Integer.BYTES);
    before.free();
  }

  /** Gives the memory back; the leaf is of no use any more. */
  void free() {
    page.free();
    memory = null;
  }

  /** Where to split so that equal orders stay together; 0 when all are equal. */
  int middle() {
    for (int distance = 0; distance <= size / 2; distance++) {
      int above = size / 2 + distance;
      int below = size / 2 - distance;
      if (above < size && above > 0 && order(above) != order(above - 1)) {
        return above;
      }
      if (below > 0 && order(below) != order(below - 1)) {
        return below;
      }
    }
    return 0;
  }
}
