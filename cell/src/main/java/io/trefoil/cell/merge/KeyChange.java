package io.trefoil.cell.merge;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A change of a key and of its fields: what several entries changed, joined. To be merged again
 * where those entries are no more: whatever of it came there otherwise, or was written there later,
 * the key is then as if they had all been there. Not thread-safe.
 */
public final class KeyChange {
  private final MergedKey key = new MergedKey();
  private final Map<Field, Versions> fields = new LinkedHashMap<>();

  /** A field's place: those of both types may have to be kept. */
  public record Field(CellType type, Bytes name) {}

  /** Of the key, but for its fields. */
  public MergedKey key() {
    return key;
  }

  /** Of each field, in the order in which they were added first. */
  public Map<Field, Versions> fields() {
    return Collections.unmodifiableMap(fields);
  }

  /** Joins a change of the key; its values stay where they are. */
  public void join(MergedKey change) {
    key.merge(change);
  }

  /** Joins a change of a field; its values stay where they are. */
  public void join(Field field, Versions change) {
    fields.computeIfAbsent(field, it -> new Versions()).merge(change);
  }

  /** Of each origin that changed something, the last stamp. */
  public SeenStamps stamps() {
    SeenStamps stamps = new SeenStamps();
    key.noteIn(stamps);
    fields.values().forEach(each -> each.noteIn(stamps));
    return stamps;
  }

  /**
   * What merging a change would make of a key.
   *
   * @param isNews whether anything of it is not there already
   * @param value the key's string then; null when it has none
   * @param fields of each field of the change, in its order
   */
  public record Preview(boolean isNews, byte[] value, List<FieldPreview> fields) {}

  /**
   * What merging a change would make of a field.
   *
   * @param value the field's value then; null when it is not there
   * @param now its value before; null when it is not there
   */
  public record FieldPreview(boolean isNews, byte[] value, byte[] now) {}
}
