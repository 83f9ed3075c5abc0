package io.trefoil.chaos;

import io.trefoil.check.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * How well a region served its clients, and how well while something was wrong outside of it and
 * nothing inside: its links to other regions, or those regions themselves.
 *
 * @param longestGapMillis without an acknowledged write
 * @param aloneMillis how long something was wrong outside alone
 * @param longestGapAloneMillis without an acknowledged write then
 * @param failedAlone writes that failed then
 */
record RegionAvailability(
    long longestGapMillis,
    long aloneMillis,
    long longestGapAloneMillis,
    List<Load.Failed> failedAlone) {
  /** From when what was wrong inside is over until the region serves as before. */
  private static final long RECOVERS_MILLIS = 5_000;

  private static final long STEP_MILLIS = 100;

  /** A time, its end excluded. */
  private record Window(long fromMillis, long untilMillis) {
    boolean meets(long from, long until) {
      return from < untilMillis && fromMillis <= until;
    }
  }

  RegionAvailability {
    failedAlone = List.copyOf(failedAlone);
  }

  /**
   * @param history of the region's clients
   * @param failed calls of those
   * @param happened each until the nodes that it met answered again
   * @param beganNanos what the times of faults are counted from
   */
  static RegionAvailability of(
      int region,
      List<Invocation> history,
      List<Load.Failed> failed,
      List<Faults.Happened> happened,
      long beganNanos) {
    List<Long> writes =
        history.stream()
            .filter(it -> it.isAcknowledged() && !it.call().isRead())
            .map(it -> millis(it.endNanos(), beganNanos))
            .sorted()
            .toList();
    List<Window> alone = alone(region, happened);
    long longest =
        writes.isEmpty() ? 0 : longestGap(writes, writes.get(0), writes.get(writes.size() - 1));
    long longestAlone =
        alone.stream()
            .mapToLong(it -> longestGap(writes, it.fromMillis(), it.untilMillis()))
            .max()
            .orElse(0);
    List<Load.Failed> failedAlone =
        failed.stream()
            .filter(Load.Failed::writes)
            .filter(
                it ->
                    alone.stream()
                        .anyMatch(
                            window ->
                                window.meets(
                                    millis(it.startNanos(), beganNanos),
                                    millis(it.endNanos(), beganNanos))))
            .toList();
    long aloneMillis = alone.stream().mapToLong(it -> it.untilMillis() - it.fromMillis()).sum();
    return new RegionAvailability(longest, aloneMillis, longestAlone, failedAlone);
  }

  private static long millis(long nanos, long beganNanos) {
    return TimeUnit.NANOSECONDS.toMillis(nanos - beganNanos);
  }

  /** The longest time without a write from one moment to another. */
  private static long longestGap(List<Long> writes, long fromMillis, long untilMillis) {
    long longest = 0;
    long last = fromMillis;
    for (long write : writes) {
      if (write > fromMillis && write < untilMillis) {
        longest = Math.max(longest, write - last);
        last = write;
      }
    }
    return Math.max(longest, untilMillis - last);
  }

  private static List<Window> alone(int region, List<Faults.Happened> happened) {
    long end = happened.stream().mapToLong(RegionAvailability::end).max().orElse(0);
    List<Window> windows = new ArrayList<>();
    long since = -1;
    for (long at = 0; at < end; at += STEP_MILLIS) {
      boolean isAlone = isAlone(region, happened, at);
      if (isAlone && since < 0) {
        since = at;
      } else if (!isAlone && since >= 0) {
        windows.add(new Window(since, at));
        since = -1;
      }
    }
    if (since >= 0) {
      windows.add(new Window(since, end));
    }
    return windows;
  }

  private static boolean isAlone(int region, List<Faults.Happened> happened, long atMillis) {
    boolean isOutside = false;
    for (Faults.Happened it : happened) {
      boolean isInside = it.met().inside().contains(region);
      long over = end(it) + (isInside ? RECOVERS_MILLIS : 0);
      if (it.fromMillis() <= atMillis && atMillis < over) {
        if (isInside) {
          return false;
        }
        isOutside = true;
      }
    }
    return isOutside;
  }

  /** One whose nodes never answered again says nothing of how long it was. */
  private static long end(Faults.Happened it) {
    return it.untilMillis() == Long.MAX_VALUE ? it.fromMillis() : it.untilMillis();
  }
}
