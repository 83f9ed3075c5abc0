package io.trefoil.storage;

/**
 * The nodes above the leaves that one {@link FieldOrder} looked at lately, so that many commands
 * read them once: so many slots and no more, and in each the node that was read into it last.
 * Whether that is still the newest, the node says.
 *
 * <p>Never shared: a path that stays leads through these nodes, and nobody else may read into them.
 */
final class InnerNodes {
  private static final int SLOTS = 512;

  private final OrderNode[] slots = new OrderNode[SLOTS];

  /** Where a node is, or is to be read into. */
  OrderNode slot(int id) {
    int at = id & SLOTS - 1;
    if (slots[at] == null) {
      slots[at] = new OrderNode();
    }
    return slots[at];
  }

  /** Another copy of a node was written: one that is here is outdated. */
  void forgetIf(OrderNode written) {
    OrderNode there = slots[written.id & SLOTS - 1];
    if (there != null) {
      there.forgetIf(written);
    }
  }
}
