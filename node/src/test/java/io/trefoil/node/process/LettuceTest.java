package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.KeyValue;
import io.lettuce.core.LettuceFutures;
import io.lettuce.core.ReadFrom;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanIterator;
import io.lettuce.core.ScoredValue;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.async.RedisAsyncCommands;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.masterreplica.MasterReplica;
import io.lettuce.core.masterreplica.StatefulRedisMasterReplicaConnection;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/**
 * What Lettuce is chosen for, on three nodes: one connection that many share, commands that are
 * flushed by hand, connections that come back by themselves, reads from replicas. What it does as
 * it comes is in {@link ClientsTest}.
 */
@Tag("slow")
class LettuceTest {
  private static final int MANY = 1_000;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static RedisClient client;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3);
    client = RedisClient.create();
  }

  @AfterAll
  static void stopCluster() {
    if (client != null) {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }
    cluster.close();
  }

  @BeforeEach
  void emptyDatabases() {
    try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
      admin.flushAll();
    }
  }

  private static RedisURI uri(NodeProcess node) {
    return RedisURI.Builder.redis("127.0.0.1", node.clientPort())
        .withTimeout(Duration.ofSeconds(ClusterProcesses.DEADLINE_SECONDS))
        .build();
  }

  private static StatefulRedisConnection<String, String> connect(int node) {
    return client.connect(uri(cluster.node(node)));
  }

  private static void awaitAll(List<? extends RedisFuture<?>> futures) {
    assertThat(
            LettuceFutures.awaitAll(
                Duration.ofSeconds(ClusterProcesses.DEADLINE_SECONDS),
                futures.toArray(RedisFuture[]::new)))
        .isTrue();
  }

  @Test
  void commands_go_out_together_when_they_are_flushed_by_hand() throws Exception {
    try (StatefulRedisConnection<String, String> connection = connect(2)) {
      RedisAsyncCommands<String, String> async = connection.async();
      connection.setAutoFlushCommands(false);
      List<RedisFuture<String>> writes = new ArrayList<>();
      List<RedisFuture<String>> reads = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        writes.add(async.set("key-" + i, "value-" + i));
        reads.add(async.get("key-" + i));
      }
      RedisFuture<Long> failed = async.incr("key-0");
      try (Jedis other = ClusterProcesses.client(cluster.node(1))) {
        assertThat(other.dbSize()).as("nothing was sent").isZero();
      }
      connection.flushCommands();
      awaitAll(writes);
      awaitAll(reads);
      for (int i = 0; i < MANY; i++) {
        assertThat(writes.get(i).get()).isEqualTo("OK");
        assertThat(reads.get(i).get()).isEqualTo("value-" + i);
      }
      assertThat(failed.handle((value, error) -> error.getMessage()).toCompletableFuture().get())
          .isEqualTo("ERR value is not an integer or out of range");
    }
  }

  @Test
  void what_follows_a_reply_is_chained_to_it() throws Exception {
    try (StatefulRedisConnection<String, String> connection = connect(3)) {
      RedisAsyncCommands<String, String> async = connection.async();
      assertThat(
              async
                  .rpush("queue", "a", "b", "c")
                  .thenCompose(length -> async.lpop("queue", length - 1))
                  .thenCompose(popped -> async.hset("done", Map.of("first", popped.get(0))))
                  .thenCompose(added -> async.hgetall("done"))
                  .toCompletableFuture()
                  .get(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo(Map.of("first", "a"));
    }
  }

  @Test
  void scan_iterators_give_all_there_is() {
    Map<String, String> fields =
        IntStream.range(0, MANY).boxed().collect(Collectors.toMap(i -> "f" + i, i -> "v" + i));
    try (StatefulRedisConnection<String, String> connection = connect(1)) {
      RedisCommands<String, String> sync = connection.sync();
      sync.hset("hash", fields);
      sync.sadd("set", fields.keySet().toArray(String[]::new));
      sync.zadd(
          "ranking",
          fields.keySet().stream()
              .map(f -> ScoredValue.just(Double.parseDouble(f.substring(1)) / 2, f))
              .toArray());
      for (int i = 0; i < 200; i++) {
        sync.set("key-" + i, "x");
      }

      Map<String, String> scanned = new HashMap<>();
      ScanIterator.hscan(sync, "hash", ScanArgs.Builder.limit(64))
          .forEachRemaining(field -> scanned.put(field.getKey(), field.getValue()));
      assertThat(scanned).isEqualTo(fields);
      assertThat(ScanIterator.sscan(sync, "set", ScanArgs.Builder.limit(64)).stream())
          .containsExactlyInAnyOrderElementsOf(fields.keySet());
      assertThat(ScanIterator.zscan(sync, "ranking", ScanArgs.Builder.limit(64)).stream())
          .hasSize(MANY)
          .allSatisfy(
              each -> assertThat("f" + (int) (each.getScore() * 2)).isEqualTo(each.getValue()));
      assertThat(ScanIterator.scan(sync, ScanArgs.Builder.matches("key-*").limit(10)).stream())
          .containsExactlyInAnyOrderElementsOf(
              IntStream.range(0, 200).mapToObj(i -> "key-" + i).toList());
    }
  }

  @Test
  void replies_are_streamed_to_who_asks_for_that() {
    try (StatefulRedisConnection<String, String> connection = connect(2)) {
      RedisCommands<String, String> sync = connection.sync();
      sync.hset("hash", Map.of("a", "1", "b", "2"));
      Map<String, String> streamed = new ConcurrentHashMap<>();
      assertThat(sync.hgetall(streamed::put, "hash")).isEqualTo(2);
      assertThat(streamed).isEqualTo(Map.of("a", "1", "b", "2"));
      sync.mset(Map.of("one", "1", "two", "2", "three", "3"));
      List<KeyValue<String, String>> values = new ArrayList<>();
      assertThat(
              sync.mget(
                  (key, value) -> values.add(KeyValue.fromNullable(key, value)),
                  "one",
                  "none",
                  "three"))
          .isEqualTo(3);
      assertThat(values)
          .containsExactly(
              KeyValue.just("one", "1"), KeyValue.empty("none"), KeyValue.just("three", "3"));
      List<ScoredValue<String>> ranked = new ArrayList<>();
      sync.zadd("ranking", 1.5, "ann");
      assertThat(sync.zrangeWithScores(ranked::add, "ranking", 0, -1)).isEqualTo(1);
      assertThat(ranked).containsExactly(ScoredValue.just(1.5, "ann"));
    }
  }

  @Test
  void a_transaction_is_discarded_when_what_it_watches_was_changed() {
    try (StatefulRedisConnection<String, String> connection = connect(1);
        StatefulRedisConnection<String, String> other = connect(3)) {
      RedisCommands<String, String> sync = connection.sync();
      sync.set("{t}seats", "1");
      sync.watch("{t}seats");
      other.sync().decr("{t}seats");
      sync.multi();
      sync.sadd("{t}booked", "ann");
      assertThat(sync.exec().wasDiscarded()).isTrue();
      assertThat(sync.exists("{t}booked")).isZero();

      sync.watch("{t}seats");
      sync.multi();
      assertThat(sync.incr("{t}seats")).as("only queued").isNull();
      sync.sadd("{t}booked", "ann");
      sync.smembers("{t}booked");
      sync.lpush("{t}booked", "no list");
      TransactionResult result = sync.exec();
      assertThat(result.wasDiscarded()).isFalse();
      assertThat(result.stream().limit(3)).containsExactly(1L, 1L, Set.of("ann"));
      assertThat(result.<Exception>get(3)).hasMessageStartingWith("WRONGTYPE");
    }
  }

  @Test
  void a_connection_that_broke_comes_back_by_itself() {
    try (StatefulRedisConnection<String, String> connection = connect(2)) {
      RedisCommands<String, String> sync = connection.sync();
      sync.clientSetname("mine");
      sync.select(1);
      long id = sync.clientId();
      kill(2, id);
      sync.set("kept", "1");
      assertThat(sync.clientId()).isNotEqualTo(id);
      assertThat(sync.get("kept")).isEqualTo("1");
      try (Jedis other = ClusterProcesses.client(cluster.node(1))) {
        assertThat(other.exists("kept")).as("it is in the other database again").isFalse();
      }
    }
  }

  private static void kill(int node, long id) {
    try (Jedis admin = ClusterProcesses.client(cluster.node(node))) {
      assertThat(ClusterProcesses.command(admin, "CLIENT", "KILL", "ID", Long.toString(id)))
          .isEqualTo("1");
    }
  }

  @Test
  void a_subscription_comes_back_with_its_connection() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    try (StatefulRedisPubSubConnection<String, String> subscriber =
            client.connectPubSub(uri(cluster.node(3)));
        StatefulRedisConnection<String, String> publisher = connect(1)) {
      subscriber.addListener(
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
      subscriber.sync().subscribe("news");
      subscriber.sync().psubscribe("weather.*");
      assertThat(publisher.sync().publish("news", "1")).isEqualTo(1);
      assertThat(take(heard)).isEqualTo("news 1");
      kill(3, subscriber.sync().clientId());
      ClusterProcesses.await(
          "both are subscribed again",
          () ->
              publisher.sync().pubsubNumsub("news").equals(Map.of("news", 1L))
                  && publisher.sync().pubsubNumpat() == 1);
      publisher.sync().publish("weather.here", "2");
      assertThat(take(heard)).isEqualTo("weather.* weather.here 2");
    }
  }

  private static String take(BlockingQueue<String> heard) throws InterruptedException {
    return heard.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  @Test
  void reads_go_to_replicas_and_see_what_was_written() {
    NodeProcess master = cluster.awaitLeader(cluster.node(1), 0, 0);
    List<RedisURI> all = cluster.nodes().stream().map(LettuceTest::uri).toList();
    try (StatefulRedisMasterReplicaConnection<String, String> connection =
        MasterReplica.connect(client, StringCodec.UTF8, all)) {
      for (ReadFrom from : List.of(ReadFrom.REPLICA, ReadFrom.ANY, ReadFrom.MASTER)) {
        connection.setReadFrom(from);
        for (int i = 0; i < 50; i++) {
          connection.sync().set("key", from + "-" + i);
          assertThat(connection.sync().get("key")).isEqualTo(from + "-" + i);
        }
      }
      connection.setReadFrom(ReadFrom.REPLICA);
      connection.sync().strlen("key");
      assertThat(cluster.nodes())
          .filteredOn(LettuceTest::wasAskedLast)
          .as("who was asked for the length")
          .hasSize(1)
          .doesNotContain(master);
    }
  }

  private static boolean wasAskedLast(NodeProcess node) {
    try (Jedis admin = ClusterProcesses.client(node)) {
      return admin.clientList().contains(" cmd=strlen ");
    }
  }

  /** Any node takes any key: the plain client is the one to use. */
  @Test
  void a_cluster_client_is_told_that_there_is_no_redis_cluster() {
    RedisClusterClient clusterClient = RedisClusterClient.create(uri(cluster.node(1)));
    try {
      assertThatThrownBy(clusterClient::connect)
          .hasStackTraceContaining("ERR This instance has cluster support disabled");
    } finally {
      clusterClient.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }
  }
}
