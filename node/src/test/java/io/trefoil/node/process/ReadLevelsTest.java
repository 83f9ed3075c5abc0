package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisDataException;

/** What readers may choose, with a stock client and real nodes. */
@Tag("slow")
class ReadLevelsTest {
  private static final int ROUNDS = 200;

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

  @AfterEach
  void allNodesRun() {
    cluster.nodes().forEach(NodeProcess::resume);
    cluster.awaitInSync();
  }

  private static int create(String name, String... more) {
    List<String> options = new ArrayList<>(List.of("REPLICAS", "3", "PARTITIONS", "1"));
    options.addAll(List.of(more));
    return cluster.createDatabase(name, options.toArray(String[]::new));
  }

  private static NodeProcess leader(int database) {
    return cluster.awaitLeader(cluster.node(1), database, 0);
  }

  private static NodeProcess follower(int database) {
    return cluster.nodeBeside(leader(database));
  }

  private static Jedis client(NodeProcess node, int database, String... level) {
    Jedis client = ClusterProcesses.client(node, database, 30_000);
    if (level.length > 0) {
      assertThat(ClusterProcesses.command(client, level)).isEqualTo("OK");
    }
    return client;
  }

  /** Names and values, one after the other. */
  private static List<String> last(Jedis client) {
    Object last = client.sendCommand(() -> "CONSISTENCY".getBytes(UTF_8), "LAST");
    return ((List<?>) last)
        .stream()
            .map(it -> it instanceof byte[] bytes ? new String(bytes, UTF_8) : String.valueOf(it))
            .toList();
  }

  private static String role(Jedis client) {
    return last(client).get(3);
  }

  private static String error(Jedis client, String... words) {
    try {
      return ClusterProcesses.command(client, words);
    } catch (JedisDataException e) {
      return e.getMessage();
    }
  }

  @Test
  void a_session_reads_its_own_writes_wherever_it_reads_and_takes_them_along() {
    int database = create("session");
    NodeProcess follower = follower(database);
    NodeProcess other = cluster.nodeBeside(leader(database), follower);
    try (Jedis here = client(follower, database, "CONSISTENCY", "SESSION");
        Jedis there = client(other, database, "CONSISTENCY", "SESSION")) {
      for (int i = 0; i < ROUNDS; i++) {
        here.set("key", Integer.toString(i));
        assertThat(here.get("key")).isEqualTo(Integer.toString(i));
        String token = ClusterProcesses.command(here, "SESSION", "TOKEN");
        assertThat(ClusterProcesses.command(there, "SESSION", "WAIT", token)).isEqualTo("OK");
        assertThat(there.get("key")).isEqualTo(Integer.toString(i));
        assertThat(role(there)).isEqualTo("follower");
      }
    }
  }

