package io.trefoil.node;

import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.leaderless.Stretch;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Reads from the journal what replicas of leaderless partitions lack, when memory no longer holds
 * it. Few reads at a time, the others wait in the order in which they were asked for; what is read
 * is handed over no faster than the rate that is set, all together, so that a replica that comes
 * back does not crowd out clients. Belongs to the data loop's thread.
 */
final class HintReader {
  /** Each holds what it read in memory until it may be handed over. */
  static final int MAX_READS = 4;

  private final Executor loop;
  private final LongSupplier nowNanos;
  private final Executor background;
  private final RateLimit rate;
  private final ArrayDeque<Wanted> waiting = new ArrayDeque<>();
  private final ArrayDeque<Found> found = new ArrayDeque<>();

  /** Reads that are under way or whose result is not handed over yet. */
  private int begun;

  private record Wanted(Supplier<Stretch> reading, Consumer<Stretch> then) {}

  private record Found(Stretch stretch, Consumer<Stretch> then) {
    int bytes() {
      return stretch == null || stretch.batch() == null ? 0 : stretch.batch().body().length();
    }
  }

  /**
   * @param loop the data loop
   * @param nowNanos monotonic
   * @param background where reads may take their time
   */
  HintReader(Executor loop, LongSupplier nowNanos, Executor background, RateLimit rate) {
    this.loop = loop;
    this.nowNanos = nowNanos;
    this.background = background;
    this.rate = rate;
  }

  /**
   * Reads when its turn comes.
   *
   * @param reading runs in the background; null when there is nothing to be read any more
   * @param then gets what was read, on the data loop
   */
  void read(Supplier<Stretch> reading, Consumer<Stretch> then) {
    waiting.add(new Wanted(reading, then));
    beginReads();
  }

  /** Hands over what the rate allows by now. */
  void tick() {
    handOver();
  }

  private void beginReads() {
    while (begun < MAX_READS && !waiting.isEmpty()) {
      begun++;
      Wanted wanted = waiting.poll();
      background.execute(
          () -> {
            Stretch stretch = wanted.reading().get();
            loop.execute(
                () -> {
                  found.add(new Found(stretch, wanted.then()));
                  handOver();
                });
          });
    }
  }

  private void handOver() {
    while (!found.isEmpty() && rate.take(found.peek().bytes(), nowNanos.getAsLong())) {
      begun--;
      Found next = found.poll();
      next.then().accept(next.stretch());
    }
    beginReads();
  }

  /**
   * What a log holds first of its coordinator's own: a batch with those of its own that follow it;
   * or that there is none.
   *
   * @param batches consecutive, from {@code fromIndex} to before {@code after}; null is answered
   *     when there are none
   */
  static Stretch ownStretch(long fromIndex, long after, List<EntryBatch> batches) {
    if (batches.isEmpty()) {
      return null;
    }
    int first = 0;
    while (first < batches.size() && QuorumReplica.isForeign(batches.get(first))) {
      first++;
    }
    if (first == batches.size()) {
      return new Stretch(fromIndex, after - 1, null);
    }
    int end = first + 1;
    while (end < batches.size() && !QuorumReplica.isForeign(batches.get(end))) {
      end++;
    }
    EntryBatch own = NodeReplicas.join(batches.subList(first, end));
    return new Stretch(fromIndex, own.lastIndex(), own);
  }
}
