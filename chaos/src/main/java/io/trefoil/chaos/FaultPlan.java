package io.trefoil.chaos;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What goes wrong, and when, drawn from a seed: the same seed is the same plan. Which node leads
 * when a fault of the leader comes is not planned, nor what the clients do: processes and sockets
 * are real, so a run is repeated in its faults and not in its history.
 */
final class FaultPlan {
  /** At the end nothing new goes wrong, so that what lasts can be seen to be mended. */
  private static final long QUIET_END_MILLIS = 2_000;

  private static final long FIRST_MILLIS = 1_500;
  private static final int GAP_MILLIS = 4_500;
  private static final int LASTS_MILLIS = 6_000;

  private FaultPlan() {}

  /**
   * Draws a plan. Changes come beside what goes wrong, each drawn on their own: the same seed goes
   * wrong in the same way with and without them.
   *
   * @param millis how long the run is
   * @param nodes how many nodes there are, two or more
   * @param kinds that may come
   * @return in the order of their times
   */
  static List<PlannedFault> draw(long seed, long millis, int nodes, List<FaultKind> kinds) {
    SplittableRandom random = new SplittableRandom(seed);
    List<FaultKind> faults = kinds.stream().filter(kind -> !kind.isChange()).toList();
    List<FaultKind> changes = kinds.stream().filter(FaultKind::isChange).toList();
    List<PlannedFault> plan = new ArrayList<>();
    plan.addAll(series(random.split(), millis, nodes, oneRound(faults)));
    plan.addAll(series(random.split(), millis, nodes, changes));
    plan.sort(Comparator.comparingLong(PlannedFault::atMillis));
    return List.copyOf(plan);
  }

  /** Those that lose leaders come more often, and those between regions where there are any. */
  private static List<FaultKind> oneRound(List<FaultKind> kinds) {
    List<FaultKind> round = new ArrayList<>(kinds);
    List.of(
            FaultKind.KILL,
            FaultKind.KILL,
            FaultKind.PAUSE,
            FaultKind.CUT,
            FaultKind.REGION_CUT,
            FaultKind.REGION_LINK_CUT)
        .stream()
        .filter(kinds::contains)
        .forEach(round::add);
    return round;
  }

  /** All of a round come before any comes again. */
  private static List<PlannedFault> series(
      SplittableRandom random, long millis, int nodes, List<FaultKind> round) {
    List<FaultKind> bag = new ArrayList<>();
    List<PlannedFault> series = new ArrayList<>();
    long at = FIRST_MILLIS;
    while (at < millis - QUIET_END_MILLIS && !round.isEmpty()) {
      if (bag.isEmpty()) {
        bag.addAll(round);
      }
      FaultKind kind = bag.remove(random.nextInt(bag.size()));
      series.add(fault(random, at, millis, kind, nodes));
      at += 500 + random.nextInt(2 * GAP_MILLIS);
    }
    return series;
  }

  private static PlannedFault fault(
      SplittableRandom random, long at, long millis, FaultKind kind, int nodes) {
    long lasts = 300 + random.nextInt(LASTS_MILLIS);
    int node = random.nextInt(nodes);
    int other = (node + 1 + random.nextInt(nodes - 1)) % nodes;
    int amount =
        switch (kind) {
          case DELAY, REGION_SLOW -> 5 + random.nextInt(200);
          case LOSS -> 10 + random.nextInt(150);
          default -> 0;
        };
    boolean ofLeader = random.nextInt(2) == 0;
    return new PlannedFault(
        at, kind, kind.isOnce() ? 0 : Math.min(lasts, millis - at), ofLeader, node, other, amount);
  }
}
