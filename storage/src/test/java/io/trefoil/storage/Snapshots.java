package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import java.util.TreeMap;

/** Reads a snapshot's stream the simple way: all of it at once. */
final class Snapshots {
  private Snapshots() {}

  /** The value of each key: bytes, or the map of its fields. */
  static TreeMap<Bytes, Object> visible(CellSnapshot snapshot, long logTime) {
    ByteSink all = new ByteSink();
    for (byte[] chunk = snapshot.nextChunk(1_000);
        chunk != null;
        chunk = snapshot.nextChunk(1_000)) {
      all.putBytes(chunk, 0, chunk.length);
    }
    TreeMap<Bytes, Object> cells = new TreeMap<>();
    TreeMap<Bytes, Bytes> fields = new TreeMap<>();
    ByteSource source = new ByteSource(all.toArray());
    while (source.remaining() > 0) {
      int keyWord = source.getInt();
      boolean field = keyWord < 0;
      int keyLength = keyWord & Integer.MAX_VALUE;
      int storedLength = source.getInt();
      Bytes key = Bytes.wrap(source.getBytes(keyLength));
      byte[] stored = source.getBytes(storedLength);
      if (field) {
        assertThat(fields.put(key, StoredCell.value(stored))).isNull();
        continue;
      }
      fields = new TreeMap<>();
      if (!StoredCell.expired(StoredCell.expireAt(stored), logTime)) {
        cells.put(key, StoredCell.isHead(stored) ? fields : StoredCell.value(stored));
      }
    }
    return cells;
  }
}
