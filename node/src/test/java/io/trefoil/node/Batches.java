package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.replication.kernel.EntryBatch;

/** Batches for tests, whose entries are as long as told and else of no meaning. */
final class Batches {
  private Batches() {}

  static EntryBatch of(long epoch, long firstIndex, int... entryLengths) {
    ByteSink body = new ByteSink(64);
    for (int i = 0; i < entryLengths.length; i++) {
      byte[] entry = new byte[entryLengths[i]];
      java.util.Arrays.fill(entry, (byte) (firstIndex + i));
      body.putBlock(entry, 0, entry.length);
    }
    Bytes bytes = Bytes.wrap(body.toArray());
    return new EntryBatch(epoch, firstIndex, entryLengths.length, 1_000 + firstIndex, 7, bytes);
  }
}
