package io.trefoil.node;

import io.trefoil.base.Position;
import io.trefoil.control.Conflict;
import io.trefoil.control.Regions;

/**
 * Has the values recorded that a replica's merges hid, once their entries are committed, and counts
 * them. Belongs to the data loop's thread.
 */
final class ConflictRecorder {
  private final PartitionReplica replica;
  private long count;

  ConflictRecorder(PartitionReplica replica) {
    this.replica = replica;
  }

  /** How many there were since the node started. */
  long count() {
    return count;
  }

  /**
   * Entries up to an index are committed.
   *
   * @param appliedMillis log time of the last one, for those whose own is not known any more
   */
  void committed(ConflictFinder finder, long index, long appliedMillis) {
    finder.committed(
        index,
        found -> {
          Position position = new Position(replica.machine().epochAt(found.index()), found.index());
          long millis = replica.recent().logTimeAt(found.index()).orElse(appliedMillis);
          count += isRecorded(found) ? 1 : 0;
          record(new FoundConflict.Committed(found, position, millis));
        });
    long lost = finder.takeLeftOut();
    if (lost > 0) {
      count += lost;
      replica.host().hidUnknownValues(replica, lost);
    }
  }

  /** Records one, unless it was recorded before. */
  void record(FoundConflict.Committed found) {
    if (isRecorded(found.conflict())) {
      String database = replica.terms().database().title();
      replica.host().hidValue(ConflictRecord.of(replica.id(), database, regions(), found));
    }
  }

  /** Where all strings are kept, none hides another. */
  private boolean isRecorded(FoundConflict found) {
    return found.cause() != FoundConflict.Cause.STRING || regions().conflict() == Conflict.LWW;
  }

  private Regions regions() {
    return replica.terms().database().settings().regions();
  }
}
