package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;

/** Transactions on cells that are only on disk, between regions, and after a leader's death. */
class TransactionsElsewhereTest {
  private static final int KEYS = 100;

  @TempDir private Path folder;

  private static long lastIndex(Jedis client) {
    Object last = client.sendCommand(() -> "CONSISTENCY".getBytes(UTF_8), "LAST");
    String position = new String((byte[]) ((List<?>) last).get(7), UTF_8);
    return Long.parseLong(position.substring(position.indexOf(':') + 1));
  }

  /**
   * Each key that it finds on disk takes it back; what it had changed was not changed by others.
   */
  @Test
  void a_transaction_whose_keys_are_on_disk_runs_as_one() throws Exception {
    try (ClusterProcesses cluster =
        ClusterProcesses.start(
            folder, 1, "--cluster.lease", "600ms", "--cluster.database0-partitions", "1")) {
      NodeProcess node = cluster.node(1);
      try (Jedis client = ClusterProcesses.client(node)) {
        for (int i = 0; i < KEYS; i++) {
          client.set("k" + i, Integer.toString(i));
          client.hset("h" + i, "f", Integer.toString(i));
        }
      }
      assertThat(node.terminate()).isIn(0, 143);
      node.start();
      cluster.awaitInSync();
      try (Jedis client = ClusterProcesses.client(node)) {
        client.set("new", "1");
        long before = lastIndex(client);
        client.watch("k0", "h1", "k2", "none");
        Transaction transaction = client.multi();
        for (int i = 0; i < KEYS; i++) {
          transaction.set("none", "" + i);
          transaction.incr("k" + i);
          transaction.hset("h" + i, "g", "w");
        }
        Response<List<String>> read = transaction.mget("k0", "k99", "none");
        assertThat(transaction.exec()).hasSize(3 * KEYS + 1);
        assertThat(read.get()).containsExactly("1", "100", "99");
        assertThat(lastIndex(client)).isEqualTo(before + 1);
        assertThat(client.hgetAll("h50")).hasSize(2);
      }
    }
  }

  @Test
  void a_transaction_comes_to_another_region_and_refuses_what_needs_an_order() {
    try (ClusterProcesses eu =
            ClusterProcesses.start(folder.resolve("eu"), 1, "--node.region", "eu");
        ClusterProcesses us =
            ClusterProcesses.start(folder.resolve("us"), 1, "--node.region", "us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createBetween("users", 5, List.of("eu", "us"), "REPLICAS", "1", "PARTITIONS", "1");
      us.awaitInSync(us.node(1), 5);
      try (Jedis here = ClusterProcesses.client(eu.node(1));
          Jedis there = ClusterProcesses.client(us.node(1))) {
        here.select(5);
        there.select(5);
        for (Jedis each : List.of(here, there)) {
          Transaction transaction = each.multi();
          transaction.set("a", "1");
          transaction.incr("n");
          transaction.sadd("s", each == here ? "eu" : "us");
          assertThat(transaction.exec()).hasSize(3);
        }
        ClusterProcesses.await(
            "both in both",
            () ->
                "2".equals(here.get("n"))
                    && "2".equals(there.get("n"))
                    && here.smembers("s").equals(Set.of("eu", "us"))
                    && there.smembers("s").equals(Set.of("eu", "us")));
        assertThatThrownBy(() -> here.watch("a"))
            .hasMessage(
                "UNSUPPORTED WATCH needs one order of all writes; database 'users' is multi-leader");
        Transaction refused = here.multi();
        refused.set("a", "2");
        refused.setnx("b", "1");
        assertThatThrownBy(refused::exec).hasMessageContaining("EXECABORT");
        assertThat(here.get("a")).isEqualTo("1");
      }
    }
  }

  @Tag("slow")
  @Test
  void what_is_watched_at_a_leader_that_died_aborts() throws Exception {
    try (ClusterProcesses cluster = ClusterProcesses.start(folder, 3, "--cluster.lease", "1s")) {
      int database = cluster.createDatabase("single", "PARTITIONS", "1", "REPLICAS", "3");
      NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
      NodeProcess beside = cluster.nodeBeside(leader);
      try (Jedis client =
          ClusterProcesses.client(beside, database, ClusterProcesses.DEADLINE_SECONDS * 1_000)) {
        client.set("k", "1");
        client.watch("k");
        leader.kill();
        ClusterProcesses.await(
            "another leader", () -> cluster.awaitLeader(beside, database, 0) != leader);
        Transaction transaction = client.multi();
        transaction.set("k", "2");
        assertThat(transaction.exec()).isNull();
        client.watch("k");
        assertThat(client.get("k")).isEqualTo("1");
        Transaction next = client.multi();
        next.incr("k");
        assertThat(next.exec()).containsExactly(2L);
      }
    }
  }
}
