package io.trefoil.node.process;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/**
 * A cluster of real node processes {@code n1}, {@code n2} …, for tests. {@link #close} kills those
 * that are left, also stopped ones.
 */
final class ClusterProcesses implements AutoCloseable {
  /** How long a condition may take to come true: far more than it takes on a slow machine. */
  static final int DEADLINE_SECONDS = 90;

  private static final Duration POLL = Duration.ofMillis(25);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<NodeProcess> nodes = new ArrayList<>();

  private ClusterProcesses() {}

  /**
   * Starts a cluster and waits until all its replicas are in sync. Its leases are long, so that
   * leaders change only when a test makes them, unless {@code flags} say otherwise.
   *
   * @param folder empty
   * @param flags settings of every node, as {@code --path value}
   */
  static ClusterProcesses start(Path folder, int count, String... flags) {
    ClusterProcesses cluster = new ClusterProcesses();
    boolean started = false;
    try {
      for (int i = 1; i <= count; i++) {
        NodeProcess node = new NodeProcess("n" + i, folder.resolve("n" + i), List.of(flags));
        node.addFlags("--cluster.expect", Integer.toString(count));
        if (!List.of(flags).contains("--cluster.lease")) {
          node.addFlags("--cluster.lease", "5s");
        }
        if (i > 1) {
          node.addFlags("--cluster.join", "127.0.0.1:" + cluster.node(1).peerPort());
        }
        cluster.nodes.add(node.start());
      }
      cluster.awaitInSync();
      started = true;
      return cluster;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!started) {
        cluster.close();
      }
    }
  }

  /**
   * @param number from 1
   */
  NodeProcess node(int number) {
    return nodes.get(number - 1);
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes);
  }

  NodeProcess node(String name) {
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst().orElseThrow();
  }

  /** Any node but these. */
  NodeProcess nodeBeside(NodeProcess... others) {
    return nodes.stream().filter(node -> !List.of(others).contains(node)).findFirst().orElseThrow();
  }

  /** A client as its users get it, but for patience with a slow machine. */
  static Jedis client(NodeProcess node) {
    return client(node, 0, DEADLINE_SECONDS * 1_000);
  }

  static Jedis client(NodeProcess node, int database, int timeoutMillis) {
    return new Jedis(
        new HostAndPort("127.0.0.1", node.clientPort()),
        DefaultJedisClientConfig.builder().database(database).timeoutMillis(timeoutMillis).build());
  }

  /** Runs a command of the product's own, and gives its reply as text. */
  static String command(Jedis client, String... words) {
    String[] arguments = List.of(words).subList(1, words.length).toArray(String[]::new);
    Object reply = client.sendCommand(() -> words[0].getBytes(StandardCharsets.UTF_8), arguments);
    return reply instanceof byte[] bytes
        ? new String(bytes, StandardCharsets.UTF_8)
        : String.valueOf(reply);
  }

  /** The cluster as a node sees it. */
  JsonNode status(NodeProcess node) {
    try (Jedis client = client(node, 0, 5_000)) {
      return JSON.readTree(command(client, "STATUS"));
    } catch (IOException e) {
      throw new AssertionError("STATUS is not JSON", e);
    }
  }

  private static JsonNode partition(JsonNode status, int database, int partition) {
    for (JsonNode each : status.path("databases")) {
      if (each.path("number").asInt() == database) {
        return each.path("partition_states").path(partition);
      }
    }
    return MissingNode.getInstance();
  }

  /** How many entries of a partition's leader are not confirmed, as a node has heard. */
  long unconfirmed(NodeProcess asked, int database, int partition) {
    JsonNode state = partition(status(asked), database, partition);
    return state.path("last_index").asLong() - state.path("commit_index").asLong();
  }

  /** Waits for a partition's leader to serve, as one node sees it, and gives it. */
  NodeProcess awaitLeader(NodeProcess asked, int database, int partition) {
    // Read once: between two reads the leader may be gone.
    AtomicReference<NodeProcess> leader = new AtomicReference<>();
    await(
        "a leader of " + database + "/" + partition,
        () -> {
          JsonNode state = partition(status(asked), database, partition);
          boolean led =
              !state.path("state").asText().equals("no leader") && state.path("leader").isTextual();
          leader.set(led ? node(state.path("leader").asText()) : null);
          return led;
        });
    return leader.get();
  }

  /** Waits until every node is up and every replica of every partition is in sync and counts. */
  void awaitInSync() {
    await(
        "every replica in sync",
        () -> {
          JsonNode status = status(node(1));
          return status.path("nodes").size() >= nodes.size()
              && everywhere(status.path("nodes"), node -> node.path("state").asText().equals("up"))
              && !status.path("databases").isEmpty()
              && everywhere(status.path("databases"), ClusterProcesses::isInSync)
              && everywhere(status.path("warnings"), ClusterProcesses::isNotOfVoters);
        });
  }

  /** A warning that the control plane has fewer voters than it will have. */
  private static boolean isNotOfVoters(JsonNode warning) {
    return !warning.asText().startsWith("the control plane has");
  }

  /** Links this cluster to the one of another region. */
  void link(String region, ClusterProcesses there) {
    try (Jedis admin = client(node(1))) {
      command(admin, "REGION", "LINK", region, "127.0.0.1:" + there.node(1).peerPort());
    }
  }

  /** Waits until the replicas of one database are in sync. */
  void awaitInSync(NodeProcess asked, int database) {
    await(
        "every replica of database " + database + " in sync",
        () ->
            everywhere(
                status(asked).path("databases"),
                each -> each.path("number").asInt() != database || isInSync(each)));
  }

  private static boolean isInSync(JsonNode database) {
    return everywhere(
        database.path("partition_states"),
        partition ->
            partition.path("state").asText().equals("serving")
                && partition.path("last_index").equals(partition.path("commit_index"))
                && everywhere(
                    partition.path("replicas"),
                    replica ->
                        replica.path("in_sync").asBoolean() && replica.path("counts").asBoolean()));
  }

  private static boolean everywhere(
      JsonNode array, java.util.function.Predicate<JsonNode> condition) {
    for (JsonNode each : array) {
      if (!condition.test(each)) {
        return false;
      }
    }
    return true;
  }

  /** Creates a database, waits until its replicas are in sync, and gives its number. */
  int createDatabase(String name, String... options) {
    List<String> words = new ArrayList<>(List.of("DATABASE", "CREATE", name));
    words.addAll(List.of(options));
    await("database " + name + " created", () -> create(name, words.toArray(String[]::new)));
    int number = number(name);
    awaitInSync(node(1), number);
    return number;
  }

  /** Creates a multi-leader database between this region and others. */
  void createBetween(String name, int number, List<String> regions, String... options) {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("NUMBER", Integer.toString(number), "REPLICATION", "MULTI-LEADER"));
    words.addAll(List.of("REGIONS", Integer.toString(regions.size())));
    words.addAll(regions);
    words.addAll(List.of(options));
    createDatabase(name, words.toArray(String[]::new));
  }

  /** Creates a database, unless an earlier try did although it could not say so. */
  private boolean create(String name, String... words) {
    if (number(name) == 0) {
      try (Jedis client = client(node(1))) {
        command(client, words);
      }
    }
    return number(name) > 0;
  }

  /** A database's number; 0 when there is none of that name. */
  private int number(String name) {
    for (JsonNode database : status(node(1)).path("databases")) {
      if (database.path("name").asText().equals(name)) {
        return database.path("number").asInt();
      }
    }
    return 0;
  }

  /** What a node's own replicas hold of a database: string keys and values. */
  static Map<String, String> contents(NodeProcess node, int database) {
    Map<String, String> contents = new HashMap<>();
    try (Jedis client = client(node, database, DEADLINE_SECONDS * 1_000)) {
      command(client, "READONLY");
      List<String> keys = List.copyOf(client.keys("*"));
      for (int from = 0; from < keys.size(); from += 1_000) {
        String[] some =
            keys.subList(from, Math.min(from + 1_000, keys.size())).toArray(String[]::new);
        List<String> values = client.mget(some);
        for (int i = 0; i < some.length; i++) {
          contents.put(some[i], values.get(i));
        }
      }
    }
    return contents;
  }

  /** Waits until these nodes' own replicas hold the same, and gives it. */
  static Map<String, String> awaitEqualContents(List<NodeProcess> nodes, int database) {
    await(
        "the same data on every replica",
        () -> {
          Map<String, String> first = contents(nodes.get(0), database);
          for (NodeProcess node : nodes) {
            if (!contents(node, database).equals(first)) {
              return false;
            }
          }
          return true;
        });
    return contents(nodes.get(0), database);
  }

  /** The lines of all divergence files of all nodes. */
  List<JsonNode> divergedLines() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (NodeProcess node : nodes) {
      Path folder = node.dataDir().resolve("divergence");
      if (Files.isDirectory(folder)) {
        try (Stream<Path> files = Files.list(folder)) {
          for (Path file : files.filter(each -> each.toString().endsWith(".jsonl")).toList()) {
            for (String line : Files.readAllLines(file)) {
              lines.add(JSON.readTree(line));
            }
          }
        }
      }
    }
    return lines;
  }

  /** Whether it comes true before the deadline is the test; errors meanwhile mean "not yet". */
  static void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(DEADLINE_SECONDS).toNanos();
    Exception last = null;
    while (System.nanoTime() < deadline) {
      try {
        if (condition.call()) {
          return;
        }
        last = null;
      } catch (JedisException | ConnectException e) {
        last = e;
      } catch (Exception e) {
        throw new AssertionError("while waiting for " + what, e);
      }
      LockSupport.parkNanos(POLL.toNanos());
    }
    throw new AssertionError("waited in vain for " + what, last);
  }

  @Override
  public void close() {
    nodes.forEach(NodeProcess::kill);
  }
}
