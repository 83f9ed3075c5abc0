package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Calls, faults, leaders and lag of a run over one axis of time, as SVG. */
final class Timeline {
  private static final int LEFT = 110;
  private static final int WIDTH = 1_090;
  private static final int CALLS_HEIGHT = 120;
  private static final int LAG_HEIGHT = 60;
  private static final int ROW = 20;
  private static final int GAP = 26;
  private static final int COLUMNS = 360;

  /** Told apart by people who don't tell red from green (Okabe and Ito). */
  private static final List<String> NODE_COLORS =
      List.of(
          "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#000000");

  private static final String ACKNOWLEDGED = "#7fb7d9";
  private static final String REFUSED = "#e6a04d";
  private static final String UNCERTAIN = "#b03a2e";
  private static final String FAULT = "#9a9a9a";
  private static final String DONE = "#7fb7d9";
  private static final String NOT_DONE = "#e6a04d";

  private final long millis;
  private final Layout layout;
  private final List<String> nodes;
  private final Evidence evidence;
  private final List<Faults.Happened> happened;
  private final Observer observer;
  private final StringBuilder svg = new StringBuilder();
  private int y;

  Timeline(
      long millis,
      Layout layout,
      Evidence evidence,
      List<Faults.Happened> happened,
      Observer observer) {
    this.millis = Math.max(millis, lastCallMillis(evidence, observer));
    this.layout = layout;
    this.nodes = layout.names();
    this.evidence = evidence;
    this.happened = happened;
    this.observer = observer;
  }

  private static long lastCallMillis(Evidence evidence, Observer observer) {
    return evidence.history().stream()
        .mapToLong(it -> TimeUnit.NANOSECONDS.toMillis(it.startNanos() - observer.beganNanos()))
        .max()
        .orElse(0);
  }

  String svg() {
    y = GAP;
    calls();
    faults();
    changes();
    if (evidence.isLeaderless()) {
      legend();
    } else {
      leaders();
    }
    lag();
    axis();
    return String.format(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"timeline\">%n%s</svg>%n",
        LEFT + WIDTH + 10, y + GAP, svg);
  }

  private double x(long atMillis) {
    return LEFT + (double) WIDTH * Math.min(atMillis, millis) / millis;
  }

  private void text(double x, double atY, String text) {
    svg.append(
        String.format(
            Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\">%s</text>%n", x, atY, Report.escape(text)));
  }

