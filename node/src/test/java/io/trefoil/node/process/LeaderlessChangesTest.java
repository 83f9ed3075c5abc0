package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** Leaderless databases whose quorums and replicas change, on real processes. */
@Tag("slow")
class LeaderlessChangesTest {
  private static final int NUMBER = 5;
  private static final int PARTITIONS = 3;
  private static final int KEYS = 600;

  @TempDir private Path folder;
  private ClusterProcesses cluster;

  @BeforeEach
  void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--repair.pause", "200ms");
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      database(
          admin,
          "CREATE carts NUMBER 5 REPLICATION LEADERLESS REPLICAS 3 R 2 W 2 PARTITIONS "
              + PARTITIONS);
    }
    cluster.awaitInSync();
    ClusterProcesses.await("all serve", () -> isSteady(cluster.node(1)));
  }

  @AfterEach
  void stopCluster() {
    cluster.close();
  }

  @Test
  void a_replica_on_a_lost_disk_is_replaced_while_clients_write() throws IOException {
    NodeProcess wiped = cluster.node(3);
    Map<String, String> expected = new TreeMap<>();
    write("before", expected);
    remove("before", expected, KEYS / 2);
    wiped.kill();
    BadInputTest.deleteFolder(wiped.dataDir());
    wiped.start();
    ClusterProcesses.await(
        "a fourth node", () -> cluster.status(cluster.node(1)).path("nodes").size() == 4);
    ClusterProcesses.await(
        "the new node serves", () -> cluster.status(wiped).path("nodes").size() == 4);
    String lost = lostNode(cluster.status(cluster.node(1)), wiped.name());
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.await(
          "the copies to move", () -> isTaken(admin, "MOVE carts FROM " + lost + " TO n3"));
    }
    write("meanwhile", expected);
    ClusterProcesses.await("the change to be through", () -> isSteady(cluster.node(1)));
    write("after", expected);
    for (NodeProcess node : cluster.nodes()) {
      ClusterProcesses.await(
          "all by the copies of " + node.name(), () -> ownContents(node).equals(expected));
    }
  }

  @Test
  void quorums_change_with_a_replica_away_that_they_do_not_need() throws IOException {
    Map<String, String> expected = new TreeMap<>();
    write("before", expected);
    cluster.node(3).kill();
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.await("R 3 W 2", () -> isTaken(admin, "ALTER carts R 3 W 2"));
      ClusterProcesses.await("the change to be through", () -> changing() == 0);
      ClusterProcesses.await("R 2 W 2", () -> isTaken(admin, "ALTER carts R 2 W 2"));
      ClusterProcesses.await("the change back to be through", () -> isSteady(cluster.node(1)));
    }
    write("without n3", expected);
    cluster.node(3).start();
    ClusterProcesses.await(
        "all by the copies of n3", () -> ownContents(cluster.node(3)).equals(expected));
  }

  @Test
  void a_change_that_needs_a_replica_that_is_away_says_so_and_can_be_taken_back() {
    cluster.node(3).kill();
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      assertThatThrownBy(() -> database(admin, "ALTER carts W 3"))
          .hasMessageContaining("UNCERTAIN the change of 'carts' is decided and goes on")
          .hasMessageContaining("; it waits for ");
      ClusterProcesses.await("n3 to be named", () -> awaited().equals("[\"n3\"]"));
      ClusterProcesses.await("W 2", () -> isTaken(admin, "ALTER carts W 2"));
      ClusterProcesses.await("the change to be taken back", () -> changing() == 0);
    }
    assertThat(awaited()).isEqualTo("[]");
  }

  @Tag("full")
  @Test
  void what_was_removed_is_forgotten_by_all_and_stays_away_from_a_node_that_was_not_there()
      throws IOException {
    Map<String, String> expected = new TreeMap<>();
    write("before", expected);
    cluster.node(3).kill();
    remove("before", expected, KEYS);
    long removed = System.currentTimeMillis();
    cluster.node(3).start();
    for (NodeProcess node : cluster.nodes()) {
      ClusterProcesses.await(
          "a horizon above the removals at " + node.name(), () -> hasHorizonAfter(node, removed));
      ClusterProcesses.await("nothing at " + node.name(), () -> ownContents(node).isEmpty());
    }
  }

  private void write(String value, Map<String, String> expected) {
    try (Jedis client = client(cluster.node(1))) {
      for (int i = 0; i < KEYS; i++) {
        String key = "key-" + i;
        ClusterProcesses.await("SET " + key, () -> "OK".equals(client.set(key, value)));
        expected.put(key, value);
      }
    }
  }

  private void remove(String value, Map<String, String> expected, int count) {
    try (Jedis client = client(cluster.node(2))) {
      for (int i = 0; i < count; i++) {
        String key = "key-" + i;
        ClusterProcesses.await(
            "DEL " + key + " of " + value,
            () -> {
              client.del(key);
              return client.get(key) == null;
            });
        expected.remove(key);
      }
    }
  }

  /** What a node's own copies hold. */
  private static Map<String, String> ownContents(NodeProcess node) {
    Map<String, String> contents = new TreeMap<>();
    try (Jedis client = client(node)) {
      client.sendCommand(() -> "CONSISTENCY".getBytes(), "ONE");
      for (String key : client.keys("*")) {
        String value = client.get(key);
        if (value != null) {
          contents.put(key, value);
        }
      }
    } catch (JedisException starting) {
      return Map.of("not yet", String.valueOf(starting.getMessage()));
    }
    return contents;
  }

  /** Whether all copies of a node have a horizon that is later. */
  private static boolean hasHorizonAfter(NodeProcess node, long millis) {
    try (Jedis client = ClusterProcesses.client(node)) {
      List<Long> ages = new ArrayList<>();
      horizons(client.sendCommand(() -> "REPAIR".getBytes(), "STATUS", "carts"), ages);
      long now = System.currentTimeMillis();
      return ages.size() >= PARTITIONS
          && ages.stream().allMatch(age -> age != null && now - age > millis);
    } catch (JedisException starting) {
      return false;
    }
  }

  private static void horizons(Object reply, List<Long> ages) {
    if (reply instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        horizons(list.get(i), ages);
        if (list.get(i) instanceof byte[] name && new String(name).equals("horizon_ms_ago")) {
          ages.add((Long) list.get(i + 1));
        }
      }
    }
  }

  private boolean isSteady(NodeProcess asked) {
    return changing() == 0
        && StreamSupport.stream(status(asked).path("partition_states").spliterator(), false)
            .allMatch(LeaderlessChangesTest::isSteady);
  }

  /** How many partitions have a change under way. */
  private int changing() {
    return status(cluster.node(1)).path("changing").asInt(-1);
  }

  private String awaited() {
    return status(cluster.node(1)).path("change_waits_for").toString();
  }

  private JsonNode status(NodeProcess asked) {
    for (JsonNode database : cluster.status(asked).path("databases")) {
      if (database.path("number").asInt() == NUMBER) {
        return database;
      }
    }
    return MissingNode.getInstance();
  }

  private static boolean isSteady(JsonNode partition) {
    return partition.path("state").asText().equals("serving")
        && StreamSupport.stream(partition.path("replicas").spliterator(), false)
                .filter(replica -> replica.path("in_sync").asBoolean())
                .count()
            >= 2;
  }

  /** The node of that name that is away. */
  private static String lostNode(JsonNode status, String name) {
    for (JsonNode node : status.path("nodes")) {
      if (node.path("name").asText().startsWith(name)
          && !node.path("state").asText().equals("up")) {
        return node.path("name").asText();
      }
    }
    throw new AssertionError("no node is away: " + status.path("nodes"));
  }

  private static boolean isTaken(Jedis admin, String change) {
    try {
      database(admin, change);
      return true;
    } catch (JedisException notYet) {
      return String.valueOf(notYet.getMessage()).startsWith("UNCERTAIN");
    }
  }

  private static void database(Jedis client, String words) {
    client.sendCommand(() -> "DATABASE".getBytes(), words.split(" "));
  }

  private static Jedis client(NodeProcess node) {
    Jedis client = ClusterProcesses.client(node);
    client.select(NUMBER);
    return client;
  }
}
