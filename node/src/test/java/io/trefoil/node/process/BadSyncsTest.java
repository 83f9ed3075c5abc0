package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Real nodes of which one's disk fails to sync, or takes for ever: the calls that write and sync
 * its journal are stood before by a library. Others lead meanwhile.
 */
@Tag("slow")
class BadSyncsTest {
  private static ClusterProcesses cluster;
  private static int written;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    Programs.require("gcc");
    Path library = folder.resolve("badsync.so");
    Path source = folder.resolve("badsync.c");
    try (InputStream text = BadSyncsTest.class.getResourceAsStream("/badsync.c")) {
      Files.copy(text, source);
    }
    String[] compile = {
      "gcc", "-shared", "-fPIC", "-o", library.toString(), source.toString(), "-ldl"
    };
    assertThat(new ProcessBuilder(compile).inheritIO().start().waitFor()).isZero();
    for (int i = 1; i <= 3; i++) {
      Path own = Files.createDirectories(folder.resolve("n" + i));
      Files.copy(library, own.resolve("preloaded.so"));
    }
    cluster = ClusterProcesses.start(folder, 3, "--cluster.lease", "2s");
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void a_node_whose_sync_fails_stops_and_is_whole_when_it_is_started_again() throws Exception {
    NodeProcess bad = cluster.node(1);
    writeThrough(cluster.node(2));
    Files.createFile(bad.dataDir().resolve("fail"));
    ClusterProcesses.await(
        "a write to be synced", () -> writeThrough(cluster.node(2)) && !bad.isAlive());
    assertThat(bad.awaitExit()).isOne();
    assertThat(bad.standardError()).contains("failed at syncing: Input/output error");
    awaitLedByOthers("n1");
    writeThrough(cluster.node(2));

    Files.delete(bad.dataDir().resolve("fail"));
    bad.start();
    cluster.awaitInSync();
    assertAllThere(bad);
  }

  @Test
  void others_lead_while_a_disk_syncs_nothing_and_the_node_leads_again_after_that()
      throws Exception {
    NodeProcess slow = cluster.node(2);
    ClusterProcesses.await("n2 to lead", () -> leads("n2"));
    Files.createFile(slow.dataDir().resolve("slow"));
    awaitLedByOthers("n2");
    writeThrough(slow); // to the leaders, as through any node
    assertThat(cluster.status(cluster.node(1)).path("warnings").toString())
        .contains("n2's disk takes more than 3 s to sync the journal");

    Files.delete(slow.dataDir().resolve("slow"));
    ClusterProcesses.await("n2 to lead again", () -> leads("n2"));
    cluster.awaitInSync();
    assertAllThere(slow);
  }

  @Test
  void others_lead_while_a_disk_takes_no_write() throws Exception {
    NodeProcess stuck = cluster.node(3);
    ClusterProcesses.await("n3 to lead", () -> leads("n3"));
    Files.createFile(stuck.dataDir().resolve("stuck"));
    writeThrough(cluster.node(1)); // what it leads, too: then it waits for its disk
    awaitLedByOthers("n3");
    writeThrough(cluster.node(1));

    Files.delete(stuck.dataDir().resolve("stuck"));
    cluster.awaitInSync();
    assertAllThere(stuck);
  }

  /** A key in each of many partitions, each acknowledged. */
  private static boolean writeThrough(NodeProcess node) {
    try (Jedis client = ClusterProcesses.client(node)) {
      for (int i = 0; i < 50; i++) {
        String key = "key" + written;
        ClusterProcesses.await("an acknowledged write", () -> "OK".equals(set(client, key)));
        written++;
      }
    }
    return true;
  }

  private static String set(Jedis client, String key) {
    try {
      return client.set(key, "value of " + key);
    } catch (JedisDataException e) {
      return e.getMessage(); // its leader has just been lost
    }
  }

  private static void assertAllThere(NodeProcess node) {
    Map<String, String> found = ClusterProcesses.contents(node, 0);
    assertThat(found).hasSize(written);
    found.forEach((key, value) -> assertThat(value).isEqualTo("value of " + key));
  }

  private static void awaitLedByOthers(String name) {
    ClusterProcesses.await(name + " to lead nothing", () -> !leads(name) && allPartitionsAreLed());
  }

  private static boolean leads(String name) {
    return StreamSupport.stream(partitions().spliterator(), false)
        .anyMatch(partition -> partition.path("leader").asText().equals(name));
  }

  private static boolean allPartitionsAreLed() {
    return StreamSupport.stream(partitions().spliterator(), false)
        .allMatch(partition -> partition.path("state").asText().equals("serving"));
  }

  private static JsonNode partitions() {
    NodeProcess asked =
        cluster.nodes().stream()
            .filter(node -> node.isAlive() && !Files.exists(node.dataDir().resolve("stuck")))
            .findFirst()
            .orElseThrow();
    return cluster.status(asked).path("databases").path(0).path("partition_states");
  }
}
