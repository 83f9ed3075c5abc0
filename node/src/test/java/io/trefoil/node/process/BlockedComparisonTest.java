package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that wait, at a node and at a real Redis 7.0: the same is pushed, the same comes out. */
@Tag("slow")
class BlockedComparisonTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static Process redis;
  private static int redisPort;

  private Side ours;
  private Side theirs;

  @BeforeAll
  static void start() throws IOException {
    Programs.require("redis-server");
    redisPort = FreePorts.four();
    redis =
        new ProcessBuilder(
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                Integer.toString(redisPort),
                "--save",
                "",
                "--dir",
                Files.createDirectory(folder.resolve("redis")).toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("redis.log").toFile())
            .start();
    cluster =
        ClusterProcesses.start(folder.resolve("node"), 1, "--cluster.database0-partitions", "1");
    ClusterProcesses.await("redis-server", BlockedComparisonTest::isUp);
  }

  private static boolean isUp() throws IOException {
    try (Side side = new Side(redisPort)) {
      return side.client("").run("PING").equals(new Reply.Status("PONG"));
    } catch (ConnectException e) {
      return false;
    }
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
    if (redis != null) {
      redis.destroy();
    }
  }

  @BeforeEach
  void connect() throws IOException {
    ours = new Side(cluster.node(1).clientPort());
    theirs = new Side(redisPort);
    for (Side side : List.of(ours, theirs)) {
      side.client("").run("FLUSHALL");
    }
  }

  @AfterEach
  void hangUp() throws IOException {
    ours.close();
    theirs.close();
  }

  /** A server with its clients, by name; the one without a name never waits. */
  private static final class Side implements Closeable {
    private final int port;
    private final Map<String, RawClient> clients = new TreeMap<>();
    private final Map<String, Long> ids = new TreeMap<>();

    Side(int port) {
      this.port = port;
    }

    RawClient client(String name) throws IOException {
      if (!clients.containsKey(name)) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(ClusterProcesses.DEADLINE_SECONDS * 1_000);
        RawClient client = new RawClient(socket);
        clients.put(name, client);
        ids.put(name, ((Reply.Whole) client.run("CLIENT", "ID")).value());
      }
      return clients.get(name);
    }

    void sendAndAwaitWaiting(String name, String... words) throws IOException {
      client(name).send(words);
      ClusterProcesses.await(name + " waits", () -> isWaiting(name));
    }

    private boolean isWaiting(String name) throws IOException {
      String id = Long.toString(ids.get(name));
      return client("")
          .bytesOf(1, "CLIENT", "LIST", "ID", id)
          .matches("(?s).* flags=[a-zA-Z]*b[a-zA-Z]* .*");
    }

    @Override
    public void close() throws IOException {
      for (RawClient client : clients.values()) {
        client.close();
      }
    }
  }

  /**
   * Runs a script at both. {@code a: words}: client {@code a} sends them, and waits then. {@code
   * a>}: it has a reply. {@code words}: a client that never waits sends them, and has the reply.
   */
  private void sameScript(int protocol, String script) throws IOException {
    for (Side side : List.of(ours, theirs)) {
      side.client("").run("HELLO", Integer.toString(protocol));
    }
    for (String line : script.strip().lines().map(String::strip).toList()) {
      if (line.matches("[a-z]>")) {
        String name = line.substring(0, 1);
        assertThat(ours.client(name).next()).as(line).isEqualTo(theirs.client(name).next());
      } else if (line.matches("[a-z]: .*")) {
        String name = line.substring(0, 1);
        for (Side side : List.of(ours, theirs)) {
          if (!side.clients.containsKey(name)) {
            side.client(name).run("HELLO", Integer.toString(protocol));
          }
          side.sendAndAwaitWaiting(name, line.substring(3).split(" +"));
        }
      } else {
        String[] words = line.split(" +");
        assertThat(ours.client("").bytesOf(1, words))
            .as(line)
            .isEqualTo(theirs.client("").bytesOf(1, words));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void what_comes_goes_to_those_who_wait_in_their_order(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        a: BLPOP k 0
        RPUSH k x y
        a>
        LRANGE k 0 -1
        DEL k
        a: BLPOP k 0
        b: BRPOP j k 0
        c: BLPOP k k 0
        d: BLMPOP 0 2 j k LEFT COUNT 2
        RPUSH k 1 2 3 4 5 6
        a>
        b>
        c>
        d>
        LRANGE k 0 -1
        DEL k
        a: BLPOP k 0
        LPUSH k 1 2 3
        a>
        LRANGE k 0 -1
        a: BZPOPMIN z 0
        b: BZPOPMAX y z 0
        c: BZMPOP 0 2 y z MAX COUNT 2
        ZADD z 1 a 2.5 b 3 c 4 d
        a>
        b>
        c>
        EXISTS z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void who_waits_for_several_keys_gets_what_was_put_first(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        a: BLPOP k1 k2 k3 0
        b: BLPOP k1 k2 k3 0
        MULTI
        RPUSH k3 x
        RPUSH k1 y
        EXEC
        a>
        b>
        EXISTS k1 k2 k3
        a: BZPOPMIN z1 z2 0
        MULTI
        ZADD z2 1 m
        ZADD z1 1 n
        EXEC
        a>
        EXISTS z1 z2
        a: BLMPOP 0 2 l1 l2 RIGHT COUNT 9
        MULTI
        RPUSH l2 x
        RPUSH l1 y
        RPUSH l2 z
        EXEC
        a>
        LRANGE l1 0 -1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void what_is_moved_may_serve_another_in_turn(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        c: BLPOP k3 0
        b: BLMOVE k2 k3 LEFT LEFT 0
        a: BLMOVE k1 k2 LEFT RIGHT 0
        RPUSH k1 x
        a>
        b>
        c>
        EXISTS k1 k2 k3
        a: BRPOPLPUSH k k 0
        b: BLPOP k 0
        RPUSH k x
        a>
        b>
        EXISTS k
        a: BRPOPLPUSH k j 0
        b: BLPOP k 0
        RPUSH k x y
        a>
        b>
        LRANGE j 0 -1
        a: BLPOP m 0
        BRPOPLPUSH j m 0
        a>
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void other_types_serve_nobody(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        SET s x
        a: BLMOVE k s LEFT LEFT 0
        b: BLPOP k 0
        RPUSH k v
        a>
        b>
        a: BLPOP k 0
        b: BZPOPMIN k 0
        SET k x
        DEL k
        HSET k f v
        DEL k
        ZADD k 1 m
        b>
        RPUSH k v
        a>
        a: BLPOP k 0
        ZADD k 1 m
        DEL k
        RPUSH k w
        a>
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void every_way_to_put_something_there_serves(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        RPUSH other 3 1 2
        ZADD zother 1 a 2 b
        a: BLPOP k 0
        RENAME other k
        a>
        DEL other
        RENAME k other
        a: BLPOP k 0
        COPY other k
        a>
        DEL k
        a: BLPOP k 0
        SORT other STORE k
        a>
        DEL k
        a: BLPOP k 0
        LMOVE other k LEFT LEFT
        a>
        RPUSH other x y
        a: BLPOP k 0
        RPOPLPUSH other k
        a>
        a: BZPOPMIN z 0
        ZUNIONSTORE z 1 zother
        a>
        DEL z
        a: BZPOPMAX z 0
        ZRANGESTORE z zother 0 -1
        a>
        DEL z
        a: BZPOPMAX z 0
        ZINCRBY z 5 m
        a>
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void what_is_gone_again_serves_nobody(int protocol) throws IOException {
    sameScript(
        protocol,
        """
        a: BLPOP k 0
        MULTI
        RPUSH k x
        DEL k
        EXEC
        MULTI
        RPUSH k x
        LPOP k
        EXEC
        FLUSHALL
        RPUSH k y
        a>
        MULTI
        BLPOP k 0
        BRPOPLPUSH k j 0
        BLMOVE k j LEFT LEFT 0
        BLMPOP 0 1 k LEFT
        BZPOPMIN k 0
        BZPOPMAX k j 0
        BZMPOP 0 1 k MIN
        BLPOP k -1
        BLPOP k x
        RPUSH k 1 2
        BLPOP k 0
        BZPOPMIN k 0
        EXEC
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void time_runs_out(int protocol) throws IOException {
    List<String> commands =
        List.of(
            "BLPOP k j 0.05",
            "BRPOP k 0.001",
            "BLMOVE k j LEFT LEFT 0.05",
            "BRPOPLPUSH k j 0.05",
            "BLMPOP 0.05 1 k LEFT",
            "BZPOPMIN k 0.05",
            "BZPOPMAX k 0.05",
            "BZMPOP 0.05 2 k j MIN COUNT 2");
    for (String each : commands) {
      List<String> replies = new ArrayList<>();
      for (Side side : List.of(ours, theirs)) {
        side.client("a").run("HELLO", Integer.toString(protocol));
        replies.add(side.client("a").bytesOf(1, each.split(" ")));
      }
      assertThat(replies.get(0)).as(each).isEqualTo(replies.get(1));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void client_unblock_ends_a_wait(int protocol) throws IOException {
    for (String how : List.of("", "TIMEOUT", "error")) {
      for (String each : List.of("BLPOP k 0", "BLMOVE k j LEFT LEFT 0", "BZMPOP 0 1 k MIN")) {
        List<String> seen = new ArrayList<>();
        for (Side side : List.of(ours, theirs)) {
          side.client("a").run("HELLO", Integer.toString(protocol));
          side.sendAndAwaitWaiting("a", each.split(" "));
          String[] words = ("CLIENT UNBLOCK " + side.ids.get("a") + " " + how).split(" ");
          seen.add(side.client("").bytesOf(1, words) + side.client("a").next());
          seen.add(side.client("").bytesOf(1, words));
          seen.add(side.client("").bytesOf(1, "RPUSH", "k", "x"));
          seen.add(side.client("").bytesOf(1, "DEL", "k"));
        }
        assertThat(seen.subList(0, 4)).as(each + how).isEqualTo(seen.subList(4, 8));
      }
    }
  }

  @Test
  void what_a_client_sends_behind_waits_too() throws IOException {
    List<String> seen = new ArrayList<>();
    for (Side side : List.of(ours, theirs)) {
      RawClient client = side.client("a");
      side.sendAndAwaitWaiting("a", "BLPOP", "k", "0");
      client.send("PING");
      client.send("SET", "behind", "1");
      client.send("BLPOP", "k", "j", "0");
      client.send("QUIT");
      seen.add(side.client("").bytesOf(1, "EXISTS", "behind"));
      seen.add(side.client("").bytesOf(1, "RPUSH", "k", "x"));
      seen.add("" + client.next() + client.next() + client.next());
      seen.add(side.client("").bytesOf(1, "RPUSH", "j", "y"));
      seen.add("" + client.next() + client.next());
      client.awaitEnd();
    }
    assertThat(seen.subList(0, 5)).isEqualTo(seen.subList(5, 10));
  }

  @Test
  void the_reply_that_nobody_wants_is_not_sent() throws IOException {
    List<String> seen = new ArrayList<>();
    for (Side side : List.of(ours, theirs)) {
      RawClient client = side.client("a");
      client.send("CLIENT", "REPLY", "SKIP");
      side.sendAndAwaitWaiting("a", "BLPOP", "k", "0");
      client.send("ECHO", "after");
      seen.add(side.client("").bytesOf(1, "RPUSH", "k", "x", "y"));
      seen.add("" + client.next());
      seen.add(side.client("").bytesOf(1, "LRANGE", "k", "0", "-1"));
    }
    assertThat(seen.subList(0, 3)).isEqualTo(seen.subList(3, 6));
  }

  @Test
  void who_has_hung_up_takes_nothing() throws IOException {
    for (Side side : List.of(ours, theirs)) {
      side.sendAndAwaitWaiting("a", "BLPOP", "k", "0");
      side.sendAndAwaitWaiting("b", "BLPOP", "k", "0");
      side.client("a").close();
      String id = Long.toString(side.ids.get("a"));
      ClusterProcesses.await(
          "a is gone",
          () -> !side.client("").bytesOf(1, "CLIENT", "LIST", "ID", id).contains(" flags="));
      side.client("").run("RPUSH", "k", "x");
      assertThat(side.client("b").next().toString()).contains("x");
      assertThat(side.client("").run("EXISTS", "k")).isEqualTo(new Reply.Whole(0));
    }
  }

  @Test
  void those_who_wait_are_told_of() throws IOException {
    for (Side side : List.of(ours, theirs)) {
      side.sendAndAwaitWaiting("a", "BLPOP", "k", "0");
      side.sendAndAwaitWaiting("b", "BZPOPMIN", "k", "0");
      assertThat(side.client("").bytesOf(1, "INFO", "clients")).contains("blocked_clients:2\r\n");
      side.client("").run("RPUSH", "k", "x");
      side.client("a").next();
      assertThat(side.client("").bytesOf(1, "INFO", "clients")).contains("blocked_clients:1\r\n");
    }
  }

  @Test
  void who_waits_in_a_loop_gets_everything_in_order() throws IOException {
    for (Side side : List.of(ours, theirs)) {
      RawClient client = side.client("a");
      for (int i = 0; i < 300; i++) {
        client.send("BLPOP", "queue", "0");
      }
      for (int i = 0; i < 300; i++) {
        side.client("").run("RPUSH", "queue", "m" + i);
      }
      for (int i = 0; i < 300; i++) {
        Reply.Several popped = (Reply.Several) client.next();
        assertThat(((Reply.Bulk) popped.items().get(1)).bytes().toString()).isEqualTo("m" + i);
      }
    }
  }
}
