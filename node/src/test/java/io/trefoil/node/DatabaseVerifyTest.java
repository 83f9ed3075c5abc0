package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.node.process.FreePorts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.WriteOptions;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisException;

/** {@code DATABASE VERIFY} on three real nodes, one of which is changed behind the log's back. */
@Tag("slow")
class DatabaseVerifyTest {
  private static final int NODES = 3;
  private static final int PARTITIONS = 3;
  private static final int DEADLINE_SECONDS = 90;

  /** Where the key begins in RocksDB, behind copy and hash. */
  private static final int DISK_KEY_HEADER = 12;

  private static final int DISK_FIELD_HEADER = 20;

  @TempDir Path folder;
  private final int[] ports = new int[NODES];
  private final Process[] processes = new Process[NODES];

  @AfterEach
  void killNodes() {
    for (Process process : processes) {
      if (process != null) {
        process.destroyForcibly();
        process.onExit().join();
      }
    }
  }

  @Test
  void replicasAreEqualWhileWritesGoOnAndWhatIsChangedBehindTheLogsBackIsNamed() throws Exception {
    startCluster();
    write("stays", 500);
    writeExpiring();

    Map<String, Object> underLoad = verifyUnderLoad();
    assertThat(underLoad).containsEntry("result", "equal").containsEntry("partitions_compared", 3L);
    assertThat((long) underLoad.get("keys_compared")).isGreaterThanOrEqualTo(500);

    stop(2);
    Map<String, Object> withoutOne = verify(0);
    assertThat(withoutOne).containsEntry("result", "incomplete");
    assertThat(withoutOne.toString()).contains("n3");

    changeStored(folder.resolve("n3"), "stays7", value -> value[value.length - 1]++);
    changeStored(folder.resolve("n3"), "stays8", null);
    changeStored(folder.resolve("n3"), "field-stays9", value -> value[value.length - 1]++);
    start(2);

    Map<String, Object> changed = awaitAllCompared(1);
    assertThat(changed).containsEntry("result", "differs");
    Map<String, Map<String, Object>> keys = differingKeys(changed);
    assertThat(keys.keySet()).containsExactlyInAnyOrder("stays7", "stays8", "hash");
    assertThat(keys.get("stays7").get("n1"))
        .isEqualTo(keys.get("stays7").get("n2"))
        .isNotEqualTo(keys.get("stays7").get("n3"))
        .isNotEqualTo("absent");
    assertThat(keys.get("stays8")).containsEntry("n3", "absent");
    assertThat(keys.get("hash").get("n1"))
        .isEqualTo(keys.get("hash").get("n2"))
        .isNotEqualTo(keys.get("hash").get("n3"))
        .isNotEqualTo("absent");

    // Writing the keys again makes them equal, after a restart that replays marks.
    processes[0].destroyForcibly();
    processes[0].onExit().join();
    start(0);
    await("the keys are written again", () -> write("stays", 500));
    assertThat(awaitAllCompared(2)).containsEntry("result", "equal");
  }

  @Test
  void aLeaderlessCopyThatLostAKeyBehindItsTreesBackIsBroken() throws Exception {
    startCluster();
    try (Jedis client = client(0)) {
      client.sendCommand(
          () -> bytes("DATABASE"), "CREATE carts NUMBER 5 REPLICATION LEADERLESS".split(" "));
    }
    await("carts has its replicas", () -> writeCarts(200));
    await("all equal", () -> verify(1, "carts").get("result").equals("equal"));

    stopWithStored(2, "cart7");
    changeStored(folder.resolve("n3"), "cart7", null);
    start(2);

    List<Map<String, Object>> last = new ArrayList<>();
    await(
        "n3 is compared again",
        () -> {
          last.add(verify(1, "carts"));
          return !last.get(last.size() - 1).get("result").equals("incomplete");
        });
    assertThat(last.get(last.size() - 1)).containsEntry("result", "differs");
    assertThat(last.get(last.size() - 1).toString())
        .contains("node=n3, reason=is broken: the cells of 1 of 4096 ranges don't add up")
        .contains("differing_ranges=1");
  }

  // The cluster.

