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
    DemoFrame.Below below =
        model.showTries()
            ? DemoFrame.tries(model.tries())
            : DemoFrame.events(promise(model), model.events());
    return DemoFrame.of(lines, below, KEYS, width, height);
  }

  private static String promise(DemoModel model) {
    return model.rule().label() + " " + model.rule().promise();
  }

  private static String title(DemoModel model) {
    long running =
        model.nodes().stream().filter(node -> node.state() == NodeProcess.State.RUNNING).count();
    return DemoFrame.title(
        running, model.nodes().size(), model.controller(), model.current(), model.uptimeSeconds());
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
          Show.dash(node.role()),
          Show.dash(node.replicaState()),
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
          line.rule() == model.rule() ? Show.dash(line.database().leaders()) : "",
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

  /** The model in one line, for an output that is no screen. */
  static String line(DemoModel model) {
    String nodes = model.nodes().stream().map(DemoView::nodeWord).collect(Collectors.joining(", "));
    String rule = current(model).map(DemoView::ruleWords).orElse(model.rule().label());
    return nodes + " | " + rule + " | writer " + model.writer();
  }

  private static String nodeWord(DemoModel.NodeLine node) {
    String state = Show.trouble(node.state());
    String role = state.isEmpty() ? Show.dash(node.role()) : state;
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
}
