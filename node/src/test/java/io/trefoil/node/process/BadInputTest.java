package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/** What is wrong is refused in a line that says what, and nothing is lost by it. */
@Tag("slow")
class BadInputTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;

  @BeforeAll
  static void startNode() {
    cluster = ClusterProcesses.start(folder, 1);
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      client.set("kept", "1");
    }
  }

  @AfterAll
  static void stopNode() {
    cluster.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*1\\r\\n+PING\\r\\n | Protocol error: expected '$', got '+'",
        "*x\\r\\n | Protocol error: invalid multibulk length",
        "*99999999999\\r\\n | Protocol error: invalid multibulk length",
        "*1\\r\\n$-5\\r\\n | Protocol error: invalid bulk length",
        "*2\\r\\n$3\\r\\nGET\\r\\n$67108865\\r\\n | Protocol error: invalid bulk length",
        "GET \"open\\r\\n | Protocol error: unbalanced quotes in request",
      })
  void malformed_commands_end_their_connection_alone(String sent, String error) throws IOException {
    byte[] bytes = sent.replace("\\r\\n", "\r\n").getBytes(ISO_8859_1);
    String reply = new String(cluster.node(1).talkUntilClosed(bytes), ISO_8859_1);
    assertThat(reply).startsWith("-ERR " + error).endsWith("\r\n");
    assertServes();
  }

  @Test
  void half_a_command_changes_nothing() throws IOException {
    String half = "*3\r\n$3\r\nSET\r\n$4\r\nkept\r\n$100\r\nhalf";
    for (int i = 1; i < half.length(); i++) {
      try (Socket socket = cluster.node(1).connect()) {
        socket.getOutputStream().write(half.substring(0, i).getBytes(ISO_8859_1));
      }
    }
    assertServes();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ZADD {big} 1 a 2 b 3 | ERR syntax error",
        "ZADD {big} nan a | ERR value is not a valid float",
        "MSET {big} 1 {big}2 | ERR wrong number of arguments for 'mset' command",
        "SRANDMEMBER {big} -9223372036854775808 | ERR value is out of range",
        "HRANDFIELD {big} -4611686018427387904 WITHVALUES | ERR value is out of range",
        "LPOP {big} -1 | ERR value is out of range, must be positive",
        "SCAN nothing | ERR invalid cursor",
        "HSCAN {big} 99999999999999999999 | ERR invalid cursor",
        "SETRANGE {big} 536870912 x | ERR string exceeds maximum allowed size",
        "SETBIT {big} 4294967296 1 | ERR bit offset is not an integer or out of range",
        "LSET {big} 0 x | ERR no such key",
        "EXPIRE {big} 9223372036854775807 | ERR invalid expire time in 'expire' command",
      })
  void what_a_command_may_not_say_is_refused(String command, String error) throws IOException {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      String[] words = command.split(" ");
      String[] rest = Arrays.copyOfRange(words, 1, words.length);
      assertThatThrownBy(() -> client.sendCommand(() -> words[0].getBytes(ISO_8859_1), rest))
          .hasMessageStartingWith(error);
      assertThat(client.exists("{big}")).isFalse();
    }
    assertServes();
  }

  @Test
  void a_million_arguments_are_taken_or_refused_as_a_whole() throws IOException {
    String[] million = new String[1_000_000];
    Arrays.setAll(million, i -> i == 0 ? "{big}" : Integer.toString(i));
    String[] one = {"{big}", "once"};
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      assertThatThrownBy(() -> client.sendCommand(Protocol.Command.ZADD, million))
          .hasMessage("ERR syntax error"); // scores without members
      assertThatThrownBy(() -> client.sendCommand(Protocol.Command.HSET, one))
          .hasMessage("ERR wrong number of arguments for 'hset' command");
      assertThat(client.exists("{big}")).isFalse();
      assertThat(client.sendCommand(Protocol.Command.RPUSH, million)).isEqualTo(999_999L);
      assertThat(client.llen("{big}")).isEqualTo(999_999);
      assertThat(client.lrange("{big}", -2, -1)).containsExactly("999998", "999999");
      assertThatThrownBy(() -> client.sendCommand(Protocol.Command.SADD, million))
          .hasMessageStartingWith("WRONGTYPE");
      assertThat(client.del("{big}")).isOne();
      assertThat(client.sendCommand(Protocol.Command.SADD, million)).isEqualTo(999_999L);
      assertThat(client.scard("{big}")).isEqualTo(999_999);
      client.del("{big}");
    }
    assertServes();
  }

  private static void assertServes() throws IOException {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      assertThat(client.get("kept")).isEqualTo("1");
    }
    assertThat(cluster.node(1).standardError()).isEmpty();
  }

  /** All that is wrong is said at once, a line each. */
  @Test
  void settings_that_are_wrong_are_named(@TempDir Path own) throws Exception {
    List<String> flags = List.of("--client.prot", "7000", "--memory.table", "lots");
    NodeProcess node = new NodeProcess("n1", own, flags).start();
    assertThat(node.awaitExit()).isEqualTo(2);
    assertThat(node.standardError().lines())
        .hasSize(2)
        .anyMatch(line -> line.equals("--client.prot: unknown setting, did you mean client.port?"))
        .anyMatch(line -> line.startsWith("--memory.table: 'lots' is not "));
  }

  @ParameterizedTest
  @CsvSource({"client.port", "peer.port", "control.port", "http.port"})
  void a_taken_port_is_named_with_its_setting(String setting, @TempDir Path own) throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      NodeProcess node = new NodeProcess("n1", own, List.of("--" + setting, port)).start();
      assertThat(node.awaitExit()).isEqualTo(1);
      assertThat(onlyLine(node)).startsWith("trefoil node: ").contains(setting, port);
    }
  }

  private static String onlyLine(NodeProcess node) throws IOException {
    String printed = node.standardError();
    assertThat(printed.lines()).as(printed).hasSize(1);
    return printed;
  }

  @Test
  void a_folder_that_cannot_be_made_is_named(@TempDir Path own) throws Exception {
    Path file = Files.writeString(own.resolve("file"), "not a folder");
    String dataDir = file.resolve("data").toString();
    NodeProcess node = new NodeProcess("n1", own, List.of("--data.dir", dataDir)).start();
    assertThat(node.awaitExit()).isEqualTo(1);
    assertThat(onlyLine(node)).startsWith("trefoil node: ").contains(file.toString());
  }

  /** What happens to a stopped node's files, and what it then says. */
  private enum Damage {
    IDENTITY_OF_A_NEWER_FORMAT("identity", 4, "it has format 9, this version knows 1"),
    IDENTITY_BYTE("identity", 20, "its checksum is wrong"),
    JOURNAL_BYTE("journal", 300, "damaged"),
    JOURNAL_PRELUDE("journal", 8, "its prelude is unreadable");

    private final String file;
    private final int offset;
    private final String message;

    Damage(String file, int offset, String message) {
      this.file = file;
      this.offset = offset;
      this.message = message;
    }

    /** The file itself, or the first one of the folder. */
    Path path(Path dataDir) throws IOException {
      Path path = dataDir.resolve(file);
      if (Files.isRegularFile(path)) {
        return path;
      }
      try (Stream<Path> files = Files.list(path)) {
        return files
            .filter(each -> each.getFileName().toString().startsWith("segment-"))
            .sorted()
            .findFirst()
            .orElseThrow();
      }
    }
  }

  @Test
  void damaged_files_are_named_and_left_as_they_are(@TempDir Path own) throws Exception {
    try (ClusterProcesses damaged = ClusterProcesses.start(own, 1)) {
      NodeProcess node = damaged.node(1);
      try (Jedis client = ClusterProcesses.client(node)) {
        for (int i = 0; i < 1_000; i++) {
          client.set("k" + i, "v" + i);
        }
      }
      node.kill();
      for (Damage damage : Damage.values()) {
        Path file = damage.path(node.dataDir());
        byte[] whole = Files.readAllBytes(file);
        byte[] bad = whole.clone();
        bad[damage.offset] = (byte) (bad[damage.offset] == 9 ? 8 : 9);
        Files.write(file, bad);
        int before = node.standardError().length();
        assertThat(node.start().awaitExit()).as(damage.name()).isEqualTo(1);
        String printed = node.standardError().substring(before);
        assertThat(printed.lines()).as(damage + ": " + printed).hasSize(1);
        assertThat(printed)
            .startsWith("trefoil node: ")
            .contains(file.getFileName().toString(), damage.message);
        assertThat(Files.readAllBytes(file)).as(damage.name()).isEqualTo(bad);
        Files.write(file, whole);
      }
      assertMissingJournalIsNamed(node);
      node.start();
      damaged.awaitInSync();
      try (Jedis client = ClusterProcesses.client(node)) {
        assertThat(client.dbSize()).isEqualTo(1_000);
        assertThat(client.get("k999")).isEqualTo("v999");
      }
    }
  }

  private static void assertMissingJournalIsNamed(NodeProcess node) throws Exception {
    Path journal = node.dataDir().resolve("journal");
    Path away = Files.move(journal, node.dataDir().resolve("journal.away"));
    int before = node.standardError().length();
    assertThat(node.start().awaitExit()).isEqualTo(1);
    assertThat(node.standardError().substring(before))
        .contains("is missing, although this disk has served");
    deleteFolder(journal);
    Files.move(away, journal);
  }

  static void deleteFolder(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
