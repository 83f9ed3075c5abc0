package io.trefoil.simulation.cluster;

import io.trefoil.base.ByteSource;
import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.Opened;
import io.trefoil.cell.merge.Versions;
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
    // A place in a list has no name; who pushed an element knows its value.
    boolean list = of.type() == CellType.LIST;
    String name =
        list
            ? new String(value, valueOffset, valueLength, StandardCharsets.UTF_8)
            : new String(field, fieldOffset, fieldLength, StandardCharsets.UTF_8);
    keys.add(key(of) + "/" + name);
  }

  private static String utf8(byte[] text) {
    return new String(text, StandardCharsets.UTF_8);
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
    if (type == CellType.LIST) {
      Versions pushed = new Versions().read(new ByteSource(change, at, changeLength));
      pushed.liveWrites().forEach(it -> keys.add(merged + "/" + utf8(it.value())));
      return;
    }
    keys.add(merged + "/" + new String(field, fieldOffset, fieldLength, StandardCharsets.UTF_8));
  }
}
