package io.trefoil.check;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What one client may count on from call to call, wherever it reads: its own writes, reads that
 * never go back, and writes in its order. Keys that are set and read, with a value for each write.
 *
 * @see "Terry et al.: Session Guarantees for Weakly Consistent Replicated Data, 1994"
 */
public final class Sessions {
  /** Which guarantee. */
  public enum Guarantee {
    READ_YOUR_WRITES("reads its own writes"),
    MONOTONIC_READS("reads never go back"),
    MONOTONIC_WRITES("writes stand in their client's order");

    private final String words;

    Guarantee(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private record ClientAndKey(String client, String key) {}

  private Sessions() {}

  /** What is broken of one guarantee. */
  public static List<Violation> check(
      Guarantee guarantee, List<Invocation> history, Versions versions) {
    List<Invocation> ordered = new ArrayList<>(history);
    ordered.removeIf(it -> !it.isAcknowledged());
    ordered.sort(Comparator.comparingLong(Invocation::startNanos));
    Map<ClientAndKey, Invocation> highest = new HashMap<>();
    List<Violation> violations = new ArrayList<>();
    for (Invocation it : ordered) {
      ClientAndKey session = new ClientAndKey(it.client(), it.key());
      boolean isRead = it.call().isRead();
      boolean isChecked = isRead == (guarantee != Guarantee.MONOTONIC_WRITES);
      boolean counts = isRead == (guarantee == Guarantee.MONOTONIC_READS);
      Invocation floor = highest.get(session);
      int version = versions.of(it.key(), it.value());
      boolean isBehind =
          floor != null
              && floor.endNanos() <= it.startNanos()
              && version < versions.of(floor.key(), floor.value());
      if (isChecked && isBehind) {
        violations.add(
            new Violation(
                guarantee.toString(),
                "version " + version + " after " + versions.of(floor.key(), floor.value()),
                List.of(floor, it)));
      }
      if (counts && (floor == null || version > versions.of(floor.key(), floor.value()))) {
        highest.put(session, it);
      }
    }
    return violations;
  }
}
