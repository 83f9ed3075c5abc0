package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the changes of a divergence file leave of one key's fields. Values stay in the file until
 * they are {@link #words read}.
 */
final class LeftFields {
  /** More of one key are not written in one step. */
  static final int MAX_FIELDS = 10_000;

  static final long MAX_BYTES = 64L << 20;

  /** In the place of a line: the field is removed. */
  private static final Line DROPPED = new Line(-1, 0);

  private record Line(long at, int bytes) {}

  private final CellType type;

  /** Whether the key has no other fields: it was made anew. */
  private final boolean isAll;

  private final Map<Bytes, Line> lines = new LinkedHashMap<>();
  private long bytes;

  LeftFields(CellType type, boolean isAll) {
    this.type = type;
    this.isAll = isAll;
  }

  CellType type() {
    return type;
  }

  boolean isAll() {
    return isAll;
  }

  /**
   * A field is set.
   *
   * @param at where the line with its value begins
   */
  void set(JsonNode change, long at) throws IOException {
    Bytes field = forget(change);
    byte[] value = DivergenceReader.bytes(change, "value");
    put(field, new Line(at, value == null ? 0 : value.length));
  }

  /** A field is removed. */
  void drop(JsonNode change) throws IOException {
    Bytes field = forget(change);
    if (!isAll) {
      put(field, DROPPED);
    }
  }

  /** The last changes decide the order. */
  private Bytes forget(JsonNode change) throws IOException {
    byte[] name = DivergenceReader.bytes(change, "field");
    if (name == null) {
      throw new IllegalArgumentException("a change of a field without its name");
    }
    Bytes field = Bytes.wrap(name);
    Line before = lines.remove(field);
    bytes -= before == null ? 0 : name.length + before.bytes;
    return field;
  }

  private void put(Bytes field, Line line) {
    lines.put(field, line);
    bytes += field.length() + line.bytes;
  }

  boolean isTooLarge() {
    return lines.size() > MAX_FIELDS || bytes > MAX_BYTES;
  }

  /** Type and fields, as {@code DIVERGED COMPARE} and {@code APPLY} take them. */
  List<byte[]> words(DivergenceReader reader) throws IOException {
    List<byte[]> words = new ArrayList<>(1 + 3 * lines.size());
    words.add(type.redisName().getBytes(StandardCharsets.UTF_8));
    for (Map.Entry<Bytes, Line> each : lines.entrySet()) {
      boolean dropped = each.getValue() == DROPPED;
      words.add((dropped ? "DROP" : "SET").getBytes(StandardCharsets.UTF_8));
      words.add(each.getKey().toArray());
      words.add(dropped ? new byte[0] : value(reader, each.getValue().at));
    }
    return words;
  }

  /** A member of a set has none. */
  private static byte[] value(DivergenceReader reader, long at) throws IOException {
    reader.seek(at);
    byte[] value = DivergenceReader.bytes(reader.next(), "value");
    return value == null ? new byte[0] : value;
  }
}
