package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** How replicas of a leaderless database are compared, on three nodes with real processes. */
@Tag("slow")
class RepairTest {
  private static final int KEYS = 3_000;
  private static final int PARTITIONS = 2;
  private static final int NODES = 3;

  /** Each replica with each other one. */
  private static final long ROUNDS = PARTITIONS * NODES * (NODES - 1);

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, NODES);
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      String options = "NUMBER 5 REPLICATION LEADERLESS REPLICAS 3 R 2 W 2 PARTITIONS 2";
      ask(admin, "DATABASE CREATE carts " + options);
      ClusterProcesses.await(
          "every replica has compared itself", () -> isEqual(ask(admin, "REPAIR RUN carts")));
    }
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  /** Runs a command; maps come as flat lists. */
  private static Object ask(Jedis client, String words) {
    String[] all = words.split(" ");
    String[] arguments = Stream.of(all).skip(1).toArray(String[]::new);
    return SafeEncoder.encodeObject(client.sendCommand(() -> all[0].getBytes(), arguments));
  }

  private static Map<String, Object> map(Object flat) {
    Map<String, Object> map = new HashMap<>();
    List<?> all = (List<?>) flat;
    for (int i = 0; i < all.size(); i += 2) {
      map.put((String) all.get(i), all.get(i + 1));
    }
    return map;
  }

  private static boolean isEqual(Object run) {
    return map(run).get("equal").equals(ROUNDS);
  }

  private static void write(int node, String prefix) {
    try (Jedis client = ClusterProcesses.client(cluster.node(node))) {
      client.select(5);
      Pipeline pipeline = client.pipelined();
      for (int i = 0; i < KEYS; i++) {
        pipeline.set(prefix + i, "v" + i);
      }
      pipeline.sync();
    }
  }

  @Test
  void rounds_over_equal_replicas_take_next_to_nothing_and_pull_no_leaf() throws Exception {
    write(1, "key-");
    try (Jedis client = ClusterProcesses.client(cluster.node(2))) {
      ClusterProcesses.await(
          "every replica has everything", () -> isEqual(ask(client, "REPAIR RUN carts")));

      Map<String, Object> run = map(ask(client, "REPAIR RUN"));
      assertThat(run)
          .containsEntry("replicas", (long) PARTITIONS * NODES)
          .containsEntry("rounds", ROUNDS)
          .containsEntry("equal", ROUNDS)
          .containsEntry("leaves_pulled", 0L)
          .containsEntry("keys_merged", 0L)
          .containsEntry("silent_nodes", List.of());
      assertThat((long) run.get("bytes_sent")).isBetween(1L, ROUNDS / 2 * 4_096);

      List<?> replicas = (List<?>) map(ask(client, "REPAIR STATUS carts")).get("replicas");
      assertThat(replicas).hasSize(PARTITIONS * NODES).allSatisfy(RepairTest::vouchesAndIsEqual);
    }
    assertThat(metric(2, "trefoil_repair_rounds_total", "equal"))
        .isGreaterThanOrEqualTo(ROUNDS / NODES);
  }

  private static void vouchesAndIsEqual(Object replica) {
    Map<String, Object> told = map(replica);
    assertThat(told).containsEntry("database", "carts").containsEntry("copy", "vouches");
    assertThat((long) told.get("complete_ms_ago")).isNotNegative();
    assertThat((List<?>) told.get("others"))
        .hasSize(NODES - 1)
        .allSatisfy(
            other ->
                assertThat(map(other))
                    .containsEntry("copy", "vouches")
                    .containsEntry("last_round", "equal")
                    .containsEntry("leaves_differed", 0L));
  }

  private static double metric(int node, String name, String outcome) throws Exception {
    URI page = URI.create("http://127.0.0.1:" + cluster.node(node).httpPort() + "/metrics");
    String text =
        HttpClient.newHttpClient()
            .send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString())
            .body();
    return text.lines()
        .filter(line -> line.startsWith(name + "{") && line.contains("\"" + outcome + "\""))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
        .sum();
  }

  @Test
  void verify_finds_replicas_equal_also_while_writes_go_on() throws Exception {
    write(2, "verified-");
    Thread writer = new Thread(() -> write(3, "more-"));
    writer.start();
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.await("an end of writes that hinder", () -> isVerified(client));
      writer.join();
      Map<String, Object> verified = map(ask(client, "DATABASE VERIFY carts"));
      assertThat(verified)
          .containsEntry("result", "equal")
          .containsEntry("partitions_compared", (long) PARTITIONS);
      assertThat((long) verified.get("keys_compared")).isGreaterThanOrEqualTo(2L * KEYS);
    }
  }

  private static boolean isVerified(Jedis client) {
    Object result = map(ask(client, "DATABASE VERIFY carts")).get("result");
    assertThat(result).isNotEqualTo("differs");
    return result.equals("equal");
  }

  @Test
  void a_node_that_is_away_is_named_and_its_rounds_fail() throws Exception {
    cluster.node(3).kill();
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.await(
          "both others have noticed",
          () -> map(ask(client, "REPAIR RUN carts")).get("replicas").equals(4L));
      Map<String, Object> run = map(ask(client, "REPAIR RUN carts"));
      assertThat(run).containsEntry("failed", 4L).containsEntry("running", 0L);
      assertThat(run.get("silent_nodes").toString()).contains("n3", "not connected");

      Map<String, Object> verified = map(ask(client, "DATABASE VERIFY carts"));
      assertThat(verified).containsEntry("result", "incomplete");
      assertThat(verified.toString()).contains("n3", "is not connected");
    } finally {
      cluster.node(3).start();
    }
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.await("n3 is back", () -> isEqual(ask(client, "REPAIR RUN carts")));
    }
  }

  @Test
  void what_is_not_leaderless_or_not_there_is_refused() {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      assertThatThrownBy(() -> ask(client, "REPAIR RUN 0"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("UNSUPPORTED REPAIR is for leaderless databases");
      assertThatThrownBy(() -> ask(client, "REPAIR STATUS nowhere"))
          .hasMessage("ERR there is no database 'nowhere'");
      assertThatThrownBy(() -> ask(client, "REPAIR STATUS carts 3"))
          .hasMessageContaining("is followed by one database");
      assertThatThrownBy(() -> ask(client, "REPAIR AGAIN")).hasMessageContaining("REPAIR HELP");
    }
  }
}
