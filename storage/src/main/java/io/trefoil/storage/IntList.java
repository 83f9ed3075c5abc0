package io.trefoil.storage;

import java.util.Arrays;

/** A growing list of record handles. */
final class IntList {
  private int[] items = new int[64];
  private int size;

  int add(int item) {
    if (size == items.length) {
      items = Arrays.copyOf(items, size * 2);
    }
    items[size] = item;
    return size++;
  }

  int get(int position) {
    return items[position];
  }

  void set(int position, int item) {
    items[position] = item;
  }

  int size() {
    return size;
  }
}
