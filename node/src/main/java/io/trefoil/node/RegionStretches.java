package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.EntryWriter;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.replication.multileader.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;

/**
 * Cuts a partition's log into what another region is sent: runs of what leaders of this region
 * wrote, and what came from other regions, each as its origin's.
 */
final class RegionStretches {
  private final int self;
  private final SortedSet<Integer> wants;
  private final int maxBytes;
  private final List<Piece> pieces = new ArrayList<>();
  private final ByteSource body = new ByteSource(new byte[0]);
  private final ByteSource entry = new ByteSource(new byte[0]);
  private final ByteSink run = new ByteSink();
  private int runOrigin;
  private long runIndex;
  private int runCount;
  private long bytes;
  private long upToIndex;

  /**
   * @param self this region
   * @param wants regions whose entries come with content
   * @param maxBytes after which it ends
   */
  private RegionStretches(int self, SortedSet<Integer> wants, int maxBytes) {
    this.self = self;
    this.wants = wants;
    this.maxBytes = maxBytes;
  }

  /**
   * Cuts batches that follow each other. Of what came by a snapshot the log has no content: a word
   * stands for it, also where it is wanted.
   *
   * @param upToIndex where it ends at the latest
   * @return null when there is nothing to begin with
   */
  static Stretch of(
      List<EntryBatch> batches, long upToIndex, int self, SortedSet<Integer> wants, int maxBytes) {
    if (batches.isEmpty()) {
      return null;
    }
    RegionStretches cutting = new RegionStretches(self, wants, maxBytes);
    long before = batches.get(0).firstIndex() - 1;
    cutting.upToIndex = before;
    for (EntryBatch batch : batches) {
      if (!cutting.add(batch, upToIndex)) {
        break;
      }
    }
    cutting.endRun();
    return cutting.upToIndex == before ? null : new Stretch(cutting.upToIndex, cutting.pieces);
  }

  /** Returns whether there is room for more. */
  private boolean add(EntryBatch batch, long end) {
    body.reset(batch.body().array(), 0, batch.body().length());
    int origin = RegionOrigin.number(self, batch.epoch());
    for (int i = 0; i < batch.count(); i++) {
      long index = batch.firstIndex() + i;
      if (index > end || bytes >= maxBytes) {
        return false;
      }
      int length = body.getBlockLength();
      entry.reset(body.array(), body.skip(length), length);
      add(origin, index);
      upToIndex = index;
    }
    return true;
  }

  private void add(int origin, long index) {
    int start = entry.position();
    if (EntryReader.isForeign(new ByteSource(entry.array(), start, entry.remaining()))) {
      endRun();
      addForeign();
    } else if (wants.contains(self)) {
      addOwn(origin, index);
    } else {
      addWord(origin, index);
    }
  }

  private void addOwn(int origin, long index) {
    if (runCount > 0 && (runOrigin != origin || runIndex + 1 != index)) {
      endRun();
    }
    runOrigin = origin;
    runIndex = index;
    runCount++;
    int length = EntryReader.isMark(entry) ? Long.BYTES : entry.remaining();
    run.putBlock(entry.array(), entry.position(), length);
    bytes += length;
  }

  private void endRun() {
    if (runCount > 0) {
      pieces.add(new Piece(runOrigin, runIndex, runCount, Bytes.wrap(run.toArray())));
      run.clear();
      runCount = 0;
    }
  }

  private void addForeign() {
    EntryReader.stamp(entry);
    for (EntryReader.Wrapped each : EntryReader.wrapped(entry)) {
      if (each.origin() == 0) {
        continue; // of a snapshot: it is told by the entry that ends it what came so
      }
      if (each.count() > 0 && wants.contains(RegionOrigin.regionOf(each.origin()))) {
        pieces.add(new Piece(each.origin(), each.index(), each.count(), each.body()));
        bytes += each.body().length();
      } else {
        addWord(each.origin(), each.index());
      }
    }
  }

  /** Of words of one origin in a row the last is enough. */
  private void addWord(int origin, long index) {
    int last = pieces.size() - 1;
    if (last >= 0 && pieces.get(last).isWord() && pieces.get(last).origin() == origin) {
      pieces.remove(last);
    }
    pieces.add(Piece.word(origin, index));
  }

  /** Writes the changes of an entry that takes in what came from another region. */
  static void write(ByteSink changes, int region, long epoch, long index, List<Piece> pieces) {
    EntryWriter.reached(changes, region, epoch, index);
    for (Piece each : pieces) {
      EntryWriter.from(changes, each.origin(), each.index(), each.count(), each.body().array());
    }
  }
}