  private void startCluster() throws IOException {
    for (int i = 0; i < NODES; i++) {
      ports[i] = FreePorts.four();
      start(i);
    }
    await("the cluster serves", () -> write("first", 1));
  }

  private void stop(int index) throws InterruptedException {
    processes[index].destroy();
    assertThat(processes[index].waitFor(DEADLINE_SECONDS, TimeUnit.SECONDS)).isTrue();
  }

  /**
   * Stops a node so that a key is in its storage. What was written last may be in its journal only,
   * and be written out when it has started again.
   */
  private void stopWithStored(int index, String key) throws Exception {
    stop(index);
    await(
        key + " is in storage",
        () -> {
          if (isStored(folder.resolve("n" + (index + 1)), key)) {
            return true;
          }
          start(index);
          await("the node serves again", () -> answers(index));
          stop(index);
          return false;
        });
  }

  private void start(int index) throws IOException {
    Path own = Files.createDirectories(folder.resolve("n" + (index + 1)));
    int port = ports[index];
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx192m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "io.trefoil.node.Main",
                "--stop-on-stdin-close"));
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("node.name", "n" + (index + 1));
    settings.put("data.dir", own.resolve("data"));
    settings.put("client.port", port);
    settings.put("peer.port", port + 1);
    settings.put("control.port", port + 2);
    settings.put("http.port", port + 3);
    settings.put("memory.table", "32mb");
    settings.put("memory.block-cache", "8mb");
    settings.put("cluster.expect", NODES);
    settings.put("cluster.database0-partitions", PARTITIONS);
    if (index > 0) {
      settings.put("cluster.join", "127.0.0.1:" + (ports[0] + 1));
    }
    settings.forEach((name, value) -> command.addAll(List.of("--" + name, value.toString())));
    processes[index] =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(own.resolve("output.txt").toFile()))
            .start();
  }

  private Jedis client(int index) {
    return new Jedis(
        new HostAndPort("127.0.0.1", ports[index]),
        DefaultJedisClientConfig.builder().timeoutMillis(DEADLINE_SECONDS * 1_000).build());
  }

  // What clients do.

  private boolean answers(int index) {
    try (Jedis client = client(index)) {
      return client.ping().equals("PONG");
    }
  }

  private boolean write(String prefix, int count) {
    try (Jedis client = client(1)) {
      for (int i = 0; i < count; i++) {
        client.set(prefix + i, "value " + i);
        client.hset("hash", "field-" + prefix + i, "value " + i);
      }
      return true;
    }
  }

  private boolean writeCarts(int count) {
    try (Jedis client = client(1)) {
      client.select(5);
      for (int i = 0; i < count; i++) {
        client.set("cart" + i, "value " + i);
      }
      return true;
    }
  }

  /** Keys that expire all the time while the replicas are compared. */
  private void writeExpiring() {
    try (Jedis client = client(1)) {
      for (int i = 0; i < 1_000; i++) {
        client.psetex("expires" + i, 20L * i + 1, "soon gone");
      }
    }
  }

  private Map<String, Object> verifyUnderLoad() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger written = new AtomicInteger();
    Thread writer =
        new Thread(
            () -> {
              try (Jedis client = client(0)) {
                while (!stop.get()) {
                  int i = written.incrementAndGet();
                  client.set("moving" + i % 5_000, "value " + i);
                  client.psetex("short" + i % 100, 50 + i % 200, "value");
                }
              }
            });
    writer.start();
    try {
      await("writes", () -> written.get() > 100);
      Map<String, Object> reply = awaitAllCompared(2);
      int before = written.get();
      await("writes go on", () -> written.get() > before);
      return reply;
    } finally {
      stop.set(true);
      writer.join();
    }
  }

  /** Asks until no replica was away or late; a difference is an answer, never "not yet". */
  private Map<String, Object> awaitAllCompared(int node) {
    List<Map<String, Object>> last = new ArrayList<>();
    await(
        "all replicas compared",
        () -> {
          Map<String, Object> reply = verify(node);
          last.add(reply);
          return reply.get("partitions_compared").equals((long) PARTITIONS);
        });
    return last.get(last.size() - 1);
  }

  private Map<String, Object> verify(int node) {
    return verify(node, "0");
  }

  private Map<String, Object> verify(int node, String database) {
    try (Jedis client = client(node)) {
      return map(client.sendCommand(() -> bytes("DATABASE"), "VERIFY", database));
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, Object> map(Object reply) {
    List<?> flat = (List<?>) reply;
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < flat.size(); i += 2) {
      map.put(text(flat.get(i)), shown(flat.get(i + 1)));
    }
    return map;
  }

  /** Lists in this reply are of maps. */
  private static Object shown(Object value) {
    if (value instanceof List<?> list) {
      return list.stream().map(DatabaseVerifyTest::map).toList();
    }
    return value instanceof byte[] ? text(value) : value;
  }

  private static String text(Object value) {
    return new String((byte[]) value, StandardCharsets.UTF_8);
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Map<String, Object>> differingKeys(Map<String, Object> reply) {
    Map<String, Map<String, Object>> keys = new LinkedHashMap<>();
    for (var report : (List<Map<String, Object>>) reply.get("partition_reports")) {
      for (var key : (List<Map<String, Object>>) report.getOrDefault("differing_keys", List.of())) {
        keys.put((String) key.get("key"), key);
      }
    }
    return keys;
  }

  // Behind the log's back.

  private interface Change {
    void to(byte[] stored);
  }

  /** Does something with the cells of a node that is down. */
  private interface CellsWork<T> {
    T on(RocksDB storage, ColumnFamilyHandle cells) throws RocksDBException;
  }

  private static <T> T inStorage(Path node, CellsWork<T> work) throws RocksDBException {
    List<ColumnFamilyHandle> families = new ArrayList<>();
    List<ColumnFamilyDescriptor> descriptors =
        List.of(
            new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, new ColumnFamilyOptions()),
            new ColumnFamilyDescriptor(bytes("cells"), new ColumnFamilyOptions()));
    String path = node.resolve("data/storage").toString();
    try (RocksDB storage = RocksDB.open(new DBOptions(), path, descriptors, families)) {
      T result = work.on(storage, families.get(1));
      families.forEach(ColumnFamilyHandle::close);
      return result;
    }
  }

  private static boolean isStored(Path node, String key) throws RocksDBException {
    return inStorage(node, (storage, cells) -> find(storage, cells, bytes(key)) != null);
  }

  /**
   * Changes a cell in the storage of a node that is down.
   *
   * @param change null to remove it
   */
  private static void changeStored(Path node, String key, Change change) throws RocksDBException {
    inStorage(
        node,
        (storage, cells) -> {
          byte[] diskKey = find(storage, cells, bytes(key));
          assertThat(diskKey).as("%s in storage", key).isNotNull();
          try (WriteOptions writes = new WriteOptions();
              FlushOptions flush = new FlushOptions().setWaitForFlush(true)) {
            if (change == null) {
              storage.delete(cells, writes, diskKey);
            } else {
              byte[] stored = storage.get(cells, diskKey);
              change.to(stored);
              storage.put(cells, writes, diskKey, stored);
            }
            storage.flush(flush, cells);
          }
          return null;
        });
  }

  /** The key of a cell on the disk, or null. */
  private static byte[] find(RocksDB storage, ColumnFamilyHandle cells, byte[] key) {
    try (RocksIterator all = storage.newIterator(cells)) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        byte[] diskKey = all.key();
        for (int header : new int[] {DISK_KEY_HEADER, DISK_FIELD_HEADER}) {
          if (diskKey.length == header + key.length
              && Arrays.equals(diskKey, header, diskKey.length, key, 0, key.length)) {
            return diskKey;
          }
        }
      }
    }
    return null;
  }

  private static void await(String what, Callable<Boolean> condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(DEADLINE_SECONDS).toNanos();
    Exception last = null;
    while (System.nanoTime() < deadline) {
      try {
        if (condition.call()) {
          return;
        }
      } catch (JedisException e) {
        last = e;
      } catch (Exception e) {
        throw new AssertionError("while waiting for " + what, e);
      }
      LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
    }
    throw new AssertionError("waited in vain for " + what, last);
  }
}
