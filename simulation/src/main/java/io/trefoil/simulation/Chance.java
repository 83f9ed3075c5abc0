package io.trefoil.simulation;

import io.trefoil.replication.kernel.Effect;
import java.util.SplittableRandom;

/** How long things take and whether they fail, for the shell of a node. */
class Chance {
  /** Nothing fails and everything takes the same time: for traces that people read. */
  static final Chance CALM = new Chance();

  long syncMicros(boolean hurried) {
    return 100;
  }

  long readMicros() {
    return 100;
  }

  long snapshotMicros() {
    return 100;
  }

  boolean snapshotFails() {
    return false;
  }

  boolean killedBefore(Effect effect) {
    return false;
  }

  /** 0 for not at all. */
  long pauseBeforeReplyMicros() {
    return 0;
  }

  /** As a shape says, until the world heals. */
  static final class Drawn extends Chance {
    private final Shape shape;
    private final SplittableRandom random;
    private final Coverage coverage;
    private boolean healed;

    Drawn(Shape shape, SplittableRandom random, Coverage coverage) {
      this.shape = shape;
      this.random = random;
      this.coverage = coverage;
    }

    void heal() {
      healed = true;
    }

    private boolean fails(int rate, int of, Fault fault) {
      boolean fails = random.nextInt(of) < rate && !healed;
      if (fails) {
        coverage.met(fault);
      }
      return fails;
    }

    @Override
    long syncMicros(boolean hurried) {
      if (fails(shape.slowDiskPerMille(), 1_000, Fault.SLOW_DISK)) {
        return (100 + random.nextInt(400)) * Schedule.MILLIS;
      }
      return (hurried ? 1 + random.nextInt(4) : 10 + random.nextInt(40)) * Schedule.MILLIS;
    }

    @Override
    long readMicros() {
      return random.nextInt(20) * Schedule.MILLIS
          + (fails(shape.slowDiskPerMille(), 200, Fault.SLOW_DISK) ? 1_000_000 : 0);
    }

    @Override
    long snapshotMicros() {
      return (5 + random.nextInt(300)) * Schedule.MILLIS;
    }

    @Override
    boolean snapshotFails() {
      return fails(20, 100, Fault.SNAPSHOT_FAILED);
    }

    @Override
    boolean killedBefore(Effect effect) {
      boolean often =
          effect instanceof Effect.Send
              || effect instanceof Effect.Append
              || effect instanceof Effect.Commit;
      int of = often ? 100_000 : 1_000; // the rare effects are the moments that matter
      return fails(shape.betweenEffects(), of, Fault.KILLED_BETWEEN_EFFECTS);
    }

    @Override
    long pauseBeforeReplyMicros() {
      return fails(shape.pausedReplyPerMille(), 1_000, Fault.PAUSED_BEFORE_REPLY)
          ? (100 + random.nextInt(2_000)) * Schedule.MILLIS
          : 0;
    }
  }
}
