package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.check.Linearizability;
import io.trefoil.check.StringModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/** Databases are changed, and leaders hand over, while clients write. */
@Tag("slow")
class LiveChangeTest {
  private static final int WRITES = 300;
  private static final int SWITCHOVERS = 6;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 4, "--cluster.lease", "1s");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

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

  /** What a command of an administrator answers, asked again while it may come about later. */
  private static void administer(String... words) {
    administer(cluster.node(1), words);
  }

  private static void administer(NodeProcess asked, String... words) {
    ClusterProcesses.await(
        String.join(" ", words),
        () -> {
          try (Jedis client = ClusterProcesses.client(asked)) {
            return ClusterProcesses.command(client, words).equals("OK");
          } catch (JedisDataException e) {
            assertThat(e.getMessage()).matches("(UNCERTAIN|CLUSTERDOWN|TRYAGAIN) .*");
            return false;
          }
        });
  }

  private static JsonNode database(int number) {
    for (JsonNode each : cluster.status(cluster.node(1)).path("databases")) {
      if (each.path("number").asInt() == number) {
        return each;
      }
    }
    throw new AssertionError("no database " + number);
  }

  private static Set<String> missing(Writers writers, int database) {
    Map<String, String> data = ClusterProcesses.awaitEqualContents(cluster.nodes(), database);
    Set<String> missing = new HashSet<>(writers.acknowledged);
    missing.removeAll(data.keySet());
    return missing;
  }

  @Test
  void the_commit_rule_goes_round_while_a_checker_watches() throws IOException {
    int database =
        cluster.createDatabase("rule", "REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "ASYNC");
    HistoryClients clients = HistoryClients.start(cluster.nodes(), database);
    try (clients) {
      for (String rule : List.of("MAJORITY", "SYNC", "ASYNC", "SYNC", "MAJORITY")) {
        clients.awaitAcknowledged(WRITES);
        administer("DATABASE", "ALTER", "rule", "COMMIT", rule);
        assertThat(database(database).path("commit").asText()).isEqualToIgnoringCase(rule);
      }
      clients.awaitAcknowledged(WRITES);
    }
    assertThat(Linearizability.check(clients.history(), new StringModel())).isEmpty();
  }

  @Test
  void what_was_acknowledged_when_a_stronger_rule_stands_outlives_its_leader() throws IOException {
    int database =
        cluster.createDatabase("stronger", "REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "ASYNC");
    Writers writers = Writers.start(cluster.nodes(), database, "stronger");
    try (writers) {
      writers.awaitAcknowledged(WRITES);
      administer("DATABASE", "ALTER", "stronger", "COMMIT", "MAJORITY");
      writers.awaitAcknowledged(WRITES);
      NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
      leader.kill();
      leader.start();
      writers.awaitAcknowledged(WRITES);
    }
    assertThat(missing(writers, database)).as(writers.toString()).isEmpty();
  }

  @Test
  void a_rule_that_can_not_hold_yet_is_said_to_and_can_be_taken_back() {
    int database =
        cluster.createDatabase("yet", "REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "MAJORITY");
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess stopped = followerThatControlsNothing(database, leader);
    stopped.pause();
    try (Jedis client = ClusterProcesses.client(leader, database, 60_000)) {
      ClusterProcesses.await("a write that one lacks", () -> set(client).equals("OK"));
      ClusterProcesses.await(
          "the change goes on",
          () -> alter(client, "yet", "SYNC").contains("1 of its 1 partitions are not through yet"));
      ClusterProcesses.await(
          "writes are refused",
          () -> set(client).contains("sync needs 2 of 3, and before the change is through 3 of 3"));
      ClusterProcesses.await("taken back", () -> alter(client, "yet", "MAJORITY").equals("OK"));
      ClusterProcesses.await("writes go on", () -> set(client).equals("OK"));
    }
    stopped.resume();
  }

  private static NodeProcess followerThatControlsNothing(int database, NodeProcess leader) {
    String controller = cluster.status(cluster.node(1)).path("cluster").path("controller").asText();
    for (JsonNode replica : database(database).path("partition_states").path(0).path("replicas")) {
      String name = replica.path("node").asText();
      if (!name.equals(controller) && !name.equals(leader.name())) {
        return cluster.node(name);
      }
    }
    throw new AssertionError("every follower controls");
  }

  private static String alter(Jedis client, String name, String rule) {
    try {
      return ClusterProcesses.command(client, "DATABASE", "ALTER", name, "COMMIT", rule);
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }

  private static String set(Jedis client) {
    try {
      return client.set("key", "value");
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }

  @Test
  void copies_come_go_and_move_while_clients_write() {
    int database =
        cluster.createDatabase("copies", "REPLICAS", "2", "PARTITIONS", "2", "COMMIT", "SYNC");
    Writers writers = Writers.start(cluster.nodes(), database, "copies");
    try (writers) {
      writers.awaitAcknowledged(WRITES);
      administer("DATABASE", "ALTER", "copies", "REPLICAS", "4", "COMMIT", "MAJORITY");
      writers.awaitAcknowledged(WRITES);
      administer("DATABASE", "ALTER", "copies", "REPLICAS", "2", "DURABILITY", "FSYNC");
      writers.awaitAcknowledged(WRITES);
      moveEverything(database);
      writers.awaitAcknowledged(WRITES);
    }
    assertThat(missing(writers, database)).as(writers.toString()).isEmpty();
    assertThat(writers.uncertain).as(writers.toString()).isEmpty();
  }

  /** Each copy of partition 0 to a node that has none, the leader's too. */
  private static void moveEverything(int database) {
    ClusterProcesses.await("two copies", () -> replicasOf(database).size() == 2);
    Set<String> holders = replicasOf(database);
    List<String> free =
        cluster.nodes().stream()
            .map(NodeProcess::name)
            .filter(name -> !holders.contains(name))
            .toList();
    int next = 0;
    for (String holder : holders) {
      String to = free.get(next++);
      ClusterProcesses.await(
          holder + " to " + to,
          () -> {
            try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
              ClusterProcesses.command(
                  client, "DATABASE", "MOVE", "copies", "PARTITION", "0", "FROM", holder, "TO", to);
            } catch (JedisDataException e) {
              assertThat(e.getMessage()).matches("(UNCERTAIN .*|.*has no copy of it)");
            }
            return !replicasOf(database).contains(holder)
                && database(database).path("changing").asInt() == 0;
          });
    }
  }

  private static Set<String> replicasOf(int database) {
    Set<String> names = new HashSet<>();
    database(database)
        .path("partition_states")
        .path(0)
        .path("replicas")
        .forEach(it -> names.add(it.path("node").asText()));
    return names;
  }

  @Test
  void a_switchover_refuses_no_write_and_leaves_none_uncertain() {
    int database =
        cluster.createDatabase(
            "over", patient("REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "ASYNC"));
    Writers writers = Writers.start(cluster.nodes(), database, "over");
    try (writers) {
      for (int i = 0; i < SWITCHOVERS; i++) {
        writers.awaitAcknowledged(WRITES);
        NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
        String to = otherReplica(database, leader);
        administer("SWITCHOVER", "over", "TO", to);
        ClusterProcesses.await(
            to + " leads",
            () -> cluster.awaitLeader(cluster.node(1), database, 0).name().equals(to));
      }
      writers.awaitAcknowledged(WRITES);
    }
    assertThat(writers.refused).as(writers.toString()).isEmpty();
    assertThat(writers.uncertain).as(writers.toString()).isEmpty();
    assertThat(missing(writers, database)).isEmpty();
    JsonNode last = cluster.status(cluster.node(1)).path("failovers").path(0);
    assertThat(last.path("cause").asText()).isEqualTo("handed_over");
    assertThat(last.path("possible_loss").asBoolean()).isFalse();
  }

  /** Where a write waits for as long as a switchover takes on a machine that is busy. */
  private static String[] patient(String... options) {
    String[] all = Arrays.copyOf(options, options.length + 2);
    all[options.length] = "WRITE-TIMEOUT";
    all[options.length + 1] = "3500"; // less than the writers' own patience
    return all;
  }

  @Test
  void a_pipeline_over_several_partitions_is_answered_through_a_switchover() {
    int database =
        cluster.createDatabase(
            "pipelined", patient("REPLICAS", "3", "PARTITIONS", "4", "COMMIT", "MAJORITY"));
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    try (Pipeliner client = Pipeliner.start(leader, database)) {
      for (int i = 0; i < SWITCHOVERS; i++) {
        client.awaitAcknowledged(WRITES);
        NodeProcess from = cluster.awaitLeader(cluster.node(1), database, 0);
        administer("SWITCHOVER", "pipelined", "PARTITION", "0", "TO", otherReplica(database, from));
      }
      client.awaitAcknowledged(WRITES);
      assertThat(client.errors()).isEmpty();
    }
  }

  private static String otherReplica(int database, NodeProcess leader) {
    for (JsonNode replica : database(database).path("partition_states").path(0).path("replicas")) {
      if (!replica.path("node").asText().equals(leader.name())) {
        return replica.path("node").asText();
      }
    }
    throw new AssertionError("one replica only");
  }

  @Test
  void a_leader_that_is_asked_to_stop_hands_over_first() throws Exception {
    int database =
        cluster.createDatabase(
            "stops", patient("REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "ASYNC"));
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    List<NodeProcess> others = cluster.nodes().stream().filter(node -> node != leader).toList();
    NodeProcess asked = others.get(0);
    // Others lead only when they have been up for a while.
    administer(asked, "SWITCHOVER", "stops", "TO", leader.name());
    Writers writers = Writers.start(others, database, "stops");
    try (writers) {
      writers.awaitAcknowledged(WRITES);
      assertThat(leader.terminate()).isIn(0, 143);
      writers.awaitAcknowledged(WRITES);
    }
    assertThat(writers.refused).as(writers.toString()).isEmpty();
    assertThat(writers.uncertain).as(writers.toString()).isEmpty();
    assertThat(cluster.status(asked).path("failovers").path(0).path("cause").asText())
        .isEqualTo("handed_over");
    leader.start();
    cluster.awaitInSync();
    assertThat(missing(writers, database)).isEmpty();
  }

  @Test
  void a_drained_node_leads_nothing_until_it_starts_again() throws IOException {
    int database = cluster.createDatabase("drained", "REPLICAS", "3", "PARTITIONS", "8");
    NodeProcess node = cluster.nodeBeside(cluster.node(1));
    ClusterProcesses.await(node.name() + " leads", () -> ledBy(node, database) > 0);
    administer("SWITCHOVER", "FROM", node.name());
    assertThat(ledBy(node, database)).isZero();
    node.kill();
    node.start();
    // Leaders are evened out again.
    ClusterProcesses.await(node.name() + " leads again", () -> ledBy(node, database) > 0);
  }

  /** All that such a node knows when it starts is its seed, which leads nothing. */
  @Test
  void a_node_without_a_vote_starts_again_while_its_seed_is_not_the_controller()
      throws IOException {
    NodeProcess seed = cluster.node(1);
    ClusterProcesses.await(
        "three voters",
        () -> !cluster.status(seed).path("warnings").toString().contains("the control plane has"));
    if (controller(seed).equals(seed.name())) {
      NodeProcess asked = cluster.nodeBeside(seed);
      seed.kill();
      ClusterProcesses.await(
          "another controller", () -> !List.of("", seed.name()).contains(controller(asked)));
      seed.start();
      cluster.awaitInSync();
    }
    NodeProcess voteless = null;
    for (JsonNode node : cluster.status(seed).path("nodes")) {
      if (!node.path("voter").asBoolean() && !node.path("name").asText().equals(seed.name())) {
        voteless = cluster.node(node.path("name").asText());
      }
    }
    Assumptions.assumeThat(voteless).as("a node without a vote, beside the seed").isNotNull();
    voteless.kill();
    voteless.start();
    cluster.awaitInSync();
  }

  private static String controller(NodeProcess asked) {
    return cluster.status(asked).path("cluster").path("controller").asText();
  }

  private static int ledBy(NodeProcess node, int database) {
    int led = 0;
    for (JsonNode partition : database(database).path("partition_states")) {
      led += partition.path("leader").asText().equals(node.name()) ? 1 : 0;
    }
    return led;
  }
}
