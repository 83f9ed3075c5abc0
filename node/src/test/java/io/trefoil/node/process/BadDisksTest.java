package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.DBOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.SafeEncoder;

/** Real nodes whose disks are damaged: none serves what is wrong, and others fill them anew. */
@Tag("slow")
class BadDisksTest {
  private static final int KEYS = 3_000;

  /** Each test damages one node, which is whole again at its end. */
  private static ClusterProcesses cluster;

  @BeforeAll
  static void start(@TempDir Path folder) {
    cluster =
        ClusterProcesses.start(
            folder, 3, "--journal.segment", "64kb", "--journal.tail", "0", "--scrub.every", "10s");
    cluster.createDatabase("carts", "NUMBER", "3", "REPLICATION", "LEADERLESS", "PARTITIONS", "2");
    write(cluster.node(1), 0, "a");
    write(cluster.node(1), 3, "b");
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void a_node_with_a_damaged_journal_is_filled_by_the_others() throws Exception {
    NodeProcess bad = cluster.node(2);
    bad.kill();
    flipByteInTheMiddle(oldestSegment(bad));

    bad.start();
    assertThat(bad.awaitExit()).isOne();
    assertThat(bad.standardError())
        .contains("is damaged: file segment-")
        .contains("./trefoil heal");

    heal(bad, 0);
    bad.start();
    cluster.awaitInSync();
    assertIsWhole(bad);
  }

  @Test
  void a_node_that_reads_damaged_cells_stops_and_is_filled_by_the_others() throws Exception {
    NodeProcess bad = cluster.node(3);
    bad.terminate();
    flipByteInTheMiddle(largest(bad, ".sst"));

    bad.start();
    readUntilItStops(bad);
    assertThat(bad.awaitExit()).isOne();
    assertThat(bad.standardError()).contains("is damaged").contains("./trefoil heal");
    // Nor does the next process serve what is left.
    bad.start();
    assertThat(bad.awaitExit()).isOne();

    heal(bad, 0);
    bad.start();
    cluster.awaitInSync();
    assertIsWhole(bad);
  }

  @Test
  void a_node_whose_cells_are_gone_refuses_and_is_filled_by_the_others() throws Exception {
    NodeProcess bad = cluster.node(1);
    // As long as the journal has all, cells are made of it anew.
    ClusterProcesses.await(
        "the journal's beginning to go",
        () -> !oldestSegment(bad).getFileName().toString().endsWith("-0000000000000001"));
    bad.terminate();
    NodeClasses.delete(bad.dataDir().resolve("storage"));
    bad.start();
    assertThat(bad.awaitExit()).isOne();
    assertThat(bad.standardError()).contains("contradict each other").contains("./trefoil heal");

    heal(bad, 0);
    bad.start();
    cluster.awaitInSync();
    assertIsWhole(bad);
  }

  /** What no checksum shows: the disk gives back another value, as if it had been written. */
  @Test
  void a_node_that_differs_from_all_others_is_told_stops_and_is_filled_by_them() throws Exception {
    NodeProcess bad = cluster.node(3);
    bad.terminate();
    changeOneValue(bad);
    bad.start();
    assertThat(bad.awaitExit()).isOne();
    assertThat(bad.standardError())
        .contains("of '0' on n3 differs at ")
        .contains("from what n1 and n2 have alike")
        .contains("./trefoil heal");

    heal(bad, 0);
    bad.start();
    cluster.awaitInSync();
    assertIsWhole(bad);
  }

  @Test
  void the_only_copy_is_not_given_up(@TempDir Path own) throws Exception {
    try (ClusterProcesses alone = ClusterProcesses.start(own, 1)) {
      NodeProcess only = alone.node(1);
      write(only, 0, "a");
      assertThat(heal(only, 1)).contains("is held by process");
      only.terminate();
      heal(only, 0);
      only.start();
      assertThat(only.awaitExit()).isOne();
      assertThat(only.standardError())
          .contains("no other node has a whole copy of partition")
          .contains("./trefoil heal --undo");

      heal(only, 0, "--undo");
      only.start();
      alone.awaitInSync();
      assertAllThere(only, 0, "a");
      only.terminate();
      assertThat(heal(only, 1, "--undo")).contains("has served since");
    }
  }

  private static void write(NodeProcess node, int database, String prefix) {
    try (Jedis client = ClusterProcesses.client(node, database, 30_000);
        Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < KEYS; i++) {
        pipeline.set(prefix + i, valueOf(prefix + i));
      }
      assertThat(pipeline.syncAndReturnAll()).hasSize(KEYS).containsOnly("OK");
    }
  }

