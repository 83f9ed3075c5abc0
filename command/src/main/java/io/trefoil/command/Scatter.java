package io.trefoil.command;

/** How a command runs when its cells are in several partitions. */
public enum Scatter {
  /** Not at all: all its keys must be in one partition. */
  NONE,
  /** In each; the answer is the sum of the numbers. */
  SUM,
  /** In each; the answer lists the values in the order of the keys. */
  BY_KEY,
  /** In each; the answer is OK if all say so. */
  ALL_OK,
  /** In each; the answer is one list of all items. */
  CONCAT,
  /** In one after the other, in random order, until an answer isn't nil. */
  FIRST_FOUND,
  /** In the one that its cursor names; see {@link ScanCursor}. */
  BY_CURSOR
}
