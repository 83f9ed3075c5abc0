package io.trefoil.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Keys that only count up, one by one. They show what no search for an order is needed for: a count
 * that two calls got, and how old what a follower answers is.
 */
public final class Counters {
  private final Map<String, List<Invocation>> increments = new HashMap<>();

  /**
   * @param history all calls that may have counted; others in it are left alone
   */
  public Counters(List<Invocation> history) {
    for (Invocation it : history) {
      if (it.call().kind() == Call.Kind.INCREMENT) {
        increments.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it);
      }
    }
  }

  /** Counts that were answered to two calls: one of the two left the history. */
  public List<Violation> countedTwice() {
    List<Violation> violations = new ArrayList<>();
    for (List<Invocation> ofKey : increments.values()) {
      Set<String> counts = new HashSet<>();
      for (Invocation it : ofKey) {
        if (it.isAcknowledged() && !counts.add(it.result())) {
          violations.add(new Violation("counts are given once", "given twice", List.of(it)));
        }
      }
    }
    return violations;
  }

  /** Reads that show more than was ever asked for until they ended. */
  public List<Violation> neverAsked(List<Invocation> reads) {
    List<Violation> violations = new ArrayList<>();
    for (Invocation read : reads) {
      if (read.isAcknowledged() && count(read) > asked(read)) {
        violations.add(
            new Violation("reads show what was asked for", "more than that", List.of(read)));
      }
    }
    return violations;
  }

  /** Reads that show less than was acknowledged before they began. */
  public List<Invocation> old(List<Invocation> reads) {
    return reads.stream()
        .filter(it -> it.isAcknowledged() && count(it) < acknowledged(it))
        .toList();
  }

  private static long count(Invocation it) {
    return it.result() == null ? 0 : Long.parseLong(it.result());
  }

  private long asked(Invocation read) {
    return of(read).stream().filter(it -> it.startNanos() < read.endNanos()).count();
  }

  private long acknowledged(Invocation read) {
    return of(read).stream()
        .filter(it -> it.isAcknowledged() && it.endNanos() < read.startNanos())
        .mapToLong(Counters::count)
        .max()
        .orElse(0);
  }

  private List<Invocation> of(Invocation read) {
    return increments.getOrDefault(read.key(), List.of());
  }
}
