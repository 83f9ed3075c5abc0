package io.trefoil.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Keys of a leaderless database that are only counted up, one by one: each acknowledged addition
 * counts once, each uncertain one at most once. Two additions at the same time may be told the same
 * count.
 */
public final class QuorumCounts {
  private final Map<String, List<Invocation>> added = new HashMap<>();

  /**
   * @param history all calls that may have counted; others in it are left alone
   */
  public QuorumCounts(List<Invocation> history) {
    for (Invocation it : history) {
      if (it.call().kind() == Call.Kind.INCREMENT) {
        added.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it);
      }
    }
  }

  /**
   * Counts that are not what was added.
   *
   * @param contents what is there in the end
   */
  public List<Violation> inTheEnd(Map<String, String> contents) {
    List<Violation> violations = new ArrayList<>();
    added.forEach(
        (key, calls) -> {
          long atLeast = calls.stream().filter(Invocation::isAcknowledged).count();
          long atMost = calls.stream().filter(QuorumCounts::mayCount).count();
          long count = number(contents.get(key));
          if (count < atLeast || count > atMost) {
            violations.add(
                new Violation(
                    "each addition counts once",
                    key + " is " + count + " in the end, not from " + atLeast + " to " + atMost,
                    List.of()));
          }
        });
    return violations;
  }

  /** Answers that show more than was ever asked for until they came. */
  public List<Violation> neverAsked(List<Invocation> seen) {
    List<Violation> violations = new ArrayList<>();
    for (Invocation it : seen) {
      long asked =
          of(it).stream()
              .filter(each -> mayCount(each) && each.startNanos() < it.endNanos())
              .count();
      if (it.isAcknowledged() && number(it.result()) > asked) {
        violations.add(
            new Violation("counts show what was asked for", "more than " + asked, List.of(it)));
      }
    }
    return violations;
  }

  /** Answers that lack what was acknowledged before they were asked for, or their own addition. */
  public List<Violation> stale(List<Invocation> seen) {
    List<Violation> violations = new ArrayList<>();
    for (Invocation it : seen) {
      long before =
          of(it).stream()
              .filter(each -> each.isAcknowledged() && each.endNanos() < it.startNanos())
              .count();
      long atLeast = before + (it.call().isRead() ? 0 : 1);
      if (it.isAcknowledged() && number(it.result()) < atLeast) {
        violations.add(
            new Violation(
                "counts show what was acknowledged before", "less than " + atLeast, List.of(it)));
      }
    }
    return violations;
  }

  private List<Invocation> of(Invocation seen) {
    return added.getOrDefault(seen.key(), List.of());
  }

  private static boolean mayCount(Invocation it) {
    return it.outcome() != Invocation.Outcome.REFUSED;
  }

  private static long number(String text) {
    return text == null ? 0 : Long.parseLong(text);
  }
}
