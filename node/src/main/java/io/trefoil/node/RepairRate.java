package io.trefoil.node;

/**
 * How much anti-entropy may take, so that it yields to clients. All of the rate while the loop is
 * less than half busy; from there on less, down to a small part, so that replicas come to be equal
 * however long clients keep the loop busy.
 */
final class RepairRate {
  /** The part that is left when the loop is always busy. */
  private static final int LEAST = 32;

  /** The same of a copy that forgot something: until it is whole again, quorums lack it. */
  private static final int LEAST_WHEN_FORGOT = 4;

  private RepairRate() {}

  /**
   * What one replica may take.
   *
   * @param bytesPerSecond of the whole node
   * @param busy share of the time for which the loop worked, from 0 to 1
   * @param forgot whether the replica's copy is not whole
   * @param sharing how many replicas share it
   * @return bytes a second, at least 1
   */
  static long of(long bytesPerSecond, double busy, boolean forgot, int sharing) {
    double least = 1.0 / (forgot ? LEAST_WHEN_FORGOT : LEAST);
    double part = Math.max(least, Math.min(1, 2 * (1 - busy)));
    return Math.max(1, (long) (bytesPerSecond * part / sharing));
  }
}
