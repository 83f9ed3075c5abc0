package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.AbstractTransaction;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisCluster;
import redis.clients.jedis.JedisPooled;
import redis.clients.jedis.JedisPubSub;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.Response;
import redis.clients.jedis.ScanIteration;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.params.ZRangeParams;
import redis.clients.jedis.resps.Tuple;
import redis.clients.jedis.util.KeyValue;

/**
 * Jedis as applications use it, its pooled client, on three nodes: each partition is led by one of
 * them, and any takes commands for all. What a plain connection does is in {@link ClientsTest}.
 */
@Tag("slow")
class JedisTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3);
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

  private static JedisPooled pooled(int node, RedisProtocol protocol, int connections) {
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(connections);
    return JedisPooled.builder()
        .hostAndPort("127.0.0.1", cluster.node(node).clientPort())
        .clientConfig(
            DefaultJedisClientConfig.builder()
                .protocol(protocol)
                .timeoutMillis(ClusterProcesses.DEADLINE_SECONDS * 1_000)
                .build())
        .poolConfig(pool)
        .build();
  }

  private static JedisPooled pooled(int node) {
    return pooled(node, RedisProtocol.RESP3, 8);
  }

  @Test
  void threads_share_the_connections_of_pools() {
    List<JedisPooled> pools = List.of(pooled(1), pooled(2), pooled(3));
    List<CompletableFuture<Void>> threads = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      JedisPooled pool = pools.get(i % 3);
      threads.add(
          CompletableFuture.runAsync(
              () -> {
                for (int key = 0; key < 50; key++) {
                  pool.incr("counter-" + key);
                }
              },
              task -> new Thread(task).start()));
    }
    threads.forEach(CompletableFuture::join);
    for (JedisPooled pool : pools) {
      for (int key = 0; key < 50; key++) {
        assertThat(pool.get("counter-" + key)).isEqualTo("24");
      }
      assertThat(pool.getPool().getNumActive()).isZero();
      assertThat(pool.getPool().getCreatedCount()).isLessThanOrEqualTo(8);
      pool.close();
    }
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void replies_have_their_types(RedisProtocol protocol) {
    try (JedisPooled jedis = pooled(2, protocol, 1)) {
      checkStrings(jedis);
      checkHashes(jedis);
      checkLists(jedis);
      checkSets(jedis);
      checkSortedSets(jedis);
    }
  }

  private static void checkStrings(JedisPooled jedis) {
    assertThat(jedis.set("s", "1", SetParams.setParams().nx().ex(100))).isEqualTo("OK");
    assertThat(jedis.set("s", "2", SetParams.setParams().nx())).isNull();
    assertThat(jedis.setGet("s", "3", SetParams.setParams().keepTtl())).isEqualTo("1");
    assertThat(jedis.ttl("s")).isBetween(1L, 100L);
    assertThat(jedis.incrByFloat("s", 0.5)).isEqualTo(3.5);
    assertThat(jedis.getDel("s")).isEqualTo("3.5");
    assertThat(jedis.exists("s")).isFalse();
    assertThat(jedis.type("s")).isEqualTo("none");
  }

  private static void checkHashes(JedisPooled jedis) {
    Map<String, String> fields = Map.of("name", "Ann", "visits", "1", "score", "2.5");
    assertThat(jedis.hset("h", fields)).isEqualTo(3);
    assertThat(jedis.hgetAll("h")).isEqualTo(fields);
    assertThat(jedis.hgetAll("none")).isEmpty();
    assertThat(jedis.hmget("h", "name", "none")).containsExactly("Ann", null);
    assertThat(jedis.hincrBy("h", "visits", 41)).isEqualTo(42);
    assertThat(jedis.hincrByFloat("h", "score", 0.25)).isEqualTo(2.75);
    assertThat(jedis.hexists("h", "name")).isTrue();
    assertThat(jedis.hkeys("h")).containsExactlyInAnyOrder("name", "visits", "score");
    assertThat(jedis.hrandfieldWithValues("h", 3))
        .extracting(Map.Entry::getKey)
        .containsExactlyInAnyOrder("name", "visits", "score");
    assertThat(jedis.hscan("h", ScanParams.SCAN_POINTER_START, new ScanParams().match("n*")))
        .satisfies(
            step -> assertThat(step.getResult()).containsExactly(new KeyValue<>("name", "Ann")));
  }

  private static void checkLists(JedisPooled jedis) {
    assertThat(jedis.rpush("{l}", "a", "b", "c", "b")).isEqualTo(4);
    assertThat(jedis.lpos("{l}", "b")).isEqualTo(1);
    assertThat(jedis.lpos("{l}", "none")).isNull();
    assertThat(jedis.lrange("{l}", -2, -1)).containsExactly("c", "b");
    assertThat(jedis.lmove("{l}", "{l}to", ListDirection.LEFT, ListDirection.RIGHT)).isEqualTo("a");
    assertThat(jedis.lmpop(ListDirection.RIGHT, 2, "{l}none", "{l}"))
        .isEqualTo(new KeyValue<>("{l}", List.of("b", "c")));
    assertThat(jedis.lmpop(ListDirection.RIGHT, "{l}none")).isNull();
    assertThat(jedis.lpop("{l}", 9)).containsExactly("b");
    assertThat(jedis.lpop("{l}")).isNull();
  }

  private static void checkSets(JedisPooled jedis) {
    assertThat(jedis.sadd("{u}a", "x", "y", "z")).isEqualTo(3);
    assertThat(jedis.sadd("{u}b", "y", "z", "q")).isEqualTo(3);
    assertThat(jedis.sinter("{u}a", "{u}b")).isEqualTo(Set.of("y", "z"));
    assertThat(jedis.sdiffstore("{u}c", "{u}a", "{u}b")).isEqualTo(1);
    assertThat(jedis.smismember("{u}c", "x", "y")).containsExactly(true, false);
    assertThat(jedis.spop("{u}c")).isEqualTo("x");
    assertThat(jedis.smembers("{u}c")).isEmpty();
  }

  private static void checkSortedSets(JedisPooled jedis) {
    assertThat(jedis.zadd("z", Map.of("one", 1.0, "two", 2.5, "far", Double.POSITIVE_INFINITY)))
        .isEqualTo(3);
    assertThat(jedis.zscore("z", "two")).isEqualTo(2.5);
    assertThat(jedis.zmscore("z", "one", "none")).containsExactly(1.0, null);
    assertThat(jedis.zrank("z", "none")).isNull();
    assertThat(jedis.zincrby("z", 0.5, "one")).isEqualTo(1.5);
    assertThat(jedis.zrangeWithScores("z", 0, -1))
        .containsExactly(
            new Tuple("one", 1.5), new Tuple("two", 2.5), new Tuple("far", Double.MAX_VALUE * 2));
    assertThat(jedis.zrange("z", ZRangeParams.zrangeByScoreParams(2, 3).rev()))
        .isEmpty(); // from the higher to the lower one, when reversed
    assertThat(jedis.zrange("z", ZRangeParams.zrangeByScoreParams(3, 2).rev()))
        .containsExactly("two");
    assertThat(jedis.zscan("z", ScanParams.SCAN_POINTER_START).getResult()).hasSize(3);
    assertThat(jedis.zpopmin("z")).isEqualTo(new Tuple("one", 1.5));
    assertThat(jedis.zpopmax("z", 9)).hasSize(2);
    assertThat(jedis.zpopmin("z")).isNull();
  }

  @Test
  void a_pipeline_gives_each_response_its_own_reply_or_error() {
    try (JedisPooled jedis = pooled(1)) {
      Map<String, Response<String>> values = new HashMap<>();
      Response<Long> failed;
      Response<Map<String, String>> hash;
      Response<List<Tuple>> ranking;
      try (AbstractPipeline pipeline = jedis.pipelined()) {
        for (int i = 0; i < 1_000; i++) {
          pipeline.set("key-" + i, "value-" + i);
        }
        failed = pipeline.lpush("key-0", "no list");
        pipeline.hset("hash", "f", "v");
        hash = pipeline.hgetAll("hash");
        pipeline.zadd("ranking", 7, "ann");
        ranking = pipeline.zrangeWithScores("ranking", 0, -1);
        for (int i = 0; i < 1_000; i++) {
          values.put("value-" + i, pipeline.get("key-" + i));
        }
        pipeline.sync();
      }
      assertThatThrownBy(failed::get)
          .isInstanceOf(JedisDataException.class)
          .hasMessageStartingWith("WRONGTYPE");
      assertThat(hash.get()).isEqualTo(Map.of("f", "v"));
      assertThat(ranking.get()).containsExactly(new Tuple("ann", 7.0));
      values.forEach((value, response) -> assertThat(response.get()).isEqualTo(value));
    }
  }

  @Test
  void a_scan_of_all_partitions_gives_every_key() {
    try (JedisPooled jedis = pooled(3)) {
      Set<String> expected = new TreeSet<>();
      try (AbstractPipeline pipeline = jedis.pipelined()) {
        for (int i = 0; i < 500; i++) {
          pipeline.sadd("set-" + i, "x");
          pipeline.set("string-" + i, "x");
          expected.add("set-" + i);
        }
      }
      ScanIteration scan = jedis.scanIteration(100, "*", "set");
      Set<String> seen = new TreeSet<>();
      while (!scan.isIterationCompleted()) {
        seen.addAll(scan.nextBatch().getResult());
      }
      assertThat(seen).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void a_transaction_runs_whole_unless_somebody_changed_what_it_watches(RedisProtocol protocol) {
    try (JedisPooled jedis = pooled(1, protocol, 2);
        JedisPooled other = pooled(2, protocol, 1)) {
      jedis.set("{ann}balance", "10");
      try (AbstractTransaction transaction = jedis.transaction(false)) {
        transaction.watch("{ann}balance");
        int balance = Integer.parseInt(jedis.get("{ann}balance"));
        other.decr("{ann}balance");
        transaction.multi();
        transaction.set("{ann}balance", Integer.toString(balance - 3));
        assertThat(transaction.exec()).as("somebody was faster").isNull();
      }
      assertThat(jedis.get("{ann}balance")).isEqualTo("9");

      try (AbstractTransaction transaction = jedis.transaction(false)) {
        transaction.watch("{ann}balance");
        transaction.multi();
        Response<Long> balance = transaction.decrBy("{ann}balance", 3);
        Response<Long> failed = transaction.hset("{ann}balance", "no", "hash");
        transaction.rpush("{ann}log", "-3");
        Response<List<String>> log = transaction.lrange("{ann}log", 0, -1);
        assertThat(transaction.exec()).hasSize(4);
        assertThat(balance.get()).isEqualTo(6);
        assertThatThrownBy(failed::get).hasMessageStartingWith("WRONGTYPE");
        assertThat(log.get()).containsExactly("-3");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void who_waits_gets_what_another_thread_pushes_elsewhere(RedisProtocol protocol) {
    try (JedisPooled waiting = pooled(1, protocol, 2);
        JedisPooled pushing = pooled(3, protocol, 1)) {
      CompletableFuture<KeyValue<String, String>> job =
          CompletableFuture.supplyAsync(() -> waiting.brpop(0.0, "{jobs}high", "{jobs}low"));
      CompletableFuture<KeyValue<String, Tuple>> best =
          CompletableFuture.supplyAsync(() -> waiting.bzpopmax(0.0, "ranking"));
      ClusterProcesses.await(
          "both wait",
          () -> {
            try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
              return client.info("clients").contains("blocked_clients:2\r\n");
            }
          });
      pushing.lpush("{jobs}low", "sweep");
      pushing.zadd("ranking", Map.of("ann", 1.0, "bob", 2.5));
      assertThat(job.join()).isEqualTo(new KeyValue<>("{jobs}low", "sweep"));
      assertThat(best.join()).isEqualTo(new KeyValue<>("ranking", new Tuple("bob", 2.5)));
      assertThat(waiting.brpop(0.01, "{jobs}low")).isNull();
    }
  }

  @ParameterizedTest
  @EnumSource(RedisProtocol.class)
  void a_pattern_hears_what_is_published_at_every_node(RedisProtocol protocol) throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    JedisPubSub listener =
        new JedisPubSub() {
          @Override
          public void onPSubscribe(String pattern, int count) {
            heard.add("subscribed " + pattern);
          }

          @Override
          public void onPMessage(String pattern, String channel, String message) {
            heard.add(channel + " " + message);
          }
        };
    try (JedisPooled subscriber = pooled(2, protocol, 1)) {
      CompletableFuture<Void> subscription =
          CompletableFuture.runAsync(() -> subscriber.psubscribe(listener, "news.*"));
      assertThat(take(heard)).isEqualTo("subscribed news.*");
      for (int node = 1; node <= 3; node++) {
        try (JedisPooled publisher = pooled(node, protocol, 1)) {
          assertThat(publisher.publish("news." + node, "hello")).isEqualTo(1);
          assertThat(take(heard)).isEqualTo("news." + node + " hello");
        }
      }
      listener.punsubscribe();
      subscription.join();
      assertThat(subscriber.ping()).as("its connection is lent again").isEqualTo("PONG");
    }
  }

  private static String take(BlockingQueue<String> heard) throws InterruptedException {
    return heard.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  /** Any node takes any key: the plain client is the one to use. */
  @Test
  void a_cluster_client_is_told_that_there_is_no_redis_cluster() {
    HostAndPort node = new HostAndPort("127.0.0.1", cluster.node(1).clientPort());
    assertThatThrownBy(() -> new JedisCluster(node))
        .isInstanceOf(JedisClusterOperationException.class)
        .satisfies(
            refusal ->
                assertThat(refusal.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .contains("ERR This instance has cluster support disabled"));
  }
}
