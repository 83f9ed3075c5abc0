package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.util.SafeEncoder;

/** A region that was away for longer than the other's log reaches back. */
@Tag("full")
class RegionAwayTest {
  private static final int KEYS = 2_000;
  private static final int USERS = 5;

  @TempDir private Path folder;

  private ClusterProcesses start(String region) {
    return ClusterProcesses.start(
        folder.resolve(region),
        1,
        "--node.region",
        region,
        "--journal.segment",
        "64kb",
        "--journal.keep",
        "128kb");
  }

  private static Jedis client(ClusterProcesses region) {
    Jedis client = ClusterProcesses.client(region.node(1));
    client.select(USERS);
    return client;
  }

  /** Writes 24 MB: more than leaders keep in memory. */
  private static void write(ClusterProcesses region, String prefix) {
    String value = prefix + "x".repeat(12_000);
    try (Jedis client = client(region);
        Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < KEYS; i++) {
        pipeline.set("k" + i, value);
        pipeline.hset("h" + i % 10, "f" + i, prefix);
      }
    }
  }

  @Test
  void itMergesAllThatTheOtherHoldsAndGoesOn() throws IOException {
    try (ClusterProcesses eu = start("eu");
        ClusterProcesses us = start("us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createBetween("users", USERS, List.of("eu", "us"), "PARTITIONS", "1");
      write(eu, "before");
      awaitEqual(eu, us);
      us.node(1).kill();
      assertThat(verify(eu)).contains("result, incomplete", "its leader did not answer for 10 s");
      write(eu, "while away");
      try (Jedis client = client(eu)) {
        client.del("k0", "k1", "h0");
        client.incrBy("visits", 7);
      }
      awaitShortJournal(eu.node(1));
      us.node(1).start();
      us.awaitInSync(us.node(1), USERS);
      try (Jedis a = client(eu);
          Jedis b = client(us)) {
        b.incrBy("visits", 5);
        ClusterProcesses.await(
            "the counter counts everything",
            () -> "12".equals(a.get("visits")) && "12".equals(b.get("visits")));
        awaitEqual(eu, us);
        assertThat(b.exists("k0", "k1", "h0")).isZero();
        assertThat(b.hget("h1", "f1")).isEqualTo("while away");
        assertThat(b.hlen("h1")).isEqualTo(KEYS / 10);
        a.set("after", "the snapshot");
        ClusterProcesses.await(
            "what is written later", () -> "the snapshot".equals(b.get("after")));
      }
      ClusterProcesses.await(
          "equal regions", () -> verify(us).startsWith("[database, users, result, equal"));
      assertThat(Files.readString(us.node(1).dataDir().resolve("logs/node.log")))
          .contains("all that it has is merged");
    }
  }

  private static String verify(ClusterProcesses region) {
    try (Jedis client = client(region)) {
      Object reply = client.sendCommand(() -> "DATABASE".getBytes(), "VERIFY", "users");
      return String.valueOf(SafeEncoder.encodeObject(reply));
    }
  }

  private static void awaitEqual(ClusterProcesses eu, ClusterProcesses us) {
    ClusterProcesses.await(
        "the same data in both regions",
        () -> strings(eu).equals(strings(us)) && strings(us).size() >= KEYS - 2);
  }

  private static Map<String, String> strings(ClusterProcesses region) {
    try (Jedis client = client(region)) {
      List<String> keys = client.keys("k*").stream().sorted().toList();
      List<String> values = client.mget(keys.toArray(String[]::new));
      Map<String, String> all = new TreeMap<>();
      for (int i = 0; i < keys.size(); i++) {
        all.put(keys.get(i), values.get(i));
      }
      return all;
    }
  }

  private static void awaitShortJournal(NodeProcess node) {
    ClusterProcesses.await(
        "the journal is let go",
        () -> {
          try (Jedis client = ClusterProcesses.client(node)) {
            return client
                .info("persistence")
                .lines()
                .filter(line -> line.startsWith("journal_bytes:"))
                .allMatch(line -> Long.parseLong(line.substring(14)) < 2_000_000);
          }
        });
  }
}
