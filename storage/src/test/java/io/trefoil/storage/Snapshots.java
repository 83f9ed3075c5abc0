package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.cell.Score;
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
      boolean node = field && (keyWord & CellSnapshot.NODE_BIT) != 0;
      boolean ofList = node && (keyWord & CellSnapshot.LIST_BIT) != 0;
      int keyLength = node ? Integer.BYTES : keyWord & Integer.MAX_VALUE;
      int storedLength = source.getInt();
      Bytes key = Bytes.wrap(source.getBytes(keyLength));
      byte[] stored = source.getBytes(storedLength);
      if (node) {
        addElements(ofList, key.array(), stored, fields);
        continue;
      }
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

  /** Elements of a list are nowhere else; members of a sorted set are there already. */
  private static void addElements(
      boolean ofList, byte[] id, byte[] stored, TreeMap<Bytes, Bytes> fields) {
    OrderNode node = new OrderNode();
    FieldOrder.read(node, id, 0, stored, StoredCell.HEADER);
    for (int i = 0; node.isLeaf() && i < node.count(); i++) {
      node.look(i);
      Bytes place = Bytes.copyOf(node.bytes, node.placeAt, node.placeLength);
      Bytes value = Bytes.copyOf(node.bytes, node.valueAt, node.valueLength);
      if (ofList) {
        assertThat(fields.put(place, value)).isNull();
      } else {
        byte[] bytes = place.array();
        Bytes name = Bytes.copyOf(bytes, Score.BYTES, bytes.length - Score.BYTES);
        assertThat(fields.get(name)).isEqualTo(Bytes.copyOf(bytes, 0, Score.BYTES));
      }
    }
  }
}
