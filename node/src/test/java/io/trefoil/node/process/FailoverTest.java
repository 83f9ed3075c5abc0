package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.check.Linearizability;
import io.trefoil.check.StringModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Leaders are killed and stopped under load, and what clients were told is compared with what is
 * there. Database numbers differ from test to test, so that one cluster serves them all.
 */
@Tag("slow")
class FailoverTest {
  private static final int ROUNDS = 3;
  private static final int CALLS = 500;
  private static final int FULL_ROUNDS = 10;
  private static final int WRITES = 300;

  /** Commit rules, as the command's words. */
  enum Rule {
    ASYNC("ASYNC"),
    SEMI_SYNC("SEMI-SYNC", "1"),
    MAJORITY("MAJORITY"),
    SYNC("SYNC");

    private final String[] words;

    Rule(String... words) {
      this.words = words;
    }
  }

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static int databases;

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
    for (NodeProcess node : cluster.nodes()) {
      if (!node.isAlive()) {
        node.start();
      } else {
        node.resume();
      }
    }
    cluster.awaitInSync();
  }

  private static int database(Rule rule, int replicas) {
    String[] options = new String[6 + rule.words.length - 1];
    List<String> fixed = List.of("REPLICAS", "" + replicas, "PARTITIONS", "1", "COMMIT");
    for (int i = 0; i < options.length; i++) {
      options[i] = i < 5 ? fixed.get(i) : rule.words[i - 5];
    }
    return cluster.createDatabase("db" + ++databases, options);
  }

  /** Of all rules in the full tier. */
  @ParameterizedTest
  @EnumSource(names = {"MAJORITY", "ASYNC"})
  void acknowledged_writes_outlive_their_leader(Rule rule) throws IOException {
    loseLeaders(rule, ROUNDS);
  }

  @Tag("full")
  @ParameterizedTest
  @EnumSource
  void acknowledged_writes_outlive_their_leader_ten_times(Rule rule) throws IOException {
    loseLeaders(rule, FULL_ROUNDS);
  }

  @ParameterizedTest
  @EnumSource(names = "MAJORITY")
  void clients_of_all_nodes_see_one_order_while_leaders_are_lost(Rule rule) throws IOException {
    int database = database(rule, 3);
    HistoryClients clients = HistoryClients.start(cluster.nodes(), database);
    try (clients) {
      for (int round = 0; round < ROUNDS; round++) {
        clients.awaitAcknowledged(CALLS);
        NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
        if (round % 2 == 0) {
          leader.pause();
        } else {
          leader.kill();
        }
        awaitOtherLeader(database, leader);
        clients.awaitAcknowledged(CALLS);
        if (round % 2 == 0) {
          leader.resume();
        } else {
          leader.start();
        }
        cluster.awaitInSync();
      }
    }
    assertThat(Linearizability.check(clients.history(), new StringModel())).isEmpty();
  }

  private static void loseLeaders(Rule rule, int rounds) throws IOException {
    int database = database(rule, 3);
    for (int round = 0; round < rounds; round++) {
      boolean kill = (round + rule.ordinal()) % 2 == 0;
      Writers writers =
          Writers.start(cluster.nodes(), database, rule + "-" + database + "-" + round);
      try (writers) {
        writers.awaitAcknowledged(WRITES);
        loseLeader(rule, database, kill, writers);
      }
      cluster.awaitInSync();
      Map<String, String> data = ClusterProcesses.awaitEqualContents(cluster.nodes(), database);
      check(rule, writers, data, rule + (kill ? ", killed" : ", stopped") + " in round " + round);
    }
  }

  private static void loseLeader(Rule rule, int database, boolean kill, Writers writers)
      throws IOException {
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    if (kill) {
      leader.kill();
    } else {
      leader.pause();
    }
    awaitOtherLeader(database, leader);
    if (rule != Rule.SYNC) {
      writers.awaitAcknowledged(WRITES); // while the old leader is away
    }
    if (kill) {
      leader.start();
    } else {
      leader.resume();
    }
    writers.awaitAcknowledged(WRITES);
  }

  private static void awaitOtherLeader(int database, NodeProcess old) {
    NodeProcess asked = cluster.nodeBeside(old);
    ClusterProcesses.await(
        "another leader than " + old.name(), () -> cluster.awaitLeader(asked, database, 0) != old);
  }

  private static void check(Rule rule, Writers writers, Map<String, String> data, String what)
      throws IOException {
    assertThat(data.entrySet()).as(what).allMatch(each -> each.getKey().equals(each.getValue()));
    assertThat(writers.refused)
        .as(what + ": refused writes are not there")
        .doesNotContainAnyElementsOf(data.keySet());
    Set<String> missing = new HashSet<>(writers.acknowledged);
    missing.removeAll(data.keySet());
    if (rule == Rule.ASYNC) {
      assertThat(divergedKeys()).as(what + ": missing is listed").containsAll(missing);
    } else {
      assertThat(missing).as(what + ": " + writers).isEmpty();
    }
  }

  /** Keys in the divergence files; every test has keys of its own. */
  private static Set<String> divergedKeys() throws IOException {
    return cluster.divergedLines().stream()
        .filter(line -> line.path("change").asText().equals("put"))
        .map(line -> line.path("key").asText())
        .collect(Collectors.toSet());
  }

  @Test
  void what_async_loses_with_a_leader_that_wrote_alone_is_in_its_divergence_file()
      throws IOException {
    int database = database(Rule.ASYNC, 2);
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess follower = follower(database, leader);
    follower.pause();
    Set<String> written = new HashSet<>();
    // More than sockets hold: what they hold reaches the follower when it runs again.
    String value = "x".repeat(64 << 10);
    try (Jedis client = ClusterProcesses.client(leader, database, 60_000)) {
      for (int i = 0; i < WRITES; i++) {
        String key = "alone-" + i;
        ClusterProcesses.await(
            "async goes on without " + follower.name(), () -> client.set(key, value).equals("OK"));
        written.add(key);
      }
    }
    leader.kill();
    follower.resume();
    awaitOtherLeader(database, leader);
    leader.start();
    cluster.awaitInSync();

    Map<String, String> data =
        ClusterProcesses.awaitEqualContents(List.of(leader, follower), database);
    Set<String> missing = new HashSet<>(written);
    missing.removeAll(data.keySet());
    assertThat(missing).isNotEmpty();
    assertThat(divergedKeys()).containsAll(missing);
    JsonNode first =
        cluster.divergedLines().stream()
            .filter(line -> line.has("format"))
            .filter(line -> line.path("node").asText().equals(leader.name()))
            .findFirst()
            .orElseThrow();
    assertThat(first.path("format").asInt()).isEqualTo(2);
  }

  private static NodeProcess follower(int database, NodeProcess leader) {
    for (JsonNode each : cluster.status(leader).path("databases")) {
      if (each.path("number").asInt() == database) {
        for (JsonNode replica : each.path("partition_states").path(0).path("replicas")) {
          if (!replica.path("node").asText().equals(leader.name())) {
            return cluster.node(replica.path("node").asText());
          }
        }
      }
    }
    throw new AssertionError("no follower of database " + database);
  }

  @Test
  void sync_halts_with_a_stopped_follower_names_it_and_goes_on_when_it_is_back() {
    int database = database(Rule.SYNC, 3);
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess stopped = cluster.nodeBeside(leader);
    try (Jedis client = ClusterProcesses.client(leader, database, 60_000)) {
      client.set("before", "1");
      stopped.pause();
      ClusterProcesses.await("sync halts", () -> refusal(client).startsWith("NOREPLICAS"));
      assertThat(refusal(client))
          .startsWith("NOREPLICAS sync needs 3 of 3 replicas, " + stopped.name());
      assertThat(client.get("before")).isEqualTo("1");
      stopped.resume();
      ClusterProcesses.await("sync goes on", () -> refusal(client).isEmpty());
    }
  }

  /** The error of a write, which before the follower is known to be away is that nobody can say. */
  private static String refusal(Jedis client) {
    try {
      client.set("meanwhile", "1");
      return "";
    } catch (JedisDataException e) {
      assertThat(e.getMessage()).matches("(UNCERTAIN|NOREPLICAS|CLUSTERDOWN) .*");
      return e.getMessage();
    }
  }

  @Test
  void the_follower_of_a_killed_sync_leader_has_the_data() throws IOException {
    int database = database(Rule.SYNC, 2);
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess follower = follower(database, leader);
    try (Jedis client = ClusterProcesses.client(leader, database, 60_000)) {
      for (int i = 0; i < WRITES; i++) {
        client.set("k" + i, "v" + i);
      }
    }
    // Keys that an unconfirmed end of the log touches would wait for the old leader.
    ClusterProcesses.awaitEqualContents(List.of(leader, follower), database);
    leader.kill();
    try (Jedis client = ClusterProcesses.client(follower, database, 60_000)) {
      ClusterProcesses.await("reads of the new leader", () -> "v0".equals(client.get("k0")));
      for (int i = 0; i < WRITES; i++) {
        assertThat(client.get("k" + i)).isEqualTo("v" + i);
      }
      ClusterProcesses.await("writes halt", () -> refusal(client).startsWith("NOREPLICAS"));
      leader.start();
      ClusterProcesses.await("writes go on", () -> refusal(client).isEmpty());
    }
  }

  /** The old leader reads the command only when it runs again, and its lease is over by then. */
  @Test
  void a_stopped_leader_that_runs_again_acknowledges_nothing_of_its_own() {
    int database = database(Rule.ASYNC, 3);
    NodeProcess old = cluster.awaitLeader(cluster.node(1), database, 0);
    try (Jedis late = ClusterProcesses.client(old, database, 90_000);
        Jedis other = ClusterProcesses.client(cluster.nodeBeside(old), database, 60_000)) {
      late.set("key", "first");
      old.pause();
      CompletableFuture<String> answer =
          CompletableFuture.supplyAsync(() -> set(late, "key", "late"));
      awaitOtherLeader(database, old);
      ClusterProcesses.await("a new leader", () -> other.set("key", "second").equals("OK"));
      old.resume();
      String told = answer.join();
      // Either an error, or it was forwarded to the new leader, after the second write.
      assertThat(other.get("key")).isEqualTo(told.equals("OK") ? "late" : "second");
    }
  }

  private static String set(Jedis client, String key, String value) {
    try {
      return client.set(key, value);
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }
}
