package io.trefoil.storage;

import java.util.Arrays;

/**
 * The nodes above the leaves of orders that were looked at lately, so that many commands read them
 * once. Of all orders of a loop: so many slots and no more, and in each the node that was read into
 * it last. Whether that is still the newest, the node says.
 */
final class InnerNodes {
  private static final int SLOTS = 1_024;

  private final OrderNode[] slots = new OrderNode[SLOTS];

  /**
   * Where a node is, or is to be read into.
   *
   * @param first the slot of the order's node 0
   */
  OrderNode slot(FieldOrder reader, int first, int id) {
    int at = first + id & SLOTS - 1;
    if (slots[at] == null) {
      slots[at] = new OrderNode();
    }
    slots[at].readBy(reader);
    return slots[at];
  }

  /** A store is gone: nothing of it is held. */
  void clear() {
    Arrays.fill(slots, null);
  }

  /** Another copy of a node was written: one that is here is outdated. */
  void forgetIf(OrderNode written, FieldOrder reader, int first) {
    OrderNode there = slots[first + written.id & SLOTS - 1];
    if (there != null && there.isReadBy(reader)) {
      there.forgetIf(written);
    }
  }
}
