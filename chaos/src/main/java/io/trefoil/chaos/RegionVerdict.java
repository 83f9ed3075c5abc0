package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.Counters;
import io.trefoil.check.Durability;
import io.trefoil.check.Invocation;
import io.trefoil.check.QuorumCounts;
import io.trefoil.check.QuorumReads;
import io.trefoil.check.Violation;
import io.trefoil.control.Promises.Anomaly;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which promises a run on a multi-leader database has kept.
 *
 * <p>Of what another region wrote nobody in this one can say when it came here. So in what a region
 * or a session has to see, others' writes count as such that may come at any time after they were
 * asked for: as uncertain ones.
 */
final class RegionVerdict {
  private final Evidence evidence;
  private final List<Invocation> counted;
  private final Verdict.Findings findings = new Verdict.Findings();

  private RegionVerdict(Evidence evidence) {
    this.evidence = evidence;
    this.counted = counted(evidence.history());
  }

  private static List<Invocation> counted(List<Invocation> history) {
    return history.stream().filter(it -> Keys.isCounter(it.key())).toList();
  }

  private static List<Invocation> written(List<Invocation> history) {
    return history.stream().filter(it -> !Keys.isCounter(it.key())).toList();
  }

  /** Looks at everything. */
  static Verdict of(Evidence evidence) {
    RegionVerdict verdict = new RegionVerdict(evidence);
    if (evidence.contents().isEmpty()) {
      verdict.findings.check(
          "no acknowledged write is lost", List.of("no node tells what it has"), "");
    } else {
      verdict.writes(evidence.contents().get(0));
      verdict.removals(evidence.contents().get(0));
      verdict.counts(evidence.contents().get(0));
      verdict.ends(evidence.contents().get(0));
    }
    verdict.sessions();
    verdict.findings.ownCopies(evidence, verdict.counted);
    verdict.findings.check(
        "one leader an epoch",
        evidence.leaderContradictions(),
        "as every node of the region saw it");
    verdict.findings.recovery(evidence);
    verdict.findings.saw(Anomaly.WRITE_REFUSED, evidence.withoutReplicas());
    return verdict.findings.verdict(verdict.mayBeSeen());
  }

  /** Two regions may be told the same count, so there is no one order. */
  private Set<Anomaly> mayBeSeen() {
    Set<Anomaly> may = EnumSet.of(Anomaly.NO_ORDER, Anomaly.OLD_FOLLOWER_READ);
    if (evidence.mayHaveStood().stream().anyMatch(it -> it.copies() > 1)) {
      may.add(Anomaly.WRITE_REFUSED);
    }
    return may;
  }

  private void writes(Map<String, String> data) {
    List<Invocation> unique =
        evidence.history().stream()
            .filter(it -> it.key().startsWith(Keys.UNIQUE) && !it.call().isRead())
            .toList();
    findings.check(
        "no acknowledged write is lost, none refused is done",
        Durability.check(unique, data, Set.of()),
        String.format(
            "%,d acknowledged sets of a key or field each", Verdict.acknowledged(unique)));
  }

  /** A removal that found the key saw the one write of it, in whichever region that was made. */
  private void removals(Map<String, String> data) {
    Map<String, List<Invocation>> keys =
        evidence.history().stream()
            .filter(it -> it.key().startsWith(Keys.ONCE))
            .collect(Collectors.groupingBy(Invocation::key));
    List<Violation> wrong = new ArrayList<>();
    long removed = 0;
    for (Map.Entry<String, List<Invocation>> each : keys.entrySet()) {
      boolean isThere = data.containsKey(each.getKey());
      boolean isRemoved = each.getValue().stream().anyMatch(RegionVerdict::removed);
      removed += isRemoved ? 1 : 0;
      if (isRemoved && isThere) {
        wrong.add(violation("what was removed stays so", each.getKey() + " is back", each));
      } else if (!isThere && isToStay(each.getValue())) {
        wrong.add(violation("what nobody removed stays", each.getKey() + " is gone", each));
      }
    }
    findings.check(
        "a key that is set once is there until it is removed, and then never again",
        wrong,
        String.format("%,d keys, of which %,d were removed", keys.size(), removed));
  }

