package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TransactionResult;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Transactions on three nodes: in database 0, of twelve partitions whose leaders are spread, and in
 * others of one.
 */
@Tag("slow")
class TransactionsTest {
  private static final int ROUNDS = 200;
  private static final int LEADERLESS = 6;

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static int single;

  @BeforeAll
  static void startCluster() {
    cluster = ClusterProcesses.start(folder, 3, "--cluster.database0-partitions", "12");
    single = cluster.createDatabase("single", "PARTITIONS", "1", "REPLICAS", "3");
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

  private static Jedis client(int node) {
    return ClusterProcesses.client(cluster.node(node));
  }

  private static Jedis ofSingle(NodeProcess node) {
    return ClusterProcesses.client(node, single, ClusterProcesses.DEADLINE_SECONDS * 1_000);
  }

  private static NodeProcess leaderOfSingle() {
    return cluster.awaitLeader(cluster.node(1), single, 0);
  }

  private static Object run(Jedis client, String line) {
    String[] words = line.split(" ");
    return client.sendCommand(
        () -> words[0].getBytes(UTF_8), Arrays.copyOfRange(words, 1, words.length));
  }

  private static String error(Jedis client, String line) {
    try {
      return "no error but " + run(client, line);
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }

  /** Index of the entry that a connection's last command wrote. */
  private static long lastIndex(Jedis client) {
    List<?> last = (List<?>) run(client, "CONSISTENCY LAST");
    String position = new String((byte[]) last.get(7), UTF_8);
    return Long.parseLong(position.substring(position.indexOf(':') + 1));
  }

  @Test
  void every_node_runs_transactions_of_every_partition() {
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node)) {
        for (int i = 0; i < 50; i++) {
          String tag = "{t" + i + "}";
          Transaction transaction = client.multi();
          transaction.set(tag + "a", node + "-" + i);
          Response<Long> count = transaction.incr(tag + "n");
          transaction.hset(tag + "h", "f", "v" + node);
          Response<String> value = transaction.get(tag + "a");
          assertThat(transaction.exec()).hasSize(4);
          assertThat(count.get()).isEqualTo(node);
          assertThat(value.get()).isEqualTo(node + "-" + i);
        }
      }
    }
  }

  @Test
  void a_reader_never_sees_half_of_a_transaction() {
    AtomicBoolean done = new AtomicBoolean();
    List<CompletableFuture<Void>> writers = new ArrayList<>();
    for (int node = 1; node <= 3; node++) {
      int at = node;
      writers.add(
          CompletableFuture.runAsync(
              () -> {
                try (Jedis client = client(at)) {
                  for (int i = 0; i < ROUNDS; i++) {
                    Transaction transaction = client.multi();
                    for (String key : List.of("{x}a", "{x}b", "{x}c")) {
                      transaction.set(key, at + "-" + i);
                    }
                    transaction.exec();
                  }
                }
              }));
    }
    CompletableFuture<Void> all =
        CompletableFuture.allOf(writers.toArray(CompletableFuture[]::new))
            .whenComplete((nothing, error) -> done.set(true));
    try (Jedis reader = client(2);
        Jedis readonly = client(3)) {
      ClusterProcesses.command(readonly, "READONLY");
      while (!done.get()) {
        assertThat(reader.mget("{x}a", "{x}b", "{x}c").stream().distinct()).hasSize(1);
        assertThat(readonly.mget("{x}a", "{x}b", "{x}c").stream().distinct()).hasSize(1);
      }
    }
    all.join();
  }

  @Test
  void a_transaction_is_one_entry() {
    for (NodeProcess node : cluster.nodes()) {
      try (Jedis client = ofSingle(node)) {
        client.set("before", "1");
        long before = lastIndex(client);
        Transaction transaction = client.multi();
        for (int i = 0; i < 100; i++) {
          transaction.set("key-" + i, "v");
          transaction.hset("hash", "f" + i, "v");
        }
        transaction.incr("before");
        transaction.exec();
        assertThat(lastIndex(client)).isEqualTo(before + 1);
        assertThat(client.hlen("hash")).isEqualTo(100);
        client.del("hash");
      }
    }
    ClusterProcesses.awaitEqualContents(cluster.nodes(), single);
  }

  @Test
  void keys_of_several_partitions_are_refused_with_what_to_do() {
    try (Jedis client = client(1)) {
      run(client, "MULTI");
      run(client, "SET a 1");
      run(client, "CLIENT SETNAME me");
      run(client, "SET b 1");
      assertThat(error(client, "EXEC"))
          .startsWith("CROSSSLOT a transaction stays in one partition, but keys 'a' and 'b' of")
          .contains("database '0' are in partitions ")
          .endsWith("give all its keys one {hash tag}, or use a database of one partition");
      assertThat(client.mget("a", "b")).containsExactly(null, null);
      assertThat(client.clientGetname()).isNull();
      assertThat(error(client, "EXEC")).isEqualTo("ERR EXEC without MULTI");

      client.watch("a");
      Transaction transaction = client.multi();
      transaction.set("b", "1");
      assertThatThrownBy(transaction::exec).hasMessageContaining("keys 'a' and 'b'");
      client.watch("a");
      client.select(single);
      Transaction other = client.multi();
      other.set("a", "1");
      assertThatThrownBy(other::exec)
          .hasMessageContaining("CROSSSLOT")
          .hasMessageContaining("watch");
    }
  }

  @Test
  void what_has_no_place_in_one_partition_is_refused_when_it_is_queued() {
    try (Jedis client = client(1)) {
      for (String command :
          List.of(
              "DBSIZE",
              "FLUSHDB",
              "SCAN 0",
              "KEYS *",
              "RANDOMKEY",
              "FLUSHALL",
              "STATUS",
              "WAIT 1 0",
              "DATABASE LIST",
              "CLIENT REPLY OFF",
              "SHUTDOWN")) {
        run(client, "MULTI");
        assertThat(error(client, command))
            .as(command)
            .startsWith("ERR Command not allowed inside a transaction");
        assertThat(error(client, "EXEC"))
            .isEqualTo("EXECABORT Transaction discarded because of previous errors.");
      }
      run(client, "MULTI");
      run(client, "SET a 1");
      run(client, "SELECT " + single);
      assertThat(error(client, "SET a 1")).startsWith("ERR a transaction stays in one database");
      run(client, "DISCARD");
      run(client, "MULTI");
      run(client, "SELECT " + single);
      run(client, "SET a 1");
      run(client, "DBSIZE");
      run(client, "ROLE");
      run(client, "LASTSAVE");
      List<?> replies = (List<?>) run(client, "EXEC");
      assertThat(replies).hasSize(5);
      assertThat(replies.get(2)).isEqualTo(1L);
      assertThat(client.get("a")).isEqualTo("1");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SET {w}k 2",
        "DEL {w}k",
        "EXPIRE {w}k 100",
        "HSET {w}h f w",
        "HSET {w}h g w",
        "HDEL {w}h f",
        "SADD {w}none m",
        "RENAME {w}k {w}l",
        "FLUSHDB",
        "FLUSHALL",
      })
  void a_change_of_what_is_watched_aborts_wherever_it_is_made(String change) {
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node);
          Jedis other = client(1 + node % 3)) {
        client.set("{w}k", "1");
        client.hset("{w}h", "f", "v");
        client.watch("{w}k", "{w}h", "{w}none");
        run(other, change);
        Transaction aborted = client.multi();
        aborted.set("{w}r", "ran");
        assertThat(aborted.exec()).isNull();
        assertThat(client.exists("{w}r")).isFalse();
        Transaction next = client.multi();
        next.set("{w}r", "ran");
        assertThat(next.exec()).containsExactly("OK");
        client.flushDB();
      }
    }
  }

  @Test
  void what_is_only_read_or_changed_beside_does_not_abort() {
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node);
          Jedis other = client(1 + node % 3)) {
        client.set("{w}k", "1");
        client.hset("{w}h", "f", "v");
        client.watch("{w}k", "{w}h");
        assertThat(other.get("{w}k")).isEqualTo("1");
        other.hdel("{w}h", "none");
        other.set("{w}beside", "1");
        other.persist("{w}k");
        Transaction transaction = client.multi();
        transaction.set("{w}k", "2");
        transaction.get("{w}h-none");
        assertThat(transaction.exec()).hasSize(2);
      }
    }
  }

  @Test
  void a_key_that_has_expired_since_it_was_watched_aborts() {
    try (Jedis client = client(2);
        Jedis other = client(1)) {
      client.psetex("short", 300, "1");
      client.watch("short");
      ClusterProcesses.await("its end", () -> !other.exists("short"));
      Transaction transaction = client.multi();
      transaction.set("short", "2");
      assertThat(transaction.exec()).isNull();
    }
  }

  @Test
  void counting_by_watch_loses_nothing() {
    List<CompletableFuture<Void>> counting = new ArrayList<>();
    for (int node = 1; node <= 3; node++) {
      int at = node;
      counting.add(CompletableFuture.runAsync(() -> count(at)));
    }
    counting.forEach(CompletableFuture::join);
    try (Jedis client = client(1)) {
      assertThat(client.get("{c}n")).isEqualTo("150");
    }
  }

  /** Also with reads that promise little: while something is watched, they promise more. */
  private static void count(int node) {
    try (Jedis client = client(node)) {
      ClusterProcesses.command(
          client, "CONSISTENCY", List.of("EVENTUAL", "SESSION", "LINEARIZABLE").get(node - 1));
      int done = 0;
      while (done < 50) {
        client.watch("{c}n");
        String read = client.get("{c}n");
        Transaction transaction = client.multi();
        transaction.set("{c}n", Integer.toString(read == null ? 1 : Integer.parseInt(read) + 1));
        done += transaction.exec() == null ? 0 : 1;
      }
    }
  }

  @Test
  void a_pipeline_watches_before_it_goes_on() {
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node);
          Pipeline pipeline = client.pipelined()) {
        List<Response<Object>> replies = new ArrayList<>();
        for (int i = 0; i < ROUNDS; i++) {
          send(pipeline, "WATCH", "{p}k");
          if (i % 2 == 1) {
            send(pipeline, "INCR", "{p}k");
          }
          send(pipeline, "MULTI");
          send(pipeline, "INCR", "{p}k");
          send(pipeline, "CLIENT", "SETNAME", "me");
          replies.add(send(pipeline, "EXEC"));
        }
        pipeline.sync();
        for (int i = 0; i < ROUNDS; i++) {
          assertThat(replies.get(i).get() == null).as("round " + i).isEqualTo(i % 2 == 1);
        }
      }
    }
  }

  private static Response<Object> send(Pipeline pipeline, String... words) {
    return pipeline.sendCommand(
        () -> words[0].getBytes(UTF_8), Arrays.copyOfRange(words, 1, words.length));
  }

  @Test
  void a_database_that_is_not_there_is_made_by_a_write_and_read_as_empty() {
    try (Jedis client = client(2)) {
      client.select(9);
      Transaction reads = client.multi();
      reads.get("a");
      reads.strlen("a");
      assertThat(reads.exec()).containsExactly(null, 0L);
      Transaction writes = client.multi();
      writes.set("{t}a", "1");
      writes.get("{t}a");
      assertThat(writes.exec()).containsExactly("OK", "1");
      client.select(10);
      client.watch("a");
      Transaction watches = client.multi();
      watches.set("a", "1");
      assertThat(watches.exec()).containsExactly("OK");
    }
  }

  @Test
  void another_epoch_aborts_what_watches() throws IOException {
    NodeProcess leader = leaderOfSingle();
    NodeProcess beside = cluster.nodeBeside(leader);
    try (Jedis client = ofSingle(beside)) {
      client.set("k", "1");
      client.watch("k");
      ClusterProcesses.command(client, "SWITCHOVER", "single", "TO", beside.name());
      ClusterProcesses.await("its leadership", () -> leaderOfSingle() == beside);
      Transaction transaction = client.multi();
      transaction.set("k", "2");
      assertThat(transaction.exec()).isNull();
      client.watch("k");
      Transaction next = client.multi();
      next.set("k", "2");
      assertThat(next.exec()).containsExactly("OK");
    }
  }

  @Test
  void a_leaderless_transaction_is_one_entry_and_refuses_what_needs_an_order() {
    cluster.createDatabase(
        "carts",
        "NUMBER",
        "" + LEADERLESS,
        "REPLICATION",
        "LEADERLESS",
        "REPLICAS",
        "3",
        "R",
        "2",
        "W",
        "2",
        "PARTITIONS",
        "2");
    for (int node = 1; node <= 3; node++) {
      try (Jedis client = client(node);
          Jedis other = client(1 + node % 3)) {
        client.select(LEADERLESS);
        other.select(LEADERLESS);
        Transaction transaction = client.multi();
        transaction.set("{l}a", "v" + node);
        transaction.incr("{l}n");
        transaction.sadd("{l}s", "m" + node);
        Response<String> read = transaction.get("{l}a");
        assertThat(transaction.exec()).hasSize(4);
        assertThat(read.get()).isEqualTo("v" + node);
        assertThat(other.get("{l}a")).isEqualTo("v" + node);
        assertThat(other.get("{l}n")).isEqualTo("" + node);
        assertThat(other.scard("{l}s")).isEqualTo(node);

        assertThat(error(client, "WATCH a"))
            .isEqualTo(
                "UNSUPPORTED WATCH needs one order of all writes; database 'carts' is leaderless");
        run(client, "MULTI");
        assertThat(error(client, "SETNX a 1")).startsWith("UNSUPPORTED SETNX");
        assertThat(error(client, "EXEC")).startsWith("EXECABORT");
        run(client, "MULTI");
        run(client, "SET a 1");
        run(client, "SET b 1");
        run(client, "SET c 1");
        run(client, "SET d 1");
        assertThat(error(client, "EXEC")).startsWith("CROSSSLOT a transaction stays in one");
      }
    }
  }

  @Test
  void jedis_and_lettuce_run_transactions_as_they_come() {
    try (Jedis jedis = client(1);
        Transaction transaction = jedis.multi()) {
      Response<String> set = transaction.set("jedis", "1");
      transaction.hset("jedis", "f", "v");
      assertThat(transaction.exec().get(1)).isInstanceOf(JedisDataException.class);
      assertThat(set.get()).isEqualTo("OK");
    }
    RedisClient client =
        RedisClient.create(RedisURI.create("127.0.0.1", cluster.node(2).clientPort()));
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      RedisCommands<String, String> sync = connection.sync();
      sync.watch("{lettuce}a");
      sync.multi();
      sync.set("{lettuce}a", "1");
      sync.hset("{lettuce}h", "f", "v");
      sync.hgetall("{lettuce}h");
      TransactionResult result = sync.exec();
      assertThat(result.wasDiscarded()).isFalse();
      assertThat(result.<Object>get(2)).isEqualTo(Map.of("f", "v"));
      sync.watch("{lettuce}a");
      sync.set("{lettuce}a", "2");
      sync.multi();
      sync.get("{lettuce}a");
      assertThat(sync.exec().wasDiscarded()).isTrue();
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }
  }
}
