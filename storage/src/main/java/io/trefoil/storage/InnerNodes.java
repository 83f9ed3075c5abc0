package io.trefoil.storage;

/**
 * The nodes above the leaves of orders that were looked at lately, so that many commands read them
 * once: by their numbers, one in a slot. Whether a slot's node is still the newest, the node says.
 */
final class InnerNodes {
  private static final int MOST_SLOTS = 1_024;

  /** An order has a slot for so many of its nodes: most of them are leaves. */
  private static final int NODES_FOR_SLOT = 16;

  private OrderNode[] slots = new OrderNode[8];

  /**
   * Where a node is, or may be put.
   *
   * @param nodes how many the order has, about
   */
  OrderNode slot(int id, int nodes) {
    if (slots.length < MOST_SLOTS && nodes / NODES_FOR_SLOT > slots.length) {
      grow();
    }
    int at = id & slots.length - 1;
    if (slots[at] == null) {
      slots[at] = new OrderNode();
    }
    return slots[at];
  }

  private void grow() {
    OrderNode[] before = slots;
    slots = new OrderNode[2 * before.length];
    for (OrderNode each : before) {
      if (each != null) {
        slots[each.id & slots.length - 1] = each;
      }
    }
  }

  /** Another copy of a node was written. */
  void forgetIf(OrderNode written) {
    OrderNode there = slots[written.id & slots.length - 1];
    if (there != null) {
      there.forgetIf(written);
    }
  }
}
