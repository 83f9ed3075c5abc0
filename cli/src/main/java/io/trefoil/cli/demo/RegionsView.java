package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.TextTable;
import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Draws a {@link RegionsModel}: a frame of lines for a screen, or one for a log. Pure. */
final class RegionsView {
  static final String KEYS = "x cut, heal  k kill  r restart  w clients  t try  q quit";
  private static final String EVENTS =
      "conflict: regions wrote a key without seeing each other's value; the later write counts";

  private RegionsView() {}

  /** The frame: at most {@code height} lines, none longer than {@code width}. */
  static List<String> frame(RegionsModel model, int width, int height) {
    List<String> lines = new ArrayList<>();
    lines.add(title(model));
    lines.add("");
    lines.addAll(nodes(model, width));
    lines.add("");
    lines.addAll(regions(model, width));
    lines.add("");
    lines.addAll(writes(model, width));
    lines.add(
        String.format(
            "  link: %s, %d ms each way; clients: %s; %d conflicts",
            model.link(), model.delayMillis(), model.clients(), model.conflicts()));
    DemoFrame.Below below =
        model.showTries()
            ? DemoFrame.tries(model.tries())
            : DemoFrame.events(EVENTS, model.events());
    return DemoFrame.of(lines, below, KEYS, width, height);
  }

  private static String title(RegionsModel model) {
    long running =
        model.nodes().stream().filter(node -> node.state() == NodeProcess.State.RUNNING).count();
    return DemoFrame.title(
        running, model.nodes().size(), model.controllers(), model.current(), model.uptimeSeconds());
  }

  private static List<String> nodes(RegionsModel model, int width) {
    TextTable table =
        new TextTable(width, "NODE", "PROCESS", ">PID", ">PORT", "REGION", "ROLE", "COPY");
    for (RegionsModel.NodeLine node : model.nodes()) {
      table.row(
          node.name(),
          node.state().name().toLowerCase(Locale.ROOT),
          node.pid(),
          node.port(),
          node.region(),
          Show.dash(node.role()),
          Show.dash(node.copy()));
    }
    return table.lines();
  }

  /** A link tells what came from the other region, and what that one has confirmed. */
  private static List<String> regions(RegionsModel model, int width) {
    TextTable table =
        new TextTable(
            width,
            "  REGION",
            "LEADER",
            "STATE",
            "FROM",
            "LINK",
            ">LACKS",
            ">BEHIND",
            ">NOT CONFIRMED THERE");
    for (RegionsModel.RegionRow row : model.regions()) {
      boolean has = row.link() != null;
      table.row(
          "  " + row.name(),
          Show.dash(row.leader()),
          Show.dash(row.state()),
          has ? row.link().region() : "-",
          has ? row.link().state() : "-",
          has ? row.link().lagEntries() : "-",
          has ? Quantities.millis(row.link().lagMs()) : "-",
          has ? row.link().unacknowledgedEntries() : "-");
    }
    return table.lines();
  }

  private static List<String> writes(RegionsModel model, int width) {
    TextTable table =
        new TextTable(
            width,
            "  WRITES IN",
            ">A SECOND",
            ">P50 MS",
            ">ACKNOWLEDGED",
            ">REFUSED",
            ">UNCERTAIN");
    for (RegionsModel.RegionRow row : model.regions()) {
      table.row(
          "  " + row.name(),
          row.perSecond(),
          millis(row.counts().medianMicros()),
          row.counts().acknowledged(),
          row.counts().refused(),
          row.counts().uncertain());
    }
    return table.lines();
  }

  private static String millis(long micros) {
    return String.format(Locale.ROOT, "%.2f", micros / 1_000.0);
  }

  /** The model in one line, for an output that is no screen. */
  static String line(RegionsModel model) {
    String dead =
        model.nodes().stream()
            .filter(node -> !Show.trouble(node.state()).isEmpty())
            .map(node -> node.name() + " " + Show.trouble(node.state()) + " | ")
            .collect(Collectors.joining());
    String regions =
        model.regions().stream().map(RegionsView::words).collect(Collectors.joining(" | "));
    return dead + regions + " | link " + model.link() + " | " + model.conflicts() + " conflicts";
  }

  private static String words(RegionsModel.RegionRow row) {
    RegionLedger.Counts counts = row.counts();
    return String.format(
        "%s %s, led by %s: %d acknowledged, p50 %s ms, %d refused, %d uncertain%s",
        row.name(),
        Show.dash(row.state()),
        Show.dash(row.leader()),
        counts.acknowledged(),
        millis(counts.medianMicros()),
        counts.refused(),
        counts.uncertain(),
        row.link() == null
            ? ""
            : String.format(
                "; lacks %d entries, %d ms; %s has not confirmed %d",
                row.link().lagEntries(),
                row.link().lagMs(),
                row.link().region(),
                row.link().unacknowledgedEntries()));
  }
}
