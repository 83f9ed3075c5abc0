package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.PeerProgress;

/**
 * How a leader hands its partition over: it takes no more commands, has the rest of its log
 * committed and copied to its successor, and tells the controller, which opens an epoch. Commands
 * wait meanwhile, and then go to the new leader: nothing is refused and nothing is uncertain.
 *
 * <p>It gives up, and goes on leading, when that takes too long. That is safe at any moment: the
 * epoch decides who leads, not this.
 */
final class HandOver {
  /** How long the successor may take to have everything. */
  private static final long DRAIN_NANOS = 100_000_000L;

  /** How long the controller may take to open an epoch. */
  private static final long OPEN_NANOS = 1_000_000_000L;

  /** Who has stepped down, and is still the leader to the cluster, says so again after this. */
  private static final long AGAIN_NANOS = 200_000_000L;

  /** A successor that is farther behind is not waited for. */
  private static final long NEAR_ENTRIES = 10_000;

  private final PartitionReplica replica;
  private NodeId successor;
  private boolean said;
  private long deadlineNanos;
  private long saidNanos;

  HandOver(PartitionReplica replica) {
    this.replica = replica;
  }

  boolean isUnderWay() {
    return successor != null;
  }

  void begin(long epoch, NodeId to) {
    boolean mayBegin =
        successor == null && replica.machine().isLeader() && replica.epoch() == epoch;
    if (mayBegin && isNear(to)) {
      successor = to;
      said = false;
      deadlineNanos = replica.turnNanos() + DRAIN_NANOS;
      maybeFinish();
    }
  }

  private boolean isNear(NodeId to) {
    PeerProgress peer = replica.machine().followers().get(to);
    return peer != null
        && peer.counts()
        && replica.machine().isReachable(to)
        && replica.machine().canCommit()
        && replica.lastIndex() - peer.match() <= NEAR_ENTRIES;
  }

  /** Something was acknowledged: perhaps all is. */
  void maybeFinish() {
    if (successor == null || said || replica.hasUnproposed()) {
      return;
    }
    PeerProgress peer = replica.machine().followers().get(successor);
    long last = replica.machine().lastIndex();
    if (peer != null && peer.match() >= last && replica.machine().commitIndex() >= last) {
      said = true;
      deadlineNanos = replica.turnNanos() + OPEN_NANOS;
      say(replica.epoch());
    }
  }

  private void say(long ended) {
    saidNanos = replica.turnNanos();
    replica.host().handedOver(replica, ended);
  }

  void tick() {
    maybeFinish();
    sayAgain();
    if (successor != null && replica.turnNanos() - deadlineNanos > 0) {
      successor = null;
      replica.host().handOverEnded(replica);
    }
  }

  /** The controller that had it promise the next epoch may have been lost before it began. */
  private void sayAgain() {
    long led = replica.terms().state().epoch();
    if (replica.leadsToTheCluster()
        && replica.epoch() > led
        && replica.turnNanos() - saidNanos >= AGAIN_NANOS) {
      say(led);
    }
  }

  /** The leadership is over. */
  void end() {
    successor = null;
  }
}
