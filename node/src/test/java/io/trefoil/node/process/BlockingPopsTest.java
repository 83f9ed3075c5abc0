package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.resp.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.SortedSetOption;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.KeyValue;

/** Clients of three nodes that wait for what is pushed at any of them. */
@Tag("slow")
class BlockingPopsTest {
  private static final Reply TIMED_OUT = new Reply.Nil(true);
  private static final String UNBLOCKED =
      "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static int queues;

  private final List<RawClient> clients = new ArrayList<>();

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--cluster.database0-partitions", "12");
    queues = cluster.createDatabase("queues", "PARTITIONS", "1", "REPLICAS", "3");
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @BeforeEach
  void emptyDatabases() {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      client.flushAll();
    }
  }

  /** Whatever a test left behind, the next one finds three nodes and nobody waiting. */
  @AfterEach
  void hangUp() throws IOException {
    for (RawClient client : clients) {
      client.close();
    }
    for (NodeProcess node : cluster.nodes()) {
      if (!node.isAlive()) {
        node.start();
      } else {
        node.resume();
      }
    }
    cluster.awaitInSync();
    for (NodeProcess node : cluster.nodes()) {
      awaitWaiting(node, 0);
    }
  }

  private static Jedis ofQueues(NodeProcess node) {
    return ClusterProcesses.client(node, queues, ClusterProcesses.DEADLINE_SECONDS * 1_000);
  }

  private static NodeProcess leader() {
    return cluster.awaitLeader(cluster.node(1), queues, 0);
  }

  private RawClient client(NodeProcess node) throws IOException {
    RawClient client = RawClient.of(node);
    clients.add(client);
    client.run("SELECT", Integer.toString(queues));
    return client;
  }

  private static void awaitWaiting(NodeProcess node, int count) {
    ClusterProcesses.await(
        count + " wait at " + node.name(),
        () -> {
          try (Jedis client = ofQueues(node)) {
            boolean told = client.info("clients").contains("blocked_clients:" + count + "\r\n");
            // What was forwarded before this has come to the leader when this is answered.
            client.llen("none");
            return told;
          }
        });
  }

  /** A new client of a node sends a command, and its leader has that when this returns. */
  private RawClient waiting(NodeProcess node, String words) throws IOException {
    int before = waitingAt(node);
    RawClient client = client(node);
    client.send(words.split(" "));
    awaitWaiting(node, before + 1);
    return client;
  }

  private static int waitingAt(NodeProcess node) {
    try (Jedis client = ofQueues(node)) {
      return Integer.parseInt(
          client.info("clients").replaceAll("(?s).*blocked_clients:(\\d+).*", "$1"));
    }
  }

  private static Reply popped(String... words) {
    return new Reply.Several(
        Reply.Kind.ARRAY,
        Arrays.stream(words).map(word -> (Reply) new Reply.Bulk(Bytes.utf8(word))).toList());
  }

  private static String error(Reply reply) {
    return ((Reply.Failure) reply).text();
  }

  @Test
  void who_waits_longest_is_served_first_wherever_it_is_connected() throws IOException {
    List<RawClient> waiting = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      waiting.add(waiting(cluster.node(1 + i % 3), i % 2 == 0 ? "BLPOP k 0" : "BLPOP j k 0"));
    }
    try (Jedis pusher = ofQueues(cluster.node(2));
        Jedis other = ofQueues(cluster.node(3))) {
      assertThat(pusher.rpush("k", "m0", "m1", "m2")).isEqualTo(3);
      other.rpush("k", "m3");
      pusher.rpush("k", "m4", "m5", "m6", "m7", "m8", "rest");
      for (int i = 0; i < 9; i++) {
        assertThat(waiting.get(i).next()).isEqualTo(popped("k", "m" + i));
      }
      assertThat(other.lrange("k", 0, -1)).containsExactly("rest");
    }
  }

  @Test
  void one_push_serves_many() throws IOException {
    List<RawClient> waiting = new ArrayList<>();
    for (NodeProcess node : cluster.nodes()) {
      for (int i = 0; i < 100; i++) {
        RawClient client = client(node);
        client.send("BLPOP", "k", "0");
        waiting.add(client);
      }
      awaitWaiting(node, 100);
    }
    try (Jedis pusher = ofQueues(cluster.node(1))) {
      pusher.rpush("k", IntStream.range(0, 301).mapToObj(i -> "m" + i).toArray(String[]::new));
      Set<Reply> replies = new HashSet<>();
      for (RawClient each : waiting) {
        replies.add(each.next());
      }
      assertThat(replies).hasSize(300);
      assertThat(pusher.lrange("k", 0, -1)).containsExactly("m300");
    }
    ClusterProcesses.awaitEqualContents(cluster.nodes(), queues);
  }

  @Test
  void a_transaction_serves_when_all_of_it_has_run() throws IOException {
    RawClient first = waiting(cluster.node(1), "BLPOP k 0");
    RawClient second = waiting(cluster.node(2), "BZPOPMAX z 0");
    try (Jedis pusher = ofQueues(cluster.node(3))) {
      var transaction = pusher.multi();
      transaction.rpush("k", "a");
      transaction.lpush("k", "b");
      transaction.zadd("z", 1, "m");
      transaction.zadd("z", 2, "n");
      transaction.exec();
      assertThat(first.next()).isEqualTo(popped("k", "b"));
      assertThat(second.next()).isEqualTo(popped("z", "n", "2"));
    }
  }

  @Test
  void time_runs_out_at_every_node() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      RawClient endless = waiting(node, "BLPOP k 0");
      RawClient client = client(node);
      assertThat(client.run("BLPOP", "k", "0.05")).isEqualTo(TIMED_OUT);
      assertThat(client.run("BLMOVE", "k", "j", "LEFT", "LEFT", "0.01")).isEqualTo(TIMED_OUT);
      client.run("HELLO", "3");
      assertThat(client.bytesOf(1, "BZPOPMIN", "z", "0.05")).isEqualTo("_\r\n");
      try (Jedis pusher = ofQueues(node)) {
        pusher.rpush("k", "x");
        assertThat(endless.next()).isEqualTo(popped("k", "x"));
        pusher.zadd("z", 2.5, "m");
        assertThat(client.bytesOf(1, "BZPOPMIN", "z", "0"))
            .isEqualTo("*3\r\n$1\r\nz\r\n$1\r\nm\r\n,2.5\r\n");
      }
    }
  }

  @Test
  void who_hangs_up_takes_nothing() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      RawClient gone = waiting(node, "BLPOP k 0");
      RawClient sendsMore = waiting(node, "BLPOP k 0");
      sendsMore.send("PING", "x".repeat(100_000));
      gone.close();
      sendsMore.close();
      awaitWaiting(node, 0);
      try (Jedis pusher = ofQueues(cluster.node(1))) {
        pusher.rpush("k", "x", "y");
        assertThat(pusher.lrange("k", 0, -1)).containsExactly("x", "y");
        pusher.del("k");
      }
    }
  }

  @Test
  void client_unblock_and_kill_end_a_wait_at_another_node() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis admin = ofQueues(node)) {
        for (String how : List.of("TIMEOUT", "ERROR", "KILL")) {
          RawClient client = client(node);
          long id = ((Reply.Whole) client.run("CLIENT", "ID")).value();
          client.send("BLPOP", "k", "0");
          awaitWaiting(node, 1);
          if (how.equals("KILL")) {
            ClusterProcesses.command(admin, "CLIENT", "KILL", "ID", "" + id);
            client.awaitEnd();
          } else {
            assertThat(ClusterProcesses.command(admin, "CLIENT", "UNBLOCK", "" + id, how))
                .isEqualTo("1");
            Reply reply = client.next();
            if (how.equals("ERROR")) {
              assertThat(error(reply)).isEqualTo("UNBLOCKED client unblocked via CLIENT UNBLOCK");
            } else {
              assertThat(reply).isEqualTo(TIMED_OUT);
            }
          }
          awaitWaiting(node, 0);
          admin.rpush("k", "x");
          assertThat(admin.lpop("k")).isEqualTo("x");
        }
      }
    }
  }

  @Test
  void what_is_moved_serves_clients_of_other_nodes_in_turn() throws IOException {
    RawClient last = waiting(cluster.node(3), "BLPOP k3 0");
    RawClient second = waiting(cluster.node(2), "BRPOPLPUSH k2 k3 0");
    RawClient first = waiting(cluster.node(1), "BLMOVE k1 k2 LEFT RIGHT 0");
    try (Jedis pusher = ofQueues(cluster.node(2))) {
      pusher.rpush("k1", "x");
      assertThat(first.next()).isEqualTo(new Reply.Bulk(Bytes.utf8("x")));
      assertThat(second.next()).isEqualTo(new Reply.Bulk(Bytes.utf8("x")));
      assertThat(last.next()).isEqualTo(popped("k3", "x"));
      assertThat(pusher.exists("k1", "k2", "k3")).isZero();
    }
  }

  @Test
  void keys_must_be_in_one_partition() throws IOException {
    try (RawClient client = RawClient.of(cluster.node(1));
        Jedis pusher = ClusterProcesses.client(cluster.node(2))) {
      assertThat(error(client.run("BLPOP", "a", "b", "0"))).startsWith("CROSSSLOT ");
      assertThat(error(client.run("BLMOVE", "a", "b", "LEFT", "LEFT", "0")))
          .startsWith("CROSSSLOT ");
      for (int i = 0; i < 24; i++) {
        client.send("BLPOP", "{t" + i + "}a", "{t" + i + "}b", "0");
        pusher.rpush("{t" + i + "}b", "x");
        assertThat(client.next()).isEqualTo(popped("{t" + i + "}b", "x"));
      }
    }
  }

  @Test
  void a_database_that_is_not_there_is_made_and_one_that_is_dropped_lets_go() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      int number = cluster.createDatabase("short" + node.name(), "PARTITIONS", "1");
      RawClient client = client(node);
      client.run("SELECT", Integer.toString(number));
      client.send("BLPOP", "k", "0");
      awaitWaiting(node, 1);
      try (Jedis admin = ofQueues(cluster.node(1))) {
        ClusterProcesses.command(admin, "DATABASE", "DROP", "short" + node.name());
      }
      assertThat(client.next()).isInstanceOf(Reply.Failure.class);
    }
    RawClient client = client(cluster.node(2));
    client.run("SELECT", "11");
    client.send("BLPOP", "{k}", "0");
    try (Jedis pusher = ClusterProcesses.client(cluster.node(3), 11, 90_000)) {
      pusher.rpush("{k}", "x");
      assertThat(client.next()).isEqualTo(popped("{k}", "x"));
    }
  }

  @Test
  void a_client_library_waits_and_is_served() {
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ofQueues(node);
          Jedis pusher = ofQueues(cluster.node(1))) {
        CompletableFuture<Void> pushing =
            CompletableFuture.runAsync(
                () -> {
                  awaitWaiting(node, 1);
                  pusher.rpush("k", "x");
                  awaitWaiting(node, 1);
                  pusher.zadd("z", 1.5, "m");
                });
        assertThat(client.blpop(0, "j", "k")).containsExactly("k", "x");
        assertThat(client.bzpopmin(0, "y", "z").getValue().getElement()).isEqualTo("m");
        pushing.join();
        assertThat(client.brpop(0.01, "k")).isNull();
        pusher.rpush("k", "1", "2", "3", "4");
        assertThat(client.brpop(0, "k")).containsExactly("k", "4");
        assertThat(client.blmove("k", "j", ListDirection.LEFT, ListDirection.RIGHT, 0))
            .isEqualTo("1");
        assertThat(client.brpoplpush("j", "k", 0)).isEqualTo("1");
        assertThat(client.blmpop(0, ListDirection.LEFT, 5, "k").getValue())
            .containsExactly("1", "2", "3");
        pusher.zadd("z", 2, "n");
        assertThat(client.bzmpop(0, SortedSetOption.MAX, "z").getKey()).isEqualTo("z");
        assertThat(client.bzpopmax(0.01, "z")).isNull();
      }
    }
  }

  @Test
  void another_leader_lets_go_of_all_and_takes_nothing() throws IOException {
    NodeProcess old = leader();
    NodeProcess next = cluster.nodeBeside(old);
    List<RawClient> waiting = new ArrayList<>();
    for (NodeProcess node : cluster.nodes()) {
      waiting.add(waiting(node, "BLPOP k 0"));
    }
    try (Jedis admin = ofQueues(old)) {
      ClusterProcesses.command(admin, "SWITCHOVER", "queues", "TO", next.name());
      for (RawClient each : waiting) {
        assertThat(error(each.next())).isEqualTo(UNBLOCKED);
      }
      admin.rpush("k", "x");
      assertThat(admin.lrange("k", 0, -1)).containsExactly("x");
      for (RawClient each : waiting) {
        each.send("BLPOP", "k", "0");
        admin.rpush("k", "y");
        assertThat(each.next()).isInstanceOf(Reply.Several.class);
      }
    }
  }

  @Test
  void the_leaders_end_is_an_error_and_loses_nothing_that_was_not_taken() throws IOException {
    NodeProcess leader = leader();
    NodeProcess beside = cluster.nodeBeside(leader);
    List<RawClient> elsewhere = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      elsewhere.add(waiting(beside, "BLPOP k 0"));
    }
    RawClient here = waiting(leader, "BLPOP k 0");
    try (Jedis pusher = ofQueues(beside)) {
      pusher.rpush("kept", "a", "b", "c");
      leader.kill();
      here.awaitEnd();
      for (RawClient each : elsewhere) {
        assertThat(error(each.next())).matches("(UNCERTAIN|UNBLOCKED) .*");
      }
      ClusterProcesses.await("a new leader", () -> pusher.rpush("k", "x") > 0);
      assertThat(pusher.lrange("kept", 0, -1)).containsExactly("a", "b", "c");
      assertThat(pusher.lrange("k", 0, -1)).containsOnly("x").isNotEmpty();
      RawClient again = waiting(beside, "BLPOP other 0");
      pusher.rpush("other", "y");
      assertThat(again.next()).isEqualTo(popped("other", "y"));
    }
  }

  @Test
  void a_leader_that_stands_still_keeps_nobody_for_ever() throws IOException {
    NodeProcess leader = leader();
    NodeProcess beside = cluster.nodeBeside(leader);
    RawClient here = waiting(leader, "BLPOP k 0");
    RawClient elsewhere = waiting(beside, "BLPOP k 0");
    leader.pause();
    assertThat(error(elsewhere.next())).matches("(UNCERTAIN|UNBLOCKED) .*");
    try (Jedis pusher = ofQueues(beside)) {
      ClusterProcesses.await("a new leader", () -> pusher.rpush("k", "x") > 0);
      leader.resume();
      assertThat(error(here.next())).isEqualTo(UNBLOCKED);
      assertThat(pusher.lrange("k", 0, -1)).containsOnly("x").isNotEmpty();
    }
  }

  @Test
  void the_end_of_a_clients_node_takes_nothing() throws IOException {
    NodeProcess leader = leader();
    NodeProcess beside = cluster.nodeBeside(leader);
    NodeProcess third = cluster.nodeBeside(leader, beside);
    waiting(beside, "BLPOP k 0");
    RawClient behind = waiting(third, "BLPOP k 0");
    beside.kill();
    ClusterProcesses.await(
        "the leader has heard of it",
        () -> {
          for (var node : cluster.status(leader).path("nodes")) {
            if (node.path("name").asText().equals(beside.name())) {
              return !node.path("state").asText().equals("up");
            }
          }
          return false;
        });
    try (Jedis pusher = ofQueues(leader)) {
      pusher.rpush("k", "x");
      assertThat(behind.next()).isEqualTo(popped("k", "x"));
      assertThat(pusher.exists("k")).isFalse();
    }
  }

  @Test
  void who_comes_while_writes_are_refused_waits_until_they_are_taken() throws IOException {
    int strict =
        cluster.createDatabase("strict", "PARTITIONS", "1", "REPLICAS", "3", "COMMIT", "SYNC");
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), strict, 0);
    NodeProcess beside = cluster.nodeBeside(leader);
    try (Jedis pusher = ClusterProcesses.client(leader, strict, 90_000)) {
      pusher.rpush("there", "a");
      beside.kill();
      ClusterProcesses.await("writes are refused", () -> isRefused(pusher));
      RawClient client = client(leader);
      client.run("SELECT", Integer.toString(strict));
      assertThat(error(client.run("BLPOP", "there", "0"))).startsWith("NOREPLICAS");
      client.send("BLPOP", "k", "0");
      awaitWaiting(leader, 1);
      beside.start();
      ClusterProcesses.await("a push", () -> pusher.rpush("k", "x") > 0);
      assertThat(client.next()).isEqualTo(popped("k", "x"));
      assertThat(pusher.lrange("there", 0, -1)).containsExactly("a");
    }
  }

  private static boolean isRefused(Jedis client) {
    try {
      client.set("probe", "x");
      return false;
    } catch (JedisDataException e) {
      return e.getMessage().startsWith("NOREPLICAS");
    }
  }

  /** Each element that was pushed is popped once, or still there, or its pop was uncertain. */
  @Test
  void consumers_lose_nothing_while_the_leader_is_lost() throws IOException {
    int count = 2_000;
    NodeProcess leader = leader();
    NodeProcess beside = cluster.nodeBeside(leader);
    NodeProcess third = cluster.nodeBeside(leader, beside);
    ConcurrentLinkedQueue<String> popped = new ConcurrentLinkedQueue<>();
    AtomicInteger uncertain = new AtomicInteger();
    AtomicBoolean done = new AtomicBoolean();
    List<CompletableFuture<Void>> consumers = new ArrayList<>();
    for (NodeProcess node : List.of(beside, third, beside, third)) {
      consumers.add(CompletableFuture.runAsync(() -> consume(node, popped, uncertain, done)));
    }
    Set<String> acknowledged = new HashSet<>();
    try (Jedis pusher = ofQueues(beside)) {
      for (int i = 0; i < count; i++) {
        if (i == count / 2) {
          leader.kill();
        }
        push(pusher, "m" + i, acknowledged);
      }
    }
    done.set(true);
    consumers.forEach(CompletableFuture::join);
    try (Jedis client = ofQueues(third)) {
      List<String> left = new ArrayList<>(client.lrange("k", 0, -1));
      Set<String> distinct = new HashSet<>(popped);
      assertThat(distinct).as("nothing twice").hasSize(popped.size());
      assertThat(left).doesNotContainAnyElementsOf(distinct);
      acknowledged.removeAll(distinct);
      acknowledged.removeAll(left);
      assertThat(acknowledged).hasSizeLessThanOrEqualTo(uncertain.get());
    }
  }

  private static void push(Jedis pusher, String element, Set<String> acknowledged) {
    try {
      pusher.rpush("k", element);
      acknowledged.add(element);
    } catch (JedisDataException e) {
      assertThat(e.getMessage()).matches("(UNCERTAIN|CLUSTERDOWN|NOREPLICAS|TRYAGAIN).*");
    }
  }

  private static void consume(
      NodeProcess node,
      ConcurrentLinkedQueue<String> popped,
      AtomicInteger uncertain,
      AtomicBoolean done) {
    try (Jedis client = ofQueues(node)) {
      boolean more = true;
      while (more) {
        boolean last = done.get();
        try {
          KeyValue<String, String> next = client.blpop(0.2, "k");
          if (next != null) {
            popped.add(next.getValue());
          }
          more = next != null || !last;
        } catch (JedisDataException e) {
          uncertain.addAndGet(e.getMessage().startsWith("UNCERTAIN") ? 1 : 0);
        }
      }
    } catch (JedisConnectionException e) {
      throw new AssertionError("its node runs", e);
    }
  }
}
