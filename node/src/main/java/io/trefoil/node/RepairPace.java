package io.trefoil.node;

import java.util.Collection;

/**
 * Shares what anti-entropy may take among this node's replicas that have rounds under way, by how
 * busy the loop is. Belongs to the data loop's thread.
 */
final class RepairPace {
  private static final long WINDOW_NANOS = 200_000_000L;

  private final DataLoop loop;
  private final long bytesPerSecond;
  private long sinceNanos;
  private long busyBefore;
  private double busy;

  /**
   * @param bytesPerSecond of all replicas together
   */
  RepairPace(DataLoop loop, long bytesPerSecond) {
    this.loop = loop;
    this.bytesPerSecond = bytesPerSecond;
  }

  void tick(Collection<QuorumReplica> replicas) {
    measure();
    int running = (int) replicas.stream().filter(RepairPace::isRunning).count();
    for (QuorumReplica each : replicas) {
      // One that is to begin soon has its share then.
      int sharing = isRunning(each) ? running : running + 1;
      boolean forgot = each.repair().isFillingUp();
      each.repair().grant(RepairRate.of(bytesPerSecond, busy, forgot, sharing));
    }
  }

  private static boolean isRunning(QuorumReplica replica) {
    return replica.repair().machine().isRunning();
  }

  private void measure() {
    long passed = loop.nowNanos() - sinceNanos;
    if (passed >= WINDOW_NANOS) {
      busy = (double) (loop.busyNanos() - busyBefore) / passed;
      sinceNanos = loop.nowNanos();
      busyBefore = loop.busyNanos();
    }
  }
}
