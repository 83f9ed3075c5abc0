package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.trefoil.base.ByteSink;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.replication.multileader.RegionOrigin;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * What a region's leader of a multi-leader database had written alone, and what is done with it
 * when another one leads.
 */
@Tag("slow")
class DivergedRegionTest {
  private static final int MANY = 200;

  @TempDir private static Path folder;
  private static ClusterProcesses eu;

  @BeforeAll
  static void startRegion() {
    eu = ClusterProcesses.start(folder, 3, "--node.region", "eu", "--cluster.lease", "1s");
  }

  @AfterAll
  static void stopRegion() {
    eu.close();
  }

  private static Object reply(NodeProcess node, String... words) {
    try (Jedis client = ClusterProcesses.client(node)) {
      String[] arguments = List.of(words).subList(1, words.length).toArray(String[]::new);
      return client.sendCommand(() -> words[0].getBytes(StandardCharsets.UTF_8), arguments);
    }
  }

  private static Map<String, Object> map(Object flat) {
    List<?> fields = (List<?>) flat;
    Map<String, Object> map = new HashMap<>();
    for (int i = 0; i + 1 < fields.size(); i += 2) {
      Object value = fields.get(i + 1);
      map.put(text(fields.get(i)), value instanceof byte[] ? text(value) : value);
    }
    return map;
  }

  private static List<Map<String, Object>> maps(Object list) {
    List<Map<String, Object>> maps = new ArrayList<>();
    ((List<?>) list).forEach(each -> maps.add(map(each)));
    return maps;
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static int create(String name, String... options) {
    List<String> words =
        new ArrayList<>(
            List.of("REPLICATION", "MULTI-LEADER", "REGIONS", "1", "eu", "REPLICAS", "2"));
    words.addAll(List.of("PARTITIONS", "1", "COMMIT", "ASYNC", "FAILOVER", "AVAILABLE"));
    words.addAll(List.of(options));
    return eu.createDatabase(name, words.toArray(String[]::new));
  }

  private static NodeProcess followerOf(int database, NodeProcess leader) {
    for (JsonNode each : eu.status(leader).path("databases")) {
      for (JsonNode replica : each.path("partition_states").path(0).path("replicas")) {
        boolean here = each.path("number").asInt() == database;
        if (here && !replica.path("node").asText().equals(leader.name())) {
          return eu.node(replica.path("node").asText());
        }
      }
    }
    throw new AssertionError("no follower");
  }

  private static void awaitVerified(NodeProcess asked, String database) {
    ClusterProcesses.await(
        "its copies are equal",
        () -> map(reply(asked, "DATABASE", "VERIFY", database)).get("result").equals("equal"));
  }

  @Test
  void whatALeaderLostIsListedAndMergedAgainAndNothingStops() throws Exception {
    int database = create("lost");
    NodeProcess old = eu.awaitLeader(eu.node(1), database, 0);
    NodeProcess other = followerOf(database, old);
    NodeProcess third = eu.nodeBeside(old, other);
    try (Jedis client = ClusterProcesses.client(old, database, 60_000)) {
      client.mset("updated", "0", "deleted", "0", "contested", "0", "expiring", "0");
      client.incrBy("visits", 10);
      client.hset("profile", Map.of("name", "0", "city", "0"));
      client.hincrBy("profile", "logins", 3);
      client.sadd("tags", "old", "kept");
      client.hset("dissolved", "f", "0");
      client.hincrBy("dissolved", "n", 1);
    }
    eu.awaitInSync(old, database);
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);
    other.kill();
    try (Jedis client = ClusterProcesses.client(old, database, 60_000)) {
      client.set("new", "1");
      client.set("updated", "1");
      client.del("deleted");
      client.set("contested", "1");
      client.pexpireAt("expiring", 4_000_000_000_000L);
      client.incrBy("visits", 5);
      client.incrBy("visits", 2);
      client.hset("profile", "city", "1");
      client.hincrBy("profile", "logins", 4);
      client.hdel("profile", "name");
      client.srem("tags", "old");
      client.sadd("tags", "newer");
      client.del("dissolved");
      for (int i = 0; i < MANY; i++) {
        client.set("many" + i, "1");
      }
    }
    old.pause();
    other.start();
    ClusterProcesses.await(
        "the other leads", () -> eu.awaitLeader(third, database, 0).equals(other));
    try (Jedis client = ClusterProcesses.client(other, database, 60_000)) {
      ClusterProcesses.await("it serves", () -> client.set("contested", "2") != null);
      client.incrBy("visits", 100);
    }
    old.resume();
    eu.awaitInSync(third, database);
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);
    awaitVerified(third, "lost");

