package io.trefoil.node;

import io.trefoil.cell.Cells;

/** The cells of a partition that has a leader, as one command after the other sees them. */
interface ReplicaCells {
  /**
   * Begins a command.
   *
   * @param leading whether the newest cells are seen, and may be changed; else the committed ones
   * @param nowMillis by which keys expire
   */
  Cells begin(boolean leading, long nowMillis);

  /** The largest entry that decided what the command saw or changed; committed or not. */
  long heldIndex();

  /**
   * Whether the command found a key expired by a time that no entry carries yet. Its reply must
   * then wait for an entry that does, or a later leader with a slower clock would show the key
   * again.
   */
  boolean judgedExpired();

  /**
   * Lets go of some of what nobody can see any more.
   *
   * @param untilMillis the latest time that a committed entry carries, by which keys expire for
   *     good
   */
  void collect(long untilMillis);
}
