package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import java.util.TreeMap;

/** Reads a snapshot's stream the simple way: all of it at once. */
final class Snapshots {
  private Snapshots() {}

  static TreeMap<Bytes, Bytes> visible(CellSnapshot snapshot, long logTime) {
    ByteSink all = new ByteSink();
    for (byte[] chunk = snapshot.nextChunk(1_000);
        chunk != null;
        chunk = snapshot.nextChunk(1_000)) {
      all.putBytes(chunk, 0, chunk.length);
    }
    TreeMap<Bytes, Bytes> cells = new TreeMap<>();
    ByteSource source = new ByteSource(all.toArray());
    while (source.remaining() > 0) {
      int keyLength = source.getInt();
      int storedLength = source.getInt();
      Bytes key = Bytes.wrap(source.getBytes(keyLength));
      byte[] stored = source.getBytes(storedLength);
      if (!StoredCell.expired(StoredCell.expireAt(stored), logTime)) {
        cells.put(key, StoredCell.value(stored));
      }
    }
    return cells;
  }
}
