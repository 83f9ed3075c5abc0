package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The changes in a divergence file of one key that leaders of several regions write. They stay in
 * the file until they are {@link #words joined}.
 */
final class LeftMerges {
  private final List<Long> lines = new ArrayList<>();
  private final Set<Bytes> fields = new HashSet<>();
  private String type = "";
  private long bytes;

  /**
   * One more change.
   *
   * @param at where its line begins
   */
  void add(JsonNode change, long at) throws IOException {
    lines.add(at);
    bytes += change.path(EntryLines.MERGE).asText().length();
    type = change.path("type").asText(type);
    byte[] field = DivergenceReader.bytes(change, "field");
    if (field != null) {
      fields.add(Bytes.wrap(field));
    }
  }

  /** Of the last change that tells one; else empty. */
  String type() {
    return type;
  }

  boolean isTooLarge() {
    return fields.size() > LeftFields.MAX_FIELDS || bytes > LeftFields.MAX_BYTES;
  }

  /** The change of the key, then type, name and change of each field. */
  List<byte[]> words(DivergenceReader reader) throws IOException {
    KeyChange all = new KeyChange();
    for (long at : lines) {
      reader.seek(at);
      try {
        join(reader.next(), all);
      } catch (MalformedBytesException e) {
        throw new IOException("at byte " + at + ": " + e.getMessage(), e);
      }
    }
    ByteSink sink = new ByteSink();
    all.key().write(sink);
    List<byte[]> words = new ArrayList<>(1 + 3 * all.fields().size());
    words.add(sink.toArray());
    for (Map.Entry<KeyChange.Field, Versions> each : all.fields().entrySet()) {
      sink.clear();
      each.getValue().write(sink);
      words.add(each.getKey().type().redisName().getBytes(StandardCharsets.UTF_8));
      words.add(each.getKey().name().array());
      words.add(sink.toArray());
    }
    return words;
  }

  private static void join(JsonNode line, KeyChange all) throws IOException {
    ByteSource change = new ByteSource(DivergenceReader.bytes(line, "merge"));
    byte[] field = DivergenceReader.bytes(line, "field");
    if (field == null) {
      all.join(new MergedKey().read(change));
    } else {
      CellType type = typeOfFields(line.path("type").asText());
      all.join(new KeyChange.Field(type, Bytes.wrap(field)), new Versions().read(change));
    }
    change.expectEnd();
  }

  private static CellType typeOfFields(String name) {
    return Arrays.stream(CellType.values())
        .filter(type -> type.hasFields() && type.redisName().equals(name))
        .findFirst()
        .orElseThrow(() -> new MalformedBytesException("no type of fields: " + name));
  }
}
