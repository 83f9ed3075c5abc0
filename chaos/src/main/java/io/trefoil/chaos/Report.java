package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Quorums;
import io.trefoil.control.Regions;
import io.trefoil.control.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What a run showed: a page of text, and the same with a timeline as HTML. */
final class Report {
  private final Chaos.Settings settings;
  private final Evidence evidence;
  private final Verdict verdict;
  private final List<Faults.Happened> happened;
  private final Observer observer;

  /**
   * @param observer when it has stopped
   */
  Report(
      Chaos.Settings settings,
      Evidence evidence,
      Verdict verdict,
      List<Faults.Happened> happened,
      Observer observer) {
    this.settings = settings;
    this.evidence = evidence;
    this.verdict = verdict;
    this.happened = happened;
    this.observer = observer;
  }

  /** The verdict on one page. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add("run          " + title());
    lines.add("again with   " + command());
    lines.add("calls        " + calls());
    lines.add("faults       " + faults());
    lines.add("changes      " + changes());
    if (!settings.database().isLeaderless()) {
      lines.add("leaders      " + leaders());
    }
    for (String words : writes()) {
      lines.add("writes       " + words);
    }
    lines.add("");
    for (Verdict.Check check : verdict.checks()) {
      lines.add(
          String.format(
              "%-12s %s%n%-12s   %s",
              check.holds() ? "holds" : "BROKEN", check.promise(), "", check.detail()));
    }
    lines.add("");
    for (Anomaly anomaly : Anomaly.values()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%-12s %s: %s",
              verdict.mayBeSeen().contains(anomaly) ? "may be" : "may not be",
              anomaly.words(),
              times(verdict.seen().getOrDefault(anomaly, 0L))));
    }
    lines.add("");
    lines.add("verdict      " + conclusion());
    return lines;
  }

  private static String times(long times) {
    return times == 0
        ? "not seen"
        : times == 1 ? "seen once" : String.format(Locale.ROOT, "seen %,d times", times);
  }

  private String title() {
    return String.format(
        Locale.ROOT,
        "%d nodes%s, %s, %s, %s, %d replicas, %d partitions, %d s",
        settings.layout().nodes(),
        where(),
        settings.database().replication(),
        settings.rule(),
        settings.database().durability(),
        settings.database().replicas(),
        settings.database().partitions(),
        settings.millis() / 1_000);
  }

  private String where() {
    Regions regions = settings.database().regions();
    return regions == null
        ? ""
        : " in " + String.join(", ", regions.names()) + " (" + regions.topology() + ")";
  }

  private String command() {
    return String.format(
        Locale.ROOT,
        "./trefoil chaos %s%s --durability %s --nodes %d --replicas %d --partitions %d"
            + " --seconds %d --seed %d%s",
        regionOptions(),
        ruleOptions(),
        settings.database().durability().toString().toLowerCase(Locale.ROOT),
        settings.layout().nodesEach(),
        settings.database().replicas(),
        settings.database().partitions(),
        settings.millis() / 1_000,
        settings.seed(),
        settings.isChanged() ? "" : " --no-changes");
  }

  private String regionOptions() {
    Regions regions = settings.database().regions();
    return regions == null
        ? ""
        : String.format(
            "--regions %s --topology %s ",
            String.join(",", regions.names()), option(regions.topology()));
  }

  private static String option(Topology topology) {
    String kind = topology.kind().name().toLowerCase(Locale.ROOT).replace('_', '-');
    return topology.hub().isEmpty() ? kind : kind + ":" + topology.hub();
  }

  private String ruleOptions() {
    Quorums quorums = settings.database().quorums();
    return quorums == null
        ? "--commit " + settings.rule().split(" ")[0].toLowerCase(Locale.ROOT)
        : String.format(
            Locale.ROOT,
            "--replication leaderless --r %d --w %d",
            quorums.reads(),
            quorums.writes());
  }

  private String conclusion() {
    return verdict.isGood()
        ? "every promise of " + settings.rule() + " was kept"
        : "BROKEN: "
            + verdict.checks().stream().filter(it -> !it.holds()).count()
            + " of "
            + verdict.checks().size();
  }

  private String calls() {
    Map<Invocation.Outcome, Long> outcomes = new TreeMap<>();
    evidence.history().forEach(it -> outcomes.merge(it.outcome(), 1L, Long::sum));
    return String.format(
        Locale.ROOT,
        "%,d: %,d acknowledged, %,d refused, %,d uncertain; beside %,d reads after READONLY",
        evidence.history().size(),
        outcomes.getOrDefault(Invocation.Outcome.ACKNOWLEDGED, 0L),
        outcomes.getOrDefault(Invocation.Outcome.REFUSED, 0L),
        outcomes.getOrDefault(Invocation.Outcome.UNCERTAIN, 0L),
        evidence.followerReads().size());
  }

  private String faults() {
    Map<FaultKind, Integer> kinds = new TreeMap<>();
    happened.forEach(it -> kinds.merge(it.kind(), 1, Integer::sum));
    StringBuilder text = new StringBuilder(happened.size() + ":");
    kinds.forEach(
        (kind, count) ->
            text.append(' ').append(count).append(' ').append(kind.label()).append(','));
    return text.substring(0, text.length() - 1);
  }

  /** How many were asked for, and the first words of what was answered. */
  private String changes() {
    Map<String, Integer> answers = new TreeMap<>();
    evidence.changes().forEach(it -> answers.merge(it.outcome(), 1, Integer::sum));
    StringBuilder text = new StringBuilder(evidence.changes().size() + ":");
    answers.forEach(
        (answer, count) -> text.append(' ').append(count).append(' ').append(answer).append(','));
    return text.substring(0, text.length() - 1);
  }

