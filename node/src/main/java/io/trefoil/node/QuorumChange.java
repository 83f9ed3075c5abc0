package io.trefoil.node;

import io.trefoil.control.PartitionState;

/**
 * A replica's part in a change of its leaderless partition's configuration: it tells the controller
 * when it is ready for the next step. See {@link PartitionState} for the steps.
 *
 * <p>It serves no step before the one that it has heard of: nor does it answer those who do.
 */
final class QuorumChange {
  /** Word of it may be lost, so it is said again. */
  private static final long AGAIN_NANOS = 100_000_000L;

  private final QuorumReplica replica;
  private long saidNanos;
  private long saidVersion;

  QuorumChange(QuorumReplica replica) {
    this.replica = replica;
  }

  void tick() {
    PartitionState state = replica.terms().state();
    if (state.isChanging() && isReady(state)) {
      say(state);
    }
  }

  private boolean isReady(PartitionState state) {
    if (state.next() != null) {
      return state.learners().contains(replica.loop().self()) && replica.machine().counts();
    }
    return replica.repair().machine().hasOlder();
  }

  private void say(PartitionState state) {
    long now = replica.loop().nowNanos();
    boolean isHeard = state.ready().contains(replica.loop().self());
    boolean isNews = saidVersion != state.configVersion() || now - saidNanos >= AGAIN_NANOS;
    if (!isHeard && isNews) {
      saidVersion = state.configVersion();
      saidNanos = now;
      replica.host().changeReady(replica, state.configVersion());
    }
  }
}
