package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSource;
import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.Opened;
import io.trefoil.replication.kernel.EntryBatch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The keys that a batch of entries puts; a field is {@code key/field}. */
final class WrittenKeys extends IgnoredChanges {
  private final List<String> keys = new ArrayList<>();

  /** The one that was merged last. */
  private String merged = "";

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
  public void field(
      Opened of,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    String name = new String(field, fieldOffset, fieldLength, StandardCharsets.UTF_8);
    keys.add(key(of) + "/" + name);
  }

  private static String key(Opened of) {
    return new String(of.array(), of.offset(), of.length(), StandardCharsets.UTF_8);
  }

  @Override
  public void head(Opened of, long expireAtMillis, long count) {
    keys.add(key(of));
  }

  @Override
  public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {
    merged = new String(key, offset, length, StandardCharsets.UTF_8);
    keys.add(merged);
  }

  @Override
  public void part(
      CellType type,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] change,
      int at,
      int changeLength) {
    keys.add(merged + "/" + new String(field, fieldOffset, fieldLength, StandardCharsets.UTF_8));
  }
}