  private static boolean removed(Invocation it) {
    return it.call().kind() == Call.Kind.DELETE && it.isAcknowledged() && "1".equals(it.result());
  }

  /** Set for sure, and no removal may have found it. */
  private static boolean isToStay(List<Invocation> calls) {
    boolean isSet = false;
    for (Invocation it : calls) {
      if (it.call().kind() == Call.Kind.SET) {
        isSet |= it.isAcknowledged();
      } else if (removed(it) || it.outcome() == Invocation.Outcome.UNCERTAIN) {
        return false;
      }
    }
    return isSet;
  }

  private static Violation violation(
      String promise, String what, Map.Entry<String, List<Invocation>> of) {
    return new Violation(promise, what, of.getValue());
  }

  private void counts(Map<String, String> data) {
    QuorumCounts counts = new QuorumCounts(counted);
    List<Violation> wrong = new ArrayList<>(counts.inTheEnd(data));
    wrong.addAll(counts.neverAsked(counted));
    findings.check(
        "each acknowledged addition counts once, each uncertain one at most once",
        wrong,
        String.format("%,d acknowledged calls of counters", Verdict.acknowledged(counted)));
    List<Violation> stale = new ArrayList<>();
    for (RegionEvidence region : evidence.regions()) {
      List<Invocation> added =
          counted(region.history()).stream().filter(it -> !it.call().isRead()).toList();
      stale.addAll(new QuorumCounts(added).stale(added));
    }
    findings.check("an addition is told what its region had counted before", stale, "they were");
    findings.saw(Anomaly.NO_ORDER, new Counters(counted).countedTwice().size());
  }

  /** What is there in the end was read in each region, after everything. */
  private void ends(Map<String, String> data) {
    List<Violation> stale = new ArrayList<>();
    long end = evidence.history().stream().mapToLong(Invocation::lastNanos).max().orElse(0) + 1;
    for (RegionEvidence region : evidence.regions()) {
      List<Invocation> all = withOthers(written(region.history()), evidence.history());
      all.removeIf(it -> it.call().isRead());
      Set<String> keys = all.stream().map(Invocation::key).collect(Collectors.toSet());
      for (String key : keys) {
        all.add(
            Invocation.acknowledged(
                "the end of " + region.name(), key, Call.get(), end, end + 1, data.get(key)));
      }
      stale.addAll(QuorumReads.stale(all));
    }
    findings.check(
        "in the end no value is there that its own region had replaced or removed",
        stale,
        String.format("%,d keys", data.size()));
  }

  private void sessions() {
    List<Violation> stale = new ArrayList<>();
    List<Violation> back = new ArrayList<>();
    long sessions = 0;
    for (RegionEvidence region : evidence.regions()) {
      Map<String, List<Invocation>> byClient =
          region.history().stream().collect(Collectors.groupingBy(Invocation::client));
      sessions += byClient.size();
      SessionReads reads = new SessionReads(region.history(), evidence.history());
      byClient.values().forEach(session -> stale.addAll(reads.stale(session)));
      byClient.values().forEach(session -> back.addAll(reads.goBack(session)));
    }
    findings.check(
        "a session reads its own writes", stale, String.format("%,d sessions", sessions));
    findings.check(
        "a session's reads do not go back to what its region had replaced", back, "none did");
  }

  /** Writes of {@code all} that are not among {@code own}, as such that may come at any time. */
  static List<Invocation> withOthers(List<Invocation> own, List<Invocation> all) {
    Set<Invocation> ours = Set.copyOf(own);
    List<Invocation> both = new ArrayList<>(own);
    for (Invocation it : written(all)) {
      boolean writes = !it.call().isRead() && it.outcome() != Invocation.Outcome.REFUSED;
      if (writes && !ours.contains(it)) {
        both.add(Invocation.uncertain(it.client(), it.key(), it.call(), it.startNanos()));
      }
    }
    return both;
  }
}
