package io.trefoil.command;

import io.trefoil.cell.Fields;

/**
 * Members that follow one another in the order of a sorted set.
 *
 * @param from how many members come before them
 * @param to how many members come before the first one after them; not less
 */
record Ranks(long from, long to) {
  static final Ranks NONE = new Ranks(0, 0);

  /** Those between two ranks, of which the second may be less: then there are none. */
  static Ranks between(long from, long to) {
    return from < to ? new Ranks(from, to) : NONE;
  }

  long count() {
    return to - from;
  }

  boolean isEmpty() {
    return from == to;
  }

  /**
   * What {@code LIMIT} leaves of them.
   *
   * @param offset how many are left out; none are left when it is negative
   * @param limit how many stay at most; negative for all
   * @param backwards whether that counts from the last one
   */
  Ranks limited(long offset, long limit, boolean backwards) {
    if (offset < 0 || offset >= count()) {
      return NONE;
    }
    long left = count() - offset;
    long kept = limit < 0 ? left : Math.min(limit, left);
    long first = backwards ? to - offset - kept : from + offset;
    return between(first, first + kept);
  }

  /** Visits these members. */
  void visit(Fields members, boolean backwards, Fields.Visitor visitor) {
    if (!isEmpty()) {
      members.visit(backwards ? to - 1 : from, count(), backwards, visitor);
    }
  }
}