  private String leaders() {
    int changes = 0;
    List<String> before = List.of();
    for (Observer.Sample sample : observer.samples()) {
      for (int i = 0; i < sample.leaders().size(); i++) {
        String leader = sample.leaders().get(i);
        String known = i < before.size() ? before.get(i) : "";
        changes += !leader.isEmpty() && !known.isEmpty() && !leader.equals(known) ? 1 : 0;
      }
      before = merged(before, sample.leaders());
    }
    return "changed " + changes + " times, over all partitions";
  }

  private List<String> writes() {
    return evidence.regions().isEmpty()
        ? List.of(writesOfCluster())
        : evidence.regions().stream().map(Report::writes).toList();
  }

  private static String writes(RegionEvidence region) {
    RegionAvailability availability = region.availability();
    List<Load.Failed> failed = availability.failedAlone();
    return String.format(
        Locale.ROOT,
        "in %s: longest time without an acknowledged one %s; while something was wrong outside the"
            + " region and nothing inside (%s) at most %s, and %,d writes failed%s",
        region.name(),
        seconds(availability.longestGapMillis()),
        seconds(availability.aloneMillis()),
        seconds(availability.longestGapAloneMillis()),
        failed.size(),
        failed.isEmpty() ? "" : ", the first: " + failed.get(0));
  }

  private String writesOfCluster() {
    Availability availability = evidence.availability();
    List<Load.Failed> failed = availability.failed();
    return String.format(
        Locale.ROOT,
        "longest time without an acknowledged one %s, with one node away at most %s; with one away,"
            + " %,d calls failed at the others%s",
        seconds(availability.longestGapMillis()),
        seconds(availability.longestGapOfOneMillis()),
        failed.size(),
        failed.isEmpty() ? "" : ", the first: " + failed.get(0));
  }

  /** The last leader that each partition had. */
  private static List<String> merged(List<String> before, List<String> now) {
    List<String> merged = new ArrayList<>();
    for (int i = 0; i < Math.max(before.size(), now.size()); i++) {
      String newer = i < now.size() ? now.get(i) : "";
      merged.add(newer.isEmpty() && i < before.size() ? before.get(i) : newer);
    }
    return merged;
  }

