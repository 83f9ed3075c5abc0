package io.trefoil.replication.leaderless;

import io.trefoil.base.Invariants;
import io.trefoil.replication.kernel.EntryBatch;

/**
 * A piece of a replica's log, as others see it: foreign entries are elided.
 *
 * @param upTo the last index of the piece
 * @param batch all of the log's own entries from {@code from} to {@code upTo}, at its end; null
 *     when all of the piece is foreign
 */
public record Stretch(long from, long upTo, EntryBatch batch) {
  public Stretch {
    check(from, upTo, batch);
    Invariants.check(upTo >= from, "a stretch has an index", from, upTo);
  }

  static void check(long from, long upTo, EntryBatch batch) {
    Invariants.check(from > 0 && upTo >= from - 1, "a piece of the log", from, upTo);
    if (batch != null) {
      Invariants.check(
          batch.firstIndex() >= from && batch.lastIndex() == upTo,
          "a batch ends its piece of the log",
          batch.firstIndex(),
          batch.lastIndex());
    }
  }

  /** The part up to {@code index}, which is not before the stretch. */
  Stretch upTo(long index) {
    if (index >= upTo) {
      return this;
    }
    boolean holdsEntries = batch != null && batch.firstIndex() <= index;
    return new Stretch(from, index, holdsEntries ? batch.before(index + 1) : null);
  }
}
