package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.KeyScanCursor;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScanArgs;
import io.lettuce.core.ScanCursor;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.resps.ScanResult;

/** Real clients, with their default settings, against one node. */
class ClientsTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startNode() {
    cluster = ClusterProcesses.start(folder, 1);
  }

  @AfterAll
  static void stopNode() {
    cluster.close();
  }

  private static int port() {
    return cluster.node(1).clientPort();
  }

  @Test
  void jedis_works_as_it_comes() {
    try (Jedis jedis = new Jedis("127.0.0.1", port())) {
      assertThat(jedis.set("jedis:a", "1")).isEqualTo("OK");
      assertThat(jedis.get("jedis:a")).isEqualTo("1");
      assertThat(jedis.mset("jedis:b", "2", "jedis:c", "3")).isEqualTo("OK");
      assertThat(jedis.mget("jedis:a", "jedis:none", "jedis:c")).containsExactly("1", null, "3");
      assertThat(jedis.incr("jedis:a")).isEqualTo(2);
      assertThat(jedis.set("jedis:a", "no", SetParams.setParams().nx())).isNull();
      assertThat(jedis.expire("jedis:a", 1_000)).isEqualTo(1);
      assertThat(jedis.ttl("jedis:a")).isBetween(1L, 1_000L);
      assertThat(jedis.persist("jedis:a")).isEqualTo(1);
      assertThat(jedis.ttl("jedis:a")).isEqualTo(-1);
      assertThat(jedis.clientSetname("tester")).isEqualTo("OK");
      assertThat(jedis.clientGetname()).isEqualTo("tester");
      assertThat(ClusterProcesses.command(jedis, "CLIENT", "SETINFO", "lib-name", "mine"))
          .isEqualTo("OK");
      assertThat(jedis.clientList()).contains("name=tester", "lib-name=mine");
      assertThatThrownBy(() -> jedis.sendCommand(() -> "FOO".getBytes(UTF_8), "bar"))
          .isInstanceOf(JedisDataException.class)
          .hasMessage("ERR unknown command 'FOO', with args beginning with: 'bar' ");
    }
  }

  @Test
  void databases_are_apart() {
    try (Jedis jedis = new Jedis("127.0.0.1", port())) {
      jedis.set("apart", "0");
      assertThat(jedis.select(1)).isEqualTo("OK");
      assertThat(jedis.get("apart")).isNull();
      jedis.set("apart", "1");
      jedis.select(0);
      assertThat(jedis.get("apart")).isEqualTo("0");
    }
  }

  @Test
  void scan_gives_every_key() {
    try (Jedis jedis = new Jedis("127.0.0.1", port())) {
      Set<String> expected = new HashSet<>();
      for (int i = 0; i < 500; i++) {
        jedis.set("scan:" + i, "1");
        expected.add("scan:" + i);
      }
      Set<String> seen = new HashSet<>();
      String cursor = "0";
      do {
        ScanResult<String> step = jedis.scan(cursor, new ScanParams().match("scan:*").count(50));
        seen.addAll(step.getResult());
        cursor = step.getCursor();
      } while (!cursor.equals("0"));
      assertThat(seen).isEqualTo(expected);
    }
  }

  @Test
  void ten_thousand_commands_in_one_pipeline_are_answered_in_order() {
    try (Jedis jedis = ClusterProcesses.client(cluster.node(1))) {
      Pipeline pipeline = jedis.pipelined();
      List<Response<Long>> replies = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        replies.add(pipeline.incr("pipelined"));
      }
      pipeline.sync();
      for (int i = 0; i < replies.size(); i++) {
        assertThat(replies.get(i).get()).isEqualTo(i + 1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 32})
  void a_value_of_many_megabytes_comes_back_as_it_was(int megabytes) {
    byte[] value = new byte[megabytes << 20];
    for (int i = 0; i < value.length; i++) {
      value[i] = (byte) (i * 31 >> 3);
    }
    byte[] key = "big".getBytes(UTF_8);
    try (Jedis jedis = ClusterProcesses.client(cluster.node(1))) {
      assertThat(jedis.set(key, value)).isEqualTo("OK");
      assertThat(jedis.strlen(key)).isEqualTo(value.length);
      assertThat(Arrays.equals(jedis.get(key), value)).isTrue();
      assertThat(jedis.del(key)).isEqualTo(1);
    }
  }

  /** Lettuce speaks RESP3 unless told otherwise. */
  @Test
  void lettuce_works_as_it_comes() throws Exception {
    RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", port()));
    try (StatefulRedisConnection<String, String> connection = client.connect()) {
      assertThat(client.getOptions().getConfiguredProtocolVersion())
          .isEqualTo(ClientOptions.create().getConfiguredProtocolVersion());
      RedisCommands<String, String> sync = connection.sync();
      assertThat(sync.set("lettuce:a", "1")).isEqualTo("OK");
      assertThat(sync.get("lettuce:a")).isEqualTo("1");
      assertThat(sync.get("lettuce:none")).isNull();
      assertThat(sync.mset(Map.of("lettuce:b", "2", "lettuce:c", "3"))).isEqualTo("OK");
      assertThat(sync.mget("lettuce:b", "lettuce:c"))
          .extracting(each -> each.getValue())
          .containsExactly("2", "3");
      assertThat(sync.incr("lettuce:a")).isEqualTo(2);
      assertThat(sync.expire("lettuce:a", 100)).isTrue();
      assertThat(sync.ttl("lettuce:a")).isBetween(1L, 100L);
      assertThat(sync.clientList()).contains("lib-name=Lettuce");
      Set<String> seen = new HashSet<>();
      KeyScanCursor<String> cursor = sync.scan(ScanArgs.Builder.matches("lettuce:*"));
      seen.addAll(cursor.getKeys());
      while (!cursor.isFinished()) {
        cursor =
            sync.scan(ScanCursor.of(cursor.getCursor()), ScanArgs.Builder.matches("lettuce:*"));
        seen.addAll(cursor.getKeys());
      }
      assertThat(seen).contains("lettuce:a", "lettuce:b", "lettuce:c");
      List<RedisFuture<Long>> replies = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        replies.add(connection.async().incr("lettuce:counter"));
      }
      assertThat(replies.get(999).get(60, TimeUnit.SECONDS)).isEqualTo(1_000);
      assertThat(sync.select(1)).isEqualTo("OK");
      assertThat(sync.get("lettuce:a")).isNull();
      assertThat(sync.info()).contains("redis_version:7.0.15");
    } finally {
      client.shutdown(Duration.ZERO, Duration.ofSeconds(10));
    }
  }

  @Test
  void info_has_the_fields_that_tools_look_for() {
    try (Jedis jedis = new Jedis("127.0.0.1", port())) {
      jedis.set("info", "1");
      assertThat(jedis.info().split("\r\n"))
          .contains(
              "# Server", "# Clients", "# Memory", "# Persistence", "# Stats", "# Replication")
          .contains("# CPU", "# Cluster", "# Keyspace")
          .contains("redis_version:7.0.15", "trefoil_version:0.1.0", "redis_mode:standalone")
          .contains("loading:0", "role:master", "connected_slaves:0", "aof_enabled:1")
          .contains("maxmemory_policy:noeviction", "cluster_enabled:0")
          .anyMatch(line -> line.startsWith("master_repl_offset:"))
          .anyMatch(line -> line.matches("db0:keys=[1-9]\\d*,expires=\\d+,avg_ttl=\\d+"));
      assertThat(jedis.info("server")).contains("# Server").doesNotContain("# Memory");
    }
  }

  @Test
  void the_handshake_has_the_shape_of_its_protocol() throws IOException {
    assertThat(talk("HELLO 2\r\nQUIT\r\n"))
        .startsWith("*14\r\n$6\r\nserver\r\n")
        .endsWith("*0\r\n+OK\r\n");
    assertThat(talk("HELLO 3\r\nGET hello:none\r\nQUIT\r\n"))
        .startsWith("%7\r\n$6\r\nserver\r\n")
        .endsWith("_\r\n+OK\r\n");
    assertThat(talk("HELLO 4\r\nQUIT\r\n"))
        .isEqualTo("-NOPROTO unsupported protocol version\r\n+OK\r\n");
    assertThat(talk("CLIENT SETINFO lib-name mine\r\nCLIENT FOO\r\nQUIT\r\n"))
        .isEqualTo("+OK\r\n-ERR unknown subcommand 'FOO'. Try CLIENT HELP.\r\n+OK\r\n");
  }

  private static String talk(String sent) throws IOException {
    return new String(cluster.node(1).talkUntilClosed(sent.getBytes(UTF_8)), UTF_8);
  }

  /** The node reads on only when its replies are taken, rather than hoards them. */
  @Test
  void a_client_that_does_not_read_costs_a_bounded_amount_and_blocks_nobody() throws IOException {
    byte[] value = new byte[1 << 20];
    Arrays.fill(value, (byte) 'x');
    try (Jedis jedis = ClusterProcesses.client(cluster.node(1));
        Socket slow = cluster.node(1).connect()) {
      jedis.set("slow".getBytes(UTF_8), value);
      byte[] asks = "GET slow\r\n".repeat(300).getBytes(UTF_8); // more than the node's heap
      slow.getOutputStream().write(asks);
      slow.getOutputStream().flush();
      for (int i = 0; i < 1_000; i++) {
        assertThat(jedis.incr("beside-the-slow")).isEqualTo(i + 1);
      }
      assertAnswers(slow.getInputStream(), 300, value.length);
      assertThat(jedis.ping()).isEqualTo("PONG");
    }
  }

  private static void assertAnswers(InputStream in, int count, int length) throws IOException {
    int answerBytes = ("$" + length + "\r\n").length() + length + 2;
    for (int i = 0; i < count; i++) {
      byte[] answer = in.readNBytes(answerBytes);
      assertThat(answer.length).as("answer " + i).isEqualTo(answerBytes);
      assertThat(answer[0]).isEqualTo((byte) '$');
    }
  }

  @Test
  void redis_cli_works_as_it_comes() throws Exception {
    assertThat(tool("redis-cli", "set", "cli", "1")).isEqualTo("OK\n");
    assertThat(tool("redis-cli", "get", "cli")).isEqualTo("1\n");
    assertThat(tool("redis-cli", "-3", "mget", "cli", "none")).isEqualTo("1\n\n");
    assertThat(tool("redis-cli", "-n", "1", "get", "cli")).isEqualTo("\n");
    assertThat(tool("redis-cli", "info", "replication")).contains("role:master");
    assertThat(tool("redis-cli", "--bigkeys")).contains("Biggest string found");
  }

  @Test
  void redis_benchmark_works_as_it_comes() throws Exception {
    String report =
        tool("redis-benchmark", "-n", "2000", "-q", "-t", "ping,set,get,incr,mset", "-P", "4");
    assertThat(report).contains("PING_INLINE", "SET:", "GET:", "INCR:", "MSET (10 keys):");
    assertThat(report).doesNotContain("rror");
  }

  /** What a tool prints; the test is left out where there is no such tool. */
  private static String tool(String... words) throws IOException, InterruptedException {
    Programs.require(words[0]);
    List<String> command = new ArrayList<>(List.of(words));
    command.addAll(1, List.of("-p", Integer.toString(port())));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }
}
