package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.base.Stamp;
import io.trefoil.control.Regions;
import io.trefoil.node.FoundConflict.Text;
import io.trefoil.replication.multileader.RegionOrigin;
import java.io.IOException;

/**
 * A value that merging hid, for people: what it was, and what is seen instead. The same on every
 * replica of a region that merged the entry.
 *
 * @param position of the entry that merged, in the region's own log
 * @param number of the conflict within its entry, from 0
 * @param database its title
 * @param key its beginning, as of {@code field} and the values: see {@link Text}
 * @param field null for the key itself
 * @param rule by which the winner won
 * @param whenMillis log time at which the region merged
 */
record ConflictRecord(
    PartitionId partition,
    Position position,
    int number,
    String database,
    Text key,
    Text field,
    String rule,
    Side winner,
    Side loser,
    long whenMillis) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What a record takes in memory beside its texts, about. */
  private static final int OVERHEAD_BYTES = 400;

  /**
   * One of the two writes.
   *
   * @param type of the key by this write, as {@code TYPE} answers it
   * @param region that wrote it; empty when that is forgotten
   * @param timeMillis of its stamp, by the writing region's clock
   */
  record Side(String type, Text value, String region, long timeMillis) {}

  /** As a database's copies found it. */
  static ConflictRecord of(
      PartitionId partition, String database, Regions regions, FoundConflict.Committed found) {
    FoundConflict conflict = found.conflict();
    return new ConflictRecord(
        partition,
        found.position(),
        conflict.number(),
        database,
        conflict.key(),
        conflict.field(),
        conflict.cause().rule(),
        side(conflict.winner(), regions),
        side(conflict.loser(), regions),
        found.millis());
  }

  private static Side side(FoundConflict.Side side, Regions regions) {
    int region = RegionOrigin.regionOf(side.origin());
    return new Side(
        side.type().redisName(),
        side.value(),
        region == 0 ? "" : regions.name(region),
        Stamp.millis(side.stamp()));
  }

  /** Unique in the region: {@code database/partition@epoch:index.number}. */
  String id() {
    return partition + "@" + position + "." + number;
  }

  /** Whether its partition's log has it after another one's place. */
  boolean isAfter(Position entry, int numberInEntry) {
    int order = position.compareTo(entry);
    return order > 0 || order == 0 && number > numberInEntry;
  }

  /** What it takes in memory, about. */
  int sizeBytes() {
    int texts = key.begin().length() + winner.value().begin().length();
    texts += loser.value().begin().length() + (field == null ? 0 : field.begin().length());
    return OVERHEAD_BYTES + texts;
  }

  // JSON.

  /** One line, without its end. */
  String toLine() {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", id());
    json.put("database_id", partition.database()).put("partition", partition.number());
    json.put("position", position.toString()).put("number", number);
    json.put("database", database);
    text(json, "key", key);
    if (field != null) {
      text(json, "field", field);
    }
    json.put("rule", rule);
    side(json.putObject("winner"), winner);
    side(json.putObject("loser"), loser);
    return json.put("when_ms", whenMillis).toString();
  }

  private static void text(ObjectNode json, String name, Text text) {
    EntryLines.text(json, name, text.begin().array(), 0, text.begin().length());
    json.put(name + "_bytes", text.length());
  }

  private static void side(ObjectNode json, Side side) {
    json.put("type", side.type());
    text(json, "value", side.value());
    json.put("region", side.region()).put("time_ms", side.timeMillis());
  }

  /**
   * @throws IOException when the line is none that {@link #toLine} wrote
   */
  static ConflictRecord parse(String line) throws IOException {
    JsonNode json = JSON.readTree(line);
    try {
      return new ConflictRecord(
          new PartitionId(json.required("database_id").asInt(), json.required("partition").asInt()),
          Position.parse(json.required("position").asText()),
          json.required("number").asInt(),
          json.required("database").asText(),
          text(json, "key"),
          json.has("field_bytes") ? text(json, "field") : null,
          json.required("rule").asText(),
          side(json.required("winner")),
          side(json.required("loser")),
          json.required("when_ms").asLong());
    } catch (IllegalArgumentException e) {
      throw new IOException("no conflict: " + e.getMessage(), e);
    }
  }

  private static Text text(JsonNode json, String name) throws IOException {
    byte[] begin = DivergenceReader.bytes(json, name);
    if (begin == null) {
      throw new IOException("no " + name);
    }
    return new Text(Bytes.wrap(begin), json.required(name + "_bytes").asInt());
  }

  private static Side side(JsonNode json) throws IOException {
    return new Side(
        json.required("type").asText(),
        text(json, "value"),
        json.required("region").asText(),
        json.required("time_ms").asLong());
  }
}
