package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** A single node, killed at any moment. */
@Tag("slow")
class OneNodeTest {
  @TempDir private Path folder;

  /** A node that was killed waits for its own lease: a short one here, where nobody takes over. */
  private ClusterProcesses start() {
    return ClusterProcesses.start(folder, 1, "--cluster.lease", "600ms");
  }

  @Test
  void a_killed_node_comes_back_with_all_it_acknowledged() throws Exception {
    try (ClusterProcesses cluster = start()) {
      NodeProcess node = cluster.node(1);
      Set<String> acknowledged = new HashSet<>();
      for (int round = 0; round < 3; round++) {
        Writers writers = Writers.start(List.of(node), 0, "round" + round);
        try (writers) {
          writers.awaitAcknowledged(2_000);
          node.kill();
        }
        acknowledged.addAll(writers.acknowledged);
        node.start();
        cluster.awaitInSync();
        Map<String, String> data = ClusterProcesses.contents(node, 0);
        assertThat(data.keySet()).as("round " + round).containsAll(acknowledged);
        assertThat(data).allSatisfy((key, value) -> assertThat(value).isEqualTo(key));
        assertThat(writers.refused).doesNotContainAnyElementsOf(data.keySet());
      }
      assertThat(node.standardError()).isEmpty();
    }
  }

  @Test
  void a_stopped_node_ends_well_and_keeps_counters_deletions_and_expiry() throws Exception {
    try (ClusterProcesses cluster = start()) {
      NodeProcess node = cluster.node(1);
      try (Jedis client = ClusterProcesses.client(node)) {
        client.set("deleted", "1");
        client.del("deleted");
        client.incrBy("counter", 41);
        client.setex("far", 100_000, "1");
        client.psetex("near", 1, "1");
      }
      // 143 is how a JVM ends that was asked to by a signal.
      assertThat(node.terminate()).isIn(0, 143);
      node.start();
      cluster.awaitInSync();
      try (Jedis client = ClusterProcesses.client(node)) {
        assertThat(client.mget("deleted", "near")).containsExactly(null, null);
        assertThat(client.incr("counter")).isEqualTo(42);
        assertThat(client.ttl("far")).isBetween(90_000L, 100_000L);
      }
    }
  }

  @Test
  void what_expired_is_gone_though_nobody_writes() {
    try (ClusterProcesses cluster = start();
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      client.set("stays", "1");
      client.psetex("near", 1, "1");
      client.psetex("soon", 300, "1");
      ClusterProcesses.await("only what stays is counted", () -> client.dbSize() == 1);
    }
  }
}
