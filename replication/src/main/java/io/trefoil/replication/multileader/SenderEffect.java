package io.trefoil.replication.multileader;

import java.util.SortedSet;

/** What a {@link RegionSender} wants done, in order. */
public sealed interface SenderEffect {
  /** To the one region that is served. */
  record Send(RegionMessage message) implements SenderEffect {}

  /**
   * Read the log as {@link RegionLog#recent} would, off the loop, and come back with {@link
   * SenderEvent.LogRead}.
   *
   * @param id of the pull; a read for an earlier one is of no use, as other regions were wanted
   */
  record ReadLog(long id, long fromIndex, long upToIndex, SortedSet<Integer> wants, int maxBytes)
      implements SenderEffect {}
}
