package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.process.NodeProcess;
import io.trefoil.control.CommitRule;
import io.trefoil.control.Conflict;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Regions;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real nodes, real faults, real clients. */
@Tag("slow")
class ChaosTest {
  @TempDir Path folder;

  private static DatabaseSettings settings(Replication family, CommitRule rule, Quorums quorums) {
    return new DatabaseSettings(
        family,
        3,
        2,
        rule,
        Durability.OS,
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        quorums);
  }

  private void run(CommitRule rule, int seconds, long seed) throws Exception {
    run(
        Layout.ofOneCluster(3),
        settings(Replication.SINGLE_LEADER, rule, null),
        rule.toString(),
        seconds,
        seed);
  }

  private void run(Layout layout, DatabaseSettings database, String rule, int seconds, long seed)
      throws Exception {
    NodeProcess.Launch launch =
        new NodeProcess.Launch(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            List.of("-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
            nodeClassPath(),
            "io.trefoil.node.Main");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean good =
        new Chaos(
                new Chaos.Settings(seed, seconds * 1_000L, layout, database, true, 7_379, folder),
                launch,
                new PrintStream(out, true, StandardCharsets.UTF_8))
            .run();
    String text = out.toString(StandardCharsets.UTF_8);
    assertThat(good).as(text).isTrue();
    assertThat(text).contains("every promise of " + rule + " was kept");
    assertThat(Files.readString(folder.resolve("report.html"))).contains("<svg", "</html>");
  }

  /** Nodes log; what runs them has a logger that says nothing. */
  private static String nodeClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> !entry.contains("slf4j-nop"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  @Test
  void majority_keeps_its_promises() throws Exception {
    run(CommitRule.MAJORITY, 25, 1);
  }

  @Test
  void quorums_keep_their_promises() throws Exception {
    run(
        Layout.ofOneCluster(3),
        settings(Replication.LEADERLESS, CommitRule.MAJORITY, Quorums.defaults(3)),
        "R 2 W 2",
        25,
        1);
  }

  @Test
  void regions_keep_their_promises() throws Exception {
    Layout layout = new Layout(List.of("eu", "us", "asia"), 1);
    DatabaseSettings database =
        new DatabaseSettings(
            Replication.MULTI_LEADER,
            1,
            2,
            CommitRule.MAJORITY,
            Durability.OS,
            1_500,
            Reads.SESSION,
            FailoverRule.AVAILABLE,
            null,
            Regions.first("eu", layout.regions(), Topology.ALL_TO_ALL, Conflict.LWW));
    run(layout, database, "MAJORITY", 25, 1);
  }

  @Tag("full")
  @ParameterizedTest
  @ValueSource(strings = {"ASYNC", "MAJORITY", "SYNC"})
  void each_rule_keeps_its_promises_for_a_minute(String rule) throws Exception {
    CommitRule commit =
        switch (rule) {
          case "ASYNC" -> CommitRule.ASYNC;
          case "SYNC" -> CommitRule.SYNC;
          default -> CommitRule.MAJORITY;
        };
    run(commit, 60, 2);
  }
}
