package io.trefoil.replication.leaderless;

import io.trefoil.base.Invariants;

/**
 * Times and bounds of anti-entropy.
 *
 * @param roundMillis pause between two rounds with the same replica
 * @param retryMillis pause before a replica that did not answer is tried again, if this copy needs
 *     it, and before a comparison is sent again; must be so long that a round that fails at once
 *     takes nothing worth mentioning
 * @param answerMillis a round whose question is not answered for so long has failed
 * @param maxNodes sums compared in a message
 * @param maxLeaves leaves of a round that are listed, pulled or merged at a time
 * @param bytesPerSecond what all rounds may take until {@link RepairEvent.Budget} says otherwise
 */
public record RepairSettings(
    long roundMillis,
    long retryMillis,
    long answerMillis,
    int maxNodes,
    int maxLeaves,
    long bytesPerSecond) {
  public static final RepairSettings DEFAULT =
      new RepairSettings(10_000, 1_000, 10_000, 64, 4, 4 << 20);

  /** The defaults, but for the pause between two rounds with the same replica. */
  public static RepairSettings pausing(long roundMillis) {
    return new RepairSettings(
        roundMillis,
        Math.min(roundMillis, DEFAULT.retryMillis),
        DEFAULT.answerMillis,
        DEFAULT.maxNodes,
        DEFAULT.maxLeaves,
        DEFAULT.bytesPerSecond);
  }

  public RepairSettings {
    Invariants.check(roundMillis > 0 && retryMillis > 0, "pauses", roundMillis, retryMillis);
    Invariants.check(answerMillis > 0, "an answer takes time", answerMillis, 0);
    Invariants.check(maxNodes > 0 && maxLeaves > 0, "bounds", maxNodes, maxLeaves);
    Invariants.check(bytesPerSecond >= 0, "a budget", bytesPerSecond, 0);
  }
}
