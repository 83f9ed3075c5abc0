package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.check.QuorumReads;
import io.trefoil.check.Violation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What sessions of a region read. A session sees its own writes, and never less than it has seen.
 * Of its region's writes the order is known; of all others only that they come some time.
 *
 * <p>Even one that was asked for after a write here was acknowledged need not have known that. It
 * hides the write when it comes, and a removal that knew only of it shows the write again.
 */
final class SessionReads {
  private final Map<String, List<Invocation>> regionWrites;
  private final Map<String, List<Invocation>> otherWrites;

  /**
   * @param region what the region's clients were told
   * @param all what all clients were told
   */
  SessionReads(List<Invocation> region, List<Invocation> all) {
    Set<Invocation> ours = Set.copyOf(region);
    this.regionWrites = byKey(region.stream().filter(SessionReads::writes).toList());
    this.otherWrites = byKey(all.stream().filter(it -> writes(it) && !ours.contains(it)).toList());
  }

  private static boolean writes(Invocation it) {
    return !it.call().isRead()
        && it.call().kind() != Call.Kind.INCREMENT
        && it.outcome() != Invocation.Outcome.REFUSED;
  }

  private static Map<String, List<Invocation>> byKey(List<Invocation> calls) {
    return calls.stream()
        .collect(Collectors.groupingBy(Invocation::key, HashMap::new, Collectors.toList()));
  }

  /** Reads that lack what the session wrote before. */
  List<Violation> stale(List<Invocation> session) {
    List<Violation> violations = new ArrayList<>();
    byKey(session)
        .forEach(
            (key, calls) -> {
              List<Invocation> known = new ArrayList<>(ofTexts(calls));
              Set<Invocation> own = Set.copyOf(calls);
              of(regionWrites, key).stream()
                  .filter(it -> !own.contains(it))
                  .forEach(it -> known.add(atAnyTime(it)));
              of(otherWrites, key).forEach(it -> known.add(atAnyTime(it)));
              violations.addAll(QuorumReads.stale(known));
            });
    return violations;
  }

  /** Pairs of the session's reads of which the later one shows what its region had replaced. */
  List<Violation> goBack(List<Invocation> session) {
    List<Violation> violations = new ArrayList<>();
    byKey(session.stream().filter(it -> it.call().isRead()).toList())
        .forEach(
            (key, reads) -> {
              List<Invocation> known = new ArrayList<>(ofTexts(reads));
              known.addAll(of(regionWrites, key));
              of(otherWrites, key).forEach(it -> known.add(beforeNothing(it)));
              violations.addAll(QuorumReads.goBack(known));
            });
    return violations;
  }

  private static List<Invocation> ofTexts(List<Invocation> calls) {
    return calls.stream().filter(it -> !Keys.isCounter(it.key())).toList();
  }

  private static List<Invocation> of(Map<String, List<Invocation>> writes, String key) {
    return writes.getOrDefault(key, List.of());
  }

  /** As what no write is surely older than. */
  private static Invocation beforeNothing(Invocation it) {
    return Invocation.uncertain(it.client(), it.key(), it.call(), Long.MIN_VALUE);
  }

  /** As what may be done at any time after it was asked for. */
  private static Invocation atAnyTime(Invocation it) {
    return Invocation.uncertain(it.client(), it.key(), it.call(), it.startNanos());
  }
}
