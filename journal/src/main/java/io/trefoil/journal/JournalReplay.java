package io.trefoil.journal;

import io.trefoil.base.Position;

/**
 * Receives what a journal holds, in the order in which it was appended, while it is opened.
 *
 * <p>A copy whose older segments are gone begins with a {@link #start} at the last position that
 * those held, and a {@link #commit} with the commit index known there. Batches come whole, and a
 * cut of their last entries follows.
 */
public interface JournalReplay extends BatchSink {
  /** The entries of {@code copyId} after {@code lastKept} are gone. */
  void cut(long copyId, Position lastKept);

  /** The copy begins after {@code start}; what it had before is gone. */
  void start(long copyId, Position start, byte[] meta);

  /** The copy was dropped. */
  void end(long copyId);

  void commit(long copyId, long commitIndex);

  /** The value of a kind of note; a later one replaces it. */
  void note(long kind, byte[] value);
}
