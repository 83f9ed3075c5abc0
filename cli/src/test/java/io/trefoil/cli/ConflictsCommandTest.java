package io.trefoil.cli;

import static io.trefoil.cli.ScriptedServer.array;
import static io.trefoil.cli.ScriptedServer.bulk;
import static io.trefoil.cli.ScriptedServer.map;
import static io.trefoil.cli.ScriptedServer.number;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConflictsCommandTest {
  private static final String NIL = "_\r\n";

  private final ScriptedServer server = new ScriptedServer(this::answer);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void closeServer() {
    server.close();
  }

  private String answer(List<String> words) {
    return switch (String.join(" ", words)) {
      case "HELLO 3" -> map("proto", number(3));
      case "CONFLICTS users" ->
          array(
              conflict(
                  "k", NIL, "latest write", side("string", "y", "us"), side("string", "x", "eu")),
              conflict(
                  "h", bulk("f"), "latest write", side("hash", "2", "us"), side("hash", "1", "eu")),
              conflict(
                  "t",
                  NIL,
                  "type of the latest write",
                  side("set", "", "us"),
                  side("hash", "f: 1\n", "eu")));
      case "CONFLICTS users KEY none* COUNT 3" -> array();
      case "CONFLICTS count users" ->
          map(
              "database", bulk("users"),
              "recorded", number(1_200),
              "kept", number(1_000),
              "not_written", number(7));
      case "CONFLICTS help" -> array("+CONFLICTS <database>\r\n", "+    Show values.\r\n");
      default -> "-UNSUPPORTED CONFLICTS needs several leaders; database '1' is single-leader\r\n";
    };
  }

  private static String conflict(
      String key, String field, String rule, String winner, String loser) {
    return map(
        "when_ms", number(1_790_000_000_000L),
        "id", bulk("4/0@9:1021.0"),
        "key", bulk(key),
        "field", field,
        "rule", bulk(rule),
        "winner", winner,
        "loser", loser);
  }

  private static String side(String type, String value, String region) {
    return map(
        "type", bulk(type),
        "value", bulk(value),
        "bytes", number(value.length()),
        "region", bulk(region),
        "time_ms", number(1_790_000_000_000L));
  }

  private int run(String... words) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            true,
            true,
            Map.of());
    String[] all =
        Stream.concat(
                Stream.of("conflicts", "-p", Integer.toString(server.port())), Stream.of(words))
            .toArray(String[]::new);
    return Main.execute(stdio, all);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void eachHiddenValueIsARow() {
    assertThat(run("users")).isZero();
    assertThat(out().lines().map(line -> line.replaceAll(" +", " ").strip()))
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("MERGED KEY FIELD SEEN OF HIDDEN OF WRITTEN RULE"),
            line ->
                assertThat(line)
                    .matches("2026-\\S+ \\S+ \"k\" \"y\" us \"x\" eu 2026.*latest write"),
            line ->
                assertThat(line)
                    .matches("2026-\\S+ \\S+ \"h\" \"f\" \"2\" us \"1\" eu 2026.*latest write"),
            line ->
                assertThat(line)
                    .matches(
                        "2026-\\S+ \\S+ \"t\" \\(set\\) us \\(hash\\) \"f: 1\\\\n\" eu 2026.*type of"
                            + " the latest write"));
  }

  @Test
  void jsonIsALineForEach() {
    assertThat(run("users", "--json")).isZero();
    assertThat(out().lines()).hasSize(3).allMatch(line -> line.startsWith("{\"when_ms\":"));
  }

  @Test
  void filtersGoToTheServerAsTheyAre() {
    assertThat(run("users", "KEY", "none*", "COUNT", "3")).isZero();
    assertThat(out()).isEqualTo("There are no such conflicts.\n");
  }

  @Test
  void countsSayHowManyCanBeShown() {
    assertThat(run("count", "users")).isZero();
    assertThat(out().lines())
        .containsExactly(
            "Database 'users': 1200 values were hidden, 1000 of them can be shown.",
            "7 are not in the files: the disk did not keep up.");
    out.reset();
    assertThat(run("count", "users", "--json")).isZero();
    assertThat(out()).startsWith("{\"database\":\"users\",\"recorded\":1200");
  }

  @Test
  void theServersHelpIsPrintedAsItIs() {
    assertThat(run("help")).isZero();
    assertThat(out()).isEqualTo("CONFLICTS <database>\n    Show values.\n");
  }

  @Test
  void aRefusalIsAFailureAndNoDatabaseIsBadUsage() {
    assertThat(run("1")).isEqualTo(1);
    assertThat(err()).contains("UNSUPPORTED CONFLICTS needs several leaders");
    assertThat(run()).isEqualTo(2);
  }
}
