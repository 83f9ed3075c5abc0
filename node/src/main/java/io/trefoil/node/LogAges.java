package io.trefoil.node;

import java.util.ArrayDeque;

/**
 * How far a log had come when, so that one can tell which of its entries are older than a bound.
 * The log's end is noted when somebody looks, not more often than {@value #NOTES} times while an
 * entry becomes so old: what is told is never younger than the bound, and older by that part of it
 * or by the pause between two looks. A log that was there before this object is as old as the first
 * look. It has no clock: who looks says what time it is, in monotonic nanoseconds.
 */
final class LogAges {
  static final int NOTES = 64;

  private record Note(long nanos, long lastIndex) {}

  private final long maxAgeNanos;

  /** The oldest first, none of them older than the bound. */
  private final ArrayDeque<Note> notes = new ArrayDeque<>();

  private long oldIndex;

  LogAges(long maxAgeNanos) {
    this.maxAgeNanos = maxAgeNanos;
  }

  /**
   * Looks at the log.
   *
   * @param lastIndex where it ends now
   * @return the last entry that is known to be older than the bound; 0 when none is
   */
  long look(long nowNanos, long lastIndex) {
    Note newest = notes.peekLast();
    boolean due = newest == null || nowNanos - newest.nanos() >= maxAgeNanos / NOTES;
    if (due && lastIndex > (newest == null ? oldIndex : newest.lastIndex())) {
      notes.addLast(new Note(nowNanos, lastIndex));
    }
    while (!notes.isEmpty() && nowNanos - notes.peekFirst().nanos() > maxAgeNanos) {
      oldIndex = notes.pollFirst().lastIndex();
    }
    return oldIndex;
  }
}
