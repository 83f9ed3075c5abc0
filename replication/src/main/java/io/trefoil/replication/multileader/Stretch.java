package io.trefoil.replication.multileader;

import java.util.List;

/**
 * A part of a region's log as one other region is sent it, in the order of the log: pieces with
 * content of the regions it wants, words of the others. Entries that hold nothing for others leave
 * nothing. Of words of one origin in a row the last is enough.
 *
 * @param upToIndex the last index of the part
 */
public record Stretch(long upToIndex, List<Piece> pieces) {
  public Stretch {
    pieces = List.copyOf(pieces);
  }
}
