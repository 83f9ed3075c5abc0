package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** {@code CONFLICTS} of two regions of two nodes, which write the same keys at the same time. */
@Tag("slow")
class ConflictsTest {
  private static final int KEYS = 2_000;
  private static final int ROUNDS = 20;
  private static final int USERS = 5;
  private static final int CARTS = 6;

  @TempDir private static Path folder;
  private static ClusterProcesses eu;
  private static ClusterProcesses us;

  @BeforeAll
  static void startRegions() {
    eu = ClusterProcesses.start(folder.resolve("eu"), 2, "--node.region", "eu");
    us = ClusterProcesses.start(folder.resolve("us"), 2, "--node.region", "us");
    eu.link("us", us);
    us.link("eu", eu);
    create("users", USERS, "LWW");
    create("carts", CARTS, "SIBLINGS");
  }

  private static void create(String name, int number, String conflict) {
    String words =
        "NUMBER %d REPLICATION MULTI-LEADER REGIONS 2 eu us REPLICAS 2 PARTITIONS 3 CONFLICT %s"
            .formatted(number, conflict);
    eu.createDatabase(name, words.split(" "));
    us.awaitInSync(us.node(1), number);
  }

  @AfterAll
  static void stopRegions() {
    eu.close();
    us.close();
  }

  private static Jedis client(ClusterProcesses region, int database) {
    Jedis client = ClusterProcesses.client(region.node(1));
    client.select(database);
    return client;
  }

  /** What a region says, each with its fields. */
  private static List<Map<String, Object>> conflicts(ClusterProcesses region, String... words) {
    try (Jedis client = client(region, 0)) {
      List<Map<String, Object>> all = new ArrayList<>();
      for (Object each :
          (List<?>) client.sendCommand(() -> SafeEncoder.encode("CONFLICTS"), words)) {
        all.add(fields(each));
      }
      return all;
    }
  }

  private static Map<String, Object> fields(Object reply) {
    List<?> pairs = (List<?>) reply;
    Map<String, Object> fields = new HashMap<>();
    for (int i = 0; i < pairs.size(); i += 2) {
      Object value = pairs.get(i + 1);
      fields.put(
          SafeEncoder.encode((byte[]) pairs.get(i)),
          value instanceof byte[] bytes
              ? SafeEncoder.encode(bytes)
              : value instanceof List<?> list && !list.isEmpty() ? fields(list) : value);
    }
    return fields;
  }

  /** Both regions write the same keys until some write was not seen in time. */
  private static void writeAtTheSameTime(int database, boolean hashes, String name)
      throws Exception {
    for (int i = 0; i < ROUNDS && conflicts(eu, name).isEmpty(); i++) {
      writeOnce(database, hashes);
    }
  }

  private static void writeOnce(int database, boolean hashes) throws InterruptedException {
    CyclicBarrier begin = new CyclicBarrier(2);
    Thread other = new Thread(() -> write(us, database, hashes, "of us", begin));
    other.start();
    write(eu, database, hashes, "of eu", begin);
    other.join();
    awaitEqual(database, hashes);
  }

