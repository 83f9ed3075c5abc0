package io.trefoil.storage;

/**
 * The uncommitted records in the order they were written: committed from the front, undone from the
 * back. Places in it are counted from the first record ever, so a place never means another record
 * unless that one was undone.
 */
final class HandleRing {
  private int[] items = new int[256];
  private long front;
  private long back;

  void addBack(int handle) {
    if (back - front == items.length) {
      grow();
    }
    items[slot(back++)] = handle;
  }

  int peekFront() {
    return items[slot(front)];
  }

  int removeFront() {
    return items[slot(front++)];
  }

  int peekBack() {
    return items[slot(back - 1)];
  }

  int removeBack() {
    return items[slot(--back)];
  }

  boolean isEmpty() {
    return front == back;
  }

  /** The place that the next record gets. */
  long back() {
    return back;
  }

  long front() {
    return front;
  }

  private int slot(long place) {
    return (int) place & items.length - 1;
  }

  private void grow() {
    int[] wider = new int[items.length * 2];
    for (long place = front; place < back; place++) {
      wider[(int) place & wider.length - 1] = items[slot(place)];
    }
    items = wider;
  }
}
