package io.trefoil.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class DemoViewTest {
  private static DemoModel model(List<String> events, boolean showTries) {
    List<DemoModel.NodeLine> nodes =
        List.of(
            new DemoModel.NodeLine(
                "n1", NodeProcess.State.DEAD, 101, 6379, "leader", "away", 0, 0, 0),
            new DemoModel.NodeLine(
                "n2", NodeProcess.State.RUNNING, 102, 6380, "leader", "leading", 0, 0, 0),
            new DemoModel.NodeLine(
                "n3", NodeProcess.State.PAUSED, 103, 6381, "follower", "away", 1234, 5678, 2500));
    List<DemoModel.RuleLine> rules =
        List.of(
            new DemoModel.RuleLine(
                CommitRule.MAJORITY,
                new DatabaseLine(0, "0", "majority", "n2", 13, true, "serving", ""),
                new WriterLedger.Counts(123_456, 12, 3, 0)),
            new DemoModel.RuleLine(
                CommitRule.ASYNC,
                new DatabaseLine(
                    1,
                    "1 demo-async",
                    "async",
                    "",
                    4,
                    false,
                    "no leader",
                    "n1 has been away for 9 s"),
                new WriterLedger.Counts(7_890, 0, 1, 42)));
    return new DemoModel(
        nodes,
        rules,
        "n2",
        true,
        CommitRule.ASYNC,
        "writing",
        498,
        events,
        List.of("./trefoil status"),
        showTries,
        75);
  }

  @Test
  void theFrameShowsAllThatMattersOnASmallScreen() {
    List<String> frame =
        DemoView.frame(model(List.of("12:00:00 n1 died", "12:00:01 n2 leads"), false), 80, 24);
    assertThat(String.join("\n", frame))
        .isEqualTo(
            """
            TREFOIL DEMO   1 of 3 nodes run   controller n2   up 1m15s

            NODE  PROCESS  PID  PORT  ROLE      COPY     ENTRIES   BYTES  BEHIND
            n1    dead     101  6379  leader    away           -       -       -
            n2    running  102  6380  leader    leading        -       -       -
            n3    paused   103  6381  follower  away        1234  5.5 KB   2.5 s

              COMMIT    LEADER  EPOCH  STATE      ACKNOWLEDGED  REFUSED  UNCERTAIN  LOST
              majority                                  123456       12          3     0
            > async     -           4  no leader          7890        0          1    42
              writer: writing, 498 a second; n1 has been away for 9 s

            async never waits: p, then k, then p again, and acknowledged writes are lost
              12:00:00 n1 died
              12:00:01 n2 leads








            k kill  r restart  p pause  s switch  c rule  d replay  w writer  t try  q quit""");
  }

  @Test
  void triesTakeThePlaceOfEvents() {
    List<String> frame = DemoView.frame(model(List.of("12:00:00 n1 died"), true), 80, 24);
    assertThat(frame).contains("  ./trefoil status").noneMatch(line -> line.contains("n1 died"));
  }

  @Test
  void theNewestEventsAreShownWhenThereIsNoRoomForAll() {
    List<String> events = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      events.add("event " + i);
    }
    List<String> frame = DemoView.frame(model(events, false), 80, 24);
    assertThat(frame).contains("  event 99").doesNotContain("  event 0");
  }

  @Property(tries = 300)
  void theFrameFitsAnyScreen(
      @ForAll @IntRange(min = 1, max = 200) int width,
      @ForAll @IntRange(min = 1, max = 60) int height,
      @ForAll @IntRange(min = 0, max = 50) int eventCount) {
    List<String> events = Collections.nCopies(eventCount, "an event " + "x".repeat(90));
    List<String> frame = DemoView.frame(model(events, false), width, height);
    assertThat(frame).hasSize(height);
    assertThat(frame).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(width));
    assertThat(frame.get(height - 1)).startsWith(width == 1 ? "~" : "k");
  }

  @Test
  void oneLineSaysItForALog() {
    assertThat(DemoView.line(model(List.of(), false)))
        .isEqualTo(
            "n1 dead, n2 leader, n3 paused | async epoch 4 no leader: 7890 acknowledged, 0 refused,"
                + " 1 uncertain, 42 lost | writer writing");
  }
}