    Map<String, Object> file =
        maps(map(reply(third, "DIVERGED", "LIST")).get("files")).stream()
            .filter(each -> each.get("database").equals("lost"))
            .findFirst()
            .orElseThrow();
    String id = "" + file.get("id");
    assertThat(file).containsEntry("node", old.name()).containsEntry("unknown_entries", 0L);
    assertThat((long) file.get("entries")).isGreaterThanOrEqualTo(MANY + 13);
    Map<String, Object> shown = map(reply(third, "DIVERGED", "SHOW", id, "COUNT", "1000"));
    assertThat(maps(shown.get("changes")))
        .extracting(each -> each.get("change") + " " + each.get("key") + " " + each.get("field"))
        .contains("put new null", "remove deleted null", "expire expiring null")
        .contains("add visits null", "field profile city", "drop profile name")
        .contains("add profile logins", "drop tags old", "field tags newer")
        .contains("remove dissolved null");
    assertThat(maps(shown.get("changes")))
        .noneMatch(each -> each.containsKey("merge"))
        .anyMatch(each -> each.get("key").equals("visits") && each.get("total").equals(17L));

    Map<String, Object> diff = map(reply(third, "DIVERGED", "DIFF", id, "COUNT", "1000"));
    Map<String, Map<String, Object>> compared = new HashMap<>();
    maps(diff.get("compared")).forEach(each -> compared.put("" + each.get("key"), each));
    assertThat(compared).hasSize(MANY + 9);
    assertThat(compared.values()).extracting(each -> each.get("state")).containsOnly("merges");
    assertThat(compared.get("visits"))
        .containsEntry("now_value", "110")
        .containsEntry("file_value", "117");
    assertThat(compared.get("contested"))
        .as("what was written later stays")
        .containsEntry("file_value", "2");

    assertThat(map(reply(third, "DIVERGED", "REPLAY", id)))
        .containsEntry("applied", MANY + 9L)
        .containsEntry("left", 0L)
        .containsEntry("error", "");
    assertMerged(third, database);
    assertThat(map(reply(other, "DIVERGED", "REPLAY", id)))
        .containsEntry("applied", 0L)
        .containsEntry("same", MANY + 9L);
    assertMerged(third, database);
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);
    awaitVerified(third, "lost");
    assertThat(eu.nodes()).allMatch(NodeProcess::isAlive);
  }

  private static void assertMerged(NodeProcess asked, int database) {
    try (Jedis client = ClusterProcesses.client(asked, database, 60_000)) {
      assertThat(client.mget("new", "updated", "deleted", "contested", "many7", "visits"))
          .containsExactly("1", "1", null, "2", "1", "117");
      assertThat(client.pexpireTime("expiring")).isEqualTo(4_000_000_000_000L);
      assertThat(client.hgetAll("profile")).isEqualTo(Map.of("city", "1", "logins", "7"));
      assertThat(client.smembers("tags")).isEqualTo(Set.of("kept", "newer"));
      assertThat(client.exists("dissolved")).isFalse();
    }
  }

  /** Merges a string that an origin would have written. */
  private static void merge(Jedis client, int origin, long stamp) {
    MergedKey change = new MergedKey();
    new Versions().put(origin, stamp, new byte[1], 0, 1, change.string());
    ByteSink bytes = new ByteSink();
    change.write(bytes);
    client.sendCommand(
        () -> "DIVERGED".getBytes(StandardCharsets.UTF_8),
        "MERGE".getBytes(StandardCharsets.UTF_8),
        "k".getBytes(StandardCharsets.UTF_8),
        bytes.toArray());
  }

  @Test
  void whatCellsRefuseIsAnErrorOfTheCommandAlone() {
    int database = create("siblings", "CONFLICT", "SIBLINGS");
    NodeProcess leader = eu.awaitLeader(eu.node(1), database, 0);
    for (NodeProcess asked : List.of(leader, eu.nodeBeside(leader))) {
      try (Jedis client = ClusterProcesses.client(asked, database, 60_000)) {
        client.set("k", "1");
        assertThatThrownBy(() -> ClusterProcesses.command(client, "RESOLVE", "k", "none", "2"))
            .hasMessageContaining("the context is not one that SIBLINGS gave");
        assertThatThrownBy(() -> ClusterProcesses.command(client, "DIVERGED", "MERGE", "k", "x"))
            .hasMessageContaining("syntax error");
        assertThatThrownBy(() -> merge(client, RegionOrigin.number(2, 1), 10))
            .hasMessageContaining("no leader of the database can have written that");
        assertThatThrownBy(() -> merge(client, RegionOrigin.number(1, 1), Long.MAX_VALUE))
            .hasMessageContaining("no leader of the database can have written that");
        assertThat(client.get("k")).isEqualTo("1");
      }
    }
    assertThat(eu.nodes()).allMatch(NodeProcess::isAlive);
  }
}
