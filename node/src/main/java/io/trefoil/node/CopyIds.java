package io.trefoil.node;

/** Ids of partition copies, never used twice by a disk: the node's incarnation, then a counter. */
final class CopyIds {
  private long last;

  CopyIds(long incarnation) {
    last = incarnation << 32;
  }

  long next() {
    return ++last;
  }
}
