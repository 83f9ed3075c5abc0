package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** Three healthy nodes, database 0 in twelve partitions whose leaders are spread over them. */
@Tag("slow")
class ThreeNodesTest {
  private static final int KEYS = 200;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--cluster.database0-partitions", "12");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void emptyDatabase() {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      client.flushDB();
    }
  }

  private static String[] keys() {
    String[] keys = new String[KEYS];
    for (int i = 0; i < KEYS; i++) {
      keys[i] = "key-" + i;
    }
    return keys;
  }

  private static void setAll(Jedis client) {
    String[] pairs = new String[2 * KEYS];
    for (int i = 0; i < KEYS; i++) {
      pairs[2 * i] = "key-" + i;
      pairs[2 * i + 1] = "value-" + i;
    }
    assertThat(client.mset(pairs)).isEqualTo("OK");
  }

  @Test
  void every_node_takes_every_write_and_reads_the_writes_of_the_others_at_once() {
    for (NodeProcess writer : cluster.nodes()) {
      try (Jedis client = ClusterProcesses.client(writer)) {
        for (String key : keys()) {
          client.set(key, writer.name());
        }
      }
      for (NodeProcess reader : cluster.nodes()) {
        try (Jedis client = ClusterProcesses.client(reader)) {
          assertThat(client.mget(keys())).containsOnly(writer.name());
        }
      }
    }
  }

  @Test
  void commands_forwarded_in_one_pipeline_are_answered_in_its_order() {
    try (Jedis client = ClusterProcesses.client(cluster.node(2))) {
      var pipeline = client.pipelined();
      List<Response<Long>> replies = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        replies.add(pipeline.incr("counter-" + i % 20));
      }
      pipeline.sync();
      for (int i = 0; i < replies.size(); i++) {
        assertThat(replies.get(i).get()).isEqualTo(i / 20 + 1);
      }
    }
  }

  @Test
  void status_says_what_is_promised() {
    JsonNode promised =
        cluster.status(cluster.node(2)).path("databases").path(0).path("acknowledged_writes");
    assertThat(promised.path("process_killed").asText()).isEqualTo("nothing is lost");
    assertThat(promised.path("all_without_power").asText())
        .isEqualTo("the last moments may be lost");
  }

  @Test
  void leaders_are_spread_over_the_nodes() {
    Set<String> leaders = new HashSet<>();
    for (int partition = 0; partition < 12; partition++) {
      leaders.add(cluster.awaitLeader(cluster.node(1), 0, partition).name());
    }
    assertThat(leaders).hasSizeGreaterThan(1);
  }

  @Test
  void readonly_reads_are_answered_by_the_node_that_is_asked_and_catch_up() {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      setAll(client);
    }
    Map<String, String> expected = new HashMap<>();
    for (int i = 0; i < KEYS; i++) {
      expected.put("key-" + i, "value-" + i);
    }
    assertThat(ClusterProcesses.awaitEqualContents(cluster.nodes(), 0)).isEqualTo(expected);
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ClusterProcesses.client(node)) {
        ClusterProcesses.command(client, "READONLY");
        client.get("key-1");
        assertThat(lastAnswer(client).get(1)).isEqualTo(node.name());
        ClusterProcesses.command(client, "CONSISTENCY", "LINEARIZABLE");
        client.get("key-1");
        assertThat(lastAnswer(client).get(3)).isEqualTo("leader");
        ClusterProcesses.command(client, "CONSISTENCY", "EVENTUAL");
        client.get("key-1");
        assertThat(lastAnswer(client).get(1)).isEqualTo(node.name());
      }
    }
  }

  /** Names and values, one after the other. */
  private static List<String> lastAnswer(Jedis client) {
    Object last = client.sendCommand(() -> "CONSISTENCY".getBytes(), "LAST");
    return ((List<?>) last)
        .stream().map(it -> it instanceof Long ? it.toString() : text(it)).toList();
  }

  /** A leader has no heartbeats to tell it the time, and nobody writes. */
  @Test
  void a_key_expires_for_readonly_readers_of_every_node_though_nobody_writes() {
    String[] keys = keys();
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      setAll(client);
      for (String key : keys) {
        client.pexpire(key, 300);
      }
    }
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ClusterProcesses.client(node)) {
        ClusterProcesses.command(client, "READONLY");
        ClusterProcesses.await(
            "the keys' end at " + node.name(),
            () -> client.mget(keys).stream().allMatch(Objects::isNull));
      }
    }
  }

  private static String text(Object bulk) {
    return new String((byte[]) bulk, java.nio.charset.StandardCharsets.UTF_8);
  }

  @Test
  void commands_of_many_keys_reach_all_partitions_from_any_node() {
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ClusterProcesses.client(node)) {
        setAll(client);
        String[] keys = keys();
        List<String> values = client.mget(keys);
        for (int i = 0; i < KEYS; i++) {
          assertThat(values.get(i)).isEqualTo("value-" + i);
        }
        assertThat(client.mget("key-3", "absent", "key-3", "key-1"))
            .containsExactly("value-3", null, "value-3", "value-1");
        assertThat(client.exists(keys)).isEqualTo(KEYS);
        assertThat(client.exists("key-1", "key-1", "absent")).isEqualTo(2);
        assertThat(client.touch(keys)).isEqualTo(KEYS);
        assertThat(client.dbSize()).isEqualTo(KEYS);
        assertThat(client.keys("*")).containsExactlyInAnyOrder(keys);
        assertThat(client.keys("key-1?")).hasSize(10);
        assertThat(client.randomKey()).startsWith("key-");
        assertThat(client.del("key-0", "key-1", "key-2", "absent")).isEqualTo(3);
        assertThat(client.unlink("key-2", "key-3")).isEqualTo(1);
        assertThat(client.dbSize()).isEqualTo(KEYS - 4);
        assertThat(client.flushDB()).isEqualTo("OK");
        assertThat(client.dbSize()).isZero();
        assertThat(client.randomKey()).isNull();
        assertThat(client.keys("*")).isEmpty();
      }
    }
  }

  @Test
  void scan_walks_over_all_partitions_and_gives_every_key() {
    try (Jedis client = ClusterProcesses.client(cluster.node(3))) {
      setAll(client);
      Set<String> seen = new HashSet<>();
      String cursor = ScanParams.SCAN_POINTER_START;
      do {
        ScanResult<String> step = client.scan(cursor, new ScanParams().match("key-*").count(7));
        seen.addAll(step.getResult());
        cursor = step.getCursor();
      } while (!cursor.equals(ScanParams.SCAN_POINTER_START));
      assertThat(seen).containsExactlyInAnyOrder(keys());
    }
  }

  @Test
  void renaming_stays_in_one_partition_and_says_so() {
    try (Jedis client = ClusterProcesses.client(cluster.node(2))) {
      client.set("{tag}a", "1");
      assertThat(client.rename("{tag}a", "{tag}b")).isEqualTo("OK");
      assertThat(client.get("{tag}b")).isEqualTo("1");
      client.set("key-0", "1");
      // Of so many new names some hash to another partition.
      int refused = 0;
      for (int i = 1; i < 20; i++) {
        refused += crossesSlots(client, "key-0", "key-0-" + i) ? 1 : 0;
      }
      assertThat(refused).isPositive();
    }
  }

  private static boolean crossesSlots(Jedis client, String from, String to) {
    client.set(from, "1");
    try {
      client.rename(from, to);
      return false;
    } catch (JedisDataException e) {
      assertThat(e).hasMessage("CROSSSLOT Keys in request don't hash to the same slot");
      assertThat(client.get(from)).isEqualTo("1");
      return true;
    }
  }

  @Test
  void selecting_a_number_makes_its_database_at_the_first_write() {
    try (Jedis client = ClusterProcesses.client(cluster.node(2))) {
      client.select(7);
      assertThat(client.get("key")).isNull();
      assertThat(client.dbSize()).isZero();
      assertThat(cluster.status(cluster.node(2)).path("databases"))
          .noneMatch(each -> each.path("number").asInt() == 7);
      assertThat(client.set("key", "of 7")).isEqualTo("OK");
      assertThat(client.get("key")).isEqualTo("of 7");
      assertThat(cluster.status(cluster.node(2)).path("databases"))
          .anyMatch(each -> each.path("number").asInt() == 7);
      client.select(0);
      assertThat(client.get("key")).isNull();
      assertThatThrownBy(() -> client.select(16)).hasMessage("ERR DB index is out of range");
    }
  }

  @Test
  void wait_counts_the_followers_that_have_the_write() {
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), 0, 0);
    for (NodeProcess node : List.of(leader, cluster.nodeBeside(leader))) {
      try (Jedis client = ClusterProcesses.client(node)) {
        for (String key : keys()) {
          client.set(key, "1");
        }
        assertThat(client.waitReplicas(2, 60_000)).as(node.name()).isEqualTo(2);
        // More than there are: the time passes, and the reply is what is true.
        assertThat(client.waitReplicas(3, 2_000)).as(node.name()).isEqualTo(2);
      }
    }
  }

  @Test
  void wait_goes_on_at_the_next_leader_when_the_write_s_own_hands_over() throws Exception {
    int database = cluster.createDatabase("over", "REPLICAS", "3", "PARTITIONS", "1");
    List<CompletableFuture<Long>> counted = new ArrayList<>();
    for (NodeProcess node : cluster.nodes()) {
      counted.add(CompletableFuture.supplyAsync(() -> setAndWait(node, database)));
    }
    for (NodeProcess node : cluster.nodes()) {
      ClusterProcesses.await("WAIT at " + node.name(), () -> runsWait(node));
    }
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess next = cluster.nodeBeside(leader);
    try (Jedis admin = ClusterProcesses.client(leader)) {
      ClusterProcesses.command(admin, "SWITCHOVER", "over", "TO", next.name());
    }
    ClusterProcesses.await(
        next.name() + " leads", () -> cluster.awaitLeader(leader, database, 0) == next);
    assertThat(counted).noneMatch(CompletableFuture::isDone);
    for (CompletableFuture<Long> each : counted) {
      assertThat(each.get()).isEqualTo(2);
    }
  }

  private static long setAndWait(NodeProcess node, int database) {
    try (Jedis client = ClusterProcesses.client(node, database, 90_000)) {
      client.set("key of " + node.name(), "1");
      return client.waitReplicas(3, 8_000);
    }
  }

  private static boolean runsWait(NodeProcess node) {
    try (Jedis client = ClusterProcesses.client(node)) {
      return client.clientList().contains("cmd=wait");
    }
  }

  @Test
  void wait_counts_all_followers_where_nothing_was_written() {
    try (Jedis client = ClusterProcesses.client(cluster.node(2))) {
      assertThat(client.waitReplicas(2, 0)).isEqualTo(2);
      assertThat(client.waitReplicas(0, 0)).isEqualTo(2);
    }
  }

  @Test
  void role_and_info_say_who_leads_and_who_follows() {
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), 0, 0);
    cluster.awaitInSync();
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ClusterProcesses.client(node)) {
        List<Object> role = client.role();
        String info = client.info("replication");
        if (node == leader) {
          assertThat(role.get(0)).isEqualTo("master");
          assertThat((List<?>) role.get(2)).hasSize(2);
          assertThat(info)
              .contains("role:master\r\n", "connected_slaves:2\r\n", "slave0:ip=127.0.0.1,port=");
          assertThat(info).contains("state=online,offset=", ",lag=");
        } else {
          assertThat(role.get(0)).isEqualTo("slave");
          assertThat(role.get(2)).isEqualTo((long) leader.clientPort());
          assertThat(info)
              .contains(
                  "role:slave\r\n",
                  "master_link_status:up\r\n",
                  "master_port:" + leader.clientPort() + "\r\n");
        }
        assertThat(info).contains("master_repl_offset:");
      }
    }
  }

  @Test
  void who_writes_more_than_followers_take_has_to_wait_and_others_go_on() {
    long room = 8_192;
    int clients = 4;
    String[] options = "REPLICAS 3 PARTITIONS 1 COMMIT SYNC WRITE-TIMEOUT 60000".split(" ");
    int database = cluster.createDatabase("flood", options);
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess follower = cluster.nodeBeside(leader);
    try (Jedis other = ClusterProcesses.client(leader, database, 10_000)) {
      other.set("known", "1");
      follower.pause();
      List<CompletableFuture<List<String>>> floods = new ArrayList<>();
      for (int client = 0; client < clients; client++) {
        floods.add(CompletableFuture.supplyAsync(() -> writeAtOnce(leader, database, 2 * room)));
      }
      ClusterProcesses.await(
          "as many unconfirmed writes as there is room for",
          () -> cluster.unconfirmed(leader, database, 0) >= room);
      // Each client's last write is run before it is seen that there is no room.
      assertThat(cluster.unconfirmed(leader, database, 0)).isBetween(room, room + clients);
      assertThat(other.get("known")).isEqualTo("1");

      follower.resume();
      // When that took long the rest was refused, of which nothing was done.
      long done = 0;
      for (CompletableFuture<List<String>> flood : floods) {
        List<String> replies = flood.join();
        assertThat(replies)
            .hasSize((int) (2 * room))
            .allMatch(it -> it.matches("OK|NOREPLICAS .*"));
        done += replies.stream().filter("OK"::equals).count();
      }
      assertThat(done).isGreaterThanOrEqualTo(room);
    } finally {
      follower.resume();
      cluster.awaitInSync();
    }
  }

  private static List<String> writeAtOnce(NodeProcess node, int database, long count) {
    List<Response<String>> replies = new ArrayList<>();
    try (Jedis client = ClusterProcesses.client(node, database, 60_000);
        Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < count; i++) {
        replies.add(pipeline.set("key-" + i, "x"));
      }
    }
    List<String> texts = new ArrayList<>();
    for (Response<String> reply : replies) {
      try {
        texts.add(reply.get());
      } catch (JedisDataException e) {
        texts.add(e.getMessage());
      }
    }
    return texts;
  }
}
