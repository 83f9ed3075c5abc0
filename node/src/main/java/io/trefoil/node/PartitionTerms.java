package io.trefoil.node;

import io.trefoil.control.Database;
import io.trefoil.control.PartitionState;

/** A database's terms, as a replica of one of its partitions applies them. */
record PartitionTerms(Database database, PartitionState state) {
  long writeTimeoutNanos() {
    return database.settings().writeTimeoutMillis() * 1_000_000L;
  }

  /** Whether a copy is stable when synced, rather than when written. */
  boolean fsync() {
    return state.isSynced();
  }
}
