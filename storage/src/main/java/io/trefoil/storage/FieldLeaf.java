package io.trefoil.storage;

/** Records in one order, with what they are ordered by, up to the first record of the next leaf. */
final class FieldLeaf {
  /** What a leaf costs beside its arrays. */
  private static final int OVERHEAD_BYTES = 160;

  /** No record of the leaf is before this; records from the next leaf's on are not here. */
  long first;

  long[] orders;
  int[] handles;
  int size;

  FieldLeaf(long first, int room) {
    this.first = first;
    orders = new long[room];
    handles = new int[room];
  }

  long bytes() {
    return orders.length * 12L + OVERHEAD_BYTES;
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

  /** Adds the records of a leaf that came after this one; there is room. */
  void append(FieldLeaf other) {
    System.arraycopy(other.orders, 0, orders, size, other.size);
    System.arraycopy(other.handles, 0, handles, size, other.size);
    size += other.size;
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
