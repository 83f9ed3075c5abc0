package io.trefoil.control;

/**
 * What a read shows of writes that knew nothing of each other. The order is part of the stored
 * format.
 */
public enum Conflict {
  /** The write with the largest stamp. */
  LWW,
  /** All of them, until somebody resolves them. */
  SIBLINGS
}
