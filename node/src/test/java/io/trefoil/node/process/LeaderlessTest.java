package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** A leaderless database on three nodes, with real processes, sockets and disks. */
@Tag("slow")
class LeaderlessTest {
  private static final int KEYS = 300;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3);
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      admin.sendCommand(
          () -> "DATABASE".getBytes(),
          "CREATE",
          "carts",
          "NUMBER",
          "5",
          "REPLICATION",
          "LEADERLESS",
          "REPLICAS",
          "3",
          "R",
          "2",
          "W",
          "2",
          "PARTITIONS",
          "3");
    }
    ClusterProcesses.await("every coordinator knows every replica", LeaderlessTest::isWhole);
  }

  /** Whether every coordinator has heard of every replica, and nothing waits for one. */
  private static boolean isWhole() {
    for (int partition = 0; partition < 3; partition++) {
      JsonNode state = statusOf(partition);
      boolean whole =
          state.path("state").asText().equals("serving")
              && all(state.path("replicas"), each -> each.path("in_sync").asBoolean())
              && all(state.path("coordinators"), LeaderlessTest::reachesAll);
      if (!whole) {
        return false;
      }
    }
    return true;
  }

  private static boolean reachesAll(JsonNode coordinator) {
    return coordinator.path("hints").size() == 2
        && all(
            coordinator.path("hints"),
            each -> each.path("counts").asBoolean() && each.path("away_ms").asLong() == 0);
  }

  private static boolean all(JsonNode array, Predicate<JsonNode> such) {
    return !array.isEmpty() && StreamSupport.stream(array.spliterator(), false).allMatch(such);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  private static Jedis client(int node) {
    Jedis client = ClusterProcesses.client(cluster.node(node));
    client.select(5);
    return client;
  }

  private static Object consistency(Jedis client, String... level) {
    return client.sendCommand(() -> "CONSISTENCY".getBytes(), level);
  }

  @Test
  void every_node_takes_writes_and_reads_the_acknowledged_ones_of_the_others() {
    for (int writer = 1; writer <= 3; writer++) {
      try (Jedis client = client(writer)) {
        for (int i = 0; i < KEYS; i++) {
          client.set("key-" + i, "n" + writer);
        }
      }
      for (int reader = 1; reader <= 3; reader++) {
        try (Jedis client = client(reader)) {
          for (int i = 0; i < KEYS; i++) {
            assertThat(client.get("key-" + i)).isEqualTo("n" + writer);
          }
        }
      }
    }
  }

  @Test
  void counters_fields_and_members_are_merged() {
    try (Jedis a = client(1);
        Jedis b = client(2);
        Jedis c = client(3)) {
      for (Jedis each : new Jedis[] {a, b, c}) {
        each.incrBy("visits", 5);
        each.hset("hash", "field-" + each.incr("fields"), "x");
        each.sadd("set", "same", "member-" + each.get("fields"));
      }

      assertThat(a.get("visits")).isEqualTo("15");
      assertThat(b.hgetAll("hash"))
          .isEqualTo(Map.of("field-1", "x", "field-2", "x", "field-3", "x"));
      assertThat(c.smembers("set")).isEqualTo(Set.of("same", "member-1", "member-2", "member-3"));
      assertThat(c.del("hash", "set", "visits")).isEqualTo(3);
      assertThat(a.exists("hash", "set", "visits")).isZero();
    }
  }

  @Test
  void what_needs_one_order_of_all_writes_is_refused_by_name() {
    try (Jedis client = client(2)) {
      assertThatThrownBy(() -> client.setnx("lock", "me"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("UNSUPPORTED SETNX")
          .hasMessageContaining("database 'carts' is leaderless");
      consistency(client, "LINEARIZABLE");
      assertThatThrownBy(() -> client.get("any"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("UNSUPPORTED LINEARIZABLE");
    }
  }

  @Test
  void what_is_not_there_yet_is_refused_by_name() {
    try (Jedis client = client(1)) {
      database(client, "CREATE slack REPLICATION LEADERLESS SLOPPY YES");
      for (String change : new String[] {"ALTER slack W 3", "MOVE slack FROM n1 TO n2"}) {
        assertThatThrownBy(() -> database(client, change))
            .hasMessage("UNSUPPORTED database 'slack' is sloppy, and can't be changed yet");
      }
      database(client, "DROP slack");
    }
  }

  @Test
  void writes_that_did_not_see_each_other_are_kept_until_somebody_decides() {
    try (Jedis a = client(1);
        Jedis b = client(2)) {
      database(
          a, "CREATE kept NUMBER 8 REPLICATION LEADERLESS REPLICAS 3 R 2 W 2 CONFLICT SIBLINGS");
      for (Jedis each : List.of(a, b)) {
        ClusterProcesses.await("its coordinators", () -> canWrite(each));
        consistency(each, "R", "1", "W", "1");
      }
      String key = writeSiblings(a, b);
      byte[] old = context(a, key);
      for (int node = 1; node <= 3; node++) {
        try (Jedis each = client(node)) {
          each.select(8);
          assertThat(values(each, key)).containsExactlyInAnyOrder("n1", "n2");
          assertThat(values(each, key).get(0)).isEqualTo(each.get(key));
          assertThatThrownBy(() -> resolve(each, "other", old, "decided"))
              .hasMessage("ERR RESOLVE: the context is not one that SIBLINGS gave for this key");
        }
      }
      consistency(a, "QUORUM");
      consistency(b, "QUORUM");
      String hidden = values(a, key).get(1);
      b.set(key, "later");
      assertThat(values(a, key)).containsExactly("later", hidden);
      assertThatThrownBy(() -> resolve(a, key, old, "decided"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("CONFLICT the key has a sibling that the context does not cover");
      assertThat(values(b, key)).containsExactly("later", hidden);

      resolve(a, key, context(b, key), "decided");
      for (int node = 1; node <= 3; node++) {
        try (Jedis each = client(node)) {
          each.select(8);
          assertThat(values(each, key)).containsExactly("decided");
          consistency(each, "ONE");
          ClusterProcesses.await(
              "the decision", () -> values(each, key).equals(List.of("decided")));
        }
      }
      a.select(0);
      assertThatThrownBy(() -> values(a, key))
          .isInstanceOf(JedisDataException.class)
          .hasMessageContaining("UNSUPPORTED SIBLINGS");
    }
  }

  private static boolean canWrite(Jedis client) {
    try {
      client.select(8);
      client.set("any", "x");
      return true;
    } catch (JedisDataException notYet) {
      return false;
    }
  }

  /** Both write the same keys at the same time, until neither saw the other's write of one. */
  private static String writeSiblings(Jedis a, Jedis b) {
    String[] found = new String[1];
    int[] round = new int[1];
    ClusterProcesses.await(
        "writes that did not see each other",
        () -> {
          String prefix = "key-" + round[0]++ + "-";
          CompletableFuture<Void> other =
              CompletableFuture.runAsync(() -> writeAll(b, prefix, "n2"));
          writeAll(a, prefix, "n1");
          other.join();
          consistency(b, "QUORUM");
          for (int i = 0; i < KEYS && found[0] == null; i++) {
            found[0] = values(b, prefix + i).size() == 2 ? prefix + i : null;
          }
          consistency(b, "R", "1", "W", "1");
          return found[0] != null;
        });
    return found[0];
  }

  private static void writeAll(Jedis client, String prefix, String value) {
    Pipeline pipeline = client.pipelined();
    for (int i = 0; i < KEYS; i++) {
      pipeline.set(prefix + i, value);
    }
    pipeline.sync();
  }

  /** The values of a key, the latest first. */
  private static List<String> values(Jedis client, String key) {
    return siblings(client, key).stream()
        .skip(1)
        .map(each -> SafeEncoder.encode((byte[]) ((List<?>) each).get(0)))
        .toList();
  }

  private static byte[] context(Jedis client, String key) {
    return (byte[]) siblings(client, key).get(0);
  }

  private static List<?> siblings(Jedis client, String key) {
    return (List<?>) client.sendCommand("SIBLINGS"::getBytes, key);
  }

  private static void resolve(Jedis client, String key, byte[] context, String value) {
    client.sendCommand(
        "RESOLVE"::getBytes, SafeEncoder.encode(key), context, SafeEncoder.encode(value));
  }

  private static void database(Jedis client, String words) {
    client.sendCommand(() -> "DATABASE".getBytes(), words.split(" "));
  }

  @Test
  void a_killed_replica_gets_what_was_written_without_it_and_no_quorum_request_fails()
      throws Exception {
    try (Jedis a = client(1);
        Jedis b = client(2)) {
      a.set("before", "1");
      cluster.node(3).kill();
      for (int i = 0; i < KEYS; i++) {
        a.set("while-" + i, "v" + i);
        b.incr("counted");
        assertThat(b.get("while-" + i)).isEqualTo("v" + i);
      }
      b.del("before");
      cluster.node(3).start();
      ClusterProcesses.await("n3 serves", LeaderlessTest::thirdNodeServes);
      try (Jedis c = client(3)) {
        consistency(c, "ONE");
        ClusterProcesses.await("the count", () -> String.valueOf(KEYS).equals(c.get("counted")));
        ClusterProcesses.await("the removal", () -> c.get("before") == null);
        // Of another coordinator, whose log comes by itself.
        for (int i = 0; i < KEYS; i++) {
          String key = "while-" + i;
          String value = "v" + i;
          ClusterProcesses.await(key, () -> value.equals(c.get(key)));
        }
      }
      ClusterProcesses.await("all serve again", LeaderlessTest::isWhole);
    }
  }

  @Test
  void in_a_sloppy_database_hints_count_for_a_replica_that_is_away() throws Exception {
    create("loose", 6, "REPLICAS 3 R 1 W 3 SLOPPY YES");
    try (Jedis a = client(1)) {
      a.select(6);
      ClusterProcesses.await(
          "all replicas",
          () -> {
            a.set("before", "x");
            return last(a).get("copies").equals("3");
          });
      assertThat(last(a)).containsEntry("hinted", "0");
      cluster.node(3).kill();
      a.set("while", "away");
      assertThat(last(a))
          .containsEntry("w", "3")
          .containsEntry("copies", "2")
          .containsEntry("hinted", "1");
      consistency(a, "R", "3", "W", "3");
      a.set("looks-at-nothing", "x");
      assertThatThrownBy(() -> a.sadd("looks", "x"))
          .hasMessageStartingWith("NOREPLICAS R 3 needs 3 of 3 replicas, n3 away");
      cluster.node(3).start();
      ClusterProcesses.await("n3 serves", LeaderlessTest::thirdNodeServes);
      try (Jedis c = client(3)) {
        c.select(6);
        ClusterProcesses.await("the hint", () -> "away".equals(c.get("while")));
      }
      ClusterProcesses.await("all serve again", LeaderlessTest::isWhole);
    }
  }

  private static void create(String name, int number, String options) {
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      database(
          admin, "CREATE " + name + " NUMBER " + number + " REPLICATION LEADERLESS " + options);
    }
  }

  /** What {@code CONSISTENCY LAST} says. */
  private static Map<String, String> last(Jedis client) {
    List<?> row = (List<?>) SafeEncoder.encodeObject(consistency(client, "LAST"));
    Map<String, String> said = new LinkedHashMap<>();
    for (int i = 0; i < row.size(); i += 2) {
      said.put(row.get(i).toString(), row.get(i + 1).toString());
    }
    return said;
  }

  @Test
  void what_a_coordinator_achieved_is_told_of_the_last_command() {
    try (Jedis client = client(2)) {
      client.set("last", "x");
      Map<String, String> wrote = last(client);
      assertThat(wrote.keySet())
          .containsExactly("node", "role", "r", "w", "copies", "hinted", "repaired");
      assertThat(wrote)
          .containsEntry("node", "n2")
          .containsEntry("role", "coordinator")
          .containsEntry("r", "2")
          .containsEntry("w", "2")
          .containsEntry("hinted", "0")
          .containsEntry("repaired", "no");
      assertThat(wrote.get("copies")).isIn("2", "3");

      consistency(client, "R", "3", "W", "1");
      client.get("nothing-was-written-here");
      assertThat(last(client))
          .containsEntry("r", "3")
          .containsEntry("w", "1")
          .containsEntry("copies", "0");
    }
  }

  @Test
  void a_node_without_a_replica_tells_what_the_coordinator_achieved() {
    create("pair", 7, "REPLICAS 2 PARTITIONS 1");
    Set<String> coordinators = new TreeSet<>();
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node)) {
        client.select(7);
        ClusterProcesses.await(
            "both replicas",
            () -> {
              try {
                return client.set("k", "v").equals("OK");
              } catch (JedisDataException notYet) {
                return false;
              }
            });
        assertThat(last(client)).containsEntry("role", "coordinator").containsEntry("copies", "2");
        coordinators.add(last(client).get("node"));
      }
    }
    assertThat(coordinators).as("one of three has no replica").hasSize(2);
  }

  private static boolean thirdNodeServes() {
    try (Jedis c = client(3)) {
      return c.ping().equals("PONG");
    } catch (JedisConnectionException notYet) {
      return false;
    }
  }

  @Test
  void every_node_is_a_master_and_says_what_it_knows_of_a_write() {
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node)) {
        client.set("told", "n" + node);
        assertThat(client.info("replication"))
            .contains("role:master")
            .doesNotContain("master_link_status");
        assertThat(client.info("keyspace")).contains("db5:keys=");
        assertThat(client.role().get(0)).isEqualTo("master");
        assertThat(command(client, "WRITE", "STATUS", carts() + "/0@9:999999"))
            .contains("unknown", "no replica has it");
        assertThat(command(client, "DATABASE", "VERIFY", "carts"))
            .contains("partitions_compared, 3");
      }
    }
  }

  @Test
  void a_write_that_was_confirmed_is_found_by_its_stream_and_index() {
    try (Jedis client = client(1)) {
      client.set("found", "here");
      JsonNode coordinator = statusOf(0).path("coordinators").path(0);
      assertThat(coordinator.path("node").asText()).isEqualTo("n1");
      String id = carts() + "/0@" + coordinator.path("origin").asText() + ":1";
      ClusterProcesses.await(
          "a write of n1 to partition 0",
          () -> {
            client.set("more-" + System.nanoTime(), "x");
            return command(client, "WRITE", "STATUS", id).contains("committed");
          });
    }
  }

  @Test
  void status_tells_of_quorums_and_of_what_coordinators_keep() {
    ClusterProcesses.await("nothing is kept for anybody", LeaderlessTest::isWhole);
    assertThat(statusOf(1).path("replicas")).hasSize(3);
    assertThat(statusOf(1).path("coordinators")).hasSize(3);
    assertThat(database().path("reads_see_writes").asBoolean()).isTrue();
    assertThat(database().path("acknowledged_writes").path("machine_lost").asText())
        .isEqualTo("nothing is lost");
  }

  /** A reply with all that is in it, as text. */
  private static String command(Jedis client, String name, String... arguments) {
    return SafeEncoder.encodeObject(client.sendCommand(name::getBytes, arguments)).toString();
  }

  private static JsonNode statusOf(int partition) {
    return database().path("partition_states").path(partition);
  }

  private static JsonNode database() {
    for (JsonNode each : cluster.status(cluster.node(2)).path("databases")) {
      if (each.path("number").asInt() == 5) {
        return each;
      }
    }
    return MissingNode.getInstance(); // not heard of yet
  }

  /** The database's internal number, which ids of writes begin with. */
  private static int carts() {
    return 2; // database 0 has the first
  }

  @Test
  void levels_are_chosen_by_the_connection() {
    try (Jedis a = client(1);
        Jedis b = client(2)) {
      consistency(a, "ONE");
      consistency(b, "R", "3", "W", "1");
      for (int i = 0; i < KEYS; i++) {
        a.set("one", "v" + i);
        assertThat(b.get("one")).isEqualTo("v" + i);
      }
      consistency(a, "R", "4", "W", "1");
      assertThatThrownBy(() -> a.get("one"))
          .isInstanceOf(JedisDataException.class)
          .hasMessage("ERR R 4 needs 4 replicas, the database has 3");
    }
  }
}
