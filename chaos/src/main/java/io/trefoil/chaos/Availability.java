package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How well a cluster served while nodes were away.
 *
 * @param longestGapMillis without an acknowledged write
 * @param failed calls that failed at nodes that nothing was done to, while another one was away and
 *     all others were there
 */
record Availability(long longestGapMillis, List<Load.Failed> failed) {
  /** From when a node is there again until it takes part as before: it starts, it is heard. */
  private static final long RECOVERS_MILLIS = 5_000;

  Availability {
    failed = List.copyOf(failed);
  }

  /**
   * @param beganNanos what the times of faults are counted from
   */
  static Availability of(
      List<Invocation> history,
      List<Load.Failed> failed,
      List<Faults.Happened> happened,
      long beganNanos) {
    List<Load.Failed> whileOneWasAway =
        failed.stream().filter(each -> isOneOtherAway(each, happened, beganNanos)).toList();
    return new Availability(longestGapMillis(history), whileOneWasAway);
  }

  /** Whether something was done to one node then, and only to one, and the call went to another. */
  private static boolean isOneOtherAway(
      Load.Failed failed, List<Faults.Happened> happened, long beganNanos) {
    long from = TimeUnit.NANOSECONDS.toMillis(failed.startNanos() - beganNanos);
    long until = TimeUnit.NANOSECONDS.toMillis(failed.endNanos() - beganNanos);
    List<Faults.Happened> meanwhile =
        happened.stream()
            .filter(it -> it.fromMillis() <= until && from <= it.untilMillis() + RECOVERS_MILLIS)
            .toList();
    return !meanwhile.isEmpty()
        && meanwhile.stream().allMatch(it -> it.meetsOne() && it.node() != failed.node())
        && meanwhile.stream().mapToInt(Faults.Happened::node).distinct().count() == 1;
  }

  private static long longestGapMillis(List<Invocation> history) {
    long[] ends =
        history.stream()
            .filter(it -> it.isAcknowledged() && !it.call().isRead())
            .mapToLong(Invocation::endNanos)
            .sorted()
            .toArray();
    long longest = 0;
    for (int i = 1; i < ends.length; i++) {
      longest = Math.max(longest, ends[i] - ends[i - 1]);
    }
    return TimeUnit.NANOSECONDS.toMillis(longest);
  }
}
