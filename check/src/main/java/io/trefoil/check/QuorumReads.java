package io.trefoil.check;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What reads of a leaderless database show when the replicas that they ask and those that writes
 * wait for overlap: the last acknowledged write, or one that it does not come after. Weaker than
 * linearizable: of writes that were made at the same time, any may be the one that stays.
 *
 * <p>For keys that are set, deleted and read as wholes.
 *
 * @see "Lamport 1986, On Interprocess Communication: regular registers, here with several writers"
 */
public final class QuorumReads {
  private QuorumReads() {}

  /**
   * A write of a key, as long as it may have taken. What was never acknowledged may be done at any
   * time after it was asked for.
   */
  private record Write(String value, long start, long end, Invocation by) {
    static Write of(Invocation it) {
      String value = it.call().kind() == Call.Kind.SET ? it.call().argument() : null;
      return new Write(value, it.startNanos(), it.endNanos(), it);
    }

    boolean isBefore(Write other) {
      return end < other.start;
    }
  }

  /** What a key holds before anything is written. */
  private static final Write NOTHING = new Write(null, Long.MIN_VALUE, Long.MIN_VALUE, null);

  /** Reads that show what an acknowledged write had taken the place of before they began. */
  public static List<Violation> stale(List<Invocation> history) {
    List<Violation> violations = new ArrayList<>();
    byKey(history)
        .forEach(
            (key, calls) -> {
              List<Write> writes = writes(calls);
              for (Invocation read : reads(calls)) {
                Write missed = missed(read, writes);
                if (missed != null) {
                  violations.add(
                      new Violation(
                          "reads see the last acknowledged write or a newer one",
                          "this one does not",
                          missed.by() == null ? List.of(read) : List.of(missed.by(), read)));
                }
              }
            });
    return violations;
  }

  /** Pairs of reads, one after the other, of which the second shows something older. */
  public static List<Violation> goBack(List<Invocation> history) {
    List<Violation> violations = new ArrayList<>();
    byKey(history)
        .forEach(
            (key, calls) -> {
              List<Write> writes = writes(calls);
              List<Invocation> reads = reads(calls);
              for (Invocation later : reads) {
                for (Invocation earlier : reads) {
                  if (earlier.endNanos() < later.startNanos() && isOlder(later, earlier, writes)) {
                    violations.add(
                        new Violation(
                            "reads do not go back", "this one did", List.of(earlier, later)));
                    break;
                  }
                }
              }
            });
    return violations;
  }

  /** A write that a read should have seen, whichever write of its value it is that it saw. */
  private static Write missed(Invocation read, List<Write> writes) {
    Write missed = NOTHING;
    for (Write seen : candidates(read, writes)) {
      missed = null;
      for (Write other : writes) {
        if (seen.isBefore(other) && other.end() < read.startNanos()) {
          missed = other;
          break;
        }
      }
      if (missed == null) {
        return null;
      }
    }
    return missed; // NOTHING when nobody ever wrote what was read
  }

  /** Whether all that the later read can have seen came before all that the earlier can have. */
  private static boolean isOlder(Invocation later, Invocation earlier, List<Write> writes) {
    for (Write old : candidates(later, writes)) {
      for (Write seen : candidates(earlier, writes)) {
        if (old == seen || !old.isBefore(seen)) {
          return false;
        }
      }
    }
    return true;
  }

  /** The writes of what a read shows that had begun when it ended. */
  private static List<Write> candidates(Invocation read, List<Write> writes) {
    return writes.stream()
        .filter(it -> Objects.equals(it.value(), read.result()) && it.start() < read.endNanos())
        .toList();
  }

  private static List<Write> writes(List<Invocation> calls) {
    List<Write> writes = new ArrayList<>(List.of(NOTHING));
    for (Invocation it : calls) {
      boolean wrote = !it.call().isRead() && it.outcome() != Invocation.Outcome.REFUSED;
      if (wrote) {
        writes.add(Write.of(it));
      }
    }
    return writes;
  }

  private static List<Invocation> reads(List<Invocation> calls) {
    return calls.stream().filter(it -> it.call().isRead() && it.isAcknowledged()).toList();
  }

  private static Map<String, List<Invocation>> byKey(List<Invocation> history) {
    Map<String, List<Invocation>> byKey = new HashMap<>();
    history.forEach(it -> byKey.computeIfAbsent(it.key(), key -> new ArrayList<>()).add(it));
    return byKey;
  }
}
