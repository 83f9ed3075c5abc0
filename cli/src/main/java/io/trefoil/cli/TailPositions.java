package io.trefoil.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Up to where somebody has read a database's partitions: of each the last position, and before it
 * the last ones of earlier epochs, from which to go on when the last one leaves the history. As a
 * file:
 *
 * <pre>
 * {"database":"orders","positions":{"0":["3:90","5:110"],"1":["4:17"]}}
 * </pre>
 *
 * Not thread-safe.
 */
final class TailPositions {
  private static final Pattern POSITION = Pattern.compile("\\d{1,18}:\\d{1,18}");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Of more epochs no position is kept. */
  private static final int MAX_EPOCHS = 32;

  private final String database;
  private final SortedMap<Integer, Deque<String>> read = new TreeMap<>();

  TailPositions(String database) {
    this.database = database;
  }

  static boolean isPosition(String text) {
    return POSITION.matcher(text).matches();
  }

  static long epoch(String position) {
    return Long.parseLong(position.substring(0, position.indexOf(':')));
  }

  static long index(String position) {
    return Long.parseLong(position.substring(position.indexOf(':') + 1));
  }

  /** The same, of a database. */
  TailPositions of(String name) {
    TailPositions same = new TailPositions(name);
    same.read.putAll(read);
    return same;
  }

  /** The last position of a partition; null when there is none. */
  String last(int partition) {
    Deque<String> positions = read.get(partition);
    return positions == null ? null : positions.peekLast();
  }

  /** All up to a position was read. */
  void reached(int partition, String position) {
    Deque<String> positions = read.computeIfAbsent(partition, number -> new ArrayDeque<>());
    if (!positions.isEmpty() && epoch(positions.peekLast()) == epoch(position)) {
      positions.removeLast();
    }
    positions.addLast(position);
    if (positions.size() > MAX_EPOCHS) {
      positions.removeFirst();
    }
  }

  /** Forgets the last position of a partition: the one before it is the last now. */
  void forgetLast(int partition) {
    read.get(partition).removeLast();
  }

  /**
   * Writes them to a file, in place of what is there, or leaves that.
   *
   * @throws IOException when that fails
   */
  void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    Path fresh = folder.resolve(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap((json() + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private ObjectNode json() {
    ObjectNode json = JSON.createObjectNode().put("database", database);
    ObjectNode partitions = json.putObject("positions");
    read.forEach(
        (partition, positions) -> {
          ArrayNode array = partitions.putArray(Integer.toString(partition));
          positions.forEach(array::add);
        });
    return json;
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws CommandFailed when it can't be read, is none, or is of another database
   */
  static TailPositions read(Path file, String database) {
    JsonNode json;
    try {
      json = JSON.readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new CommandFailed("the position file " + file + " can't be read: " + e.getMessage());
    }
    if (!json.path("database").asText().equals(database)) {
      throw new CommandFailed(
          "the position file "
              + file
              + " is of database '"
              + json.path("database").asText()
              + "', not of '"
              + database
              + "'");
    }
    TailPositions positions = new TailPositions(database);
    for (Map.Entry<String, JsonNode> each : json.path("positions").properties()) {
      positions.add(each.getKey(), each.getValue(), file);
    }
    return positions;
  }

  private void add(String partition, JsonNode positions, Path file) {
    List<String> texts = new ArrayList<>();
    positions.forEach(each -> texts.add(each.asText()));
    boolean good =
        partition.matches("\\d{1,9}") && texts.stream().allMatch(TailPositions::isPosition);
    if (!good) {
      throw new CommandFailed(
          "the position file " + file + " has no positions under '" + partition + "'");
    }
    texts.forEach(each -> reached(Integer.parseInt(partition), each));
  }
}
