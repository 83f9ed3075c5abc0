package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the changes of a divergence file, one after the other, leave of each key. Values stay in the
 * file until they are {@link Key#value read}.
 *
 * <p>A new kind of change is one more case of {@link #add}. One that this version does not know
 * makes its key {@link Change#UNKNOWN}, which is shown and never replayed.
 */
final class LeftKeys {
  private final Map<Bytes, Key> byKey = new LinkedHashMap<>();
  private Position cleared;

  /** What is left of a key. */
  enum Change {
    /** A string, with its expiry. */
    PUT,
    /** Nothing. */
    REMOVE,
    /** An expiry of what was there before. */
    EXPIRE,
    /** Some fields set or removed; the others are what they were before. */
    FIELDS,
    /** A key with these fields and no other. */
    REPLACE,
    /** Changes of what leaders of several regions write, to be merged again. */
    MERGE,
    /** Something that this version can't write. */
    UNKNOWN
  }

  /**
   * A key.
   *
   * @param expireAtMillis {@link Cells#NEVER} for never; {@link #EXPIRY_AS_IT_IS} with {@link
   *     Change#FIELDS} when the file does not say
   * @param valueAt where the line with the value begins, if it is a {@link Change#PUT}
   * @param fields null but with {@link Change#FIELDS} and {@link Change#REPLACE}
   * @param merges null but with {@link Change#MERGE}
   * @param position of the last change
   */
  record Key(
      Bytes key,
      Change change,
      long expireAtMillis,
      long valueAt,
      LeftFields fields,
      LeftMerges merges,
      Position position) {
    Key(Bytes key, Change change, long expireAtMillis, long valueAt, Position position) {
      this(key, change, expireAtMillis, valueAt, null, null, position);
    }

    static Key of(Bytes key, LeftMerges merges, long expireAtMillis, Position position) {
      Change change = merges.isTooLarge() ? Change.UNKNOWN : Change.MERGE;
      return new Key(key, change, expireAtMillis, 0, null, merges, position);
    }

    static Key of(Bytes key, LeftFields fields, long expireAtMillis, Position position) {
      Change change =
          fields.isTooLarge() ? Change.UNKNOWN : fields.isAll() ? Change.REPLACE : Change.FIELDS;
      return new Key(key, change, expireAtMillis, 0, fields, null, position);
    }

    /** The value of a {@link Change#PUT}, or the words of fields or merges; nothing of others. */
    List<byte[]> content(DivergenceReader reader) throws IOException {
      return switch (change) {
        case PUT -> {
          reader.seek(valueAt);
          yield List.of(DivergenceReader.bytes(reader.next(), "value"));
        }
        case FIELDS, REPLACE -> fields.words(reader);
        case MERGE -> merges.words(reader);
        case REMOVE, EXPIRE, UNKNOWN -> List.of();
      };
    }
  }

  /** As {@code DIVERGED APPLY} takes it. */
  static final long EXPIRY_AS_IT_IS = -1;

  private LeftKeys() {}

  /** Reads a whole file. */
  static LeftKeys read(DivergenceReader reader) throws IOException {
    LeftKeys keys = new LeftKeys();
    for (JsonNode change = reader.next(); change != null; change = reader.next()) {
      try {
        keys.add(change, reader.lineStart());
      } catch (IllegalArgumentException e) {
        throw new IOException("at byte " + reader.lineStart() + ": " + e.getMessage(), e);
      }
    }
    return keys;
  }

  private void add(JsonNode change, long at) throws IOException {
    Position position = Position.parse(change.path("position").asText());
    String name = change.path("change").asText();
    if (name.equals("clear")) {
      // What the keys before it were is no matter: they are among those that it takes away.
      byKey.clear();
      cleared = position;
      return;
    }
    byte[] bytes = DivergenceReader.bytes(change, "key");
    if (bytes == null) {
      throw new IllegalArgumentException("a change without a key");
    }
    Bytes key = Bytes.wrap(bytes);
    long expireAt = change.path("expire_at_ms").asLong(Cells.NEVER);
    boolean string =
        change.path("type").asText().equals(CellType.STRING.redisName())
            && (change.has("value") || change.has("value_base64"));
    Key before = byKey.remove(key); // the last change decides the order
    if (change.has(EntryLines.MERGE)) {
      byKey.put(key, merged(before, key, change, at, position));
      return;
    }
    Key after =
        switch (name) {
          case "put" -> new Key(key, string ? Change.PUT : Change.UNKNOWN, expireAt, at, position);
          case "remove" -> new Key(key, Change.REMOVE, Cells.NEVER, 0, position);
          case "expire" -> expired(before, key, expireAt, position);
          case "field", "drop", "head" -> fields(before, key, change, at, position);
          default -> new Key(key, Change.UNKNOWN, expireAt, 0, position);
        };
    byKey.put(key, after);
  }

  /** A key whose expiry changed: what it holds is what it was before. */
  private static Key expired(Key before, Bytes key, long expireAt, Position position) {
    return before == null
        ? new Key(key, Change.EXPIRE, expireAt, 0, position)
        : new Key(
            key,
            before.change(),
            expireAt,
            before.valueAt(),
            before.fields(),
            before.merges(),
            position);
  }

  private static Key merged(Key before, Bytes key, JsonNode change, long at, Position position)
      throws IOException {
    LeftMerges merges =
        before == null || before.merges() == null ? new LeftMerges() : before.merges();
    merges.add(change, at);
    return Key.of(key, merges, change.path("expire_at_ms").asLong(Cells.NEVER), position);
  }

  /** A key whose fields, or their number, changed. */
  private Key fields(Key before, Bytes key, JsonNode change, long at, Position position)
      throws IOException {
    if (before != null && before.change() == Change.UNKNOWN && before.fields() == null) {
      return new Key(key, Change.UNKNOWN, Cells.NEVER, 0, position);
    }
    CellType type = type(change.path("type").asText());
    if (type == null) {
      return new Key(key, Change.UNKNOWN, Cells.NEVER, 0, position);
    }
    LeftFields fields = before == null ? null : before.fields();
    if (fields == null || fields.type() != type) {
      // After a removal, or what held no such fields, the key is one that was made anew.
      boolean wasThere = before == null ? cleared == null : before.change() == Change.EXPIRE;
      fields = new LeftFields(type, !wasThere);
    }
    long expireAt = before == null ? EXPIRY_AS_IT_IS : before.expireAtMillis();
    switch (change.path("change").asText()) {
      case "field" -> fields.set(change, at);
      case "drop" -> fields.drop(change);
      default -> expireAt = change.path("expire_at_ms").asLong(Cells.NEVER);
    }
    return Key.of(key, fields, expireAt, position);
  }

  /** Null for one that has no fields, or is not known. */
  private static CellType type(String name) {
    return Arrays.stream(CellType.values())
        .filter(type -> type.hasFields() && type.redisName().equals(name))
        .findFirst()
        .orElse(null);
  }

  /** In the order of their last changes. */
  List<Key> list() {
    return List.copyOf(byKey.values());
  }

  /** Where all keys of the partition were removed last, before what {@link #list} has; or null. */
  Position cleared() {
    return cleared;
  }
}
