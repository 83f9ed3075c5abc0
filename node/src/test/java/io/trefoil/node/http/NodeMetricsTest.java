package io.trefoil.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.node.settings.GeneratedPage;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class NodeMetricsTest {
  private static final ReplicaSample LEADER =
      new ReplicaSample(
          "orders",
          4,
          true,
          7,
          1021,
          3,
          List.of(new FollowerSample("n2", "us", 5, 6_000, 1_250)),
          List.of(new LinkSample("asia", true, 70, 8_000, 120, 9)));
  private static final ReplicaSample FOLLOWER =
      new ReplicaSample("0", 0, false, 2, 9, 0, List.of(), List.of());

  private final AtomicReference<NodeSample> sample =
      new AtomicReference<>(
          new NodeSample(
              11,
              12,
              15,
              16,
              13,
              14,
              new CallCounts(5, 1, 0, 2, 3, 6, 1),
              new RepairCounts(900, 6, 7, 8),
              List.of(LEADER, FOLLOWER),
              List.of(new HintSample("carts", 2, "n3", "us", 7, 800)),
              List.of(new ClockSample("n3", "us", 1_500))));
  private final NodeMetrics metrics = new NodeMetrics("n1", "eu", sample::get);

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void countersBeginAtZeroAndAddUp() {
    assertThat(own())
        .contains(
            "trefoil_commands_total{node=\"n1\",region=\"eu\"} 0.0",
            "trefoil_failovers_total{node=\"n1\",region=\"eu\"} 0.0");
    metrics.countCommands(40);
    metrics.countCommands(2);
    metrics.countFailover();
    assertThat(own())
        .contains(
            "trefoil_commands_total{node=\"n1\",region=\"eu\"} 42.0",
            "trefoil_failovers_total{node=\"n1\",region=\"eu\"} 1.0",
            "trefoil_writes_total{node=\"n1\",outcome=\"committed\",region=\"eu\"} 5.0",
            "trefoil_writes_total{node=\"n1\",outcome=\"refused\",region=\"eu\"} 1.0",
            "trefoil_writes_total{node=\"n1\",outcome=\"uncertain\",region=\"eu\"} 0.0",
            "trefoil_read_repairs_total{node=\"n1\",region=\"eu\"} 2.0",
            "trefoil_restamped_writes_total{node=\"n1\",region=\"eu\"} 3.0",
            "trefoil_repair_rounds_total{node=\"n1\",outcome=\"equal\",region=\"eu\"} 6.0",
            "trefoil_repair_rounds_total{node=\"n1\",outcome=\"differed\",region=\"eu\"} 7.0",
            "trefoil_repair_rounds_total{node=\"n1\",outcome=\"failed\",region=\"eu\"} 8.0",
            "trefoil_repair_bytes_total{node=\"n1\",region=\"eu\"} 900.0",
            "trefoil_conflicts_total{node=\"n1\",region=\"eu\"} 6.0",
            "trefoil_sibling_limits_total{node=\"n1\",region=\"eu\"} 1.0");
  }

  @Test
  void countersDontGoBackWhenNoSampleCouldBeTaken() {
    String committed = "trefoil_writes_total{node=\"n1\",outcome=\"committed\",region=\"eu\"} 5.0";
    String repaired = "trefoil_repair_bytes_total{node=\"n1\",region=\"eu\"} 900.0";
    assertThat(own()).contains(committed, repaired);
    sample.set(of());
    assertThat(own()).contains(committed, repaired);
  }

  private static NodeSample of(ReplicaSample... replicas) {
    return new NodeSample(
        0,
        0,
        0,
        0,
        0,
        0,
        CallCounts.NONE,
        RepairCounts.NONE,
        List.of(replicas),
        List.of(),
        List.of());
  }

  @Test
  void gaugesAreReadFromTheSampleOfTheMoment() {
    String replica = "{database=\"orders\",node=\"n1\",partition=\"4\",region=\"eu\"} ";
    String other = "{database=\"0\",node=\"n1\",partition=\"0\",region=\"eu\"} ";
    String link = "{database=\"orders\",node=\"n1\",partition=\"4\",region=\"asia\"} ";
    String hinted = "{database=\"carts\",node=\"n3\",partition=\"2\",region=\"us\"} ";
    String follower = "{database=\"orders\",node=\"n2\",partition=\"4\",region=\"us\"} ";
    assertThat(own())
        .contains(
            "trefoil_connected_clients{node=\"n1\",region=\"eu\"} 11.0",
            "trefoil_journal_bytes{node=\"n1\",region=\"eu\"} 12.0",
            "trefoil_followers_left_behind{node=\"n1\",region=\"eu\"} 15.0",
            "trefoil_differing_partitions{node=\"n1\",region=\"eu\"} 16.0",
            "trefoil_memory_table_bytes{node=\"n1\",region=\"eu\"} 13.0",
            "trefoil_diverged_files{node=\"n1\",region=\"eu\"} 14.0",
            "trefoil_leader" + replica + "1.0",
            "trefoil_leader" + other + "0.0",
            "trefoil_epoch" + replica + "7.0",
            "trefoil_commit_index" + replica + "1021.0",
            "trefoil_diverged_entries" + replica + "3.0",
            "trefoil_replica_lag_entries" + follower + "5.0",
            "trefoil_replica_lag_bytes" + follower + "6000.0",
            "trefoil_replica_lag_seconds" + follower + "1.25",
            "trefoil_region_link_up" + link + "1.0",
            "trefoil_region_lag_entries" + link + "70.0",
            "trefoil_region_lag_bytes" + link + "8000.0",
            "trefoil_region_lag_seconds" + link + "0.12",
            "trefoil_region_unacknowledged_entries" + link + "9.0",
            "trefoil_hints_entries" + hinted + "7.0",
            "trefoil_hints_bytes" + hinted + "800.0",
            "trefoil_clock_skew_seconds{node=\"n3\",region=\"us\"} 1.5");
  }

  @Test
  void aPartitionThatLeftIsNotShownAnyMore() {
    assertThat(own()).anyMatch(line -> line.contains("database=\"orders\""));
    sample.set(of(FOLLOWER));
    assertThat(own())
        .noneMatch(line -> line.contains("database=\"orders\""))
        .anyMatch(line -> line.contains("database=\"0\""));
  }

  @Test
  void aDatabaseOfAnyNameIsEscaped() {
    sample.set(of(new ReplicaSample("a\"b\\c\nd", 0, true, 1, 1, 0, List.of(), List.of())));
    assertThat(own()).anyMatch(line -> line.contains("database=\"a\\\"b\\\\c\\nd\""));
  }

  @Test
  void whatIsScrapedIsWhatTheTableSays() {
    List<String> declared =
        Stream.of(metrics.scrape().split("\n"))
            .filter(line -> line.startsWith("# TYPE trefoil_"))
            .map(line -> line.substring("# TYPE ".length()))
            .toList();
    assertThat(declared)
        .containsExactlyInAnyOrderElementsOf(
            MetricTable.own().stream()
                .map(m -> m.name() + " " + m.kind().name().toLowerCase(Locale.ROOT))
                .toList());
  }

  @Test
  void everyMetricHasTheLabelsOfTheTable() {
    for (Metric metric : MetricTable.own()) {
      TreeSet<String> labels = new TreeSet<>(metric.labels());
      labels.add("node");
      labels.add("region");
      assertThat(own())
          .filteredOn(line -> line.startsWith(metric.name() + "{"))
          .as(metric.name())
          .isNotEmpty()
          .allSatisfy(line -> assertThat(labelNames(line)).isEqualTo(labels));
    }
  }

  private static TreeSet<String> labelNames(String line) {
    String labels = line.substring(line.indexOf('{') + 1, line.indexOf('}'));
    return Stream.of(labels.split(","))
        .map(label -> label.substring(0, label.indexOf('=')))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  @Timeout(20)
  void theMachinesMetricsAreThereWithTheNodesLabels() {
    System.gc(); // its notification comes on another thread, a little later
    await(() -> metrics.scrape().contains("jvm_gc_pause_seconds_count{"));
    String scraped = metrics.scrape();
    for (Metric metric : MetricTable.OF_JVM) {
      String kind = metric.kind().name().toLowerCase(Locale.ROOT);
      assertThat(scraped).contains("# TYPE " + metric.name() + " " + kind + "\n");
    }
    assertThat(scraped.lines().filter(line -> line.startsWith("jvm_")))
        .allMatch(line -> line.contains("node=\"n1\"") && line.contains("region=\"eu\""));
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.yield();
    }
  }

  @Test
  void aSamplerThatFailsFailsTheScrapeAndNotTheCounting() {
    sample.set(null);
    metrics.countCommands(1);
    assertThatThrownBy(metrics::scrape).isInstanceOf(NullPointerException.class);
    sample.set(of());
    assertThat(own()).contains("trefoil_commands_total{node=\"n1\",region=\"eu\"} 1.0");
  }

  @Test
  void theOperationsPageSaysWhatTheTableSays() throws IOException {
    GeneratedPage.assertUpToDate("operations/metrics.md", MetricsPage.markdown());
  }

  /** The samples of the project's own metrics. */
  private List<String> own() {
    return metrics.scrape().lines().filter(line -> line.startsWith("trefoil_")).toList();
  }
}
