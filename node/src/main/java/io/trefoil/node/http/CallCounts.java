package io.trefoil.node.http;

/**
 * What became of the commands that this node answered for, since it started.
 *
 * @param committed writes that were acknowledged
 * @param refused writes that were certainly not applied
 * @param uncertain writes that were perhaps applied
 * @param readRepairs reads that found replicas to differ
 * @param restamped writes that were written again with a larger stamp
 * @param conflicts merges by which a key came to have siblings, and values that merges hid
 * @param siblingLimits merges by which a key came to have as many siblings as it may
 */
public record CallCounts(
    long committed,
    long refused,
    long uncertain,
    long readRepairs,
    long restamped,
    long conflicts,
    long siblingLimits) {
  public static final CallCounts NONE = new CallCounts(0, 0, 0, 0, 0, 0, 0);

  /** Both together. */
  public CallCounts plus(CallCounts other) {
    return new CallCounts(
        committed + other.committed,
        refused + other.refused,
        uncertain + other.uncertain,
        readRepairs + other.readRepairs,
        restamped + other.restamped,
        conflicts + other.conflicts,
        siblingLimits + other.siblingLimits);
  }

  /** The larger of each: counters never go back. */
  CallCounts orMore(CallCounts other) {
    return new CallCounts(
        Math.max(committed, other.committed),
        Math.max(refused, other.refused),
        Math.max(uncertain, other.uncertain),
        Math.max(readRepairs, other.readRepairs),
        Math.max(restamped, other.restamped),
        Math.max(conflicts, other.conflicts),
        Math.max(siblingLimits, other.siblingLimits));
  }

  long of(WriteOutcome outcome) {
    return switch (outcome) {
      case COMMITTED -> committed;
      case REFUSED -> refused;
      case UNCERTAIN -> uncertain;
    };
  }
}
