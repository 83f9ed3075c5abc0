package io.trefoil.journal;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;

/**
 * What the journal knows of one partition copy: where its history ends, and where to find its
 * entries.
 *
 * <p><b>Index.</b> Batches of all copies are mixed in a segment. An index entry (first index,
 * offset) is made for a copy's batch when the last entry is {@value #SPACING_BYTES} bytes of
 * journal or a segment behind. All batches of the copy that begin before the next entry therefore
 * begin less than that far behind this one, in the same segment.
 *
 * <p><b>Cuts.</b> A cut does not touch what is written. It is remembered as (first index that is
 * gone, offset of the cut): of a batch, the entries are valid that no later cut took. A cut makes
 * older ones superfluous that cut less deep, so both numbers ascend.
 *
 * <p>The owner appends. Index and cuts are guarded by this object, as readers on other threads use
 * them; the rest is the owner's alone but for the volatile {@code firstIndex}.
 */
final class CopyLog {
  static final int SPACING_BYTES = 64 << 10;

  private final long copyId;
  private final byte[] meta;
  private final LongPairs index = new LongPairs();
  private final LongPairs cuts = new LongPairs();

  private volatile long firstIndex;
  private long lastEpoch;
  private long lastIndex;
  private long commitIndex;

  CopyLog(long copyId, Position start, byte[] meta) {
    this.copyId = copyId;
    this.meta = meta;
    this.lastEpoch = start.epoch();
    this.lastIndex = start.index();
    this.firstIndex = start.index() + 1;
  }

  void batch(long epoch, long first, int count, long commit, long offset, Segment segment) {
    Invariants.check(
        first == lastIndex + 1, "a batch must follow the last entry", first, lastIndex);
    Invariants.check(epoch >= lastEpoch, "an epoch never goes back", epoch, lastEpoch);
    int last = index.size() - 1;
    long lastOffset = last < 0 ? -1 : index.second(last);
    if (lastOffset < segment.base || offset - lastOffset >= SPACING_BYTES) {
      synchronized (this) {
        index.add(first, offset);
      }
    }
    lastEpoch = epoch;
    lastIndex = first + count - 1;
    commitIndex = Math.max(commitIndex, commit);
  }

  void cut(Position lastKept, long offset) {
    long from = lastKept.index() + 1;
    Invariants.check(from <= lastIndex + 1, "can't cut beyond the end", from, lastIndex);
    synchronized (this) {
      while (index.size() > 0 && index.first(index.size() - 1) >= from) {
        index.removeLast();
      }
      while (cuts.size() > 0 && cuts.first(cuts.size() - 1) >= from) {
        cuts.removeLast();
      }
      cuts.add(from, offset);
    }
    lastEpoch = lastKept.epoch();
    lastIndex = lastKept.index();
    commitIndex = Math.min(commitIndex, lastIndex);
    firstIndex = Math.min(firstIndex, from);
  }

  void commit(long index) {
    commitIndex = Math.max(commitIndex, index);
  }

  /** Entries up to {@code upto} are no longer needed. */
  void release(long upto) {
    Invariants.check(upto <= lastIndex, "can't release what isn't there", upto, lastIndex);
    if (upto < firstIndex) {
      return;
    }
    firstIndex = upto + 1;
    synchronized (this) {
      while (index.size() > 1 && index.first(1) <= firstIndex) {
        index.removeFirst();
      }
      if (upto == lastIndex && index.size() > 0) {
        index.removeFirst();
      }
      // A cut trims what was written before it: below the oldest entry's offset nothing is left.
      long oldest = index.size() == 0 ? Long.MAX_VALUE : index.second(0);
      while (cuts.size() > 0 && cuts.second(0) < oldest) {
        cuts.removeFirst();
      }
    }
  }

  /** The last entry before the first one known to be at {@code offset} or behind it. */
  long lastIndexBefore(long offset) {
    int at = index.above(offset - 1);
    return at < index.size() ? index.first(at) - 1 : lastIndex;
  }

  /** The offset from which on this copy's entries are needed, or {@link Long#MAX_VALUE}. */
  long neededOffset() {
    return index.size() == 0 ? Long.MAX_VALUE : index.second(0);
  }

  /** Where to look for the entry {@code wanted}: from one offset to before another. */
  record Extent(long from, long to, long nextIndex) {}

  /** The extent in which {@code wanted} is, or null when there is none. */
  synchronized Extent extent(long wanted) {
    int at = index.floor(wanted);
    if (at < 0 || wanted < firstIndex) {
      return null;
    }
    long from = index.second(at);
    boolean last = at == index.size() - 1;
    return new Extent(
        from,
        last ? from + SPACING_BYTES : Math.min(from + SPACING_BYTES, index.second(at + 1)),
        last ? Long.MAX_VALUE : index.first(at + 1));
  }

  /** The first index that is gone of what was written at {@code offset}. */
  synchronized long goneFrom(long offset) {
    int at = cuts.above(offset);
    return at == cuts.size() ? Long.MAX_VALUE : cuts.first(at);
  }

  long copyId() {
    return copyId;
  }

  byte[] meta() {
    return meta;
  }

  long firstIndex() {
    return firstIndex;
  }

  long lastEpoch() {
    return lastEpoch;
  }

  long lastIndex() {
    return lastIndex;
  }

  long commitIndex() {
    return commitIndex;
  }
}
