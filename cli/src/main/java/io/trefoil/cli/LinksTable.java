package io.trefoil.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** The links of a database to other regions, a line each: of all partitions the worst. */
final class LinksTable {
  /** The best first. */
  private static final List<String> STATES =
      List.of("streaming", "pulling", "waiting", "too-old", "down");

  private LinksTable() {}

  /** No lines for a database that spans no regions. */
  static List<String> lines(ClusterStatus.Database database) {
    SortedMap<String, ClusterStatus.Link> worst = new TreeMap<>();
    for (ClusterStatus.Partition partition : database.partitionStates()) {
      partition.regions().forEach(link -> worst.merge(link.region(), link, LinksTable::worse));
    }
    List<String> lines = new ArrayList<>();
    if (!worst.isEmpty()) {
      TextTable table =
          new TextTable(
              StatusPage.WIDTH - 2,
              "REGION",
              "STATE",
              "WORST LAG: ENTRIES BYTES TIME",
              ">NOT ACKNOWLEDGED THERE");
      worst.values().forEach(link -> table.row(cells(link)));
      table.lines().forEach(line -> lines.add("  " + line));
    }
    return lines;
  }

  private static ClusterStatus.Link worse(ClusterStatus.Link a, ClusterStatus.Link b) {
    boolean isA = STATES.indexOf(a.state()) > STATES.indexOf(b.state());
    return new ClusterStatus.Link(
        a.region(),
        isA ? a.state() : b.state(),
        Math.max(a.lagEntries(), b.lagEntries()),
        Math.max(a.lagBytes(), b.lagBytes()),
        Math.max(a.lagMs(), b.lagMs()),
        isA ? a.waitsFor() : b.waitsFor(),
        Math.max(a.unacknowledgedEntries(), b.unacknowledgedEntries()));
  }

  private static Object[] cells(ClusterStatus.Link link) {
    String lag =
        link.lagEntries() == 0 && link.lagMs() == 0
            ? "none"
            : String.format(
                "%d %s %s",
                link.lagEntries(),
                Quantities.bytes(link.lagBytes()),
                Quantities.millis(link.lagMs()));
    return new Object[] {link.region(), link.state(), lag, link.unacknowledgedEntries()};
  }
}
