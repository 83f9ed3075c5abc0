package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.PartitionId;
import io.trefoil.journal.Journal;

/**
 * What the journal keeps of a replica beside its log: numbers of which only the last one matters.
 */
enum ReplicaNote {
  /** The epoch below which the replica acknowledges nothing. */
  PROMISE,
  /**
   * Id of its copy when that counts, 0 when it does not. A copy that came by a snapshot counts only
   * when this names it; one that began empty counts unless this denies it.
   */
  COUNTING_COPY,
  /** The number of the stream of what it coordinates, where there is no leader. */
  ORIGIN;

  /** The note's kind in the journal: what, and of which partition. */
  long kind(PartitionId id) {
    return (long) (ordinal() + 1) << 56 | (long) id.database() << 24 | id.number();
  }

  void put(Journal journal, PartitionId id, long value) {
    journal.putNote(kind(id), new ByteSink(16).putVarint(value).toArray());
  }
}
