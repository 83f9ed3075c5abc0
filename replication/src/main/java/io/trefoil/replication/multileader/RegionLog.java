package io.trefoil.replication.multileader;

import io.trefoil.base.Position;
import java.util.SortedSet;

/** The log of a region's leader, as far as it is in memory. */
public interface RegionLog {
  /**
   * What the log holds from {@code fromIndex} on, at most up to {@code upToIndex}, which is not
   * before it. At least one index, and then as many as fit.
   *
   * @param wants regions whose entries come with content
   * @param maxBytes of the pieces, see {@link Piece#bytes}; a first entry that is larger comes all
   *     the same
   * @return null when memory no longer has {@code fromIndex}
   */
  Stretch recent(long fromIndex, long upToIndex, SortedSet<Integer> wants, int maxBytes);

  /** Of an index that is in the log or was let go of; of 0, {@link Position#ZERO}. */
  Position position(long index);
}
