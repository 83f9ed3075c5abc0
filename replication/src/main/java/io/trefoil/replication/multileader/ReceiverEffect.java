package io.trefoil.replication.multileader;

import io.trefoil.base.Position;
import java.util.List;

/** What a {@link RegionReceiver} wants done, in order. */
public sealed interface ReceiverEffect {
  record Send(int region, RegionMessage message) implements ReceiverEffect {}

  /**
   * Append one local entry that merges these pieces, in their order. {@link
   * ReceiverEvent.Committed} says when it is committed.
   *
   * @param sequence counts these effects, from 1
   * @param region the neighbour
   * @param upTo with this entry everything in the neighbour's log up to here is in the local log.
   *     Never goes back
   * @param pieces all with content; none when only {@code upTo} is to be noted
   */
  record Append(long sequence, int region, Position upTo, List<Piece> pieces)
      implements ReceiverEffect {
    public Append {
      pieces = List.copyOf(pieces);
    }
  }

  /** The neighbour's log no longer holds what is lacking here: a snapshot is needed. */
  record NeedSnapshot(int region) implements ReceiverEffect {}
}
