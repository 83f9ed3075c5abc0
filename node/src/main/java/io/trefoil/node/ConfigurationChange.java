package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.control.PartitionState;
import io.trefoil.replication.singleleader.SingleLeaderReplica;

/**
 * A leader's part in a change of its partition's configuration: it tells the controller when the
 * next step may be taken. See {@link PartitionState} for the steps.
 */
final class ConfigurationChange {
  /** Word of it may be lost, so it is said again. */
  private static final long AGAIN_NANOS = 100_000_000L;

  private final PartitionReplica replica;
  private long version;
  private long epoch;

  /** The log's end when both configurations began to stand, or when this leadership began. */
  private long end;

  private long committedBefore;
  private long saidNanos;
  private long saidVersion;

  ConfigurationChange(PartitionReplica replica) {
    this.replica = replica;
  }

  /** The machine goes by the configurations of the terms from now on. */
  void configured() {
    PartitionState state = replica.terms().state();
    if (version != state.configVersion() || epoch != replica.epoch()) {
      version = state.configVersion();
      epoch = replica.epoch();
      end = replica.lastIndex();
      committedBefore = replica.lastIndex();
    }
  }

  void tick() {
    PartitionState state = replica.terms().state();
    SingleLeaderReplica machine = replica.machine();
    long committed = machine.commitIndex();
    boolean leads =
        machine.isLeader()
            && state.epoch() == machine.epoch()
            && state.configVersion() == version
            && epoch == machine.epoch();
    if (leads && state.isChanging() && isReady(state, machine)) {
      say(state);
    }
    committedBefore = committed;
  }

  private void say(PartitionState state) {
    long now = replica.turnNanos();
    if (saidVersion != state.configVersion() || now - saidNanos >= AGAIN_NANOS) {
      saidVersion = state.configVersion();
      saidNanos = now;
      replica.host().changeReady(replica, state.configVersion());
    }
  }

  private boolean isReady(PartitionState state, SingleLeaderReplica machine) {
    if (state.next() != null) {
      return state.learners().stream().allMatch(this::hasCaughtUp);
    }
    return machine.commitIndex() >= end
        && machine.copiedIndex() >= end
        && state.configuration().replicas().contains(replica.loop().self());
  }

  /** With all that was committed a tick ago: under load it never has all that is committed now. */
  private boolean hasCaughtUp(NodeId learner) {
    var peer = replica.machine().followers().get(learner);
    return peer != null
        && peer.counts()
        && replica.machine().isReachable(learner)
        && peer.match() >= committedBefore;
  }
}
