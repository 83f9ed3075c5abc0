package io.trefoil.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether reads are at most so old: a bound on what a replica may answer from its own copy. */
public final class Staleness {
  private Staleness() {}

  /**
   * Reads that lack a write which was acknowledged more than {@code boundNanos} before they began.
   */
  public static List<Violation> check(
      List<Invocation> history, Versions versions, long boundNanos) {
    Map<String, List<Invocation>> writes = new HashMap<>();
    for (Invocation it : history) {
      if (it.isAcknowledged() && !it.call().isRead()) {
        writes.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it);
      }
    }
    List<Violation> violations = new ArrayList<>();
    for (Invocation read : history) {
      if (read.isAcknowledged() && read.call().isRead()) {
        int seen = versions.of(read.key(), read.result());
        for (Invocation write : writes.getOrDefault(read.key(), List.of())) {
          long age = read.startNanos() - write.endNanos();
          if (age > boundNanos && versions.of(write.key(), write.value()) > seen) {
            violations.add(
                new Violation(
                    "reads are at most " + boundNanos + " ns old",
                    "this one lacks a write of " + age + " ns before",
                    List.of(write, read)));
            break;
          }
        }
      }
    }
    return violations;
  }
}
