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
import redis.clients.jedis.Transaction;

/** Transactions on cells that are only on disk, between regions, and after a leader's death. */
@Tag("slow")
class TransactionsElsewhereTest {
  private static final int BIG_KEYS = 100;

  @TempDir private Path folder;

  private static long lastIndex(Jedis client) {
    Object last = client.sendCommand(() -> "CONSISTENCY".getBytes(UTF_8), "LAST");
    String position = new String((byte[]) ((List<?>) last).get(7), UTF_8);
    return Long.parseLong(position.substring(position.indexOf(':') + 1));
  }

  /**
   * Each value that it finds on disk takes it back; what it had changed was changed by nobody, also
   * for those who watch it.
   */
  @Test
  void a_transaction_whose_values_are_on_disk_runs_as_one() {
    byte[] value = new byte[1 << 20];
    try (ClusterProcesses cluster =
            ClusterProcesses.start(
                folder,
                1,
                "--cluster.database0-partitions",
                "1",
                "--memory.block-cache",
                "8mb"); // beside a memory table of 32 MB
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      for (int i = 0; i < BIG_KEYS; i++) {
        client.set(("big-" + i).getBytes(UTF_8), value);
      }
      client.set("a", "1");
      long before = lastIndex(client);
      client.watch("a", "none");
      List<Object> replies = touchingValues(client, 10);
      assertThat(replies).hasSize(30).contains((long) value.length).endsWith((long) value.length);
      assertThat(lastIndex(client)).isEqualTo(before + 1);
      assertThat(client.get("a")).isEqualTo("11");
      assertThat(client.hlen("none")).isEqualTo(10);

      assertThatThrownBy(() -> touchingValues(client, BIG_KEYS))
          .hasMessage("TRYAGAIN the command needs more at once than memory.table holds");
      assertThat(client.get("a")).isEqualTo("11");
    }
  }

  /** A transaction that changes two keys, and looks at so many values between. */
  private static List<Object> touchingValues(Jedis client, int values) {
    Transaction transaction = client.multi();
    for (int i = 0; i < values; i++) {
      transaction.incr("a");
      transaction.hset("none", "f" + i, "v");
      transaction.strlen("big-" + i);
    }
    return transaction.exec();
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
