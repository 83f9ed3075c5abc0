package io.trefoil.chaos;

import io.trefoil.check.Counters;
import io.trefoil.check.Durability;
import io.trefoil.check.FieldsModel;
import io.trefoil.check.Invocation;
import io.trefoil.check.Linearizability;
import io.trefoil.check.QuorumCounts;
import io.trefoil.check.StringModel;
import io.trefoil.check.Violation;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which promises a run has kept, and which anomalies were seen.
 *
 * @param checks one a promise
 * @param seen how often each anomaly was seen
 */
record Verdict(List<Check> checks, Map<Anomaly, Long> seen, Set<Anomaly> mayBeSeen) {
  /**
   * @param holds whether the promise was kept
   * @param detail what was looked at, or what broke it
   */
  record Check(String promise, boolean holds, String detail) {}

  boolean isGood() {
    return checks.stream().allMatch(Check::holds);
  }

  /** Looks at everything. */
  static Verdict of(Evidence evidence) {
    if (evidence.isMultiLeader()) {
      return RegionVerdict.of(evidence);
    }
    return evidence.isLeaderless() ? QuorumVerdict.of(evidence) : new Judge(evidence).judge();
  }

  /** What is found, one by one. */
  static final class Findings {
    private final List<Check> checks = new ArrayList<>();
    private final Map<Anomaly, Long> seen = new EnumMap<>(Anomaly.class);

    void check(String promise, List<?> broken, String detail) {
      String what =
          broken.isEmpty() ? detail : broken.size() + " broken, the first: " + broken.get(0);
      checks.add(new Check(promise, broken.isEmpty(), what));
    }

    void saw(Anomaly anomaly, long times) {
      if (times > 0) {
        seen.merge(anomaly, times, Long::sum);
      }
    }

    /** What every cluster does when all is mended, and every node. */
    void recovery(Evidence evidence) {
      equality(evidence);
      long done = evidence.changes().stream().filter(Administrator.Asked::isDone).count();
      check(
          "changes are through when all is mended",
          evidence.asDeclared() ? List.of() : List.of("the database is not as declared"),
          String.format(
              "%d of %d changes came about at once; the database is as declared",
              done, evidence.changes().size()));
      check(
          "writes go on when all is mended",
          evidence.wentOn() ? List.of() : List.of("nothing was acknowledged"),
          "they did");
      check("a node ends when made to, and only then", evidence.unexpectedEnds(), "all did");
    }

    private void equality(Evidence evidence) {
      Set<Map<String, String>> different = new HashSet<>(evidence.contents());
      List<String> differ = new ArrayList<>();
      if (different.size() > 1) {
        differ.add(Differences.between(evidence.contents()));
      }
      if (!evidence.verified().equals(Evidence.EQUAL)) {
        differ.add("DATABASE VERIFY says " + evidence.verified());
      }
      check(
          "replicas are equal when all is mended",
          differ,
          String.format("%,d keys, also by digest", different.stream().mapToInt(Map::size).sum()));
    }

    /** What a node's own copy of counters may show, where several nodes write. */
    void ownCopies(Evidence evidence, List<Invocation> counted) {
      QuorumCounts counts = new QuorumCounts(counted);
      saw(Anomaly.OLD_FOLLOWER_READ, counts.stale(evidence.followerReads()).size());
      check(
          "a node's own copy shows what was asked for",
          counts.neverAsked(evidence.followerReads()),
          String.format("%,d reads after READONLY", evidence.followerReads().size()));
    }

    Verdict verdict(Set<Anomaly> may) {
      Set<Anomaly> forbidden = new HashSet<>(seen.keySet());
      forbidden.removeAll(may);
      check(
          "nothing is seen that may not be",
          forbidden.stream().map(Anomaly::words).toList(),
          "see below");
      return new Verdict(List.copyOf(checks), seen, may);
    }
  }

  static long acknowledged(List<Invocation> calls) {
    return calls.stream().filter(Invocation::isAcknowledged).count();
  }

  private static final class Judge {
    private final Evidence evidence;
    private final Findings findings = new Findings();
    private final Set<Anomaly> may;
    private final Counters counters;

    Judge(Evidence evidence) {
      this.evidence = evidence;
      this.may = EnumSet.noneOf(Anomaly.class);
      evidence.mayHaveStood().forEach(settings -> may.addAll(Promises.mayBeSeen(settings)));
      this.counters = new Counters(evidence.history());
    }

    Verdict judge() {
      writes();
      order();
      followers();
      cluster();
      saw(Anomaly.WRITE_REFUSED, evidence.withoutReplicas());
      return findings.verdict(may);
    }

    private void check(String promise, List<?> broken, String detail) {
      findings.check(promise, broken, detail);
    }

    private void saw(Anomaly anomaly, long times) {
      findings.saw(anomaly, times);
    }

    void writes() {
      List<Invocation> unique =
          evidence.history().stream()
              .filter(it -> it.key().startsWith(Keys.UNIQUE) && !it.call().isRead())
              .toList();
      if (evidence.contents().isEmpty()) {
        check("no acknowledged write is lost silently", List.of("no node tells what it has"), "");
        return;
      }
      Map<String, String> data = evidence.contents().get(0);
      List<Violation> violations = Durability.check(unique, data, evidence.savedKeys());
      long lost = Durability.lost(unique, data).size();
      saw(Anomaly.ACKNOWLEDGED_WRITE_LOST, lost);
      // Beyond what a journal keeps, the number of entries is all that is saved.
      boolean counted = violations.size() <= evidence.unknownEntries();
      long acknowledged = acknowledged(unique);
      check(
          "no acknowledged write is lost silently, none refused is done",
          counted ? List.of() : violations,
          String.format(
              "%,d acknowledged sets of a key or field each; %,d left the history, each of them is in a"
                  + " divergence file",
              acknowledged, lost));
    }

    void order() {
      List<Violation> twice = counters.countedTwice();
      if (evidence.anythingDiverged()) {
        saw(Anomaly.NO_ORDER, twice.size());
        check(
            "reads and writes of a key fit one order",
            may.contains(Anomaly.NO_ORDER) ? List.of() : List.of("a divergence file was written"),
            "not promised once acknowledged writes left the history");
        return;
      }
      long keys = evidence.history().stream().map(Invocation::key).distinct().count();
      Map<Boolean, List<Invocation>> ofFields =
          evidence.history().stream()
              .collect(Collectors.partitioningBy(it -> Keys.hasFields(it.key())));
      List<Violation> violations =
          new ArrayList<>(Linearizability.check(ofFields.get(false), new StringModel()));
      violations.addAll(Linearizability.check(ofFields.get(true), new FieldsModel()));
      check(
          "reads and writes of a key fit one order",
          violations,
          String.format("%,d keys are linearizable", keys));
    }

    void followers() {
      saw(Anomaly.OLD_FOLLOWER_READ, counters.old(evidence.followerReads()).size());
      check(
          "a follower shows what was asked for",
          counters.neverAsked(evidence.followerReads()),
          String.format("%,d reads of followers", evidence.followerReads().size()));
    }

    void cluster() {
      check("one leader an epoch", evidence.leaderContradictions(), "as every node saw it");
      findings.recovery(evidence);
    }
  }
}
