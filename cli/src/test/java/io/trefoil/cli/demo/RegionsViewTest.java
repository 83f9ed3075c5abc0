package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RegionsViewTest {
  private static RegionsModel model(boolean showTries) {
    return new RegionsModel(
        List.of(
            new RegionsModel.NodeLine(
                "eu-n1", NodeProcess.State.RUNNING, 101, 6379, "eu", "leader", "leading"),
            new RegionsModel.NodeLine("us-n1", NodeProcess.State.DEAD, 102, 6381, "us", "", "")),
        List.of(
            new RegionsModel.RegionRow(
                "eu",
                "eu-n1",
                "serving",
                498,
                new RegionLedger.Counts(12_345, 0, 1, 456),
                new ClusterStatus.Link("us", "down", 3, 300, 12_000, "", 6_000)),
            new RegionsModel.RegionRow(
                "us", "", "no leader", 0, new RegionLedger.Counts(99, 7, 0, 1_234), null)),
        "eu-n1",
        true,
        80,
        "cut for 12.0 s",
        "on",
        4,
        List.of("12:00:00 the link is cut"),
        List.of("./trefoil status"),
        showTries,
        75);
  }

  @Test
  void theFrameShowsWhatEachRegionLacksAndHowLongItsWritesTake() {
    assertThat(String.join("\n", RegionsView.frame(model(false), 90, 19)))
        .isEqualTo(
            """
            TREFOIL DEMO   1 of 2 nodes run   controller eu-n1   up 1m15s

            NODE   PROCESS  PID  PORT  REGION  ROLE    COPY
            eu-n1  running  101  6379  eu      leader  leading
            us-n1  dead     102  6381  us      -       -

              REGION  LEADER  STATE      FROM  LINK  LACKS  BEHIND  NOT CONFIRMED THERE
              eu      eu-n1   serving    us    down      3  12.0 s                 6000
              us      -       no leader  -     -         -       -                    -

              WRITES IN  A SECOND  P50 MS  ACKNOWLEDGED  REFUSED  UNCERTAIN
              eu              498    0.46         12345        0          1
              us                0    1.23            99        7          0
              link: cut for 12.0 s, 80 ms each way; clients: on; 4 conflicts

            conflict: regions wrote a key without seeing each other's value; the later write counts
              12:00:00 the link is cut

            x cut, heal  k kill  r restart  w clients  t try  q quit""");
    assertThat(RegionsView.frame(model(true), 80, 24)).contains("  ./trefoil status");
  }

  /** The numbers are of a run, but the words must be the demo's. */
  @Test
  void theTourQuotesWhatTheDemoSays() throws IOException {
    String tour = Files.readString(Path.of("..", "docs", "tour.md"));
    Matcher counter =
        Pattern.compile("(?m)^counter: (\\d+) in eu, (\\d+) in us; (\\d+) .*$").matcher(tour);
    assertThat(counter.find()).isTrue();
    List<Long> counters =
        List.of(Long.parseLong(counter.group(1)), Long.parseLong(counter.group(2)));
    assertThat(
            RegionsProof.sentence(
                List.of("eu", "us"), counters, Long.parseLong(counter.group(3)), 0))
        .isEqualTo(counter.group());
    assertThat(tour).contains("./trefoil demo --regions eu,us");
  }

  @Test
  void oneLineSaysItForALog() {
    assertThat(RegionsView.line(model(false)))
        .isEqualTo(
            "us-n1 dead | eu serving, led by eu-n1: 12345 acknowledged, p50 0.46 ms, 0 refused, 1"
                + " uncertain; lacks 3 entries, 12000 ms; us has not confirmed 6000 | us no leader,"
                + " led by -: 99 acknowledged, p50 1.23 ms, 7 refused, 0 uncertain | link cut for"
                + " 12.0 s | 4 conflicts");
  }
}
