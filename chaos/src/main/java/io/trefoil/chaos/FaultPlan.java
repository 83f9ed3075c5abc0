package io.trefoil.chaos;

import java.util.ArrayList;
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
   * Draws a plan.
   *
   * @param millis how long the run is
   * @param nodes how many nodes there are, three or more
   * @return in the order of their times
   */
  static List<PlannedFault> draw(long seed, long millis, int nodes) {
    SplittableRandom random = new SplittableRandom(seed);
    List<FaultKind> bag = new ArrayList<>();
    List<PlannedFault> plan = new ArrayList<>();
    long at = FIRST_MILLIS;
    while (at < millis - QUIET_END_MILLIS) {
      if (bag.isEmpty()) {
        bag.addAll(oneRound());
      }
      FaultKind kind = bag.remove(random.nextInt(bag.size()));
      plan.add(fault(random, at, millis, kind, nodes));
      at += 500 + random.nextInt(2 * GAP_MILLIS);
    }
    return List.copyOf(plan);
  }

  /** Each kind comes once in a round, and those that lose leaders more often. */
  private static List<FaultKind> oneRound() {
    List<FaultKind> round = new ArrayList<>(List.of(FaultKind.values()));
    round.addAll(List.of(FaultKind.KILL, FaultKind.KILL, FaultKind.PAUSE, FaultKind.CUT));
    return round;
  }

  private static PlannedFault fault(
      SplittableRandom random, long at, long millis, FaultKind kind, int nodes) {
    long lasts = 300 + random.nextInt(LASTS_MILLIS);
    int node = random.nextInt(nodes);
    int other = (node + 1 + random.nextInt(nodes - 1)) % nodes;
    int amount =
        switch (kind) {
          case DELAY -> 5 + random.nextInt(200);
          case LOSS -> 10 + random.nextInt(150);
          default -> 0;
        };
    boolean ofLeader = random.nextInt(2) == 0;
    boolean once = kind == FaultKind.RESET;
    return new PlannedFault(
        at, kind, once ? 0 : Math.min(lasts, millis - at), ofLeader, node, other, amount);
  }
}
