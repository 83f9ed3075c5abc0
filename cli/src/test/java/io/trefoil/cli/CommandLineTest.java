package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {
  private final ScriptedServer server = new ScriptedServer(CommandLineTest::answer);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String input = "";
  private boolean outIsTerminal;
  private Map<String, String> environment = Map.of();

  @AfterEach
  void closeServer() {
    server.close();
  }

  private static String answer(List<String> words) {
    switch (String.join(" ", words)) {
      case "get greeting":
        return ScriptedServer.bulk("hello");
      case "incr n":
        return ":1\r\n";
      case "subscribe news":
        return "*2\r\n+subscribe\r\n+news\r\n*2\r\n+message\r\n+first\r\n-ERR stopped\r\n";
      case "quit":
        return "";
      case "STATUS":
        return ScriptedServer.bulk(SampleStatus.json());
      case "CONSISTENCY LAST":
        return "*4\r\n+node\r\n+n2\r\n+age_ms\r\n:3\r\n";
      case "DATABASE list":
        return "*2\r\n" + ScriptedServer.bulk("0") + ScriptedServer.bulk("1 orders");
      case "READONLY", "AUTH secret", "SELECT orders", "SELECT 2", "select 2":
        return "+OK\r\n";
      case "HELLO 3":
        return "%1\r\n+proto\r\n:3\r\n";
      case "hello":
        return ">1\r\n+invalidate\r\n+after the push\r\n";
      case "COMMAND":
        return "*2\r\n*2\r\n$3\r\nget\r\n:2\r\n*1\r\n$3\r\nset\r\n";
      default:
        return "-ERR unknown command '" + words.get(0) + "'\r\n";
    }
  }

  private int run(String... words) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            outIsTerminal,
            environment);
    return Main.execute(stdio, words);
  }

  private String port() {
    return Integer.toString(server.port());
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void oneCommandFromTheArgumentsIsPrintedRawWhenPiped() {
    assertThat(run("cli", "-p", port(), "get", "greeting")).isZero();
    assertThat(out()).isEqualTo("hello\n");
    assertThat(err()).isEmpty();
  }

  @Test
  void onATerminalValuesAreQuotedAndTyped() {
    outIsTerminal = true;
    assertThat(run("cli", "-p", port(), "get", "greeting")).isZero();
    assertThat(run("cli", "-p", port(), "incr", "n")).isZero();
    assertThat(out()).isEqualTo("\"hello\"\n(integer) 1\n");
  }

  @Test
  void anOptionOverridesTheForm() {
    outIsTerminal = true;
    assertThat(run("cli", "-p", port(), "--json", "get", "greeting")).isZero();
    assertThat(run("cli", "-p", port(), "--raw", "get", "greeting")).isZero();
    outIsTerminal = false;
    assertThat(run("cli", "-p", port(), "--no-raw", "get", "greeting")).isZero();
    assertThat(out()).isEqualTo("\"hello\"\nhello\n\"hello\"\n");
  }

  @Test
  void whatFollowsTheFirstWordIsTheServers() {
    run("cli", "-p", port(), "set", "-p", "--json", "--", "@file", "a=b", "");
    assertThat(server.received())
        .containsExactly(List.of("set", "-p", "--json", "--", "@file", "a=b", ""));
  }

  @Test
  void anErrorOfTheServerGoesToStandardErrorAndFails() {
    assertThat(run("cli", "-p", port(), "nonsense")).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err()).isEqualTo("ERR unknown command 'nonsense'\n");
  }

  @Test
  void linesOfTheInputAreExecutedPastAFailedOne() {
    input = "get greeting\n\nset \"a\nnonsense\nincr n\n";
    assertThat(run("cli", "-p", port())).isEqualTo(1);
    assertThat(out()).isEqualTo("hello\n1\n");
    assertThat(err()).contains("a quote is not closed").contains("unknown command 'nonsense'");
  }

  @Test
  void passwordProtocolDatabaseAndReadonlyAreSentFirst() {
    environment = Map.of("TREFOIL_PASSWORD", "secret", "REDISCLI_AUTH", "other");
    assertThat(run("cli", "-p", port(), "-3", "-n", "orders", "--readonly", "incr", "n")).isZero();
    assertThat(server.received())
        .containsExactly(
            List.of("AUTH", "secret"),
            List.of("HELLO", "3"),
            List.of("SELECT", "orders"),
            List.of("READONLY"),
            List.of("incr", "n"));
  }

  @Test
  void aRefusedPasswordFails() {
    assertThat(run("cli", "-p", port(), "-a", "wrong", "incr", "n")).isEqualTo(1);
    assertThat(err()).startsWith("trefoil: the password was refused: ERR");
    assertThat(server.received()).hasSize(1);
  }

  @Test
  void explainSaysWhoAnsweredOnStandardError() {
    assertThat(run("cli", "-p", port(), "--explain", "get", "greeting")).isZero();
    assertThat(out()).isEqualTo("hello\n");
    assertThat(err()).isEqualTo("answered by n2, 3 ms old\n");
  }

  @Test
  void aSubscriptionPrintsWhatComes() {
    assertThat(run("cli", "-p", port(), "subscribe", "news")).isEqualTo(1);
    assertThat(out()).isEqualTo("subscribe\nnews\nmessage\nfirst\n");
    assertThat(err()).isEqualTo("ERR stopped\n");
  }

  @Test
  void aPushMessageIsNotTakenForTheReply() {
    assertThat(run("cli", "-p", port(), "hello")).isZero();
    assertThat(out()).isEqualTo("after the push\n");
  }

  @Test
  void aConnectionThatBreaksFailsInOneLine() {
    assertThat(run("cli", "-p", port(), "quit")).isEqualTo(1);
    assertThat(err().lines()).hasSize(1);
    assertThat(err()).contains("lost the connection to 127.0.0.1:" + port());
  }

  @Test
  void aRefusedConnectionFailsInOneLineThatSaysWhatToDo() throws IOException {
    int free;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      free = socket.getLocalPort();
    }
    assertThat(run("status", "-p", Integer.toString(free))).isEqualTo(1);
    assertThat(err())
        .isEqualTo(
            "trefoil: nothing answers on 127.0.0.1:"
                + free
                + " (connection refused); start nodes with ./trefoil demo or ./trefoil node\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "nonsense",
        "cli --nonsense",
        "cli -p x",
        "cli -2 -3 ping",
        "status extra",
        "database",
        "demo --rate 0",
        "demo --port 65000",
        "demo --value-bytes 100000",
        "demo --replication multi-leader",
        "demo --regions eu",
        "demo --regions eu,eu",
        "demo --regions eu,U.S",
        "demo --regions eu,us --replication leaderless",
        "demo --script nonsense"
      })
  void badUsageIsExitCode2AndIsExplained(String words) {
    assertThat(run(words.isEmpty() ? new String[0] : words.split(" "))).isEqualTo(2);
    assertThat(err()).contains("--help");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cli", "status", "database", "diverged", "conflicts", "demo"})
  void eachCommandHasHelp(String command) {
    assertThat(run(command, "--help")).isZero();
    assertThat(out()).startsWith("Usage: trefoil " + command);
  }

  @Test
  void statusPrintsTheTableOrTheJson() {
    assertThat(run("status", "-p", port())).isZero();
    assertThat(out()).startsWith("Cluster 7f3a: 2 of 3 nodes up");
    out.reset();
    assertThat(run("status", "-p", port(), "--json")).isZero();
    assertThat(out()).isEqualTo(SampleStatus.json() + "\n");
  }

  @Test
  void databaseSendsItsWordsAsTheyAre() {
    assertThat(run("database", "-p", port(), "list")).isZero();
    assertThat(out()).isEqualTo("0\n1 orders\n");
    out.reset();
    assertThat(run("database", "list", "--json", "-p", port())).isZero();
    assertThat(out()).isEqualTo("[\"0\",\"1 orders\"]\n");
    assertThat(run("database", "-p", port(), "create", "a", "REPLCAS", "3")).isEqualTo(1);
    assertThat(server.received())
        .last()
        .isEqualTo(List.of("DATABASE", "create", "a", "REPLCAS", "3"));
  }

  @Test
  void aSessionConnectsAgainIntoTheSelectedDatabase() throws IOException {
    ServerOptions options = new ServerOptions();
    options.port = server.port();
    Stdio stdio =
        new Stdio(System.in, new PrintStream(out), new PrintStream(err), false, false, environment);
    try (CommandSession session =
        new CommandSession(
            options, new CommandSession.Settings(null, 2, false, false, ReplyFormat.RAW), stdio)) {
      assertThat(session.place()).isEqualTo("127.0.0.1:" + server.port());
      assertThat(session.executeLine("select 2")).isTrue();
      assertThat(session.place()).endsWith("[2]");
      assertThatThrownBy(() -> session.executeLine("quit")).isInstanceOf(CommandFailed.class);
      assertThat(session.executeLine("incr n")).isTrue();
      assertThat(InteractivePrompt.commandNames(session, stdio)).containsExactly("get", "set");
    }
    assertThat(server.received())
        .containsSubsequence(List.of("quit"), List.of("SELECT", "2"), List.of("incr", "n"));
  }
}
