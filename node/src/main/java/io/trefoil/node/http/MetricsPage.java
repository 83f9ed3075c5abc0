package io.trefoil.node.http;

import java.util.List;
import java.util.Locale;

/** The operations page of the metrics, rendered from {@link MetricTable}. */
final class MetricsPage {
  private static final String INTRODUCTION =
      """
      # Metrics of a node

      <!-- Rendered from the table in the code; a test compares the two. -->

      `http://127.0.0.1:<http.port>/metrics` gives these in the text format of Prometheus. Counters begin at 0 when
      the process starts. Every metric has the labels `node` and `region`; those of a partition have `database` and
      `partition` too. Gauges are read when they are asked for, so scraping more often costs more and tells more.

      """;

  private static final String OTHERS =
      """

      ## Is it alive, is it ready

      - `/healthz` answers 200 while the process works, and 503 with the reason when it failed or is stopping.
      - `/readyz` answers 200 when clients may come, and 503 with the reason when they had better not.

      ## What to watch

      - `trefoil_writes_total{outcome="uncertain"}` growing: clients don't know what became of their writes.
      - `trefoil_diverged_entries` above 0: acknowledged writes were cut, and wait for [a decision](diverged.md).
      - `trefoil_replica_lag_seconds` growing: a follower is away or can't keep up.
      - `trefoil_hints_entries` growing: a replica of a leaderless partition is away or can't keep up. Each coordinator
        tells of what it coordinated itself, so the hints for a replica are the sum over all instances.
      - `trefoil_restamped_writes_total` growing steadily: the nodes' clocks differ.
      - `trefoil_clock_skew_seconds` above `clock.max-skew`: that node's clock is wrong, or the instance's is.
      - `trefoil_conflicts_total` growing: clients write the same keys without seeing each other's writes;
        of a multi-leader database [CONFLICTS lists](conflicts.md) what that hid.
        `trefoil_sibling_limits_total` growing: nobody decides between them.
      - `sum by (database, partition) (trefoil_leader)` other than 1 for more than a few seconds: nobody leads there,
        or a deposed leader hasn't heard yet.
      """;

  private MetricsPage() {}

  static String markdown() {
    StringBuilder page = new StringBuilder(INTRODUCTION);
    addTable(page, MetricTable.own());
    page.append("\n## Of the Java virtual machine\n\n");
    addTable(page, MetricTable.OF_JVM);
    return page.append(OTHERS).toString();
  }

  private static void addTable(StringBuilder page, List<Metric> metrics) {
    page.append("| Metric | Kind | Unit | Further labels | Meaning |\n|---|---|---|---|---|\n");
    for (Metric metric : metrics) {
      page.append("| `").append(metric.name());
      page.append("` | ").append(metric.kind().name().toLowerCase(Locale.ROOT));
      page.append(" | ").append(metric.unit());
      page.append(" | ").append(String.join(", ", metric.labels()));
      page.append(" | ").append(metric.meaning()).append(" |\n");
    }
  }
}
