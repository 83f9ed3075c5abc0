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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepairCommandTest {
  private static final String NIL = "_\r\n";

  private final ScriptedServer server = new ScriptedServer(this::answer);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private long failed;
  private long running;
  private boolean silent;

  @AfterEach
  void closeServer() {
    server.close();
  }

  private static String other(String node, String round, String ended) {
    return map(
        "node", bulk(node),
        "copy", bulk("vouches"),
        "round", bulk(round),
        "last_round", bulk(round),
        "ended_ms_ago", ended,
        "leaves_differed", number(2),
        "bytes_pulled", number(2_048),
        "keys_merged", number(7));
  }

  private static String replica(String node, String complete) {
    return map(
        "database", bulk("carts"),
        "partition", number(3),
        "node", bulk(node),
        "copy", bulk("counts"),
        "complete_ms_ago", complete,
        "horizon_ms_ago", number(61_000),
        "others", array(other("n3", "differed", number(1_500)), other("n4", "none yet", NIL)));
  }

  private String silentNodes() {
    return silent ? array(map("node", bulk("n3"), "reason", bulk("it is not connected"))) : array();
  }

  private String answer(List<String> words) {
    return switch (String.join(" ", words)) {
      case "HELLO 3" -> map("proto", number(3));
      case "REPAIR STATUS" ->
          map(
              "replicas",
              array(replica("n2", NIL), replica("n1", number(3_200))),
              "silent_nodes",
              silentNodes());
      case "REPAIR STATUS orders" -> "-UNSUPPORTED REPAIR is for leaderless databases\r\n";
      case "REPAIR RUN carts" ->
          map(
              "replicas", number(9),
              "rounds", number(18),
              "equal", number(12),
              "differed", number(2),
              "failed", number(failed),
              "running", number(running),
              "keys_merged", number(41),
              "leaves_pulled", number(3),
              "bytes_sent", number(5_120),
              "silent_nodes", silentNodes());
      default -> "-ERR unknown command\r\n";
    };
  }

  private int run(String... words) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(new byte[0]),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            Map.of());
    String[] all =
        Stream.concat(Stream.of("repair", "-p", Integer.toString(server.port())), Stream.of(words))
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
  void status_has_a_row_for_each_pair_and_names_a_replica_once() {
    assertThat(run("status")).isZero();
    assertThat(out().lines().map(line -> line.replaceAll(" +", " ").strip()))
        .containsExactly(
            "DATABASE PART NODE COPY COMPLETE UP TO HORIZON WITH ROUND ENDED LEAVES PULLED KEYS",
            "carts 3 n1 counts 3.2 s ago 1m1s ago n3 differed 1.5 s ago 2 2.0 KB 7",
            "n4 none yet - 2 2.0 KB 7",
            "carts 3 n2 counts - 1m1s ago n3 differed 1.5 s ago 2 2.0 KB 7",
            "n4 none yet - 2 2.0 KB 7");
  }

  @Test
  void a_run_tells_what_came_of_it() {
    assertThat(run("run", "carts")).isZero();
    assertThat(out())
        .contains("18 of 18 rounds of 9 replicas have ended: 12 found nothing to differ, 2 did")
        .contains("Keys merged: 41, sent: 5.0 KB");
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1 failed", "0, 4, 4 rounds go on"})
  void a_run_that_did_not_end_everywhere_is_no_success(long fails, long goOn, String told) {
    failed = fails;
    running = goOn;
    assertThat(run("run", "carts")).isEqualTo(1);
    assertThat(out()).contains(told);
  }

  @Test
  void a_node_that_does_not_answer_is_named_and_it_is_no_success() {
    silent = true;
    assertThat(run("run", "carts")).isEqualTo(1);
    assertThat(err()).contains("the replicas of n3 are left out: it is not connected");
  }

  @Test
  void json_is_the_reply() {
    assertThat(run("status", "--json")).isZero();
    assertThat(out()).startsWith("{\"replicas\":[{\"database\":\"carts\",\"partition\":3");
    assertThat(out().lines()).hasSize(1);
  }

  @Test
  void what_the_server_refuses_fails_with_its_words() {
    assertThat(run("status", "orders")).isEqualTo(1);
    assertThat(err()).contains("UNSUPPORTED REPAIR is for leaderless databases");
  }

  @Test
  void a_wrong_word_is_bad_usage() {
    assertThat(run("twist")).isEqualTo(2);
    assertThat(err()).contains("unknown word 'twist'; status, run");
  }
}
