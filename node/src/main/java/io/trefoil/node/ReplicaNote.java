package io.trefoil.node;

import io.trefoil.base.PartitionId;

/**
 * What the journal keeps of a replica beside its log: numbers of which only the last one matters.
 */
enum ReplicaNote {
  /** The epoch below which the replica acknowledges nothing. */
  PROMISE,
  /** 1 when its copy counts, 0 when it does not. */
  COUNTS;

  /** The note's kind in the journal: what, and of which partition. */
  long kind(PartitionId id) {
    return (long) (ordinal() + 1) << 56 | (long) id.database() << 24 | id.number();
  }

  static boolean isReplicaNote(long kind) {
    int code = (int) (kind >>> 56);
    return code >= 1 && code <= values().length;
  }

  static ReplicaNote of(long kind) {
    return values()[(int) (kind >>> 56) - 1];
  }

  static PartitionId partitionOf(long kind) {
    return new PartitionId((int) (kind >>> 24), (int) (kind & 0xffffff));
  }
}
