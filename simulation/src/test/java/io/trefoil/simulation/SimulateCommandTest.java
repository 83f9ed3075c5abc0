package io.trefoil.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.Stdio;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulateCommandTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private int run(String... words) {
    PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
    Stdio stdio = new Stdio(InputStream.nullInputStream(), print, print, false, false, Map.of());
    return SimulateCommand.execute(stdio, words);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void seedsRunAndWhatTheyMetIsPrinted() {
    assertThat(run("simulate", "--world", "protocol", "--seeds", "3", "--seed", "7")).isZero();
    assertThat(out()).contains("3 from 7, no promise broken", "faults", "messages");
  }

  @Test
  void clustersRunAndWhatTheyMetIsPrinted() {
    assertThat(run("simulate", "--seeds", "1", "--seed", "7", "--trace")).isZero();
    assertThat(out()).contains("1 from 7, no promise broken", "acknowledged", "serves", "HEALED");
  }

  @Test
  void theSameSeedPrintsTheSameTrace() {
    assertThat(run("simulate", "--world", "protocol", "--seeds", "1", "--trace")).isZero();
    String first = trace();
    out.reset();
    assertThat(run("simulate", "--world", "protocol", "--seeds", "1", "--trace")).isZero();
    assertThat(trace()).isEqualTo(first).contains("LEADS epoch");
  }

  /** Without the line that says how long it took. */
  private String trace() {
    return out().substring(0, out().indexOf("seeds  "));
  }

  @Test
  void aBrokenRuleFailsAndSaysHowToSeeItAgain() {
    assertThat(run("simulate", "--mutant", "uncommitted-served", "--seeds", "2000")).isEqualTo(1);
    assertThat(out())
        .containsPattern(
            "again with: ./trefoil simulate --world protocol --seeds 1 --trace --seed \\d+ --mutant unc");
  }

  @Test
  @Tag("slow")
  void whatIsLeftOfAFailingSeedStillFails() {
    assertThat(run("simulate", "--mutant", "sync-does-nothing", "--seed", "5", "--seeds", "1"))
        .isEqualTo(1);
    String less = out().substring(out().indexOf("fails also with") + 15).trim();
    assertThat(less).startsWith("--without ");
    out.reset();
    String again = "simulate --mutant sync-does-nothing --seed 5 --seeds 1 " + less;
    assertThat(run(again.split(" "))).isEqualTo(1);
    assertThat(out()).contains("cluster seed 5: ").doesNotContain("fails also with");
  }

  @Test
  void aBrokenRuleIsExplainedByTheRunThatCatchesIt() {
    assertThat(run("simulate", "--mutant", "shortest-log-leads", "--explain")).isZero();
    assertThat(out())
        .startsWith("The rule       " + Mutant.SHORTEST_LOG_LEADS.rule())
        .contains(Mutant.SHORTEST_LOG_LEADS.costs(), "LEADS epoch");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--seeds 0",
        "--explain",
        "--mutant unknown",
        "--world moon",
        "--world cluster --mutant shortest-log-leads",
        "--without rain",
        "--world protocol --without cuts",
        "--fault-millis 0"
      })
  void badUsageIsNamed(String options) {
    assertThat(run(("simulate " + options).split(" "))).isEqualTo(2);
    assertThat(out()).contains("trefoil: ", "'trefoil simulate --help' explains it.");
  }
}