  @Test
  void a_session_reads_its_own_writes_in_one_pipeline() {
    int database = create("pipeline");
    try (Jedis client = client(follower(database), database, "CONSISTENCY", "SESSION");
        Pipeline pipeline = client.pipelined()) {
      List<Response<String>> read = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        pipeline.set("key", Integer.toString(i));
        read.add(pipeline.get("key"));
      }
      pipeline.sync();
      for (int i = 0; i < ROUNDS; i++) {
        assertThat(read.get(i).get()).isEqualTo(Integer.toString(i));
      }
    }
  }

  @Test
  void a_token_that_can_not_be_met_yet_says_so_and_nonsense_is_refused() {
    int database = create("token");
    try (Jedis client = client(follower(database), database, "CONSISTENCY", "SESSION")) {
      client.set("key", "value");
      String token = ClusterProcesses.command(client, "SESSION", "TOKEN");
      assertThat(token).matches("1;\\d+/0@\\d+:\\d+");
      String later = token.replaceAll(":\\d+$", ":999999");
      assertThat(error(client, "SESSION", "WAIT", later, "100"))
          .startsWith("TRYAGAIN the copies here lack what the token tells of, after 100 ms");
      assertThat(error(client, "GET", "key")).startsWith("TRYAGAIN the session's token tells of");
      assertThat(error(client, "SESSION", "WAIT", "9:9"))
          .startsWith("ERR a token is what SESSION TOKEN gave");
      assertThat(error(client, "SESSION", "WAIT", "1;99/0@1:1"))
          .startsWith("ERR the token tells of partition 99/0, which is not there");
      assertThat(error(client, "SESSION", "WAIT", token, "soon")).startsWith("ERR SESSION WAIT");
      assertThat(error(client, "CONSISTENCY", "BOUNDED", "0"))
          .startsWith("ERR CONSISTENCY BOUNDED");
      assertThat(error(client, "CONSISTENCY", "STRONG")).contains("LINEARIZABLE, SESSION, BOUNDED");
    }
  }

  @Test
  void bounded_reads_come_from_a_follower_while_it_is_fresh_and_the_database_may_say_so() {
    int database = create("bounded", "READS", "BOUNDED", "5000");
    NodeProcess follower = follower(database);
    try (Jedis writer = client(leader(database), database);
        Jedis bounded = client(follower, database);
        Jedis strict = client(follower, database, "CONSISTENCY", "BOUNDED", "1")) {
      writer.set("key", "value");
      ClusterProcesses.await(
          "a follower that answers",
          () -> "value".equals(bounded.get("key")) && role(bounded).equals("follower"));
      assertThat(Integer.parseInt(last(bounded).get(9))).isBetween(0, 5_000);
      strict.get("key"); // fresher than heartbeats tell
      assertThat(role(strict)).isEqualTo("leader");
    }
  }

  @Tag("full")
  @Test
  void where_no_majority_is_left_each_level_says_what_it_can_keep() {
    int database = create("alone");
    NodeProcess left = follower(database);
    try (Jedis client = client(left, database, "CONSISTENCY", "SESSION");
        Jedis bounded = client(left, database, "CONSISTENCY", "BOUNDED", "60000");
        Jedis tight = client(left, database, "CONSISTENCY", "BOUNDED", "500");
        Jedis eventual = client(left, database, "CONSISTENCY", "EVENTUAL");
        Jedis linearizable = client(left, database)) {
      client.set("key", "value");
      ClusterProcesses.await(
          "a copy that has it", () -> "value".equals(client.get("key")) && isFollower(client));
      cluster.nodes().stream().filter(node -> node != left).forEach(NodeProcess::pause);
      ClusterProcesses.await(
          "no leader", () -> error(linearizable, "GET", "key").startsWith("CLUSTERDOWN"));
      assertThat(client.get("key")).isEqualTo("value");
      assertThat(bounded.get("key")).isEqualTo("value");
      assertThat(eventual.get("key")).isEqualTo("value");
      ClusterProcesses.await("too old", () -> error(tight, "GET", "key").startsWith("CLUSTERDOWN"));
    }
  }

  private static boolean isFollower(Jedis client) {
    return role(client).equals("follower");
  }

  /** RESP3 as it is on the wire: few stock clients show attributes. */
  @Test
  void attributes_say_of_each_reply_who_gave_it() throws IOException {
    int database = create("attributes");
    NodeProcess follower = follower(database);
    try (Socket socket = new Socket("127.0.0.1", follower.clientPort())) {
      assertThat(talk(socket, "CONSISTENCY ATTRIBUTES ON", "-ERR RESP2 has no attributes"))
          .contains("HELLO 3");
      talk(socket, "HELLO 3", "modules\r\n*0\r\n");
      talk(socket, "SELECT " + database, "+OK\r\n");
      talk(socket, "CONSISTENCY EVENTUAL", "+OK\r\n");
      talk(socket, "CONSISTENCY ATTRIBUTES ON", "+OK\r\n");
      String missing = talk(socket, "GET nothing", "_\r\n");
      assertThat(missing)
          .startsWith("|5\r\n$4\r\nnode\r\n$2\r\n" + follower.name() + "\r\n$4\r\nrole\r\n")
          .contains("follower", "epoch", "position", "age_ms");
      String written = talk(socket, "SET key value", "+OK\r\n");
      assertThat(written).startsWith("|5\r\n").contains("leader");
      talk(socket, "CONSISTENCY ATTRIBUTES OFF", "+OK\r\n");
      assertThat(talk(socket, "GET nothing", "_\r\n")).isEqualTo("_\r\n");
    }
  }

  /** Sends a line and reads on until the text that ends the answer. */
  private static String talk(Socket socket, String line, String end) throws IOException {
    socket.setSoTimeout(30_000);
    socket.getOutputStream().write((line + "\r\n").getBytes(UTF_8));
    InputStream in = socket.getInputStream();
    StringBuilder read = new StringBuilder();
    byte[] bytes = new byte[4096];
    while (read.indexOf(end) < 0 || !read.toString().endsWith("\n")) {
      int count = in.read(bytes);
      assertThat(count).as("an answer to " + line + " after " + read).isPositive();
      read.append(new String(bytes, 0, count, UTF_8));
    }
    return read.toString();
  }
}
