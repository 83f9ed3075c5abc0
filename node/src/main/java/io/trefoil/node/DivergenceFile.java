package io.trefoil.node;

import com.fasterxml.jackson.databind.ObjectMapper;
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
import io.trefoil.replication.kernel.EntryBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Base64;

/**
 * What may have been acknowledged and is not in the history any more, kept for people and for
 * replay: one file of JSON lines for each time a replica diverged, written whole and synced before
 * anything is cut.
 *
 * <pre>
 * {"format":2,"partition":"1/0","database":"orders","node":"n1","new_epoch":12,"first":"9:991",
 *  "last":"9:1000","epochs":"9@991","written_ms":1790000000000,"common_stamp":113999}
 * {"position":"9:991","stamp":114032,"change":"put","type":"string","key":"a","value":"1"}
 * {"position":"9:992","stamp":114033,"change":"field","type":"hash","key":"h","field":"f","value":"1"}
 * {"position":"9:992","stamp":114033,"change":"head","type":"hash","key":"h","fields":1}
 * </pre>
 *
 * A field is set by {@code field} and removed by {@code drop}; {@code head} says how many fields
 * the key had then, and when it would expire. Format 1 had no fields, and neither database, epochs,
 * time nor common stamp.
 *
 * <p>Of a multi-leader database each line also has the change itself, by which it is merged again;
 * what is beside it is for people. {@code total} is all that the leader of that epoch had added by
 * then, {@code fields} says of which type a key's fields are from then on:
 *
 * <pre>
 * {"position":"9:991","stamp":114032,"change":"put","type":"string","key":"a","value":"1","merge_base64":"..."}
 * {"position":"9:992","stamp":114033,"change":"add","type":"string","key":"visits","total":7,"merge_base64":"..."}
 * {"position":"9:993","stamp":114034,"change":"fields","type":"set","key":"s","merge_base64":"..."}
 * </pre>
 *
 * What came from other regions is not there: it is pulled from them again.
 *
 * <p>Keys, fields and values that are not UTF-8 are given as {@code key_base64} and so on.
 */
final class DivergenceFile implements EntryReader.Changes {
  /** Of a line: the change to be merged again. */
  static final String MERGE = "merge_base64";

  private static final ObjectMapper JSON = new ObjectMapper();

  private final StringBuilder lines = new StringBuilder();
  private final ByteSource entry = new ByteSource(new byte[0]);
  private Position position = Position.ZERO;
  private long stamp;

  /** The key that was merged last. */
  private byte[] merged;

  private DivergenceFile() {}

  /**
   * Writes the file, or leaves it when it is there: a replica that was stopped in between finds the
   * same entries again.
   *
   * @param header the first line
   * @throws IOException when it can't be made durable; nothing may then be cut
   */
  static void write(Path file, ObjectNode header, LeftHistory left) throws IOException {
    if (!Files.exists(file)) {
      DivergenceFile content = new DivergenceFile();
      content.line(header);
      left.batches().forEach(content::add);
      content.write(file.getParent(), file);
    }
  }

  private void add(EntryBatch batch) {
    ByteSource body = new ByteSource(batch.body().array());
    for (int i = 0; i < batch.count(); i++) {
      int length = body.getBlockLength();
      entry.reset(body.array(), body.skip(length), length);
      position = new Position(batch.epoch(), batch.firstIndex() + i);
      add();
    }
  }

  private void add() {
    int start = entry.position();
    stamp = EntryReader.stamp(entry);
    ByteSource whole = new ByteSource(entry.array(), start, entry.remaining() + Long.BYTES);
    if (!EntryReader.isForeign(whole)) {
      EntryReader.changes(entry, this);
    }
  }

  private void line(ObjectNode json) {
    lines.append(json).append('\n');
  }

  private void write(Path folder, Path file) throws IOException {
    Files.createDirectories(folder);
    Path fresh = folder.resolve(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    syncNames(folder);
  }

  /** Makes durable which files there are. */
  static void syncNames(Path folder) throws IOException {
    try (FileChannel names = FileChannel.open(folder, StandardOpenOption.READ)) {
      names.force(true);
    }
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
    line(expiry(json, expireAtMillis));
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    line(text(change("remove"), "key", key, offset, length));
  }

  @Override
  public void expire(long expireAtMillis, byte[] key, int offset, int length) {
    line(expiry(text(change("expire"), "key", key, offset, length), expireAtMillis));
  }

  @Override
  public void clear() {
    line(change("clear"));
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
    line(value(of.type(), json, value, valueOffset, valueLength));
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
    line(text(change("drop", of), "field", field, offset, length));
  }

  @Override
  public void head(Opened of, long expireAtMillis, long count) {
    line(expiry(change("head", of).put("fields", count), expireAtMillis));
  }

  private ObjectNode change(String name, Opened of) {
    ObjectNode json = change(name).put("type", of.type().redisName());
    return text(json, "key", of.array(), of.offset(), of.length());
  }

  @Override
  public void mark(long id, long timeMillis) {
    // It changed nothing: there is nothing to keep.
  }

  @Override
  public void merge(byte[] key, int offset, int length, byte[] change, int at, int changeLength) {
    merged = Bytes.copyOf(key, offset, length).array();
    ObjectNode json = keyChange(new MergedKey().read(new ByteSource(change, at, changeLength)));
    if (json != null) {
      line(change(json, change, at, changeLength));
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
    line(change(json, change, at, changeLength));
  }

  @Override
  public void fill(long purgedStamp) {
    throw notOwn();
  }

  @Override
  public void from(int origin, long originIndex, int count) {
    throw notOwn();
  }

  @Override
  public void entry(long entryStamp) {
    throw notOwn();
  }

  @Override
  public void told(int region, byte[] what, int offset, int length) {
    // changes no cell, and is told again
  }

  @Override
  public void adopt(byte[] key, int offset, int length) {
    // is done again by whoever leads
  }

  @Override
  public void adopted() {
    // as above
  }

  @Override
  public void reached(int region, long epoch, long upTo) {
    throw notOwn();
  }

  private static IllegalStateException notOwn() {
    return new IllegalStateException("only what a leader here wrote can leave its history");
  }

  private ObjectNode change(String name) {
    return JSON.createObjectNode()
        .put("position", position.toString())
        .put("stamp", stamp)
        .put("change", name);
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