  // --- the page

  /** A page that needs nothing else. */
  String html() {
    Timeline timeline =
        new Timeline(settings.millis(), settings.layout(), evidence, happened, observer);
    StringBuilder html = new StringBuilder();
    html.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.append("<title>chaos: ").append(escape(title())).append("</title>\n<style>").append(STYLE);
    html.append("</style></head><body>\n<h1>").append(escape(title())).append("</h1>\n");
    html.append("<p class=\"").append(verdict.isGood() ? "good" : "bad").append("\">");
    html.append(escape(conclusion())).append("</p>\n");
    html.append("<p><code>").append(escape(command())).append("</code></p>\n");
    html.append("<p>calls: ")
        .append(escape(calls()))
        .append("<br>faults: ")
        .append(escape(faults()));
    html.append("<br>changes: ").append(escape(changes()));
    if (!settings.database().isLeaderless()) {
      html.append("<br>leaders: ").append(escape(leaders()));
    }
    writes().forEach(words -> html.append("<br>writes: ").append(escape(words)));
    html.append("</p>\n");
    html.append(timeline.svg());
    html.append(
        "<h2>Promises</h2>\n<table><tr><th></th><th>promise</th><th>what was seen</th></tr>\n");
    for (Verdict.Check check : verdict.checks()) {
      row(html, check.holds() ? "holds" : "BROKEN", check.promise(), check.detail());
    }
    html.append(
        "</table>\n<h2>Anomalies</h2>\n<table><tr><th></th><th>anomaly</th><th></th></tr>\n");
    for (Anomaly anomaly : Anomaly.values()) {
      row(
          html,
          verdict.mayBeSeen().contains(anomaly) ? "may be seen" : "may not be seen",
          anomaly.words(),
          times(verdict.seen().getOrDefault(anomaly, 0L)));
    }
    html.append("</table>\n<h2>Faults</h2>\n<table><tr><th>from</th><th>to</th><th></th></tr>\n");
    for (Faults.Happened fault : happened) {
      row(html, seconds(fault.fromMillis()), seconds(fault.untilMillis()), words(fault));
    }
    html.append("</table>\n<h2>Changes</h2>\n<table><tr><th>from</th><th>to</th><th></th></tr>\n");
    for (Administrator.Asked change : evidence.changes()) {
      row(html, seconds(change.fromMillis()), seconds(change.untilMillis()), change.toString());
    }
    html.append("</table>\n</body></html>\n");
    return html.toString();
  }

  private static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.1f s", millis / 1_000.0);
  }

  /** What happened, in words. */
  static String words(Faults.Happened fault) {
    String who = fault.met().who().isEmpty() ? "" : fault.met().who() + ": ";
    String amount =
        switch (fault.kind()) {
          case DELAY, REGION_SLOW -> ", " + fault.amount() + " ms";
          case LOSS -> ", " + fault.amount() + " of 1,000";
          default -> "";
        };
    return who + fault.kind().label() + amount + " (" + fault.kind().meaning() + ")";
  }

  private static void row(StringBuilder html, String... cells) {
    html.append("<tr>");
    for (String cell : cells) {
      html.append(cell.equals("BROKEN") ? "<td class=\"bad\">" : "<td>");
      html.append(escape(cell).replace("\n", "<br>")).append("</td>");
    }
    html.append("</tr>\n");
  }

  /** Text as HTML has it. */
  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static final String STYLE =
      """

      body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 1250px; padding: 0 1em; color: #222; background: #fff }
      h1 { font-size: 1.3em } h2 { font-size: 1.1em; margin-top: 2em }
      table { border-collapse: collapse } td, th { text-align: left; padding: .2em 1em .2em 0; vertical-align: top; border-bottom: 1px solid #ddd }
      .good { color: #1a7f37; font-weight: bold } .bad { color: #c62828; font-weight: bold }
      svg { width: 100%; height: auto } svg text { font: 12px system-ui, sans-serif; fill: #444 }
      """;
}
