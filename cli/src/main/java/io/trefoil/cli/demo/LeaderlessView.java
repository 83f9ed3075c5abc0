package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.TextTable;
import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Draws a {@link LeaderlessModel}: a frame of lines for a screen, or one for a log. Pure. */
final class LeaderlessView {
  static final String KEYS = "k kill  r restart  p pause  w clients  t try  q quit";
  private static final String EVENTS =
      "stale: a read that shows less than was acknowledged before it began";

  private LeaderlessView() {}

  /** The frame: at most {@code height} lines, none longer than {@code width}. */
  static List<String> frame(LeaderlessModel model, int width, int height) {
    List<String> lines = new ArrayList<>();
    lines.add(title(model));
    lines.add("");
    lines.addAll(nodes(model, width));
    lines.add("");
    lines.addAll(databases(model, width));
    lines.add(
        String.format(
            "  clients: %s, %d writes acknowledged a second",
            model.clients(), model.acknowledgedPerSecond()));
    DemoFrame.Below below =
        model.showTries()
            ? DemoFrame.tries(model.tries())
            : DemoFrame.events(EVENTS, model.events());
    return DemoFrame.of(lines, below, KEYS, width, height);
  }

  private static String title(LeaderlessModel model) {
    long running =
        model.nodes().stream().filter(node -> node.state() == NodeProcess.State.RUNNING).count();
    return DemoFrame.title(
        running, model.nodes().size(), model.controller(), model.current(), model.uptimeSeconds());
  }

  private static List<String> nodes(LeaderlessModel model, int width) {
    TextTable table =
        new TextTable(
            width, "NODE", "PROCESS", ">PID", ">PORT", "CLIENTS", "COPY", ">HINTS", ">BYTES",
            ">AWAY");
    for (LeaderlessModel.NodeLine node : model.nodes()) {
      table.row(
          node.name(),
          node.state().name().toLowerCase(),
          node.pid(),
          node.port(),
          Show.dash(node.clients()),
          Show.dash(node.copy()),
          node.hints(),
          Quantities.bytes(node.hintsBytes()),
          node.awayMs() == 0 ? "-" : Quantities.millis(node.awayMs()));
    }
    return table.lines();
  }

  private static List<String> databases(LeaderlessModel model, int width) {
    TextTable table =
        new TextTable(
            width,
            "  DATABASE",
            "QUORUMS",
            "STATE",
            ">ACKNOWLEDGED",
            ">REFUSED",
            ">UNCERTAIN",
            ">READS",
            ">STALE");
    for (LeaderlessModel.DatabaseRow row : model.databases()) {
      Register.Counts counts = row.counts();
      table.row(
          "  " + row.quorums().database(),
          row.quorums().label(),
          Show.dash(row.state()),
          counts.acknowledged(),
          counts.refused(),
          counts.uncertain(),
          counts.reads(),
          counts.stale());
    }
    return table.lines();
  }

  /** The model in one line, for an output that is no screen. */
  static String line(LeaderlessModel model) {
    String nodes =
        model.nodes().stream().map(LeaderlessView::nodeWords).collect(Collectors.joining(", "));
    String databases =
        model.databases().stream().map(LeaderlessView::words).collect(Collectors.joining(" | "));
    return nodes + " | " + databases;
  }

  private static String nodeWords(LeaderlessModel.NodeLine node) {
    String trouble = Show.trouble(node.state());
    String what = trouble.isEmpty() ? Show.dash(node.copy()) : trouble;
    // While a replica keeps up a hint or two are always under way.
    boolean keeps = node.awayMs() > 0 || !node.copy().equals("serving");
    return node.name() + " " + what + (keeps ? " " + node.hints() + " hints" : "");
  }

  private static String words(LeaderlessModel.DatabaseRow row) {
    Register.Counts counts = row.counts();
    return String.format(
        "%s %s: %d acknowledged, %d refused, %d uncertain, %d reads, %d stale",
        row.quorums().label(),
        Show.dash(row.state()),
        counts.acknowledged(),
        counts.refused(),
        counts.uncertain(),
        counts.reads(),
        counts.stale());
  }

  /** What readers saw in all, as a sentence. */
  static String verdict(Quorums quorums, Register.Counts counts) {
    String what =
        String.format(
            "%-10s %s of %d: of %d reads ",
            quorums.database(), quorums.label(), Quorums.REPLICAS, counts.reads());
    if (counts.stale() == 0) {
      return what + "none showed less than was acknowledged before it began.";
    }
    return what
        + String.format(
            Locale.ROOT,
            "%d (%.1f %%) showed less than was acknowledged before they began, by up to %d writes.",
            counts.stale(),
            100.0 * counts.stale() / counts.reads(),
            counts.worst());
  }
}
