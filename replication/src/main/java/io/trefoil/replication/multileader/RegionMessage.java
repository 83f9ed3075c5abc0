package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What leaders of a partition in two regions tell each other. On one connection messages come in
 * order. A connection may break, and another one may stand beside it for a while: the pull's id
 * tells apart what belongs to which.
 */
public sealed interface RegionMessage {
  /**
   * Puller to sender: send me your log after this position, and nothing that I asked for before.
   *
   * @param id never used before between these two regions
   * @param after in the sender's log; if that no longer has it, what is sent begins where both have
   *     the same
   * @param wants regions whose entries are to come with content; of others a word is enough
   */
  record Pull(long id, Position after, SortedSet<Integer> wants) implements RegionMessage {
    public Pull {
      wants = Collections.unmodifiableSortedSet(new TreeSet<>(wants));
    }
  }

  /**
   * Sender to puller: this is in my log between these positions. With {@code after} equal to {@code
   * upTo} it is a heartbeat.
   *
   * @param endIndex how far the sender could send now
   * @param sentMillis the sender's wall clock, milliseconds since 1970
   */
  record Batch(
      long id, Position after, Position upTo, long endIndex, long sentMillis, List<Piece> pieces)
      implements RegionMessage {
    /** What a batch takes beside its pieces, about: so that empty ones are bounded, too. */
    private static final int HEADER_BYTES = 32;

    public Batch {
      pieces = List.copyOf(pieces);
      Invariants.check(
          upTo.compareTo(after) >= 0 && endIndex >= upTo.index(),
          "a part of the log",
          upTo.index(),
          endIndex);
      Invariants.check(pieces.isEmpty() || !upTo.equals(after), "pieces are somewhere in the log");
    }

    /** Whether it only says that the sender is there, and how far it could send. */
    public boolean isHeartbeat() {
      return upTo.equals(after);
    }

    /** How much it counts for in windows and queues; a heartbeat for nothing. */
    public long bytes() {
      return isHeartbeat() ? 0 : bytesOf(pieces);
    }

    /** A heartbeat in its place, as long as it has to wait. */
    public Batch nothingYet(long nowMillis) {
      return new Batch(id, after, after, endIndex, nowMillis, List.of());
    }

    static long bytesOf(List<Piece> pieces) {
      long bytes = HEADER_BYTES;
      for (Piece piece : pieces) {
        bytes += piece.bytes();
      }
      return bytes;
    }
  }

  /** Puller to sender: everything in your log up to here is committed in my region. */
  record Acked(long id, Position upTo) implements RegionMessage {}

  /** Sender to puller: my log no longer holds what follows your position. */
  record TooOld(long id) implements RegionMessage {}
}
