package io.trefoil.replication.multileader;

import io.trefoil.replication.multileader.RegionMessage.Batch;
import java.util.ArrayDeque;
import java.util.function.Consumer;

/** What came of a neighbour's log and is not in the local log yet, in the neighbour's order. */
final class PieceQueue {
  private final ArrayDeque<Batch> batches = new ArrayDeque<>();

  /** The next piece of the first batch. */
  private int at;

  private long bytes;

  void add(Batch batch) {
    batches.addLast(batch);
    bytes += batch.bytes();
  }

  /**
   * Takes the next entries that are new, and passes what is here already.
   *
   * @param passed gets each batch of which nothing is left
   * @return null when nothing is left, or a word comes next that the vector does not cover
   */
  Piece take(RegionVector vector, Consumer<Batch> passed) {
    while (!batches.isEmpty()) {
      Batch batch = batches.peekFirst();
      while (at < batch.pieces().size()) {
        Piece piece = batch.pieces().get(at);
        boolean covered = vector.covers(piece.origin(), piece.index());
        if (piece.isWord() && !covered) {
          return null;
        }
        at++;
        if (!covered) {
          return piece.after(vector.upTo(piece.origin()));
        }
      }
      removeFirst();
      passed.accept(batch);
    }
    return null;
  }

  private void removeFirst() {
    bytes -= batches.pollFirst().bytes();
    at = 0;
  }

  /** The word that stopped {@link #take}; null when nothing is left. */
  Piece waitsFor() {
    return batches.isEmpty() ? null : batches.peekFirst().pieces().get(at);
  }

  boolean isEmpty() {
    return batches.isEmpty();
  }

  long bytes() {
    return bytes;
  }

  void clear() {
    batches.clear();
    at = 0;
    bytes = 0;
  }
}
