package io.trefoil.node;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.LogView;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The recent end of a replica's log, in memory: everything that is not committed yet, and as much
 * of what is as the bound allows, so that a follower that is a little behind costs no disk read.
 *
 * <p>Batches are consecutive: each begins where the one before it ends. Owner thread only.
 */
final class RecentEntries implements LogView {
  /** What a batch takes on the heap beside the bytes of its entries, roughly. */
  static final int BATCH_OVERHEAD = 100;

  private EntryBatch[] ring = new EntryBatch[64];
  private int head;
  private int count;
  private long bytes;

  void add(EntryBatch batch) {
    Invariants.check(
        count == 0 || batch.firstIndex() == last().lastIndex() + 1,
        "recent entries are consecutive",
        batch.firstIndex(),
        count == 0 ? 0 : last().lastIndex());
    if (count == ring.length) {
      grow();
    }
    ring[(head + count++) & (ring.length - 1)] = batch;
    bytes += weight(batch);
  }

  /** Forgets the entries from {@code index} on. */
  void cut(long index) {
    while (count > 0 && last().firstIndex() >= index) {
      removeLast();
    }
    if (count > 0 && last().lastIndex() >= index) {
      EntryBatch whole = removeLast();
      add(whole.before(index));
    }
  }

  /**
   * Forgets old batches beyond {@code maxBytes}, as far as they are at or below {@code committed}.
   */
  void trim(long committed, long maxBytes) {
    while (count > 0 && bytes > maxBytes && ring[head].lastIndex() <= committed) {
      bytes -= weight(ring[head]);
      ring[head] = null;
      head = (head + 1) & (ring.length - 1);
      count--;
    }
  }

  void clear() {
    while (count > 0) {
      removeLast();
    }
  }

  /** The index of the first entry held, or {@link Long#MAX_VALUE} when there is none. */
  long firstIndex() {
    return count == 0 ? Long.MAX_VALUE : ring[head].firstIndex();
  }

  /** The index of the last entry held, or 0 when there is none. */
  long lastIndex() {
    return count == 0 ? 0 : last().lastIndex();
  }

  @Override
  public EntryBatch recent(long fromIndex) {
    if (fromIndex < firstIndex() || fromIndex > lastIndex()) {
      return null;
    }
    return at(find(fromIndex)).from(fromIndex);
  }

  /** The position of an entry that is held. */
  Position positionAt(long index) {
    return new Position(at(find(index)).epoch(), index);
  }

  /** The log time of an entry, if it is held. */
  OptionalLong logTimeAt(long index) {
    return index < firstIndex() || index > lastIndex()
        ? OptionalLong.empty()
        : OptionalLong.of(at(find(index)).logTimeMillis());
  }

  /** Bytes of the entries after {@code index}, as far as they are held; whole batches. */
  long bytesAfter(long index) {
    long after = 0;
    for (int i = count - 1; i >= 0 && at(i).lastIndex() > index; i--) {
      after += at(i).body().length();
    }
    return after;
  }

  /** The last batches that have entries after {@code index}, the newest first; whole ones. */
  List<EntryBatch> newest(long index, int most) {
    List<EntryBatch> newest = new ArrayList<>();
    for (int i = count - 1; i >= 0 && at(i).lastIndex() > index && newest.size() < most; i--) {
      newest.add(at(i));
    }
    return newest;
  }

  /**
   * Hands over the entries from {@code fromIndex} to {@code toIndex}, all of which must be held.
   */
  void forEach(long fromIndex, long toIndex, Consumer<EntryBatch> consumer) {
    if (fromIndex > toIndex) {
      return;
    }
    Invariants.check(
        fromIndex >= firstIndex() && toIndex <= last().lastIndex(),
        "not held in memory",
        fromIndex,
        toIndex);
    long next = fromIndex;
    for (int i = find(fromIndex); next <= toIndex; i++) {
      EntryBatch batch = at(i).from(next);
      next = batch.lastIndex() + 1;
      consumer.accept(batch.lastIndex() > toIndex ? batch.before(toIndex + 1) : batch);
    }
  }

  private static long weight(EntryBatch batch) {
    return (long) batch.body().length() + BATCH_OVERHEAD;
  }

  private int find(long index) {
    int low = 0;
    int high = count - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (at(middle).firstIndex() <= index) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private EntryBatch at(int i) {
    return ring[(head + i) & (ring.length - 1)];
  }

  private EntryBatch last() {
    return at(count - 1);
  }

  private EntryBatch removeLast() {
    int slot = (head + --count) & (ring.length - 1);
    EntryBatch removed = ring[slot];
    ring[slot] = null;
    bytes -= weight(removed);
    return removed;
  }

  private void grow() {
    EntryBatch[] larger = new EntryBatch[ring.length * 2];
    for (int i = 0; i < count; i++) {
      larger[i] = at(i);
    }
    ring = larger;
    head = 0;
  }
}
