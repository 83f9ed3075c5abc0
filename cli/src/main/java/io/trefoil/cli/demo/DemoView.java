package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.TextTable;
import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Draws the model: a frame of lines for a screen, or one line for a log. Pure. */
final class DemoView {
  static final String KEYS =
      "k kill  r restart  p pause  s switch  c rule  d replay  w writer  t try  q quit";

  private DemoView() {}

  /** The frame: at most {@code height} lines, none longer than {@code width}. */
  static List<String> frame(DemoModel model, int width, int height) {
    List<String> lines = new ArrayList<>();
    lines.add(title(model));
    lines.add("");
    lines.addAll(nodes(model, width));
    lines.add("");
    lines.addAll(rules(model, width));
    lines.add(writer(model));
    lines.add("");
    int room = Math.max(0, height - lines.size() - 2);
    lines.addAll(model.showTries() ? tries(model, room) : events(model, room));
    while (lines.size() < height - 1) {
      lines.add("");
    }
    // A low screen loses the middle before it loses the keys.
    List<String> frame = new ArrayList<>(lines.subList(0, Math.max(0, height - 1)));
    frame.add(KEYS);
    frame.replaceAll(line -> TextTable.clip(line, width));
    return frame;
  }

  private static String title(DemoModel model) {
    long running = model.nodes().stream().filter(DemoView::isRunning).count();
    return String.format(
        "TREFOIL DEMO   %d of %d nodes run   controller %s   up %s%s",
        running,
        model.nodes().size(),
        dash(model.controller()),
        Quantities.seconds(model.uptimeSeconds()),
        model.current() ? "" : "   NO NODE ANSWERS: what follows is old");
  }

  private static boolean isRunning(DemoModel.NodeLine node) {
    return node.state() == NodeProcess.State.RUNNING;
  }

  private static List<String> nodes(DemoModel model, int width) {
    TextTable table =
        new TextTable(
            width,
            "NODE",
            "PROCESS",
            ">PID",
            ">PORT",
            "ROLE",
            "COPY",
            ">ENTRIES",
            ">BYTES",
            ">BEHIND");
    for (DemoModel.NodeLine node : model.nodes()) {
      boolean follows = node.role().equals("follower");
      table.row(
          node.name(),
          node.state().name().toLowerCase(),
          node.pid(),
          node.port(),
          dash(node.role()),
          dash(node.replicaState()),
          follows ? node.lagEntries() : "-",
          follows ? Quantities.bytes(node.lagBytes()) : "-",
          follows ? Quantities.millis(node.lagMs()) : "-");
    }
    return table.lines();
  }

  private static List<String> rules(DemoModel model, int width) {
    TextTable table =
        new TextTable(
            width,
            "  COMMIT",
            "LEADER",
            ">EPOCH",
            "STATE",
            ">ACKNOWLEDGED",
            ">REFUSED",
            ">UNCERTAIN",
            ">LOST");
    for (DemoModel.RuleLine line : model.rules()) {
      table.row(
          (line.rule() == model.rule() ? "> " : "  ") + line.rule().label(),
          line.rule() == model.rule() ? dash(line.database().leaders()) : "",
          line.rule() == model.rule() ? line.database().epochs() : "",
          line.rule() == model.rule() ? line.database().state() : "",
          line.counts().acknowledged(),
          line.counts().refused(),
          line.counts().uncertain(),
          line.counts().lost());
    }
    return table.lines();
  }

  private static String writer(DemoModel model) {
    String reason =
        current(model)
            .map(line -> line.database().reason())
            .filter(text -> !text.isEmpty())
            .orElse("");
    return String.format(
        "  writer: %s, %d a second%s",
        model.writer(), model.acknowledgedPerSecond(), reason.isEmpty() ? "" : "; " + reason);
  }

  private static Optional<DemoModel.RuleLine> current(DemoModel model) {
    return model.rules().stream().filter(line -> line.rule() == model.rule()).findFirst();
  }

  private static List<String> tries(DemoModel model, int room) {
    return section("TRY, in another terminal (t: events)", model.tries(), room);
  }

  private static List<String> events(DemoModel model, int room) {
    List<String> events = model.events();
    int shown = Math.min(events.size(), Math.max(0, room - 1));
    return section(
        model.rule().label() + " " + model.rule().promise(),
        events.subList(events.size() - shown, events.size()),
        room);
  }

  private static List<String> section(String title, List<String> lines, int room) {
    List<String> section = new ArrayList<>();
    section.add(title);
    lines.forEach(line -> section.add("  " + line));
    return section.subList(0, Math.min(section.size(), room));
  }

  /** The model in one line, for an output that is no screen. */
  static String line(DemoModel model) {
    String nodes = model.nodes().stream().map(DemoView::nodeWord).collect(Collectors.joining(", "));
    String rule = current(model).map(DemoView::ruleWords).orElse(model.rule().label());
    return nodes + " | " + rule + " | writer " + model.writer();
  }

  private static String nodeWord(DemoModel.NodeLine node) {
    String state =
        node.state() == NodeProcess.State.RUNNING ? "" : node.state().name().toLowerCase();
    String role = state.isEmpty() ? dash(node.role()) : state;
    boolean behind = state.isEmpty() && node.role().equals("follower") && node.lagEntries() > 0;
    return node.name() + " " + role + (behind ? " " + node.lagEntries() + " behind" : "");
  }

  private static String ruleWords(DemoModel.RuleLine line) {
    return String.format(
        "%s epoch %d %s: %d acknowledged, %d refused, %d uncertain, %d lost",
        line.rule().label(),
        line.database().epochs(),
        line.database().state(),
        line.counts().acknowledged(),
        line.counts().refused(),
        line.counts().uncertain(),
        line.counts().lost());
  }

  private static String dash(String text) {
    return text.isEmpty() ? "-" : text;
  }
}
