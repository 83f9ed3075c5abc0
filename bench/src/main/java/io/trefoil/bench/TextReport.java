package io.trefoil.bench;

import io.trefoil.bench.Sample.Figure;
import io.trefoil.bench.load.Tally;
import io.trefoil.bench.server.Servers;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** For people: a line for each side, and two for what Trefoil is of each peer. */
final class TextReport implements Report {
  private static final String ROW = "%-16s%-10s%10s%8s%8s%9s%9s  %s";
  private static final String CORES = "cores: own, client, others";
  private static final String INDENT = " ".repeat(16);

  private final Settings settings;
  private final PrintStream out;
  private List<Servers> sides = List.of();
  private Measured last;

  TextReport(Settings settings, PrintStream out) {
    this.settings = settings;
    this.out = out;
  }

  @Override
  public void begin(List<Servers> given) {
    sides = given;
    out.println("machine    " + Machine.describe());
    for (Servers side : sides) {
      out.println(String.format("%-10s %s", side.name(), side.setup()));
      out.println(String.format("%-10s acknowledged: %s", "", side.promise()));
    }
    if (sides.stream().map(Servers::promise).distinct().count() > 1) {
      out.println("           The sides do not promise the same.");
    }
    out.println("requests   " + requests());
    out.println("           " + rate());
    out.println("medians    of " + settings.pairs() + ", " + settings.seconds() + " s each");
    out.println();
    out.println(row("", "", "ops/s", "p50 ms", "p99 ms", "p99.9 ms", "max ms", CORES));
  }

  private String requests() {
    return String.format(
        Locale.ROOT,
        "%,d keys (%s), values of %s, %d connections",
        settings.keys(),
        settings.distribution(),
        settings.sizes(),
        settings.connections());
  }

  private String rate() {
    Settings.Rate rate = settings.rate();
    String gaps = settings.isExponential() ? ", at gaps by chance" : ", at equal gaps";
    if (rate.shareOfPeak() > 0) {
      String whose = sides.size() > 1 ? "the slower side's peak" : "its peak";
      return String.format(Locale.ROOT, "%.0f%% of %s%s", rate.shareOfPeak() * 100, whose, gaps);
    }
    return rate.perSecond() == 0
        ? "as many as connections and pipeline allow"
        : String.format(Locale.ROOT, "%,.0f a second%s", rate.perSecond(), gaps);
  }

  @Override
  public void add(Measured measured) {
    last = measured;
    if (measured.rate() > 0) {
      out.println(
          String.format(Locale.ROOT, "%s: %,.0f a second", measured.title(), measured.rate()));
    }
    for (int i = 0; i < sides.size(); i++) {
      addSide(measured, sides.get(i).name(), measured.samples().get(i));
    }
    int ownIndex = sides.size() - 1;
    for (int i = 0; i < ownIndex; i++) {
      List<Sample> own = measured.samples().get(ownIndex);
      List<Sample> peer = measured.samples().get(i);
      String names = sides.get(ownIndex).name() + " / " + sides.get(i).name() + ": ";
      out.println(INDENT + names + ratios(own, peer, Figure.RATE, Figure.P50));
      out.println(INDENT + ratios(own, peer, Figure.P99, Figure.P999));
    }
  }

  private void addSide(Measured measured, String name, List<Sample> samples) {
    out.println(
        row(
            measured.title(),
            name,
            String.format(Locale.ROOT, "%,.0f", Medians.of(samples, Figure.RATE)),
            millis(samples, Figure.P50),
            millis(samples, Figure.P99),
            millis(samples, Figure.P999),
            millis(samples, Figure.MAX),
            cores(samples)));
    List<Tally> tallies = samples.stream().map(Sample::tally).toList();
    String faults = Report.faults(tallies);
    if (!faults.isEmpty()) {
      out.println(INDENT + "  " + faults.substring(2));
    }
    long backlog = tallies.stream().mapToLong(Tally::backlogMax).max().orElse(0);
    if (backlog > settings.connections()) {
      out.println(String.format(Locale.ROOT, "%s  %,d due at once, at most", INDENT, backlog));
    }
  }

  private static String row(Object... cells) {
    return String.format(Locale.ROOT, ROW, cells).stripTrailing();
  }

  private static String millis(List<Sample> samples, Figure figure) {
    double millis = Medians.of(samples, figure);
    String format = millis < 1 ? "%.3f" : millis < 10 ? "%.2f" : "%.1f";
    return String.format(Locale.ROOT, format, millis);
  }

  private static String cores(List<Sample> samples) {
    double servers = Medians.of(samples, Figure.SERVERS);
    return String.format(
        Locale.ROOT,
        "%s, %.2f, %.2f",
        Double.isNaN(servers) ? "unknown" : String.format(Locale.ROOT, "%.2f", servers),
        Medians.of(samples, Figure.CLIENT),
        Medians.of(samples, Figure.OTHERS));
  }

  private static String ratios(List<Sample> side, List<Sample> peer, Figure... figures) {
    return Arrays.stream(figures)
        .map(figure -> ratio(figure, Medians.ratio(side, peer, figure)))
        .collect(Collectors.joining(", "));
  }

  private static String ratio(Figure figure, Medians.Ratio ratio) {
    return String.format(
        Locale.ROOT,
        "%s %.2f (%.2f–%.2f)",
        figure.title,
        ratio.median(),
        ratio.least(),
        ratio.most());
  }

  @Override
  public void end() {
    out.println();
    out.println("memory     resident, of each side's largest server at last: " + resident());
  }

  private String resident() {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < sides.size(); i++) {
      List<Sample> samples = last.samples().get(i);
      double megabytes = samples.get(samples.size() - 1).resident();
      words.add(
          sides.get(i).name()
              + (Double.isNaN(megabytes)
                  ? " unknown"
                  : String.format(Locale.ROOT, " %.0f MB", megabytes)));
    }
    return String.join(", ", words);
  }
}
