package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trefoil.base.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** What {@code trefoil tail} prints of real nodes, which are killed, and is itself. */
@Tag("slow")
class TailTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  private final List<Tailing> tails = new ArrayList<>();

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--cluster.lease", "1s");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  /** Whatever a test left behind, the next one finds three nodes. */
  @AfterEach
  void allNodesRun() throws IOException {
    tails.forEach(Tailing::kill);
    for (NodeProcess node : cluster.nodes()) {
      if (!node.isAlive()) {
        node.start();
      }
    }
    cluster.awaitInSync();
  }

  /** One life of a {@code trefoil tail}. */
  private static final class Tailing {
    private final Path out;
    private final Path err;
    private final Process process;

    Tailing(Path files, NodeProcess node, String... words) throws IOException {
      out = Files.createTempFile(files, "tail", ".out");
      err = Files.createTempFile(files, "tail", ".err");
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  "-Xmx64m",
                  "-XX:TieredStopAtLevel=1",
                  "io.trefoil.cli.Main",
                  "tail",
                  "-p",
                  Integer.toString(node.clientPort())));
      command.addAll(List.of(words));
      process =
          new ProcessBuilder(command)
              .redirectOutput(out.toFile())
              .redirectError(err.toFile())
              .start();
    }

    void kill() {
      process.destroyForcibly();
      process.onExit().join();
    }

    int awaitExit() throws InterruptedException {
      assertThat(process.waitFor(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }

    void checkRuns() throws IOException {
      if (!process.isAlive()) {
        throw new AssertionError("it has ended, and said: " + errors());
      }
    }

    String errors() throws IOException {
      return Files.readString(err);
    }

    /** All whole lines so far. */
    List<JsonNode> lines() throws IOException {
      String text = new String(Files.readAllBytes(out), UTF_8);
      List<JsonNode> lines = new ArrayList<>();
      for (String line : text.substring(0, text.lastIndexOf('\n') + 1).split("\n")) {
        if (!line.isEmpty()) {
          lines.add(JSON.readTree(line));
        }
      }
      return lines;
    }
  }

  private Tailing tail(NodeProcess node, String... words) throws IOException {
    Tailing tail = new Tailing(folder, node, words);
    tails.add(tail);
    return tail;
  }

  /** All that there is by now of a database. */
  private List<JsonNode> all(NodeProcess node, String database)
      throws IOException, InterruptedException {
    Tailing tail = tail(node, database, "--no-follow");
    assertThat(tail.awaitExit()).as(tail.errors()).isZero();
    return tail.lines();
  }

  private static Set<String> keys(List<JsonNode> lines) {
    return lines.stream().map(line -> line.path("key").asText()).collect(Collectors.toSet());
  }

  // Failovers.

  @Test
  void everyAcknowledgedWriteComesInOrderOverFailoversAndKillsOfWhoReads() throws Exception {
    int database = cluster.createDatabase("orders", "REPLICAS", "3", "PARTITIONS", "4");
    String file = folder.resolve("orders.positions").toString();
    String[] words = {"orders", "--from", "START", "--position-file", file};
    Tailing first = tail(cluster.node(1), words);
    Tailing second;
    Writers writers = Writers.start(cluster.nodes(), database, "w");
    try (writers) {
      count(database);
      writers.awaitAcknowledged(200);
      killLeader(database, writers);
      count(database);
      ClusterProcesses.await("some is read", () -> first.lines().size() > 100);
      first.kill();
      writers.awaitAcknowledged(200);
      second = tail(cluster.node(2), words);
      Tailing reading = second;
      ClusterProcesses.await("more is read", () -> !reading.lines().isEmpty());
      killLeader(database, writers);
      count(database);
      writers.awaitAcknowledged(200);
    }
    ClusterProcesses.await(
        "every acknowledged write is read",
        () -> {
          second.checkRuns();
          Set<String> seen = keys(first.lines());
          seen.addAll(keys(second.lines()));
          return seen.containsAll(writers.acknowledged);
        });
    cluster.awaitInSync(cluster.node(1), database);
    Map<String, String> contents = ClusterProcesses.awaitEqualContents(cluster.nodes(), database);
    ClusterProcesses.await(
        "all that is committed is read",
        () -> {
          Set<String> seen = keys(first.lines());
          seen.addAll(keys(second.lines()));
          return seen.containsAll(contents.keySet());
        });
    List<JsonNode> lines = new ArrayList<>(first.lines());
    lines.addAll(second.lines());
    assertThat(keys(lines)).as("nothing is read that is not history").isEqualTo(contents.keySet());
    assertInOrder(first.lines());
    assertInOrder(second.lines());
    assertThat(history(lines)).isEqualTo(history(all(cluster.node(3), "orders")));
    assertCounted(lines);
  }

  /** Kills the leader of a partition, and starts it again when another leads. */
  private void killLeader(int database, Writers writers) throws IOException {
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    leader.kill();
    writers.awaitAcknowledged(200);
    leader.start();
    cluster.awaitInSync();
  }

  private void count(int database) {
    try (Jedis client = ClusterProcesses.client(cluster.node(3), database, 60_000)) {
      for (int i = 0; i < 20; i++) {
        client.incr("counted");
      }
    }
  }

  private static void assertInOrder(List<JsonNode> lines) {
    Map<Integer, Position> last = new HashMap<>();
    for (JsonNode line : lines) {
      Position position = Position.parse(line.path("position").asText());
      Position before = last.put(line.path("partition").asInt(), position);
      assertThat(before == null || before.compareTo(position) <= 0).as("%s", line).isTrue();
    }
  }

  /** The lines of each entry, by partition and position, each entry once; in order. */
  private static Map<String, List<JsonNode>> history(List<JsonNode> lines) {
    Map<String, Set<JsonNode>> entries = new TreeMap<>();
    for (JsonNode line : lines) {
      String entry = line.path("partition") + " " + line.path("position").asText();
      entries.computeIfAbsent(entry, none -> new java.util.LinkedHashSet<>()).add(line);
    }
    Map<String, List<JsonNode>> history = new LinkedHashMap<>();
    entries.forEach((entry, changes) -> history.put(entry, List.copyOf(changes)));
    return history;
  }

  private static void assertCounted(List<JsonNode> lines) {
    Map<Position, Long> counted = new TreeMap<>();
    for (JsonNode line : lines) {
      if (line.path("key").asText().equals("counted")) {
        counted.put(Position.parse(line.path("position").asText()), line.path("value").asLong());
      }
    }
    assertThat(counted.values())
        .as("each value once, in order")
        .containsExactlyElementsOf(
            Stream.iterate(1L, each -> each + 1).limit(counted.size()).toList());
    assertThat(counted).hasSizeGreaterThanOrEqualTo(60);
  }

  // Divergence.

  private static NodeProcess followerOf(int database, NodeProcess leader) {
    for (JsonNode each : cluster.status(leader).path("databases")) {
      for (JsonNode replica : each.path("partition_states").path(0).path("replicas")) {
        boolean here = each.path("number").asInt() == database;
        if (here && !replica.path("node").asText().equals(leader.name())) {
          return cluster.node(replica.path("node").asText());
        }
      }
    }
    throw new AssertionError("no follower");
  }

  @Test
  void whatAnAsyncFailoverTookOutOfTheHistoryIsToldAndNotPassedOver() throws Exception {
    int database =
        cluster.createDatabase("lossy", "REPLICAS", "2", "PARTITIONS", "1", "COMMIT", "ASYNC");
    NodeProcess old = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess other = followerOf(database, old);
    NodeProcess third = cluster.nodeBeside(old, other);
    String file = folder.resolve("lossy.positions").toString();
    String[] words = {"lossy", "--no-follow", "--position-file", file};
    write(old, database, "common");
    cluster.awaitInSync(old, database);
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);
    other.kill();
    write(old, database, "lost");
    Tailing before = tail(third, words);
    assertThat(before.awaitExit()).as(before.errors()).isZero();
    assertThat(keys(before.lines())).containsExactlyInAnyOrder("common", "lost");
    old.kill();
    other.start();
    ClusterProcesses.await(
        "the other leads", () -> cluster.awaitLeader(third, database, 0) == other);
    write(other, database, "since");

    Tailing refused = tail(third, words);
    assertThat(refused.awaitExit()).isEqualTo(1);
    assertThat(refused.errors()).startsWith("trefoil: DIVERGED ");
    assertThat(refused.lines()).isEmpty();
    List<String> more = new ArrayList<>(List.of(words));
    more.addAll(List.of("--on-divergence", "continue"));
    Tailing continued = tail(third, more.toArray(String[]::new));
    assertThat(continued.awaitExit()).as(continued.errors()).isZero();
    assertThat(continued.errors()).contains("DIVERGED ", "goes on from ");
    assertThat(keys(continued.lines())).containsExactly("since");
  }

  private static void write(NodeProcess node, int database, String key) {
    try (Jedis client = ClusterProcesses.client(node, database, 60_000)) {
      ClusterProcesses.await(node.name() + " writes", () -> client.set(key, "1") != null);
    }
  }

  // Lines.

  @Test
  void theLinesOfATransactionHaveOnePositionAndTellOfAllTypes() throws Exception {
    int database = cluster.createDatabase("types", "REPLICAS", "1", "PARTITIONS", "1");
    try (Jedis client = ClusterProcesses.client(cluster.node(1), database, 60_000)) {
      try (AbstractTransaction together = client.multi()) {
        together.set("{a}s", "1");
        together.hset("{a}h", "f", "v");
        together.rpush("{a}l", "e");
        together.sadd("{a}set", "m");
        together.zadd("{a}z", 2.5, "m");
        together.exec();
      }
      client.pexpireAt("{a}s", 4_000_000_000_000L);
      client.append("{a}s", "2");
      client.hdel("{a}h", "f");
      client.del("{a}l");
      client.flushDB();
    }
    List<JsonNode> lines = all(cluster.node(2), "types");
    List<String> changes =
        lines.stream()
            .map(line -> line.path("change").asText() + " " + line.path("key").asText())
            .toList();
    assertThat(changes.subList(0, 9))
        .containsExactly(
            "put {a}s",
            "field {a}h",
            "head {a}h",
            "field {a}l",
            "head {a}l",
            "field {a}set",
            "head {a}set",
            "field {a}z",
            "head {a}z");
    assertThat(lines.subList(0, 9).stream().map(line -> line.path("position").asText()).distinct())
        .hasSize(1);
    assertThat(changes.subList(9, changes.size()))
        .startsWith("expire {a}s", "put {a}s")
        .contains("remove {a}h", "remove {a}l")
        .endsWith("clear ");
    assertThat(lines.get(9).path("expire_at_ms").asLong()).isEqualTo(4_000_000_000_000L);
    assertThat(lines.get(10).path("value").asText()).isEqualTo("12");
    assertThat(lines.get(7).path("score").asText()).isEqualTo("2.5");
    assertInOrder(lines);
  }

  @Test
  void aLeaderlessDatabaseIsRefusedByName() throws Exception {
    cluster.createDatabase(
        "carts",
        "REPLICATION",
        "LEADERLESS",
        "REPLICAS",
        "3",
        "PARTITIONS",
        "1",
        "R",
        "2",
        "W",
        "2");
    Tailing refused = tail(cluster.node(1), "carts");
    assertThat(refused.awaitExit()).isEqualTo(1);
    assertThat(refused.errors())
        .startsWith("trefoil: UNSUPPORTED TAIL needs one order of a partition's writes");
  }

  @Test
  void whoIsToldToStopStopsAfterWholeLines() throws Exception {
    int database = cluster.createDatabase("stopped", "REPLICAS", "3", "PARTITIONS", "1");
    Tailing tail = tail(cluster.node(1), "stopped", "--from", "START");
    write(cluster.node(1), database, "a");
    ClusterProcesses.await("it is read", () -> tail.lines().size() == 1);
    tail.process.destroy();
    assertThat(tail.awaitExit()).as(tail.errors()).isZero();
  }

  // How long, and regions.

  @Test
  void aPositionThatTheJournalLetGoOfIsToldWithTheOldestThereIs(@TempDir Path own)
      throws Exception {
    try (ClusterProcesses one =
            ClusterProcesses.start(
                own,
                1,
                "--journal.segment",
                "64kb",
                "--journal.keep",
                "1mb",
                "--journal.tail",
                "0");
        Jedis client = ClusterProcesses.client(one.node(1), 0, 60_000)) {
      client.set("{a}first", "1");
      client.set("{a}second", "1");
      String partition = partitionOf(one, "{a}first");
      String position = text(reply(client, "START", partition, 1).get(0));
      for (int i = 0; i < 200; i++) {
        client.set("{a}large", "x".repeat(20_000));
      }
      ClusterProcesses.await(
          "the journal lets go",
          () -> {
            client.sendCommand(() -> "BGSAVE".getBytes(UTF_8));
            return isGone(client, partition, position);
          });
      assertThatThrownBy(() -> reply(client, position, partition, 1))
          .hasMessageMatching("GONE \\d+:\\d+ is the oldest position that partition .*");
      Tailing tail =
          tail(one.node(1), "0", "--from", partition + "=" + position, "--partition", partition);
      assertThat(tail.awaitExit()).isEqualTo(1);
      assertThat(tail.errors()).startsWith("trefoil: GONE ");
    }
  }

  private String partitionOf(ClusterProcesses one, String key)
      throws IOException, InterruptedException {
    return all(one.node(1), "0").stream()
        .filter(line -> line.path("key").asText().equals(key))
        .map(line -> line.path("partition").asText())
        .findFirst()
        .orElseThrow();
  }

  private static boolean isGone(Jedis client, String partition, String position) {
    try {
      reply(client, position, partition, 1);
      return false;
    } catch (JedisDataException e) {
      return e.getMessage().startsWith("GONE ");
    }
  }

  private static List<?> reply(Jedis client, String from, String partition, int count) {
    return (List<?>)
        client.sendCommand(
            () -> "TAIL".getBytes(UTF_8),
            "0",
            "PARTITION",
            partition,
            "FROM",
            from,
            "COUNT",
            Integer.toString(count));
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, UTF_8);
  }

  @Test
  void aRegionsLinesTellWhichRegionWroteThem(@TempDir Path euFolder, @TempDir Path usFolder)
      throws Exception {
    try (ClusterProcesses eu = ClusterProcesses.start(euFolder, 1, "--node.region", "eu");
        ClusterProcesses us = ClusterProcesses.start(usFolder, 1, "--node.region", "us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createBetween("both", 5, List.of("eu", "us"), "REPLICAS", "1", "PARTITIONS", "1");
      write(eu.node(1), 5, "here");
      write(us.node(1), 5, "there");
      ClusterProcesses.await(
          "both are in eu",
          () -> ClusterProcesses.contents(eu.node(1), 5).keySet().equals(Set.of("here", "there")));
      Map<String, String> regions = new HashMap<>();
      for (JsonNode line : all(eu.node(1), "both")) {
        assertThat(line.has("merge_base64")).isFalse();
        regions.put(line.path("key").asText(), line.path("region").asText());
      }
      assertThat(regions).isEqualTo(Map.of("here", "eu", "there", "us"));
    }
  }
}
