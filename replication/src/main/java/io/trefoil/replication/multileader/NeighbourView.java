package io.trefoil.replication.multileader;

import io.trefoil.base.Position;
import java.util.SortedSet;

/**
 * How far a neighbour's log is here. For status.
 *
 * @param lagEntries how far that is behind what the neighbour could send when it was heard from
 *     last, as indexes of its log go
 * @param lagMillis since when not everything of the neighbour is here, by both regions' wall
 *     clocks; from the receiver's start until everything was here once
 * @param waitsFor a word of what another neighbour has to bring first; null when it waits for
 *     nothing
 * @param wants regions whose entries it is to bring
 * @param appended up to where its log is in the local log
 * @param committed up to where that is committed
 */
public record NeighbourView(
    State state,
    long lagEntries,
    long lagMillis,
    Piece waitsFor,
    SortedSet<Integer> wants,
    Position appended,
    Position committed,
    long queuedBytes) {
  /** What goes on between the two. */
  public enum State {
    /** There is no connection. */
    DOWN,
    /** Asked, and not answered yet. */
    PULLING,
    STREAMING,
    /** What came has to wait for what another neighbour brings. */
    WAITING,
    /** Its log no longer holds what is lacking; a snapshot is needed. */
    TOO_OLD
  }
}
