package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisDataException;

/** Real nodes on a disk that fills up. */
class FullDiskTest {
  private static final int DISK_MB = 200;
  private static final String[] SETTINGS = {"--data.reserve", "60mb", "--journal.segment", "4mb"};

  @TempDir Path folder;

  @Tag("slow")
  @Test
  void what_needs_more_room_is_refused_before_there_is_none() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(folder.resolve("n1"), DISK_MB);
        ClusterProcesses cluster = ClusterProcesses.start(folder, 1, SETTINGS);
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      client.set("kept", "1");
      client.set("goes", "1");
      disk.fill(40);
      ClusterProcesses.await("a refusal", () -> isRefused(client));
      assertThatThrownBy(() -> client.append("kept", "2"))
          .isInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("MISCONF n1 has ");
      ClusterProcesses.await(
          "a warning", () -> warnings(cluster.node(1), cluster).contains("less than data.reserve"));
      assertThat(client.get("kept")).isEqualTo("1");
      assertThat(client.del("goes")).isOne();

      disk.free();
      ClusterProcesses.await("room", () -> !isRefused(client));
      assertThat(client.append("kept", "2")).isEqualTo(2);
    }
  }

  @Tag("full")
  @Test
  void others_lead_when_a_disk_fills_up_and_go_on_when_it_is_full() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(folder.resolve("n1"), DISK_MB);
        ClusterProcesses cluster = ClusterProcesses.start(folder, 3, SETTINGS)) {
      NodeProcess full = cluster.node(1);
      NodeProcess other = cluster.node(2);
      ClusterProcesses.await("n1 to lead", () -> leads(cluster, other, "n1"));
      disk.fill(40);
      ClusterProcesses.await("n1 to lead nothing", () -> !leads(cluster, other, "n1"));
      try (Jedis client = ClusterProcesses.client(full)) {
        assertThat(client.set("through", "n1")).isEqualTo("OK");
      }

      disk.fill(0);
      int written = 0;
      while (full.isAlive()) {
        written = write(other, written);
      }
      assertThat(full.awaitExit()).isOne();
      assertThat(full.standardError()).contains("No space left on device");
      written = write(other, written);

      disk.free();
      full.start();
      cluster.awaitInSync();
      assertThat(ClusterProcesses.contents(full, 0)).hasSize(written + 1);
    }
  }

  /** Writes more keys, each acknowledged; gives how many there are. */
  private static int write(NodeProcess node, int from) {
    int count = 500;
    try (Jedis client = ClusterProcesses.client(node);
        Pipeline pipeline = client.pipelined()) {
      for (int i = from; i < from + count; i++) {
        pipeline.set("key" + i, "x".repeat(1_000));
      }
      assertThat(pipeline.syncAndReturnAll()).hasSize(count).containsOnly("OK");
    }
    return from + count;
  }

  private static boolean isRefused(Jedis client) {
    try {
      client.set("asked", "1");
      return false;
    } catch (JedisDataException e) {
      assertThat(e).hasMessageStartingWith("MISCONF");
      return true;
    }
  }

  private static String warnings(NodeProcess node, ClusterProcesses cluster) {
    return cluster.status(node).path("warnings").toString();
  }

  private static boolean leads(ClusterProcesses cluster, NodeProcess asked, String name) {
    JsonNode partitions = cluster.status(asked).path("databases").path(0).path("partition_states");
    return StreamSupport.stream(partitions.spliterator(), false)
        .anyMatch(partition -> partition.path("leader").asText().equals(name));
  }
}
