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
  ORIGIN,
  /**
   * Id of its copy when that vouches, where there is no leader: see {@link
   * io.trefoil.replication.leaderless.CopyState}. Else 0.
   */
  VOUCHING_COPY,
  /**
   * A stamp up to which every copy has everything, so that this one may forget what was removed.
   */
  HORIZON,
  /**
   * Since which configuration the node has had the place for which it made its copy, where there is
   * no leader.
   */
  PLACE,
  /**
   * Of the node, whatever the partition: a stamp that it told as its clock. It gives none so small
   * again.
   */
  CLOCK;

  /** The partition that stands for the whole node. */
  static final PartitionId NODE = new PartitionId(0, 0);

  /** What a note of that kind is about, if it is of this one; else null. */
  PartitionId partition(long kind) {
    return kind >>> 56 == ordinal() + 1
        ? new PartitionId((int) (kind >>> 24), (int) kind & 0xff_ffff)
        : null;
  }

  /** The note's kind in the journal: what, and of which partition. */
  long kind(PartitionId id) {
    return (long) (ordinal() + 1) << 56 | (long) id.database() << 24 | id.number();
  }

  void put(Journal journal, PartitionId id, long value) {
    journal.putNote(kind(id), new ByteSink(16).putVarint(value).toArray());
  }
}
