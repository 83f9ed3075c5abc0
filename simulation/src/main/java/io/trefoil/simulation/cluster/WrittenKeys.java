package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSource;
import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryReader;
import io.trefoil.replication.kernel.EntryBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The keys that a batch of entries puts. */
final class WrittenKeys implements EntryReader.Changes {
  private final List<String> keys = new ArrayList<>();

  private WrittenKeys() {}

  static List<String> of(EntryBatch batch) {
    WrittenKeys written = new WrittenKeys();
    ByteSource body = new ByteSource(batch.body().array());
    for (int i = 0; i < batch.count(); i++) {
      int length = body.getBlockLength();
      ByteSource entry = new ByteSource(body.array(), body.skip(length), length);
      EntryReader.stamp(entry);
      EntryReader.changes(entry, written);
    }
    return written.keys;
  }

  @Override
  public void put(
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    keys.add(new String(key, keyOffset, keyLength, StandardCharsets.UTF_8));
  }

  @Override
  public void remove(byte[] key, int offset, int length) {}

  @Override
  public void expire(long expireAtMillis, byte[] key, int offset, int length) {}

  @Override
  public void clear() {}

  @Override
  public void mark(long id, long timeMillis) {}
}
