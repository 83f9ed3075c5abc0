package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a divergence file says of itself, in its name and its first line.
 *
 * @param name {@code database-partition-epoch-index-index}: partition, position of the first entry,
 *     index of the last
 * @param database title that the database had; empty in format 1
 * @param newEpoch the leadership whose history lacks the entries
 * @param unknownEntries how many of them, the first, are not in the file
 * @param epochs which epochs wrote the entries in the file; empty in format 1
 * @param commonStamp stamps up to this one are of entries that both histories have; {@link
 *     #UNKNOWN_STAMP} when not known
 * @param writtenMillis since 1970
 * @param replay the last one, or null
 * @param problem why the file can't be read, or null; what its name does not say is then unknown
 */
public record DivergenceSummary(
    String name,
    PartitionId partition,
    String database,
    long newEpoch,
    Position first,
    Position last,
    long unknownEntries,
    EpochTable epochs,
    long commonStamp,
    long writtenMillis,
    long sizeBytes,
    Replay replay,
    String problem) {
  static final long UNKNOWN_STAMP = -1;

  /** The newest format that this version reads, and the one it writes. */
  static final int FORMAT = 2;

  static final ObjectMapper JSON = new ObjectMapper();

  private static final Pattern NAME = Pattern.compile("(\\d+)-(\\d+)-(\\d+)-(\\d+)-(\\d+)");

  /**
   * A replay.
   *
   * @param millis when it ended, since 1970
   * @param overwrite whether keys in conflict were written too
   * @param cleared whether it, or one before it, removed all keys as the file does
   * @param applied keys written
   * @param same keys that were so already
   * @param left keys not written, for a conflict or because the replay ended before them
   */
  public record Replay(
      long millis, boolean overwrite, boolean cleared, long applied, long same, long left) {
    ObjectNode json() {
      return JSON.createObjectNode()
          .put("replayed_ms", millis)
          .put("overwrite", overwrite)
          .put("cleared", cleared)
          .put("applied", applied)
          .put("same", same)
          .put("left", left);
    }

    static Replay of(JsonNode json) {
      return new Replay(
          json.path("replayed_ms").asLong(),
          json.path("overwrite").asBoolean(),
          json.path("cleared").asBoolean(),
          json.path("applied").asLong(),
          json.path("same").asLong(),
          json.path("left").asLong());
    }
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  /** What a new file says. */
  public static DivergenceSummary of(LeftHistory left, long writtenMillis) {
    EpochTable epochs = new EpochTable();
    for (EntryBatch batch : left.batches()) {
      epochs.append(batch.epoch(), batch.firstIndex());
    }
    String name =
        left.partition().database()
            + "-"
            + left.partition().number()
            + "-"
            + left.first().epoch()
            + "-"
            + left.first().index()
            + "-"
            + left.last().index();
    return new DivergenceSummary(
        name,
        left.partition(),
        left.database(),
        left.newEpoch(),
        left.first(),
        left.last(),
        left.unknownCount(),
        epochs,
        left.commonStamp(),
        writtenMillis,
        0,
        null,
        null);
  }

  /** The first line. */
  ObjectNode header(String node) {
    ObjectNode header =
        JSON.createObjectNode()
            .put("format", FORMAT)
            .put("partition", partition.toString())
            .put("database", database)
            .put("node", node)
            .put("new_epoch", newEpoch)
            .put("first", first.toString())
            .put("last", last.toString())
            .put("epochs", epochs.toString())
            .put("written_ms", writtenMillis);
    if (commonStamp != UNKNOWN_STAMP) {
      header.put("common_stamp", commonStamp);
    }
    if (unknownEntries > 0) {
      header.put("unknown_entries", unknownEntries);
    }
    return header;
  }

  /**
   * What a file says.
   *
   * @param changedMillis when the file was last changed: format 1 does not say when it was written
   * @param replay the last one, or null
   * @throws IllegalArgumentException when that is no name or no header, or one of a newer version
   */
  static DivergenceSummary parse(
      String name, JsonNode header, long sizeBytes, long changedMillis, Replay replay) {
    int format = header.path("format").asInt();
    if (format < 1 || format > FORMAT) {
      throw new IllegalArgumentException(
          format < 1
              ? "its first line is no header of a divergence file"
              : "it has format " + format + ", this version reads up to " + FORMAT);
    }
    DivergenceSummary named = named(name, null);
    return new DivergenceSummary(
        name,
        named.partition,
        header.path("database").asText(),
        header.path("new_epoch").asLong(),
        Position.parse(header.path("first").asText()),
        Position.parse(header.path("last").asText()),
        header.path("unknown_entries").asLong(),
        epochs(header.path("epochs").asText()),
        header.path("common_stamp").asLong(UNKNOWN_STAMP),
        header.path("written_ms").asLong(changedMillis),
        sizeBytes,
        replay,
        null);
  }

  /** As much as the name of a file says that can't be read. */
  static DivergenceSummary unreadable(String name, String problem) {
    return named(name, problem);
  }

  private static DivergenceSummary named(String name, String problem) {
    Matcher parts = NAME.matcher(name);
    if (!parts.matches()) {
      throw new IllegalArgumentException("'" + name + "' is no divergence file's name");
    }
    Position first = new Position(number(parts, 3), number(parts, 4));
    return new DivergenceSummary(
        name,
        new PartitionId(Math.toIntExact(number(parts, 1)), Math.toIntExact(number(parts, 2))),
        "",
        0,
        first,
        new Position(first.epoch(), number(parts, 5)),
        0,
        new EpochTable(),
        UNKNOWN_STAMP,
        0,
        0,
        null,
        problem);
  }

  private static long number(Matcher parts, int group) {
    return Long.parseLong(parts.group(group));
  }

  private static EpochTable epochs(String text) {
    EpochTable epochs = new EpochTable();
    for (String each : text.isEmpty() ? new String[0] : text.split(" ")) {
      int at = each.indexOf('@');
      epochs.append(
          Long.parseLong(each.substring(0, Math.max(at, 0))),
          Long.parseLong(each.substring(at + 1)));
    }
    return epochs;
  }

  /** How many entries left the history. */
  long entries() {
    return last.index() - first.index() + 1;
  }

  /** Whether nothing is left to be decided: all of it is in the history again. */
  boolean isReplayed() {
    return replay != null && replay.left() == 0;
  }

  /** Whether the file has that entry, or may have it: format 1 does not tell epochs apart. */
  boolean keeps(Position position) {
    long index = position.index();
    if (index < first.index() + unknownEntries || index > last.index()) {
      return false;
    }
    long epoch = epochs.epochAt(index);
    return epoch == position.epoch()
        || epoch == 0 && first.epoch() <= position.epoch() && position.epoch() <= last.epoch();
  }

  DivergenceSummary withReplay(Replay newReplay) {
    return new DivergenceSummary(
        name,
        partition,
        database,
        newEpoch,
        first,
        last,
        unknownEntries,
        epochs,
        commonStamp,
        writtenMillis,
        sizeBytes,
        newReplay,
        problem);
  }
}