  private void box(double x, double top, double width, double height, String color, String title) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"><title>%s</title></rect>%n",
            x,
            top,
            width,
            height,
            color,
            Report.escape(title)));
  }

  private void calls() {
    text(0, y - 8, "calls a second: ");
    double x = LEFT;
    for (String[] each :
        new String[][] {
          {"acknowledged", ACKNOWLEDGED}, {"refused", REFUSED}, {"uncertain", UNCERTAIN}
        }) {
      box(x, y - 17, 10, 10, each[1], each[0]);
      text(x + 14, y - 8, each[0]);
      x += 110;
    }
    long[][] counts = new long[COLUMNS][Invocation.Outcome.values().length];
    for (Invocation it : evidence.history()) {
      long nanos = (it.isAcknowledged() ? it.endNanos() : it.startNanos()) - observer.beganNanos();
      long at = TimeUnit.NANOSECONDS.toMillis(Math.max(0, nanos));
      counts[(int) Math.min(COLUMNS - 1, at * COLUMNS / millis)][it.outcome().ordinal()]++;
    }
    long most = Arrays.stream(counts).mapToLong(each -> Arrays.stream(each).sum()).max().orElse(1);
    double perSecond = COLUMNS * 1_000.0 / millis;
    text(0, y + 12, String.format(Locale.ROOT, "%.0f", most * perSecond));
    for (int i = 0; i < COLUMNS; i++) {
      double bottom = y + CALLS_HEIGHT;
      for (Invocation.Outcome outcome : Invocation.Outcome.values()) {
        long count = counts[i][outcome.ordinal()];
        double height = (double) CALLS_HEIGHT * count / Math.max(1, most);
        if (count > 0) {
          bottom -= height;
          box(
              LEFT + (double) WIDTH * i / COLUMNS,
              bottom,
              (double) WIDTH / COLUMNS,
              height,
              color(outcome),
              String.format(
                  Locale.ROOT,
                  "%.1f s: %.0f %s a second",
                  i * (double) millis / COLUMNS / 1_000,
                  count * perSecond,
                  outcome.name().toLowerCase(Locale.ROOT)));
        }
      }
    }
    y += CALLS_HEIGHT + GAP;
  }

  private static String color(Invocation.Outcome outcome) {
    return switch (outcome) {
      case ACKNOWLEDGED -> ACKNOWLEDGED;
      case REFUSED -> REFUSED;
      case UNCERTAIN -> UNCERTAIN;
    };
  }

  private void faults() {
    faults("all", it -> it.node() < 0 && it.met().region() < 0);
    for (int region = 0; layout.hasRegions() && region < layout.regions().size(); region++) {
      int each = region;
      faults(layout.regions().get(region), it -> it.met().region() == each);
    }
    for (int node = 0; node < nodes.size(); node++) {
      int each = node;
      faults(nodes.get(node), it -> it.node() == each);
    }
    y += GAP / 2;
  }

  private void faults(String of, Predicate<Faults.Happened> which) {
    text(0, y + 14, "faults of " + of);
    for (Faults.Happened fault : happened.stream().filter(which).toList()) {
      double x = x(fault.fromMillis());
      double width = Math.max(2, x(fault.untilMillis()) - x);
      box(x, y + 3, width, ROW - 6, FAULT, Report.words(fault));
      if (width > 7 * fault.kind().label().length()) {
        text(x + 2, y + 14, fault.kind().label());
      }
    }
    y += ROW;
  }

  private void changes() {
    text(0, y + 14, "changes");
    for (Administrator.Asked change : evidence.changes()) {
      double x = x(change.fromMillis());
      double width = Math.max(3, x(change.untilMillis()) - x);
      box(x, y + 3, width, ROW - 6, change.isDone() ? DONE : NOT_DONE, change.toString());
      if (width > 7 * change.kind().label().length()) {
        text(x + 2, y + 14, change.kind().label());
      }
    }
    y += ROW + GAP / 2;
  }

  private void leaders() {
    int partitions =
        observer.samples().stream().mapToInt(sample -> sample.leaders().size()).max().orElse(0);
    for (int partition = 0; partition < partitions; partition++) {
      text(0, y + 14, "leader of " + title(partition, partitions));
      String leader = "";
      long since = 0;
      for (Observer.Sample sample : observer.samples()) {
        String now = partition < sample.leaders().size() ? sample.leaders().get(partition) : "";
        if (!now.equals(leader)) {
          leader(leader, since, sample.millis());
          leader = now;
          since = sample.millis();
        }
      }
      leader(leader, since, millis);
      y += ROW;
    }
    legend();
  }

  /** Partitions of one region after those of the other. */
  private String title(int partition, int of) {
    int each = of / layout.regions().size();
    return layout.hasRegions()
        ? layout.regions().get(partition / each) + " " + partition % each
        : Integer.toString(partition);
  }

  private void legend() {
    double x = LEFT;
    for (int i = 0; i < nodes.size(); i++) {
      box(x, y + 4, 10, 10, color(i), nodes.get(i));
      text(x + 14, y + 13, nodes.get(i));
      x += 60;
    }
    y += ROW + GAP;
  }

  private void leader(String leader, long fromMillis, long untilMillis) {
    if (!leader.isEmpty()) {
      double x = x(fromMillis);
      String words = String.format(Locale.ROOT, "%s from %.1f s", leader, fromMillis / 1_000.0);
      box(x, y + 3, x(untilMillis) - x, ROW - 6, color(nodes.indexOf(leader)), words);
    }
  }

  private static String color(int node) {
    return NODE_COLORS.get(Math.floorMod(node, NODE_COLORS.size()));
  }

  private void lag() {
    long most =
        observer.samples().stream()
            .flatMap(sample -> sample.lags().stream())
            .mapToLong(Long::longValue)
            .max()
            .orElse(1);
    text(0, y - 8, "lag or hints in entries, by node; at most " + Math.max(0, most));
    for (int node = 0; node < nodes.size(); node++) {
      StringBuilder points = new StringBuilder();
      for (Observer.Sample sample : observer.samples()) {
        long lag = sample.lags().get(node);
        if (lag >= 0) {
          points.append(
              String.format(
                  Locale.ROOT,
                  "%.1f,%.1f ",
                  x(sample.millis()),
                  y + LAG_HEIGHT * (1 - (double) lag / Math.max(1, most))));
        }
      }
      svg.append(
          String.format(
              "<polyline fill=\"none\" stroke=\"%s\" points=\"%s\"/>%n", color(node), points));
    }
    y += LAG_HEIGHT;
  }

  private void axis() {
    y += ROW;
    for (int i = 0; i <= 10; i++) {
      long at = millis * i / 10;
      text(x(at) - 10, y, String.format(Locale.ROOT, "%.0f s", at / 1_000.0));
    }
  }
}