  private static void write(
      ClusterProcesses region, int database, boolean hashes, String value, CyclicBarrier begin) {
    try (Jedis client = client(region, database);
        Pipeline pipeline = client.pipelined()) {
      begin.await();
      for (int i = 0; i < KEYS; i++) {
        if (hashes) {
          pipeline.hset("hash-" + i, "field", value);
        } else {
          pipeline.set("key-" + i, value);
        }
      }
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitEqual(int database, boolean hashes) {
    ClusterProcesses.await(
        "the same data in both regions",
        () -> {
          try (Jedis a = client(eu, database);
              Jedis b = client(us, database)) {
            return read(a, hashes).equals(read(b, hashes));
          }
        });
  }

  private static List<Object> read(Jedis client, boolean hashes) {
    try (Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < KEYS; i++) {
        if (hashes) {
          pipeline.hget("hash-" + i, "field");
        } else {
          pipeline.get("key-" + i);
        }
      }
      return pipeline.syncAndReturnAll();
    }
  }

  @Test
  void theHiddenValueIsShownWhereItWasMergedAndOnce() throws Exception {
    writeAtTheSameTime(USERS, false, "users");
    Map<String, String> seen = new TreeMap<>(ClusterProcesses.contents(eu.node(1), USERS));
    long shown = 0;
    for (ClusterProcesses region : List.of(eu, us)) {
      List<Map<String, Object>> found = conflicts(region, "users", "COUNT", "10000");
      assertThat(found).extracting(each -> each.get("id")).doesNotHaveDuplicates();
      for (Map<String, Object> each : found) {
        String key = (String) each.get("key");
        Map<?, ?> winner = (Map<?, ?>) each.get("winner");
        Map<?, ?> loser = (Map<?, ?>) each.get("loser");
        assertThat(winner.get("value")).isEqualTo("of " + winner.get("region"));
        assertThat(loser.get("value")).isEqualTo("of " + loser.get("region"));
        assertThat(winner.get("region")).isNotEqualTo(loser.get("region"));
        assertThat(winner.get("value")).isEqualTo(seen.get(key));
        assertThat(each.get("field")).isNull();
        assertThat(each.get("rule")).isEqualTo("latest write");
      }
      shown += found.size();
    }
    assertThat(shown).as("values that were hidden").isPositive();
    filtersAndCounts();
    survivesARestart();
  }

  private static void filtersAndCounts() {
    for (ClusterProcesses region : List.of(eu, us)) {
      List<Map<String, Object>> all = conflicts(region, "users", "COUNT", "10000");
      List<Map<String, Object>> ofUs = conflicts(region, "users", "REGION", "us", "COUNT", "10000");
      List<Map<String, Object>> ofEu = conflicts(region, "users", "REGION", "eu", "COUNT", "10000");
      assertThat(ofUs.size() + ofEu.size()).isEqualTo(all.size());
      assertThat(conflicts(region, "users", "KEY", "other*")).isEmpty();
      assertThat(conflicts(region, "users", "SINCE", "9999999999999")).isEmpty();
      Map<String, Object> counts = counts(region, "users");
      assertThat(counts).containsEntry("kept", (long) all.size()).containsEntry("not_written", 0L);
      assertThat((long) counts.get("recorded")).isGreaterThanOrEqualTo(all.size());
    }
  }

  private static Map<String, Object> counts(ClusterProcesses region, String database) {
    try (Jedis client = client(region, 0)) {
      return fields(client.sendCommand(() -> SafeEncoder.encode("CONFLICTS"), "COUNT", database));
    }
  }

  private static void survivesARestart() throws IOException {
    ClusterProcesses region = conflicts(eu, "users").isEmpty() ? us : eu;
    List<Map<String, Object>> before = conflicts(region, "users", "COUNT", "10000");
    for (int node : List.of(2, 1)) {
      region.node(node).kill();
      region.node(node).start();
      ClusterProcesses.await("the node serves again", () -> serves(region, node));
      region.awaitInSync(region.node(3 - node), USERS);
    }
    ClusterProcesses.await(
        "the leaders answer as before, and tell nothing twice",
        () -> {
          List<Map<String, Object>> now = conflicts(region, "users", "COUNT", "10000");
          return now.size() == before.size() && now.containsAll(before);
        });
  }

  private static boolean serves(ClusterProcesses region, int node) {
    try (Jedis client = ClusterProcesses.client(region.node(node))) {
      return client.ping().equals("PONG");
    }
  }

  @Test
  void whereSiblingsAreKeptOnlyFieldsAreHidden() throws Exception {
    writeSiblings();
    assertThat(conflicts(eu, "carts")).isEmpty();
    assertThat(conflicts(us, "carts")).isEmpty();
    writeAtTheSameTime(CARTS, true, "carts");
    assertThat(conflicts(eu, "carts", "COUNT", "10000"))
        .isNotEmpty()
        .allMatch(each -> "field".equals(each.get("field")));
  }

  private static void writeSiblings() throws Exception {
    boolean found = false;
    for (int i = 0; i < ROUNDS && !found; i++) {
      writeOnce(CARTS, false);
      found = hasSiblings();
    }
    assertThat(found).as("keys with siblings").isTrue();
  }

  private static boolean hasSiblings() {
    try (Jedis client = client(eu, CARTS)) {
      for (int i = 0; i < KEYS; i++) {
        Object reply = client.sendCommand(() -> SafeEncoder.encode("SIBLINGS"), "key-" + i);
        if (((List<?>) reply).size() > 2) {
          return true;
        }
      }
      return false;
    }
  }

  @Test
  void otherDatabasesAndWordsAreRefusedWithWhatWouldBeRight() {
    eu.createDatabase("plain", "REPLICAS", "1", "PARTITIONS", "1");
    eu.createDatabase("free", "REPLICATION", "LEADERLESS", "REPLICAS", "2", "PARTITIONS", "1");
    try (Jedis client = client(eu, 0)) {
      assertThat(refusal(client, "plain"))
          .isEqualTo(
              "UNSUPPORTED CONFLICTS needs several leaders; database 'plain' is single-leader");
      assertThat(refusal(client, "COUNT", "free"))
          .isEqualTo(
              "UNSUPPORTED CONFLICTS needs several leaders; database 'free' is leaderless:"
                  + " SIBLINGS shows the values of a key");
      assertThat(refusal(client, "nothing")).isEqualTo("ERR there is no database 'nothing'");
      assertThat(refusal(client, "users", "REGION", "asia"))
          .contains("no region of database 'users'; its regions are eu, us");
      assertThat(refusal(client, "users", "KEYS", "x"))
          .contains("unknown word 'KEYS'; after the database come KEY pattern");
    }
  }

  private static String refusal(Jedis client, String... words) {
    try {
      return "no error: " + client.sendCommand(() -> SafeEncoder.encode("CONFLICTS"), words);
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }
}