  private static String valueOf(String key) {
    return "value of " + key;
  }

  /** Also when one more node is gone, so that its copies are needed. */
  private static void assertIsWhole(NodeProcess node) throws Exception {
    assertEqualCopies("0");
    assertEqualCopies("carts");
    NodeProcess other = cluster.nodeBeside(node);
    other.kill();
    assertAllThere(node, 0, "a");
    assertAllThere(node, 3, "b");
    other.start();
    cluster.awaitInSync();
  }

  private static void assertAllThere(NodeProcess node, int database, String prefix) {
    Map<String, String> found = ClusterProcesses.contents(node, database);
    for (int i = 0; i < KEYS; i++) {
      assertThat(found).containsEntry(prefix + i, valueOf(prefix + i));
    }
  }

  /** Its own copies; it must never say anything wrong. */
  private static void readUntilItStops(NodeProcess node) {
    ClusterProcesses.await(
        node.name() + " to find the damage",
        () -> {
          try (Jedis client = ClusterProcesses.client(node, 0, 5_000)) {
            client.readonly();
            for (int i = 0; i < KEYS; i++) {
              assertThat(client.get("a" + i)).isEqualTo(valueOf("a" + i));
            }
          } catch (JedisException e) {
            return !node.isAlive();
          }
          return false;
        });
  }

  /** All copies were compared, and none differs. Asks again while the scrub compares one. */
  private static void assertEqualCopies(String database) {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      AtomicReference<String> verified = new AtomicReference<>();
      ClusterProcesses.await(
          "all copies to be compared",
          () -> {
            verified.set(verify(client, database));
            return !verified.get().contains("it is being verified already");
          });
      assertThat(verified.get()).contains("result, equal").doesNotContain("differ", "incomplete");
    }
  }

  private static String verify(Jedis client, String database) {
    Object reply =
        client.sendCommand(() -> "DATABASE".getBytes(StandardCharsets.UTF_8), "VERIFY", database);
    return SafeEncoder.encodeObject(reply).toString();
  }

  private static String heal(NodeProcess node, int exitCode, String... options) throws Exception {
    Path said = Files.createTempFile(node.dataDir().getParent(), "heal", ".txt");
    List<String> command = NodeClasses.command();
    command.addAll(
        List.of(
            "io.trefoil.node.HealCommand",
            "--config",
            node.dataDir().resolveSibling("node.yaml").toString()));
    command.addAll(List.of(options));
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    assertThat(process.waitFor(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(said)).isEqualTo(exitCode);
    return Files.readString(said);
  }

  private static void changeOneValue(NodeProcess node) throws Exception {
    byte[] value = valueOf("a7").getBytes(StandardCharsets.UTF_8);
    List<ColumnFamilyDescriptor> families =
        List.of(
            new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
            new ColumnFamilyDescriptor("cells".getBytes(StandardCharsets.UTF_8)));
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    String folder = node.dataDir().resolve("storage").toString();
    try (DBOptions options = new DBOptions();
        RocksDB disk = RocksDB.open(options, folder, families, handles);
        RocksIterator cells = disk.newIterator(handles.get(1))) {
      cells.seekToFirst();
      while (!endsWith(cells.value(), value)) {
        cells.next();
      }
      byte[] changed = cells.value();
      changed[changed.length - 1]++;
      disk.put(handles.get(1), cells.key(), changed);
      handles.forEach(ColumnFamilyHandle::close);
    }
  }

  private static boolean endsWith(byte[] stored, byte[] value) {
    int start = stored.length - value.length;
    return start >= 0 && Arrays.equals(stored, start, stored.length, value, 0, value.length);
  }

  /** Whose bytes are all of use: later ones may be prepared, with what they held before. */
  private static Path oldestSegment(NodeProcess node) throws IOException {
    try (Stream<Path> files = Files.list(node.dataDir().resolve("journal"))) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("segment-"))
          .min(Comparator.naturalOrder())
          .orElseThrow();
    }
  }

  private static Path largest(NodeProcess node, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(node.dataDir().resolve("storage"))) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(suffix))
          .max(Comparator.comparingLong(file -> file.toFile().length()))
          .orElseThrow();
    }
  }

  private static void flipByteInTheMiddle(Path path) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      long middle = file.length() / 2;
      file.seek(middle);
      int before = file.read();
      file.seek(middle);
      file.write(before ^ 0x10);
    }
  }
}
