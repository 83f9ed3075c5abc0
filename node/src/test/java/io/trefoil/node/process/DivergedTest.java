package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.resps.Tuple;

/** What real nodes say of writes that left the history, and how they write them again. */
@Tag("slow")
class DivergedTest {
  private static final Pattern WRITE_ID =
      Pattern.compile("UNCERTAIN write (\\d+/\\d+@\\d+:\\d+) .*");
  private static final int MANY = 250;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--cluster.lease", "1s");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  /** Whatever a test left behind, the next one finds three nodes. */
  @AfterEach
  void allNodesRun() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      if (!node.isAlive()) {
        node.start();
      } else {
        node.resume();
      }
    }
    cluster.awaitInSync();
  }

  // Replies in RESP2: maps are flat.

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

  private static List<Map<String, Object>> files(NodeProcess asked) {
    return maps(map(reply(asked, "DIVERGED", "LIST")).get("files"));
  }

  private static Map<String, String> states(Map<String, Object> diff) {
    Map<String, String> states = new HashMap<>();
    maps(diff.get("compared"))
        .forEach(key -> states.put("" + key.get("key"), "" + key.get("state")));
    return states;
  }

  private static Map<String, Object> diff(NodeProcess asked, String id) {
    return map(reply(asked, "DIVERGED", "DIFF", id, "COUNT", "1000"));
  }

  private static List<Map<String, Object>> changes(NodeProcess asked, String id) {
    List<Map<String, Object>> changes = new ArrayList<>();
    Object next = 0L;
    while (next != null) {
      Map<String, Object> page =
          map(reply(asked, "DIVERGED", "SHOW", id, "COUNT", "100", "FROM", "" + next));
      changes.addAll(maps(page.get("changes")));
      next = page.get("next");
    }
    return changes;
  }

  private static List<String> warnings(NodeProcess asked) {
    List<String> warnings = new ArrayList<>();
    cluster.status(asked).path("warnings").forEach(each -> warnings.add(each.asText()));
    return warnings.stream().filter(each -> each.contains("left the history")).toList();
  }

  private static String metrics(NodeProcess node) throws IOException {
    try {
      URI uri = URI.create("http://127.0.0.1:" + node.httpPort() + "/metrics");
      return HttpClient.newHttpClient()
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  private static Map<String, Object> writeStatus(NodeProcess asked, String id) {
    return map(reply(asked, "WRITE", "STATUS", id));
  }

  private static NodeProcess followerOf(int database, NodeProcess leader) {
    for (JsonNode each : cluster.status(leader).path("databases")) {
      for (JsonNode replica : each.path("partition_states").path(0).path("replicas")) {
        boolean here = each.path("number").asInt() == database;
        if (here && !replica.path("node").asText().equals(leader.name())) {
          return cluster.node(replica.path("node").asText());
        }
      }
    }
    throw new AssertionError("no follower");
  }

  private static void awaitLeads(NodeProcess node, NodeProcess asked, int database) {
    ClusterProcesses.await(
        node.name() + " leads", () -> cluster.awaitLeader(asked, database, 0) == node);
  }

  @Test
  void what_async_lost_is_listed_compared_replayed_and_discarded() throws IOException {
    int database =
        cluster.createDatabase("lost", "REPLICAS", "2", "PARTITIONS", "1", "COMMIT", "ASYNC");
    NodeProcess old = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess other = followerOf(database, old);
    NodeProcess third = cluster.nodeBeside(old, other);
    try (Jedis client = ClusterProcesses.client(old, database, 60_000)) {
      client.mset("updated", "0", "deleted", "0", "contested", "0", "expiring", "0");
      client.hset("profile", Map.of("name", "0", "city", "0", "untouched", "0"));
      client.hset("shared", Map.of("ours", "0", "theirs", "0"));
      client.sadd("tags", "old");
      client.hset("dissolved", "f", "0");
      client.rpush("queue", "a", "b", "c");
      client.zadd("board", Map.of("x", 1.0, "y", 2.0));
    }
    cluster.awaitInSync(old, database);
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);
    other.kill();
    byte[] noText = {(byte) 0xff, 0, '\n'};
    try (Jedis client = ClusterProcesses.client(old, database, 60_000)) {
      client.set("new", "1");
      client.set("updated", "1");
      client.del("deleted");
      client.set("contested", "1");
      client.pexpireAt("expiring", 4_000_000_000_000L);
      client.set("bytes".getBytes(StandardCharsets.UTF_8), noText);
      client.hset("profile", "city", "1");
      client.hdel("profile", "name");
      client.hset("shared", "ours", "1");
      client.srem("tags", "old");
      client.sadd("tags", "new", "newer");
      client.del("dissolved");
      client.lpop("queue");
      client.rpush("queue", "d");
      client.zincrby("board", 5, "x");
      client.zrem("board", "y");
      client.hset("turned", "f", "1");
      for (int i = 0; i < MANY; i++) {
        client.set("many" + i, "1");
      }
    }
    old.kill();
    other.start();
    awaitLeads(other, third, database);
    try (Jedis client = ClusterProcesses.client(other, database, 60_000)) {
      ClusterProcesses.await("the new leader serves", () -> client.set("contested", "2") != null);
      client.hset("shared", "theirs", "2");
      client.set("turned", "a string");
    }
    old.start();
    cluster.awaitInSync(third, database);

    Map<String, Object> file = files(third).get(0);
    String id = "" + file.get("id");
    assertThat(id).startsWith(old.name() + "/");
    assertThat(file)
        .containsEntry("node", old.name())
        .containsEntry("database", "lost")
        .containsEntry("partition", 0L)
        .containsEntry("unknown_entries", 0L)
        .containsEntry("replayed", "no")
        .containsEntry("problem", "");
    assertThat((long) file.get("entries")).isGreaterThanOrEqualTo(MANY + 17);
    String warning =
        old.name()
            + " keeps "
            + file.get("entries")
            + " entries of database 'lost' that left the history: ./trefoil diverged list";
    ClusterProcesses.await("status tells of it", () -> warnings(third).equals(List.of(warning)));
    ClusterProcesses.await(
        "the failover's loss is counted",
        () -> {
          long left = 0;
          for (JsonNode failover : cluster.status(third).path("failovers")) {
            left += failover.path("left_history").asLong();
          }
          return left == (long) file.get("entries");
        });
    assertThat(metrics(old))
        .contains("trefoil_diverged_files{node=\"" + old.name() + "\",region=\"local\"} 1.0")
        .containsPattern("trefoil_diverged_entries\\{database=\"lost\".*} " + file.get("entries"));

    // A node that is away is named, and its files are there when it is back.
    old.kill();
    ClusterProcesses.await("it is seen to be away", () -> files(third).isEmpty());
    assertThat("" + maps(map(reply(third, "DIVERGED", "LIST")).get("silent_nodes")))
        .contains(old.name(), "not connected");
    assertThatThrownBy(() -> diff(third, id)).hasMessageContaining("is not connected");
    old.start();
    ClusterProcesses.await("it is heard again", () -> !files(third).isEmpty());
    assertThat(files(third)).containsExactly(file);
    cluster.awaitInSync(third, database);

    List<Map<String, Object>> changes = changes(third, id);
    assertThat(changes).hasSizeGreaterThanOrEqualTo(MANY + 17);
    Map<String, Object> created =
        changes.stream().filter(each -> "new".equals(each.get("key"))).findFirst().orElseThrow();
    assertThat(created)
        .containsEntry("change", "put")
        .containsEntry("value", "1")
        .containsKey("time_ms");

    Map<String, Object> seen = diff(third, id);
    Map<String, String> states = states(seen);
    assertThat(states)
        .hasSize(MANY + 13)
        .containsEntry("profile", "older")
        .containsEntry("shared", "older")
        .containsEntry("tags", "older")
        .containsEntry("dissolved", "older")
        .containsEntry("queue", "older")
        .containsEntry("board", "older")
        .containsEntry("turned", "conflict")
        .containsEntry("new", "missing")
        .containsEntry("bytes", "missing")
        .containsEntry("many" + (MANY - 1), "missing")
        .containsEntry("updated", "older")
        .containsEntry("deleted", "older")
        .containsEntry("expiring", "older")
        .containsEntry("contested", "conflict");

    // What changed after somebody looked is not written over.
    try (Jedis client = ClusterProcesses.client(third, database, 60_000)) {
      client.set("contested", "3");
      assertThatThrownBy(
              () ->
                  reply(
                      third,
                      "DIVERGED",
                      "REPLAY",
                      id,
                      "OVERWRITE",
                      "SEEN",
                      "" + seen.get("digest")))
          .hasMessageContaining("keys have changed since that diff");
      assertThat(client.get("updated")).isEqualTo("0");

      Map<String, Object> replayed = map(reply(third, "DIVERGED", "REPLAY", id));
      assertThat(replayed)
          .containsEntry("applied", MANY + 11L)
          .containsEntry("same", 0L)
          .containsEntry("left", 2L)
          .containsEntry("error", "");
      assertThat(maps(replayed.get("left_keys")))
          .containsExactlyInAnyOrder(
              Map.of("key", "contested", "reason", "conflict"),
              Map.of("key", "turned", "reason", "conflict"));
      assertThat(client.hgetAll("profile")).isEqualTo(Map.of("city", "1", "untouched", "0"));
      assertThat(client.hgetAll("shared")).isEqualTo(Map.of("ours", "1", "theirs", "2"));
      assertThat(client.smembers("tags")).containsExactlyInAnyOrder("new", "newer");
      assertThat(client.exists("dissolved")).isFalse();
      assertThat(client.lrange("queue", 0, -1)).containsExactly("b", "c", "d");
      assertThat(client.zrangeWithScores("board", 0, -1)).containsExactly(new Tuple("x", 6.0));
      assertThat(client.mget("new", "updated", "deleted", "contested", "many7"))
          .containsExactly("1", "1", null, "3", "1");
      assertThat(client.pexpireTime("expiring")).isEqualTo(4_000_000_000_000L);
      assertThat(client.get("bytes".getBytes(StandardCharsets.UTF_8))).isEqualTo(noText);
      assertThat(files(third).get(0))
          .containsEntry("replayed", "in part")
          .containsEntry("keys_left", 2L);

      assertThat(map(reply(other, "DIVERGED", "REPLAY", id)))
          .containsEntry("applied", 0L)
          .containsEntry("same", MANY + 11L);

      String digest = "" + diff(third, id).get("digest");
      assertThat(map(reply(third, "DIVERGED", "REPLAY", id, "OVERWRITE", "SEEN", digest)))
          .containsEntry("applied", 2L)
          .containsEntry("left", 0L);
      assertThat(client.get("contested")).isEqualTo("1");
      assertThat(client.hgetAll("turned")).isEqualTo(Map.of("f", "1"));
    }
    assertThat(files(third).get(0)).containsEntry("replayed", "yes");
    ClusterProcesses.await("nothing waits for a decision", () -> warnings(third).isEmpty());
    assertThat(metrics(old))
        .contains("trefoil_diverged_files{node=\"" + old.name() + "\",region=\"local\"} 0.0");
    ClusterProcesses.awaitEqualContents(List.of(old, other), database);

    // The write is lost, as the history has it under another position; the file keeps it.
    String writeId =
        id.substring(id.indexOf('/') + 1).replaceAll("^(\\d+)-(\\d+)-.*", "$1/$2")
            + "@"
            + created.get("position");
    assertThat(writeStatus(third, writeId))
        .containsEntry("status", "lost")
        .containsEntry("database", "lost")
        .hasEntrySatisfying(
            "kept_in", kept -> assertThat(text(((List<?>) kept).get(0))).isEqualTo(id));

    assertThat(map(reply(third, "DIVERGED", "DISCARD", id)))
        .containsEntry("entries", file.get("entries"));
    assertThat(files(third)).isEmpty();
    assertThatThrownBy(() -> reply(third, "DIVERGED", "DISCARD", id))
        .hasMessage("ERR there is no divergence file " + id);
    old.kill();
    old.start();
    cluster.awaitInSync(third, database);
    assertThat(files(third)).isEmpty();
    assertThat(writeStatus(third, writeId).get("kept_in")).isEqualTo(List.of());
  }

  /** The internal number of a database, which files and write ids have. */
  private static int idOf(String database) {
    for (int id = 1; id < 100; id++) {
      if (database.equals(writeStatus(cluster.node(1), id + "/0@1:1").get("database"))) {
        return id;
      }
    }
    throw new AssertionError("no database " + database);
  }

  @Test
  void a_file_that_was_put_back_is_found_and_what_it_cleared_is_cleared_once() throws IOException {
    int database = cluster.createDatabase("cleared", "PARTITIONS", "1");
    NodeProcess holder = cluster.node(2);
    NodeProcess asked = cluster.node(3);
    String name = idOf("cleared") + "-0-1-1-4";
    String id = holder.name() + "/" + name;
    Path divergence = Files.createDirectories(holder.dataDir().resolve("divergence"));
    Files.writeString(
        divergence.resolve(name + ".jsonl"),
        """
        {"format":1,"partition":"%d/0","node":"n2","new_epoch":12,"first":"1:1","last":"1:4"}
        {"position":"1:1","stamp":1,"change":"put","type":"string","key":"before","value":"1"}
        {"position":"1:2","stamp":2,"change":"clear"}
        {"position":"1:3","stamp":3,"change":"put","type":"string","key":"after","value":"1"}
        {"position":"1:4","stamp":4,"change":"twist","key":"odd","angle":7}
        """
            .formatted(idOf("cleared")));
    assertThat(files(asked)).extracting(file -> file.get("id")).contains(id);
    Map<String, Object> diff = diff(asked, id);
    assertThat(diff).containsEntry("clear", "1:2");
    assertThat(states(diff))
        .containsExactlyInAnyOrderEntriesOf(Map.of("after", "missing", "odd", "unknown"));
    assertThat(changes(asked, id).get(3))
        .containsEntry("change", "twist")
        .containsEntry("angle", 7L);

    try (Jedis client = ClusterProcesses.client(asked, database, 60_000)) {
      client.set("there", "1");
      assertThat(map(reply(asked, "DIVERGED", "REPLAY", id)))
          .containsEntry("applied", 1L)
          .containsEntry("left", 2L)
          .containsEntry("clear", "left");
      assertThat(client.mget("there", "before", "after")).containsExactly("1", null, "1");

      assertThat(map(reply(asked, "DIVERGED", "REPLAY", id, "OVERWRITE")))
          .containsEntry("applied", 1L)
          .containsEntry("left", 1L)
          .containsEntry("clear", "applied");
      assertThat(client.mget("there", "before", "after")).containsExactly(null, null, "1");

      client.set("there", "2");
      assertThat(map(reply(asked, "DIVERGED", "REPLAY", id, "OVERWRITE")))
          .containsEntry("applied", 0L)
          .containsEntry("same", 1L)
          .containsEntry("clear", "applied");
      assertThat(client.get("there")).as("what came after the clear").isEqualTo("2");
    }
    for (String wrong : List.of(holder.name() + "/../identity", "n9/" + name, name, "n2/1-1")) {
      assertThatThrownBy(() -> reply(asked, "DIVERGED", "DISCARD", wrong))
          .hasMessageStartingWith("ERR ");
    }
    reply(asked, "DIVERGED", "DISCARD", id);
    assertThat(divergence.resolve(name + ".jsonl")).doesNotExist();
  }

  /** Sets a key, and gives the id of a write of which nobody could say. */
  private static String uncertain(Jedis client, String key) {
    try {
      client.set(key, "1");
    } catch (JedisDataException e) {
      Matcher id = WRITE_ID.matcher(e.getMessage());
      assertThat(id.matches()).as(e.getMessage()).isTrue();
      return id.group(1);
    }
    throw new AssertionError("it was confirmed");
  }

  @Test
  void an_uncertain_write_is_pending_and_then_committed_or_lost() throws IOException {
    int database =
        cluster.createDatabase("doubt", "REPLICAS", "2", "PARTITIONS", "1", "COMMIT", "SYNC");
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess follower = followerOf(database, leader);
    NodeProcess third = cluster.nodeBeside(leader, follower);
    try (Jedis client = ClusterProcesses.client(leader, database, 60_000)) {
      client.set("sure", "1");
      follower.pause();
      String comes = uncertain(client, "comes");
      ClusterProcesses.await(
          "nobody can say yet", () -> writeStatus(leader, comes).get("status").equals("pending"));
      follower.resume();
      ClusterProcesses.await(
          "it is committed", () -> writeStatus(third, comes).get("status").equals("committed"));
      assertThat(writeStatus(third, comes))
          .containsEntry("id", comes)
          .containsEntry("database", "doubt");

      cluster.awaitInSync(third, database);
      follower.pause();
      String goes = uncertain(client, "goes");
      leader.kill();
      follower.kill(); // with what its sockets hold
      follower.start();
      awaitLeads(follower, third, database);
      leader.start();
      ClusterProcesses.await(
          "it is lost", () -> writeStatus(third, goes).get("status").equals("lost"));
      assertThat(writeStatus(third, comes)).containsEntry("status", "committed");

      String partition = goes.substring(0, goes.indexOf('@'));
      assertThat(writeStatus(third, partition + "@999:1"))
          .containsEntry("status", "unknown")
          .hasEntrySatisfying("reason", why -> assertThat("" + why).contains("has not begun"));
      assertThat("" + writeStatus(third, "999/0@1:1").get("reason"))
          .contains("there is no partition 999/0");
      assertThatThrownBy(() -> writeStatus(third, "nonsense"))
          .hasMessageContaining("a write's id is database/partition@epoch:index");
    }
  }

  @Test
  void with_failover_safe_nobody_leads_before_all_have_answered_and_nothing_is_lost()
      throws IOException {
    int database =
        cluster.createDatabase(
            "safe", "REPLICAS", "3", "PARTITIONS", "1", "COMMIT", "ASYNC", "FAILOVER", "SAFE");
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), database, 0);
    NodeProcess asked = cluster.nodeBeside(leader);
    Writers writers = Writers.start(cluster.nodes(), database, "safe");
    try (writers) {
      writers.awaitAcknowledged(MANY);
      leader.kill();
      ClusterProcesses.await(
          "a word of who is missing",
          () -> cluster.status(asked).path("warnings").toString().contains(leader.name()));
      try (Jedis client = ClusterProcesses.client(asked, database, 30_000)) {
        assertThatThrownBy(() -> client.set("safe", "value"))
            .hasMessageStartingWith("CLUSTERDOWN no leader for partition 0 of 'safe'");
      }
      leader.start();
      writers.awaitAcknowledged(MANY);
    }
    Map<String, String> contents = ClusterProcesses.awaitEqualContents(cluster.nodes(), database);
    assertThat(contents.keySet()).as(writers.toString()).containsAll(writers.acknowledged);
    assertThat(files(asked).stream().map(file -> file.get("database"))).doesNotContain("safe");
  }
}
