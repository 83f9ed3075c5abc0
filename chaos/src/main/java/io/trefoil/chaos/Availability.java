package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How well a cluster served while nodes were away.
 *
 * @param longestGapMillis without an acknowledged write
 * @param longestGapOfOneMillis without an acknowledged write while no more than one node was away
 * @param failed calls that failed at nodes that nothing was done to, while another one was away and
 *     all others were there
 */
record Availability(long longestGapMillis, long longestGapOfOneMillis, List<Load.Failed> failed) {
  /** From when a node answers again until it takes part as before: it is heard, it is told. */
  private static final long RECOVERS_MILLIS = 5_000;

  Availability {
    failed = List.copyOf(failed);
  }

  /**
   * @param happened each until the node answered again
   * @param beganNanos what the times of faults are counted from
   */
  static Availability of(
      List<Invocation> history,
      List<Load.Failed> failed,
      List<Faults.Happened> happened,
      long beganNanos) {
    Times times = new Times(happened, beganNanos);
    long[] writes =
        history.stream()
            .filter(it -> it.isAcknowledged() && !it.call().isRead())
            .mapToLong(Invocation::endNanos)
            .sorted()
            .toArray();
    long longest = 0;
    long longestOfOne = 0;
    for (int i = 1; i < writes.length; i++) {
      long gap = TimeUnit.NANOSECONDS.toMillis(writes[i] - writes[i - 1]);
      longest = Math.max(longest, gap);
      if (gap > longestOfOne && times.oneAwayAtMost(writes[i - 1], writes[i])) {
        longestOfOne = gap;
      }
    }
    return new Availability(
        longest, longestOfOne, failed.stream().filter(times::isOneOtherAway).toList());
  }

  /** When what went wrong. */
  private record Times(List<Faults.Happened> happened, long beganNanos) {
    boolean oneAwayAtMost(long fromNanos, long untilNanos) {
      List<Faults.Happened> meanwhile = between(fromNanos, untilNanos);
      return meanwhile.stream().allMatch(Faults.Happened::meetsOne)
          && meanwhile.stream().mapToInt(Faults.Happened::node).distinct().count() <= 1;
    }

    /** Whether something was done to one node then, and the call went to another one. */
    boolean isOneOtherAway(Load.Failed failed) {
      List<Faults.Happened> meanwhile = between(failed.startNanos(), failed.endNanos());
      return !meanwhile.isEmpty()
          && oneAwayAtMost(failed.startNanos(), failed.endNanos())
          && meanwhile.get(0).node() != failed.node();
    }

    private List<Faults.Happened> between(long fromNanos, long untilNanos) {
      long from = TimeUnit.NANOSECONDS.toMillis(fromNanos - beganNanos);
      long until = TimeUnit.NANOSECONDS.toMillis(untilNanos - beganNanos);
      return happened.stream()
          .filter(it -> it.fromMillis() <= until && from - RECOVERS_MILLIS <= it.untilMillis())
          .toList();
    }
  }
}
