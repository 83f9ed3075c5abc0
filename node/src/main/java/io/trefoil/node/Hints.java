package io.trefoil.node;

import io.trefoil.replication.kernel.EntryBatch;

/**
 * What a coordinator keeps for another replica: entries that it wrote, that the replica has not
 * confirmed, and that the journal still holds.
 *
 * <p>What others wrote lies between them in the log and is no hint. The newest batches are looked
 * at, as far as memory holds them and the bound allows; before them the log is taken to be as they
 * are, since to count a long log would stop the data loop.
 */
record Hints(long entries, long bytes) {
  static final Hints NONE = new Hints(0, 0);

  /** Batches that are looked at, at most. */
  private static final int MAX_BATCHES = 4_096;

  /**
   * Those of a log.
   *
   * @param recent its end
   * @param confirmed index up to where the replica has it, or the journal has let go of it
   * @param lastOwn index of the last entry that the coordinator wrote
   */
  static Hints of(RecentEntries recent, long confirmed, long lastOwn) {
    if (lastOwn <= confirmed) {
      return NONE;
    }
    long first = recent.lastIndex() + 1;
    long entries = 0;
    long bytes = 0;
    for (EntryBatch batch : recent.newest(confirmed, MAX_BATCHES)) {
      first = Math.max(batch.firstIndex(), confirmed + 1);
      if (!QuorumReplica.isForeign(batch)) {
        entries += batch.lastIndex() - first + 1;
        bytes += batch.body().length();
      }
    }
    long lookedAt = recent.lastIndex() + 1 - first;
    if (lookedAt == 0) {
      return new Hints(lastOwn - confirmed, 0);
    }
    double part = (double) lookedAt / (recent.lastIndex() - confirmed);
    return new Hints(Math.round(entries / part), Math.round(bytes / part));
  }
}
