package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.Counters;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.QuorumCounts;
import io.trefoil.check.QuorumReads;
import io.trefoil.check.Violation;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Quorums;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/**
 * Which promises of R and W a run on a leaderless database has kept: those that whatever may have
 * stood makes.
 */
final class QuorumVerdict {
  private final Evidence evidence;
  private final Set<DatabaseSettings> mayHaveStood;
  private final List<Invocation> counted;
  private final List<Invocation> written;
  private final Verdict.Findings findings = new Verdict.Findings();

  private QuorumVerdict(Evidence evidence) {
    this.evidence = evidence;
    this.mayHaveStood = evidence.mayHaveStood();
    Map<Boolean, List<Invocation>> kinds =
        evidence.history().stream()
            .collect(Collectors.partitioningBy(it -> Keys.isCounter(it.key())));
    this.counted = kinds.get(true);
    this.written = kinds.get(false);
  }

  /** Looks at everything. */
  static Verdict of(Evidence evidence) {
    QuorumVerdict verdict = new QuorumVerdict(evidence);
    if (evidence.contents().isEmpty()) {
      verdict.findings.check(
          "no acknowledged write is lost", List.of("no node tells what it has"), "");
    } else {
      verdict.writes(evidence.contents().get(0));
      verdict.counts(evidence.contents().get(0));
      verdict.reads(evidence.contents().get(0));
    }
    verdict.findings.ownCopies(evidence, verdict.counted);
    verdict.findings.recovery(evidence);
    verdict.findings.saw(Anomaly.WRITE_REFUSED, evidence.withoutReplicas());
    return verdict.findings.verdict(verdict.mayBeSeen());
  }

  /** Two additions at the same time may be told the same count, so there is no one order. */
  private Set<Anomaly> mayBeSeen() {
    Set<Anomaly> may = EnumSet.of(Anomaly.NO_ORDER);
    if (!always((quorums, replicas) -> replicas == 1)) {
      may.add(Anomaly.OLD_FOLLOWER_READ);
    }
    if (!always((quorums, replicas) -> quorums.writes() == 1)) {
      may.add(Anomaly.WRITE_REFUSED);
    }
    return may;
  }

  /** Whether it was so by whatever may have stood. */
  private boolean always(BiPredicate<Quorums, Integer> rule) {
    return mayHaveStood.stream().allMatch(it -> rule.test(it.quorums(), it.replicas()));
  }

  private void writes(Map<String, String> data) {
    List<Invocation> unique =
        written.stream()
            .filter(it -> it.key().startsWith(Keys.UNIQUE) && !it.call().isRead())
            .toList();
    findings.check(
        "no acknowledged write is lost, none refused is done",
        Durability.check(unique, data, Set.of()),
        String.format(
            "%,d acknowledged sets of a key or field each", Verdict.acknowledged(unique)));
  }

  private void counts(Map<String, String> data) {
    QuorumCounts counts = new QuorumCounts(counted);
    List<Violation> wrong = new ArrayList<>(counts.inTheEnd(data));
    wrong.addAll(counts.neverAsked(counted));
    findings.check(
        "each acknowledged addition counts once, each uncertain one at most once",
        wrong,
        String.format("%,d acknowledged calls of counters", Verdict.acknowledged(counted)));
    List<Violation> stale = counts.stale(counted);
    boolean isPromised = always(Quorums::overlap);
    findings.check(
        "a count has what was acknowledged before",
        isPromised ? stale : List.of(),
        isPromised ? "they did" : notPromised("R + W", stale, Verdict.acknowledged(counted)));
    findings.saw(Anomaly.NO_ORDER, new Counters(counted).countedTwice().size());
  }

  /** What is there in the end was read by everybody, after everything. */
  private void reads(Map<String, String> data) {
    List<Invocation> all = new ArrayList<>(written);
    long end = written.stream().mapToLong(Invocation::lastNanos).max().orElse(0) + 1;
    written.stream()
        .map(Invocation::key)
        .distinct()
        .forEach(
            key ->
                all.add(
                    Invocation.acknowledged(
                        "the end", key, Call.get(), end, end + 1, data.get(key))));
    List<Violation> stale = QuorumReads.stale(all);
    long reads = all.stream().filter(it -> it.isAcknowledged() && it.call().isRead()).count();
    boolean isPromised = always(Quorums::overlap) && always(Quorums::writesOverlap);
    String lacking = always(Quorums::overlap) ? "2W" : "R + W";
    findings.check(
        "reads see the last acknowledged write or a newer one; what was removed stays so",
        isPromised ? stale : List.of(),
        isPromised
            ? String.format("%,d reads, of all keys in the end too", reads)
            : notPromised(lacking, stale, reads));
    if (isPromised && always((quorums, replicas) -> 2 * quorums.reads() > replicas)) {
      findings.check("reads do not go back", QuorumReads.goBack(all), "none did");
    }
  }

  private static String notPromised(String lacking, List<Violation> seen, long of) {
    return String.format(
        "not promised: %s is not above the number of replicas; %,d of %,d lacked it",
        lacking, seen.size(), of);
  }
}
