package io.trefoil.node;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.Opened;
import io.trefoil.cell.Score;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.replication.multileader.RegionOrigin;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Turns entries into JSON objects, one for each change, in their order: the lines of divergence
 * files and of {@code TAIL}. {@link DivergenceFile} says what is in them.
 */
final class EntryLines implements EntryReader.Changes {
  /** Of a line: the change to be merged again. */
  static final String MERGE = "merge_base64";

  private final Supplier<ObjectNode> begun;
  private final IntFunction<String> regions;
  private final Consumer<ObjectNode> lines;
  private Position position = Position.ZERO;
  private long stamp;

  /** The number of the region that wrote what follows; 0 where that is not told. */
  private int region;

  /** The key that was merged last. */
  private byte[] merged;

  /**
   * @param begun what every line begins with, anew each time
   * @param regions names by numbers
   */
  EntryLines(Supplier<ObjectNode> begun, IntFunction<String> regions, Consumer<ObjectNode> lines) {
    this.begun = begun;
    this.regions = regions;
    this.lines = lines;
  }

  /**
   * Tells the changes of an entry; none when it changes no cell.
   *
   * @param writtenIn the number of the region whose leader wrote it, unless it says another; 0 for
   *     lines that tell no region
   */
  void add(Position entryPosition, int writtenIn, ByteSource entry) {
    position = entryPosition;
    region = writtenIn;
    stamp = EntryReader.stamp(entry);
    EntryReader.changes(entry, this);
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
    ObjectNode json = change("put").put("type", type.redisName());
    text(json, "key", key, keyOffset, keyLength);
    text(json, "value", value, valueOffset, valueLength);
    lines.accept(expiry(json, expireAtMillis));
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    lines.accept(text(change("remove"), "key", key, offset, length));
  }

  @Override
  public void expire(long expireAtMillis, byte[] key, int offset, int length) {
    lines.accept(expiry(text(change("expire"), "key", key, offset, length), expireAtMillis));
  }

  @Override
  public void clear() {
    lines.accept(change("clear"));
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
    ObjectNode json = text(change("field", of), "field", field, fieldOffset, fieldLength);
    lines.accept(value(of.type(), json, value, valueOffset, valueLength));
  }

  /** Of a member of a set there is none; a score's bytes are shown as a number, too. */
  private ObjectNode value(CellType type, ObjectNode json, byte[] value, int offset, int length) {
    if (type == CellType.SET) {
      return json;
    }
    if (type == CellType.ZSET) {
      json.put("score", Double.toString(Score.read(value, offset)));
    }
    return text(json, "value", value, offset, length);
  }

  @Override
  public void drop(Opened of, byte[] field, int offset, int length) {
    lines.accept(text(change("drop", of), "field", field, offset, length));
  }

  @Override
  public void head(Opened of, long expireAtMillis, long count) {
    lines.accept(expiry(change("head", of).put("fields", count), expireAtMillis));
  }

  private ObjectNode change(String name, Opened of) {
    ObjectNode json = change(name).put("type", of.type().redisName());
    return text(json, "key", of.array(), of.offset(), of.length());
  }

  @Override
  public void mark(long id, long timeMillis) {
    // changes no cell
  }

  @Override
  public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {
    merged = Bytes.copyOf(key, offset, length).array();
    ObjectNode json = keyChange(new MergedKey().read(new ByteSource(change, at, changeLength)));
    if (json != null) {
      lines.accept(change(json, change, at, changeLength));
    }
  }

  /** What a change shows of a key; null when it only names the key for its fields. */
  private ObjectNode keyChange(MergedKey key) {
    Write written = key.string().written();
    ObjectNode json;
    if (written != null) {
      json = mergedChange("put", CellType.STRING);
      text(json, "value", written.array(), written.offset(), written.length());
    } else if (key.string().hasCounter()) {
      json = mergedChange("add", CellType.STRING).put("total", key.string().counterSum());
    } else if (key.hasExpiry()) {
      json = mergedChange("expire");
    } else if (key.fieldsType() != null) {
      json = mergedChange("fields", key.fieldsType());
    } else {
      json = key.isEmpty() ? null : mergedChange("remove");
    }
    return key.hasExpiry() ? expiry(json, key.expireAt()) : json;
  }

  private ObjectNode mergedChange(String name) {
    return text(change(name), "key", merged, 0, merged.length);
  }

  private ObjectNode mergedChange(String name, CellType type) {
    ObjectNode json = change(name).put("type", type.redisName());
    return text(json, "key", merged, 0, merged.length);
  }

  private static ObjectNode change(ObjectNode json, byte[] change, int at, int length) {
    byte[] bytes = Bytes.copyOf(change, at, length).array();
    return json.put(MERGE, Base64.getEncoder().encodeToString(bytes));
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
    Versions versions = new Versions().read(new ByteSource(change, at, changeLength));
    Write written = versions.written();
    boolean adds = written == null && versions.hasCounter();
    String name = written != null ? "field" : adds ? "add" : "drop";
    ObjectNode json = text(mergedChange(name, type), "field", field, fieldOffset, fieldLength);
    if (written != null) {
      value(type, json, written.array(), written.offset(), written.length());
    } else if (adds) {
      json.put("total", versions.counterSum());
    }
    lines.accept(change(json, change, at, changeLength));
  }

  @Override
  public void fill(long purgedStamp) {
    // what follows is told whole, line by line
  }

  @Override
  public void from(int newOrigin, long originIndex, int count) {
    region = newOrigin == 0 ? 0 : RegionOrigin.regionOf(newOrigin);
  }

  @Override
  public void entry(long entryStamp) {
    stamp = entryStamp;
  }

  @Override
  public void told(int ofRegion, byte[] what, int offset, int length) {
    // changes no cell
  }

  @Override
  public void adopt(byte[] key, int offset, int length) {
    // the key holds what it held
  }

  @Override
  public void adopted() {
    // as above
  }

  @Override
  public void reached(int ofRegion, long epoch, long upTo) {
    // changes no cell
  }

  private ObjectNode change(String name) {
    ObjectNode json = begun.get().put("position", position.toString()).put("stamp", stamp);
    if (region > 0) {
      json.put("region", regions.apply(region));
    }
    return json.put("change", name);
  }

  private static ObjectNode expiry(ObjectNode json, long expireAtMillis) {
    return expireAtMillis == Cells.NEVER ? json : json.put("expire_at_ms", expireAtMillis);
  }

  /** Puts bytes as text, or as {@code name_base64} where they are none. */
  static ObjectNode text(ObjectNode json, String name, byte[] array, int offset, int length) {
    byte[] bytes = Bytes.copyOf(array, offset, length).array();
    try {
      return json.put(
          name, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return json.put(name + "_base64", Base64.getEncoder().encodeToString(bytes));
    }
  }
}
