package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/** A follower that was away for longer than the journal reaches back, or lost its disk. */
@Tag("slow")
class CatchUpTest {
  private static final int KEYS = 2_000;

  @TempDir private Path folder;

  private ClusterProcesses startWithSmallJournals() {
    return ClusterProcesses.start(
        folder,
        3,
        "--cluster.database0-partitions",
        "1",
        "--journal.segment",
        "64kb",
        "--journal.keep",
        "128kb");
  }

  /** Writes 24 MB: more than leaders keep in memory for followers. */
  private static void write(NodeProcess node, String prefix) {
    String value = prefix + "x".repeat(12_000);
    ClusterProcesses.await(
        "all keys written",
        () -> {
          try (Jedis client = ClusterProcesses.client(node)) {
            Pipeline pipeline = client.pipelined();
            for (int i = 0; i < KEYS; i++) {
              pipeline.set("k" + i, value);
            }
            return pipeline.syncAndReturnAll().stream().allMatch("OK"::equals);
          }
        });
  }

  private static long journalBytes(NodeProcess node) {
    try (Jedis client = ClusterProcesses.client(node)) {
      return client
          .info("persistence")
          .lines()
          .filter(line -> line.startsWith("journal_bytes:"))
          .mapToLong(line -> Long.parseLong(line.substring("journal_bytes:".length())))
          .findFirst()
          .orElseThrow();
    }
  }

  /**
   * What the journal's files take on disk, those that wait to be used again or to be deleted in the
   * background included.
   */
  private static long diskBytes(NodeProcess node) {
    try (Stream<Path> files = Files.list(node.dataDir().resolve("journal"))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException listing) {
      throw new UncheckedIOException(listing);
    }
  }

  private static String log(NodeProcess node) throws IOException {
    return Files.readString(node.dataDir().resolve("logs/node.log"));
  }

  @Tag("full")
  @Test
  void a_follower_that_the_journal_waited_for_no_longer_takes_a_snapshot() throws IOException {
    try (ClusterProcesses cluster = startWithSmallJournals()) {
      NodeProcess away = cluster.node(3);
      write(cluster.node(1), "before");
      cluster.awaitInSync();
      away.kill();
      write(cluster.node(1), "while away");
      ClusterProcesses.await(
          "the journals are let go",
          () ->
              journalBytes(cluster.node(1)) < 2_000_000
                  && journalBytes(cluster.node(2)) < 2_000_000);
      ClusterProcesses.await(
          "status says what the follower needs",
          () -> cluster.status(cluster.node(1)).toString().contains("away, needs a snapshot"));
      ClusterProcesses.await(
          "the files that were let go are deleted",
          () -> diskBytes(cluster.node(1)) < 4_000_000 && diskBytes(cluster.node(2)) < 4_000_000);
      assertThat(log(cluster.node(1)) + log(cluster.node(2)))
          .contains("the journal has let go of what it lacks");
      away.start();
      cluster.awaitInSync();
      Map<String, String> data = ClusterProcesses.awaitEqualContents(cluster.nodes(), 0);
      assertThat(data).hasSize(KEYS);
      assertThat(data.values()).allMatch(value -> value.startsWith("while away"));
      assertThat(log(away)).contains("taking a snapshot at", " installed");
    }
  }

  @Test
  void a_node_that_lost_its_disk_joins_as_a_new_one_and_takes_nothing_from_the_others()
      throws IOException {
    try (ClusterProcesses cluster = startWithSmallJournals()) {
      NodeProcess wiped = cluster.node(3);
      write(cluster.node(1), "kept");
      wiped.kill();
      BadInputTest.deleteFolder(wiped.dataDir());
      wiped.start();
      ClusterProcesses.await(
          "a fourth node: " + wiped.standardError(),
          () -> cluster.status(cluster.node(1)).path("nodes").size() == 4);
      ClusterProcesses.await(
          "the new node serves", () -> cluster.status(wiped).path("nodes").size() == 4);
      for (NodeProcess node : cluster.nodes()) {
        try (Jedis client = ClusterProcesses.client(node)) {
          ClusterProcesses.await("data through " + node.name(), () -> client.dbSize() == KEYS);
          ClusterProcesses.await(
              "a write through " + node.name(),
              () -> "OK".equals(client.set("k0", "by " + node.name())));
          assertThat(client.get("k0")).isEqualTo("by " + node.name());
        }
      }
    }
  }
}
