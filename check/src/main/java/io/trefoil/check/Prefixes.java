package io.trefoil.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Whether reads of keys that only grow ({@code append}) saw one history: of two of them one begins
 * with the other. Two that part show a history that was forked, or a write that was taken back.
 */
public final class Prefixes {
  private Prefixes() {}

  public static List<Violation> check(List<Invocation> history) {
    Map<String, List<Invocation>> reads = new TreeMap<>();
    for (Invocation it : history) {
      if (it.isAcknowledged() && it.call().isRead() && it.result() != null) {
        reads.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it);
      }
    }
    List<Violation> violations = new ArrayList<>();
    for (List<Invocation> ofKey : reads.values()) {
      ofKey.sort(Comparator.comparingInt(read -> read.result().length()));
      for (int i = 1; i < ofKey.size(); i++) {
        Invocation shorter = ofKey.get(i - 1);
        Invocation longer = ofKey.get(i);
        if (!longer.result().startsWith(shorter.result())) {
          violations.add(
              new Violation(
                  "consistent prefix", "two reads saw two histories", List.of(shorter, longer)));
          break;
        }
      }
    }
    return violations;
  }
}
