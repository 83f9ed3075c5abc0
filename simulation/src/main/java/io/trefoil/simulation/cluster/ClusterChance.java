package io.trefoil.simulation.cluster;

import io.trefoil.simulation.Schedule;
import java.util.SplittableRandom;

/** What happens within a process by chance: how long its disk takes, and where it stops or dies. */
final class ClusterChance {
  private final SplittableRandom random;
  private final ClusterShape shape;
  private boolean faulty;

  ClusterChance(ClusterShape shape, SplittableRandom random) {
    this.shape = shape;
    this.random = random;
  }

  /** Whether faults happen from now on. */
  void faults(boolean wanted) {
    faulty = wanted;
  }

  boolean isFaulty() {
    return faulty;
  }

  int below(int bound) {
    return random.nextInt(bound);
  }

  long syncMicros() {
    if (faulty && random.nextInt(1_000) < shape.rate(FaultRate.SLOW_SYNCS)) {
      return (10 + random.nextInt(300)) * Schedule.MILLIS;
    }
    return 100 + random.nextInt(2_000);
  }

  long readMicros() {
    return 50 + random.nextInt(500);
  }

  /** Whether connections break at a piece of a snapshot. */
  boolean breaksSnapshot() {
    return faulty && shape.rate(FaultRate.BROKEN_CONNECTIONS) > 0 && random.nextInt(8) == 0;
  }

  /** How long a process is stopped where it reads its clock; mostly not at all. */
  long pauseHereMicros() {
    return faulty && random.nextInt(100_000) < shape.rate(FaultRate.PAUSES_IN_TASKS)
        ? (20 + random.nextInt(1_500)) * Schedule.MILLIS
        : 0;
  }

  /** Whether a process dies where it touches its disk. */
  boolean diesHere() {
    return faulty && random.nextInt(100_000) < shape.rate(FaultRate.DEATHS_IN_TASKS);
  }
}
