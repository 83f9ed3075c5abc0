package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.trefoil.base.Bytes;
import io.trefoil.resp.Reply;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

/** Publishing and subscribing over three nodes. */
@Tag("slow")
class PubSubTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3);
    // In sync are replicas; each node also has its way to each other one only some time later.
    for (NodeProcess node : cluster.nodes()) {
      awaitReached(node, 3);
    }
  }

  /** Who hung up is subscribed until the node hears of it. */
  @BeforeEach
  void nobodyIsSubscribed() {
    ClusterProcesses.await(
        "the subscribers of other tests are gone",
        () -> {
          try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
            return client.pubsubChannels().isEmpty()
                && client.pubsubNumPat() == 0
                && client.pubsubShardChannels().isEmpty();
          }
        });
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  /** Waits until what is published at a node comes to so many nodes. */
  private static void awaitReached(NodeProcess publisher, int count) {
    ClusterProcesses.await(
        publisher.name() + " reaches " + count + " nodes",
        () -> {
          List<RawClient> subscribers = new ArrayList<>();
          try (Jedis client = ClusterProcesses.client(publisher)) {
            for (NodeProcess node : cluster.nodes()) {
              if (node.isAlive()) {
                RawClient subscriber = RawClient.of(node);
                subscribers.add(subscriber);
                subscriber.run("SUBSCRIBE", "everywhere");
              }
            }
            return client.publish("everywhere", "m") == count;
          } finally {
            for (RawClient subscriber : subscribers) {
              subscriber.close();
            }
          }
        });
  }

  private static RawClient subscriber(NodeProcess node, String... words) throws IOException {
    RawClient client = RawClient.of(node);
    client.run(words);
    return client;
  }

  private static Reply array(Object... items) {
    return several(Reply.Kind.ARRAY, items);
  }

  private static Reply push(Object... items) {
    return several(Reply.Kind.PUSH, items);
  }

  private static Reply several(Reply.Kind kind, Object... items) {
    return new Reply.Several(
        kind,
        Arrays.stream(items)
            .map(
                item ->
                    item instanceof String text
                        ? (Reply) new Reply.Bulk(Bytes.utf8(text))
                        : new Reply.Whole((Integer) item))
            .toList());
  }

  @Test
  void a_message_reaches_the_subscribers_at_all_nodes() throws IOException {
    try (RawClient one = subscriber(cluster.node(1), "SUBSCRIBE", "all");
        RawClient two = subscriber(cluster.node(2), "SUBSCRIBE", "all");
        RawClient three = subscriber(cluster.node(3), "SUBSCRIBE", "all")) {
      for (NodeProcess node : cluster.nodes()) {
        try (Jedis publisher = ClusterProcesses.client(node)) {
          assertThat(publisher.publish("all", "from " + node.name())).isEqualTo(3);
          assertThat(publisher.publish("other", "nobody gets this")).isZero();
        }
        for (RawClient each : List.of(one, two, three)) {
          assertThat(each.next()).isEqualTo(array("message", "all", "from " + node.name()));
        }
      }
    }
  }

  @Test
  void messages_of_one_connection_come_in_their_order_everywhere() throws IOException {
    try (RawClient one = subscriber(cluster.node(1), "SUBSCRIBE", "order-0", "order-1");
        RawClient two = subscriber(cluster.node(2), "PSUBSCRIBE", "order-*");
        Jedis client = ClusterProcesses.client(cluster.node(3))) {
      one.next(); // the confirmation of the second
      Pipeline publisher = client.pipelined();
      List<Response<Long>> counts = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        counts.add(publisher.publish("order-" + i % 2, "m" + i));
      }
      publisher.sync();
      for (int i = 0; i < 5_000; i++) {
        String channel = "order-" + i % 2;
        assertThat(counts.get(i).get()).isEqualTo(2);
        assertThat(one.next()).isEqualTo(array("message", channel, "m" + i));
        assertThat(two.next()).isEqualTo(array("pmessage", "order-*", channel, "m" + i));
      }
    }
  }

  @Test
  void pubsub_tells_of_the_whole_cluster() throws IOException {
    try (RawClient one = subscriber(cluster.node(1), "SUBSCRIBE", "told:a");
        RawClient two = subscriber(cluster.node(2), "SUBSCRIBE", "told:a");
        RawClient three = subscriber(cluster.node(3), "SUBSCRIBE", "told:b");
        Jedis client = ClusterProcesses.client(cluster.node(2))) {
      assertThat(client.pubsubChannels("told:*")).containsExactlyInAnyOrder("told:a", "told:b");
      assertThat(client.pubsubNumSub("told:a", "told:b", "told:c"))
          .containsEntry("told:a", 2L)
          .containsEntry("told:b", 1L)
          .containsEntry("told:c", 0L);
      one.run("PSUBSCRIBE", "told:*");
      two.run("PSUBSCRIBE", "told:*");
      three.run("PSUBSCRIBE", "told:?");
      assertThat(client.pubsubNumPat()).as("a pattern counts once").isEqualTo(2);
      assertThat(client.publish("told:a", "m")).isEqualTo(5);
      assertThat(client.info("stats")).contains("pubsub_channels:1\r\npubsub_patterns:1\r\n");
    }
  }

  @Test
  void shard_channels_are_apart() throws IOException {
    try (RawClient one = subscriber(cluster.node(1), "SSUBSCRIBE", "apart");
        RawClient two = subscriber(cluster.node(2), "SUBSCRIBE", "apart");
        RawClient three = subscriber(cluster.node(3), "PSUBSCRIBE", "apart");
        RawClient client = RawClient.of(cluster.node(3))) {
      assertThat(client.run("SPUBLISH", "apart", "s")).isEqualTo(new Reply.Whole(1));
      assertThat(client.run("PUBLISH", "apart", "m")).isEqualTo(new Reply.Whole(2));
      assertThat(one.next()).isEqualTo(array("smessage", "apart", "s"));
      assertThat(two.next()).isEqualTo(array("message", "apart", "m"));
      assertThat(three.next()).isEqualTo(array("pmessage", "apart", "apart", "m"));
      assertThat(client.run("PUBSUB", "SHARDNUMSUB", "apart", "none"))
          .isEqualTo(array("apart", 1, "none", 0));
      assertThat(client.run("PUBSUB", "SHARDCHANNELS", "ap*")).isEqualTo(array("apart"));
    }
  }

  @Test
  void who_leaves_gets_nothing_any_more() throws IOException {
    try (RawClient one = subscriber(cluster.node(1), "SUBSCRIBE", "left");
        RawClient two = subscriber(cluster.node(2), "PSUBSCRIBE", "lef*");
        Jedis client = ClusterProcesses.client(cluster.node(3))) {
      RawClient three = subscriber(cluster.node(3), "SUBSCRIBE", "left");
      assertThat(client.publish("left", "1")).isEqualTo(3);
      one.next();
      two.next();
      one.run("UNSUBSCRIBE", "left");
      assertThat(client.publish("left", "2")).isEqualTo(2);
      two.next();
      assertThat(two.run("RESET")).isEqualTo(new Reply.Status("RESET"));
      assertThat(client.publish("left", "3")).isEqualTo(1);
      assertThat(one.run("PING")).isEqualTo(new Reply.Status("PONG"));
      assertThat(two.run("PING")).isEqualTo(new Reply.Status("PONG"));
      three.close();
      ClusterProcesses.await("who hung up is gone", () -> client.publish("left", "4") == 0);
    }
  }

  @Test
  void clients_that_are_subscribed_are_listed_and_killed_as_such() throws IOException {
    try (RawClient listening = subscriber(cluster.node(1), "SUBSCRIBE", "a", "b");
        RawClient killer = RawClient.of(cluster.node(1))) {
      listening.next();
      listening.run("PSUBSCRIBE", "p*");
      listening.run("SSUBSCRIBE", "s");
      String listed = text(killer.run("CLIENT", "LIST", "TYPE", "pubsub"));
      assertThat(listed.lines()).hasSize(1);
      assertThat(listed).contains(" flags=P ", " sub=2 psub=1 ssub=1 ");
      assertThat(text(killer.run("CLIENT", "LIST", "TYPE", "normal")))
          .contains("cmd=client|list")
          .doesNotContain("flags=P");
      assertThat(killer.run("CLIENT", "KILL", "TYPE", "pubsub")).isEqualTo(new Reply.Whole(1));
      assertThatThrownBy(listening::next).isInstanceOf(IOException.class);
      assertThat(killer.run("PUBLISH", "a", "m")).isEqualTo(new Reply.Whole(0));
    }
  }

  private static String text(Reply reply) {
    return ((Reply.Bulk) reply).bytes().toString();
  }

  // What is pushed, and replies.

  @Test
  void messages_overtake_a_reply_that_is_awaited() throws IOException {
    try (RawClient client = subscriber(cluster.node(1), "HELLO", "3");
        Jedis publisher = ClusterProcesses.client(cluster.node(2))) {
      assertThat(client.run("SUBSCRIBE", "over")).isEqualTo(push("subscribe", "over", 1));
      client.send("WAIT", "9", "0");
      assertThat(publisher.publish("over", "m")).isEqualTo(1);
      assertThat(client.next()).isEqualTo(push("message", "over", "m"));
    }
  }

  @Test
  void a_confirmation_comes_in_order_and_before_messages() throws IOException {
    try (RawClient client = subscriber(cluster.node(1), "HELLO", "3");
        Jedis publisher = ClusterProcesses.client(cluster.node(2))) {
      client.run("SUBSCRIBE", "early");
      client.send("WAIT", "9", "3000");
      client.send("SUBSCRIBE", "late");
      ClusterProcesses.await(
          "the second subscription", () -> publisher.pubsubNumSub("late").get("late") == 1);
      publisher.publish("late", "1");
      publisher.publish("early", "2");
      assertThat(client.next()).isEqualTo(new Reply.Whole(0));
      assertThat(client.next()).isEqualTo(push("subscribe", "late", 2));
      assertThat(client.next()).isEqualTo(push("message", "late", "1"));
      assertThat(client.next()).isEqualTo(push("message", "early", "2"));
    }
  }

  @Test
  void a_client_that_publishes_to_itself_gets_its_message_and_its_reply() throws IOException {
    try (RawClient client = subscriber(cluster.node(1), "HELLO", "3")) {
      client.run("SUBSCRIBE", "self");
      for (int i = 0; i < 100; i++) {
        client.send("PUBLISH", "self", "m" + i);
      }
      int messages = 0;
      int replies = 0;
      while (messages < 100 || replies < 100) {
        Reply next = client.next();
        if (next instanceof Reply.Several) {
          assertThat(next).isEqualTo(push("message", "self", "m" + messages++));
        } else {
          assertThat(next).isEqualTo(new Reply.Whole(1));
          assertThat(++replies).isLessThanOrEqualTo(messages);
        }
      }
    }
  }

  // Bounds.

  @Test
  void who_subscribes_to_too_much_is_told_so() throws IOException {
    String[] words = new String[100_002];
    Arrays.setAll(words, i -> i == 0 ? "SUBSCRIBE" : "channel-" + i);
    try (RawClient client = RawClient.of(cluster.node(1))) {
      assertThat(client.run(words))
          .isEqualTo(
              new Reply.Failure(
                  "ERR a connection subscribes to at most 100000 channels and patterns, of 16 MB"
                      + " together"));
      assertThat(client.run("PING")).isEqualTo(new Reply.Status("PONG"));
      assertThat(client.run("PSUBSCRIBE", "x".repeat(17 << 20))).isInstanceOf(Reply.Failure.class);
      assertThat(client.run("SUBSCRIBE", "few")).isEqualTo(array("subscribe", "few", 1));
    }
  }

  @Test
  void a_subscriber_that_does_not_read_is_closed_and_slows_nobody() throws IOException {
    String megabyte = "x".repeat(1 << 20);
    try (RawClient slow = subscriber(cluster.node(1), "SUBSCRIBE", "much");
        RawClient fast = subscriber(cluster.node(1), "SUBSCRIBE", "much");
        Jedis publisher = ClusterProcesses.client(cluster.node(2))) {
      int sent = 0;
      while (publisher.publish("much", megabyte) == 2) {
        assertThat(fast.next()).isEqualTo(array("message", "much", megabyte));
        assertThat(++sent).as("megabytes").isLessThan(200);
      }
      assertThat(sent).as("megabytes").isGreaterThan(31);
      assertThat(fast.next()).isEqualTo(array("message", "much", megabyte));
      slow.awaitEnd();
      assertThat(publisher.publish("much", "small")).isEqualTo(1);
      assertThat(fast.next()).isEqualTo(array("message", "much", "small"));
    }
  }

  @Test
  void who_publishes_much_at_once_loses_nothing() throws IOException {
    String megabyte = "x".repeat(1 << 20);
    try (RawClient three = subscriber(cluster.node(3), "SUBSCRIBE", "burst");
        RawClient publisher = RawClient.of(cluster.node(1))) {
      Thread reader =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < 64; i++) {
                    assertThat(three.next()).isEqualTo(array("message", "burst", i + megabyte));
                  }
                } catch (IOException e) {
                  throw new AssertionError(e);
                }
              });
      List<Throwable> failed = new ArrayList<>();
      reader.setUncaughtExceptionHandler((thread, problem) -> failed.add(problem));
      reader.start();
      for (int i = 0; i < 64; i++) {
        publisher.send("PUBLISH", "burst", i + megabyte);
      }
      for (int i = 0; i < 64; i++) {
        assertThat(publisher.next()).isEqualTo(new Reply.Whole(1));
      }
      join(reader);
      assertThat(failed).isEmpty();
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  // Nodes that are away.

  @Test
  void a_node_that_is_away_is_left_out() throws IOException {
    NodeProcess away = cluster.node(3);
    try (RawClient one = subscriber(cluster.node(1), "SUBSCRIBE", "away");
        RawClient three = subscriber(away, "SUBSCRIBE", "away");
        Jedis publisher = ClusterProcesses.client(cluster.node(2))) {
      away.pause();
      assertThat(publisher.publish("away", "1")).isEqualTo(1);
      assertThat(publisher.publish("away", "2")).isEqualTo(1);
      away.resume();
      ClusterProcesses.await("n3 answers", () -> publisher.publish("away", "3") == 2);
      for (String message : List.of("1", "2", "3")) {
        assertThat(one.next()).isEqualTo(array("message", "away", message));
      }
      assertThat(three.next()).as("it was only late").isEqualTo(array("message", "away", "1"));
      away.kill();
      ClusterProcesses.await("n3 is gone", () -> publisher.publish("away", "4") == 1);
      away.start();
      cluster.awaitInSync();
      awaitReached(cluster.node(1), 3);
      awaitReached(cluster.node(2), 3);
      awaitReached(away, 3);
    }
  }

  // Clients.

  @Test
  void jedis_subscribes_as_it_comes() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    JedisPubSub listener =
        new JedisPubSub() {
          @Override
          public void onSubscribe(String channel, int count) {
            heard.add("subscribed " + channel + " " + count);
          }

          @Override
          public void onMessage(String channel, String message) {
            heard.add(channel + " " + message);
          }

          @Override
          public void onPong(String text) {
            heard.add("pong " + text);
          }

          @Override
          public void onUnsubscribe(String channel, int count) {
            heard.add("unsubscribed " + channel + " " + count);
          }
        };
    try (Jedis subscriber = ClusterProcesses.client(cluster.node(1));
        Jedis publisher = ClusterProcesses.client(cluster.node(2))) {
      Thread thread = new Thread(() -> subscriber.subscribe(listener, "jedis"));
      thread.start();
      assertThat(take(heard)).isEqualTo("subscribed jedis 1");
      assertThat(publisher.publish("jedis", "hello")).isEqualTo(1);
      assertThat(take(heard)).isEqualTo("jedis hello");
      listener.ping();
      assertThat(take(heard)).isEqualTo("pong ");
      listener.unsubscribe();
      assertThat(take(heard)).isEqualTo("unsubscribed jedis 0");
      join(thread);
      assertThat(subscriber.ping()).isEqualTo("PONG");
    }
  }

  @Test
  void lettuce_subscribes_as_it_comes() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    RedisClient client =
        RedisClient.create(RedisURI.create("127.0.0.1", cluster.node(3).clientPort()));
    try (StatefulRedisPubSubConnection<String, String> connection = client.connectPubSub();
        Jedis publisher = ClusterProcesses.client(cluster.node(1))) {
      connection.addListener(
          new RedisPubSubAdapter<>() {
            @Override
            public void message(String channel, String message) {
              heard.add(channel + " " + message);
            }

            @Override
            public void message(String pattern, String channel, String message) {
              heard.add(pattern + " " + channel + " " + message);
            }
          });
      connection.sync().subscribe("lettuce");
      connection.sync().psubscribe("lett*");
      assertThat(publisher.publish("lettuce", "hello")).isEqualTo(2);
      assertThat(take(heard)).isEqualTo("lettuce hello");
      assertThat(take(heard)).isEqualTo("lett* lettuce hello");
      assertThat(connection.sync().get("none")).as("RESP3 may run anything").isNull();
      connection.sync().unsubscribe("lettuce");
      connection.sync().punsubscribe("lett*");
      assertThat(publisher.publish("lettuce", "nobody")).isZero();
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }
  }

  private static String take(BlockingQueue<String> heard) throws InterruptedException {
    String next = heard.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS);
    assertThat(next).as("something is heard").isNotNull();
    return next;
  }

  // As Redis.

  /** A command a line; before it, how many replies and pushes it gives. */
  private static final String SCRIPT =
      """
      1 SUBSCRIBE a
      2 SUBSCRIBE a b
      1 PSUBSCRIBE p*
      1 SSUBSCRIBE s
      1 UNSUBSCRIBE none
      1 PUNSUBSCRIBE none
      1 SUNSUBSCRIBE none
      1 PING
      1 PING hi
      1 PING a b
      1 FOO
      1 GET
      1 GET x
      1 CLIENT ID
      1 CLIENT NOSUCH
      1 PUBSUB NUMPAT
      1 UNSUBSCRIBE a
      1 UNSUBSCRIBE
      1 UNSUBSCRIBE
      1 PUNSUBSCRIBE
      1 GET x
      1 PUNSUBSCRIBE
      1 SUNSUBSCRIBE
      1 SUNSUBSCRIBE
      1 GET x
      1 PING
      2 UNSUBSCRIBE u v
      1 SUBSCRIBE
      1 PUBLISH a
      1 PUBLISH a b c
      1 PUBLISH a b
      1 SPUBLISH a b
      1 PUBSUB
      1 PUBSUB FOO
      1 PUBSUB HELP
      1 PUBSUB NUMPAT x
      1 PUBSUB CHANNELS a b
      1 PUBSUB SHARDCHANNELS a b
      1 PUBSUB channels
      1 PUBSUB NUMSUB
      1 PUBSUB NUMSUB a a
      1 PUBSUB SHARDNUMSUB a
      1 COMMAND GETKEYS SPUBLISH a b
      """;

  /** Likewise of a client of RESP3 that publishes to itself. */
  private static final String TO_ITSELF =
      """
      1 SUBSCRIBE a
      2 PUBLISH a hi
      1 PSUBSCRIBE a*
      3 PUBLISH a hi
      1 PUBSUB CHANNELS
      1 PUBSUB NUMSUB a
      1 PUBSUB NUMPAT
      1 SSUBSCRIBE a
      2 SPUBLISH a hi
      1 PUBSUB SHARDCHANNELS
      1 GET x
      1 UNSUBSCRIBE
      2 PUBLISH a hi
      1 PUNSUBSCRIBE
      1 PUBLISH a hi
      1 RESET
      1 SPUBLISH a hi
      """;

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void replies_are_those_of_redis(int protocol, @TempDir Path own) throws Exception {
    compare(own, protocol, SCRIPT);
  }

  @Test
  void a_client_of_resp3_gets_what_redis_gives_it(@TempDir Path own) throws Exception {
    compare(own, 3, TO_ITSELF);
  }

  @Test
  void confirmations_come_to_clients_that_want_no_replies(@TempDir Path own) throws Exception {
    compare(
        own,
        3,
        """
        0 CLIENT REPLY OFF
        1 SUBSCRIBE a
        1 PUBLISH a m
        1 UNSUBSCRIBE
        1 UNSUBSCRIBE
        1 CLIENT REPLY ON
        0 CLIENT REPLY SKIP
        1 SUBSCRIBE a
        2 PUBLISH a m
        """);
  }

  private static void compare(Path own, int protocol, String script) throws Exception {
    Process redis = null;
    int port = FreePorts.four();
    try {
      redis = startRedis(own, port);
      try (RawClient theirs = connect(redis, port);
          RawClient ours = RawClient.of(cluster.node(1))) {
        theirs.run("HELLO", Integer.toString(protocol));
        ours.run("HELLO", Integer.toString(protocol));
        for (String line : script.lines().toList()) {
          int count = Integer.parseInt(line.substring(0, 1));
          String[] words = line.substring(2).split(" ");
          if (line.contains("CLIENT ID")) {
            assertSameShape(ours.run(words), theirs.run(words));
          } else {
            assertThat(ours.bytesOf(count, words)).as(line).isEqualTo(theirs.bytesOf(count, words));
          }
        }
      }
    } finally {
      if (redis != null) {
        redis.destroy();
      }
    }
  }

  /** An id is another one there, and an error the same. */
  private static void assertSameShape(Reply ours, Reply theirs) {
    if (theirs instanceof Reply.Failure) {
      assertThat(ours).isEqualTo(theirs);
    } else {
      assertThat(ours).isInstanceOf(Reply.Whole.class);
    }
  }

  private static Process startRedis(Path own, int port) throws IOException {
    Programs.require("redis-server");
    return new ProcessBuilder(
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            Integer.toString(port),
            "--save",
            "",
            "--dir",
            own.toString())
        .redirectErrorStream(true)
        .redirectOutput(own.resolve("redis.log").toFile())
        .start();
  }

  private static RawClient connect(Process redis, int port) throws IOException {
    while (true) {
      assertThat(redis.isAlive()).as("redis-server runs").isTrue();
      try {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        return new RawClient(socket);
      } catch (ConnectException e) {
        Thread.onSpinWait();
      }
    }
  }
}
