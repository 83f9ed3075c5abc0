package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Transactions at a node and at a real Redis 7.0: the same bytes go in, the same come out. */
class TransactionComparisonTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static Process redis;
  private static int redisPort;

  private Connection ours;
  private Connection theirs;
  private Connection oursToo;
  private Connection theirsToo;

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
    ClusterProcesses.await("redis-server", TransactionComparisonTest::isUp);
  }

  private static boolean isUp() throws IOException {
    try (Connection connection = new Connection(redisPort)) {
      return connection.run("PING").equals("+PONG\r\n");
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
    ours = new Connection(cluster.node(1).clientPort());
    oursToo = new Connection(cluster.node(1).clientPort());
    theirs = new Connection(redisPort);
    theirsToo = new Connection(redisPort);
    ours.run("FLUSHALL");
    theirs.run("FLUSHALL");
  }

  private static final class Connection implements AutoCloseable {
    private final Socket socket;
    private final ReplyReader reader = new ReplyReader(1 << 26);

    Connection(int port) throws IOException {
      socket = new Socket(InetAddress.getLoopbackAddress(), port);
      socket.setSoTimeout(ClusterProcesses.DEADLINE_SECONDS * 1_000);
      socket.setTcpNoDelay(true);
    }

    /** Runs a command; its reply in Latin-1, with what the server closed the connection after. */
    String run(String... words) throws IOException {
      socket.getOutputStream().write(Args.of(words).encoded());
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      InputStream in = socket.getInputStream();
      byte[] chunk = new byte[1 << 16];
      while (true) {
        int length = in.read(chunk);
        if (length < 0) {
          return all.toString(ISO_8859_1) + "closed";
        }
        all.write(chunk, 0, length);
        reader.feed(chunk, 0, length);
        Optional<Reply> reply = reader.next();
        if (reply.isPresent()) {
          return all.toString(ISO_8859_1);
        }
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  /**
   * Runs a script: a command a line, its words parted by spaces; what begins with {@code other:}
   * another client sends.
   */
  private void sameScript(String script) throws IOException {
    for (String line : script.strip().split("\n")) {
      boolean other = line.strip().startsWith("other:");
      String[] words = line.replace("other:", "").strip().split(" +");
      String reply = (other ? oursToo : ours).run(words);
      assertThat(masked(reply)).as(line).isEqualTo(masked((other ? theirsToo : theirs).run(words)));
    }
  }

  /** Without what differs from server to server: a connection's id, and the time. */
  private static String masked(String reply) {
    return reply
        .replaceAll("id\r\n:\\d+", "id\r\n:1")
        .replaceAll("\\$10\r\n1\\d{9}\r\n\\$\\d\r\n\\d+", "time");
  }

  @Test
  void queueing_and_running() throws IOException {
    sameScript(
        """
        MULTI
        SET a 1
        INCR a
        GET none
        HSET h f v
        HGETALL h
        SADD s m
        SMEMBERS s
        PING
        ECHO x
        EXEC
        GET a
        EXEC
        DISCARD
        MULTI
        EXEC
        MULTI
        SET a 7
        DISCARD
        GET a
        MULTI
        DEL h
        HSET h g w
        HSET h g x y z
        HDEL h g
        HGETALL h
        DBSIZE
        FLUSHDB
        SET a 9
        DBSIZE
        EXEC
        GET a
        EXISTS h s
        """);
  }

  @Test
  void errors_at_queue_time_abort() throws IOException {
    sameScript(
        """
        MULTI
        NOSUCH x y
        SET a 1
        EXEC
        GET a
        MULTI
        GET
        SET a 1
        EXEC
        MULTI
        CLIENT NOSUCH
        EXEC
        MULTI
        SHUTDOWN NOSAVE
        EXEC
        MULTI
        NOSUCH
        DISCARD
        EXEC
        MULTI x
        MULTI
        MULTI x
        EXEC
        MULTI
        MULTI
        WATCH a
        PING
        EXEC
        MULTI
        EXEC x
        EXEC
        EXEC x
        DISCARD x
        WATCH
        UNWATCH x
        GET a
        """);
  }

  @Test
  void errors_of_one_command_do_not_undo_the_others() throws IOException {
    sameScript(
        """
        SET a text
        MULTI
        INCR a
        SADD a m
        SET b 1
        PING x y z
        SET b 2 NX XX
        INCRBY b x
        GETRANGE b 0
        EXEC
        MULTI
        INCR a
        SADD a m
        SET b 1
        PING x y z
        SET b 2 NX XX
        INCRBY b x
        EXEC
        GET b
        """);
  }

  @Test
  void watching() throws IOException {
    sameScript(
        """
        WATCH a
        MULTI
        SET a 1
        EXEC
        WATCH a
        SET a 2
        MULTI
        SET a 3
        EXEC
        GET a
        MULTI
        SET a 3
        EXEC
        WATCH a b
        other: SET b 1
        MULTI
        EXEC
        WATCH a
        other: SET a 3
        UNWATCH
        MULTI
        PING
        EXEC
        WATCH a
        other: SET a 3
        MULTI
        DISCARD
        MULTI
        PING
        EXEC
        WATCH a
        other: SET a 3
        MULTI
        NOSUCH
        EXEC
        MULTI
        PING
        EXEC
        WATCH a
        other: GET a
        other: EXPIRE none 10
        other: DEL none
        other: SET c 1
        MULTI
        UNWATCH
        GET a
        EXEC
        WATCH none
        other: FLUSHDB
        MULTI
        PING
        EXEC
        SET a 1
        WATCH a
        other: FLUSHDB
        MULTI
        PING
        EXEC
        SET a 1
        WATCH a
        other: FLUSHALL
        other: SET a 1
        MULTI
        PING
        EXEC
        WATCH a
        other: EXPIRE a 100
        MULTI
        PING
        EXEC
        HSET h f v
        WATCH h
        other: HSET h f w
        MULTI
        PING
        EXEC
        WATCH h
        other: HDEL h g
        MULTI
        PING
        EXEC
        WATCH h
        other: HDEL h f
        MULTI
        PING
        EXEC
        WATCH a
        RESET
        SET a 5
        MULTI
        PING
        EXEC
        HELLO 3
        WATCH a
        SET a 6
        MULTI
        GET a
        EXEC
        """);
  }

  @Test
  void a_watched_key_that_expires() throws IOException {
    sameScript(
        """
        SET a 1 PX 1
        WATCH a
        """);
    for (Connection each : new Connection[] {ours, theirs}) {
      ClusterProcesses.await("its end", () -> each.run("EXISTS", "a").equals(":0\r\n"));
    }
    sameScript(
        """
        MULTI
        GET a
        EXEC
        WATCH a
        MULTI
        GET a
        EXEC
        """);
  }

  @Test
  void commands_about_the_connection_run_at_their_place() throws IOException {
    sameScript(
        """
        MULTI
        HELLO 3
        GET none
        HGETALL none
        HELLO 2
        GET none
        HELLO 3 SETNAME bad\tname
        HELLO 7
        CLIENT SETNAME me
        CLIENT GETNAME
        EXEC
        CLIENT GETNAME
        MULTI
        HELLO 3
        EXEC
        GET none
        MULTI
        HELLO 3
        SMEMBERS none
        EXEC
        SMEMBERS none
        MULTI
        SELECT 1
        SET a one
        SELECT nosuch
        EXEC
        GET a
        SELECT 0
        GET a
        MULTI
        TIME
        COMMAND COUNT x
        UNWATCH
        AUTH x
        EXEC
        MULTI
        SET a 1
        RESET
        EXEC
        GET a
        MULTI
        SET a 1
        QUIT
        """);
  }

  /** What is not run because a watched key has changed is not run on the connection, either. */
  @Test
  void an_aborted_transaction_does_nothing_on_its_connection() throws IOException {
    sameScript(
        """
        WATCH a
        other: SET a 1
        MULTI
        CLIENT SETNAME me
        SET a 2
        SELECT 1
        HELLO 3
        EXEC
        CLIENT GETNAME
        GET a
        WATCH a
        other: SET a 1
        MULTI
        CLIENT SETNAME me
        EXEC
        CLIENT GETNAME
        """);
  }

  @Test
  void client_info_tells_of_transactions() throws IOException {
    for (Connection each : new Connection[] {ours, theirs}) {
      assertThat(each.run("CLIENT", "INFO")).contains(" flags=N ", " multi=-1 ");
      each.run("MULTI");
      assertThat(each.run("CLIENT", "ID")).isEqualTo("+QUEUED\r\n");
      Connection beside = each == ours ? oursToo : theirsToo;
      assertThat(beside.run("CLIENT", "LIST")).contains(" flags=x ", " multi=1 ");
      each.run("CLIENT", "INFO");
      each.run("GET", "a");
      assertThat(each.run("EXEC")).contains(" flags=x ", " multi=3 ", " cmd=exec ");
      assertThat(each.run("CLIENT", "INFO")).contains(" flags=N ", " multi=-1 ");
    }
  }
}
