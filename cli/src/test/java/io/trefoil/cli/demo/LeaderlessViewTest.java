package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LeaderlessViewTest {
  private static final Pattern VERDICT =
      Pattern.compile(
          "(no-)?overlap +R \\d W \\d of 3: of (\\d+) reads (?:none|(\\d+) .* by up to (\\d+)) .*");

  private static LeaderlessModel model(boolean showTries) {
    return new LeaderlessModel(
        List.of(
            new LeaderlessModel.NodeLine(
                "n1", NodeProcess.State.DEAD, 101, 6379, "", "away", 1234, 5678, 2500),
            new LeaderlessModel.NodeLine(
                "n2", NodeProcess.State.RUNNING, 102, 6380, "writers", "serving", 0, 0, 0),
            new LeaderlessModel.NodeLine(
                "n3", NodeProcess.State.RUNNING, 103, 6381, "readers", "serving", 2, 300, 0)),
        List.of(
            new LeaderlessModel.DatabaseRow(
                Quorums.OVERLAP, "serving", new Register.Counts(12_345, 12, 3, 12_000, 0, 0)),
            new LeaderlessModel.DatabaseRow(
                Quorums.NO_OVERLAP, "serving", new Register.Counts(12_346, 0, 1, 12_001, 42, 3))),
        "n2",
        true,
        "on",
        998,
        List.of("12:00:00 n1 died"),
        List.of("./trefoil status"),
        showTries,
        75);
  }

  @Test
  void theFrameShowsHintsAndStaleReads() {
    assertThat(String.join("\n", LeaderlessView.frame(model(false), 80, 17)))
        .isEqualTo(
            """
            TREFOIL DEMO   2 of 3 nodes run   controller n2   up 1m15s

            NODE  PROCESS  PID  PORT  CLIENTS  COPY     HINTS   BYTES   AWAY
            n1    dead     101  6379  -        away      1234  5.5 KB  2.5 s
            n2    running  102  6380  writers  serving      0     0 B      -
            n3    running  103  6381  readers  serving      2   300 B      -

              DATABASE    QUORUMS  STATE    ACKNOWLEDGED  REFUSED  UNCERTAIN  READS  STALE
              overlap     R 2 W 2  serving         12345       12          3  12000      0
              no-overlap  R 1 W 1  serving         12346        0          1  12001     42
              clients: on, 998 writes acknowledged a second

            stale: a read that shows less than was acknowledged before it began
              12:00:00 n1 died


            k kill  r restart  p pause  w clients  t try  q quit""");
    assertThat(LeaderlessView.frame(model(true), 80, 24)).contains("  ./trefoil status");
  }

  @Test
  void oneLineSaysItForALog() {
    assertThat(LeaderlessView.line(model(false)))
        .isEqualTo(
            "n1 dead 1234 hints, n2 serving, n3 serving | R 2 W 2 serving: 12345 acknowledged,"
                + " 12 refused, 3 uncertain, 12000 reads, 0 stale | R 1 W 1 serving: 12346"
                + " acknowledged, 0 refused, 1 uncertain, 12001 reads, 42 stale");
  }

  /** The numbers are of a run, but the words must be the demo's. */
  @Test
  void theTourQuotesWhatTheDemoSays() throws IOException {
    List<String> tour = Files.readAllLines(Path.of("..", "docs", "tour.md"));
    List<Matcher> verdicts = tour.stream().map(VERDICT::matcher).filter(Matcher::matches).toList();
    assertThat(verdicts).hasSize(2);
    for (Matcher verdict : verdicts) {
      Quorums quorums = verdict.group(1) == null ? Quorums.OVERLAP : Quorums.NO_OVERLAP;
      assertThat(LeaderlessView.verdict(quorums, counts(verdict))).isEqualTo(verdict.group());
    }
    assertThat(tour.stream().filter(line -> line.contains("./trefoil demo")).toList())
        .anyMatch(line -> line.contains("--replication leaderless"));
  }

  private static Register.Counts counts(Matcher verdict) {
    return new Register.Counts(
        0,
        0,
        0,
        Long.parseLong(verdict.group(2)),
        verdict.group(3) == null ? 0 : Long.parseLong(verdict.group(3)),
        verdict.group(4) == null ? 0 : Long.parseLong(verdict.group(4)));
  }
}
