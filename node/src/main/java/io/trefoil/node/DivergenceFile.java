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
 * <p>Keys, fields and values that are not UTF-8 are given as {@code key_base64} and so on.
 */
final class DivergenceFile implements EntryReader.Changes {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StringBuilder lines = new StringBuilder();
  private Position position = Position.ZERO;
  private long stamp;

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
      ByteSource entry = new ByteSource(body.array(), body.skip(length), length);
      position = new Position(batch.epoch(), batch.firstIndex() + i);
      stamp = EntryReader.stamp(entry);
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
    line(of.type() == CellType.SET ? json : text(json, "value", value, valueOffset, valueLength));
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
    throw notLed();
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
    throw notLed();
  }

  @Override
  public void fill(long purgedStamp) {
    throw notLed();
  }

  @Override
  public void from(int origin, long originIndex, int count) {
    throw notLed();
  }

  @Override
  public void entry(long entryStamp) {
    throw notLed();
  }

  @Override
  public void told(int region, int regions, byte[] what, int offset, int length) {
    throw notLed();
  }

  @Override
  public void reached(int region, long epoch, long upTo) {
    throw notLed();
  }

  private static IllegalStateException notLed() {
    return new IllegalStateException("only what had a leader can leave its history");
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

  private static ObjectNode text(
      ObjectNode json, String name, byte[] array, int offset, int length) {
    byte[] bytes = Bytes.copyOf(array, offset, length).array();
    try {
      return json.put(
          name, StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return json.put(name + "_base64", Base64.getEncoder().encodeToString(bytes));
    }
  }
}
