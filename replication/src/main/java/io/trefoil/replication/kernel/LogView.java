package io.trefoil.replication.kernel;

/** The recent end of a replica's log, in memory, for reading. */
@FunctionalInterface
public interface LogView {
  /**
   * A batch that begins at {@code fromIndex}.
   *
   * @return entries of one epoch, or null when memory no longer holds that index
   */
  EntryBatch recent(long fromIndex);
}
