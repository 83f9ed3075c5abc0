package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;

/**
 * Who answered a command, and from what.
 *
 * @param node null when this node refused it by itself, or several answered; of a leaderless
 *     partition the coordinator
 * @param leader whether the partition's leader answered
 * @param position of the latest entry that the command may have seen; 0:0 with several replicas
 * @param ageMillis how old that may be: 0 from a leader that holds its lease, {@link
 *     Freshness#UNKNOWN} when there is no telling
 * @param quorum what a coordinator achieved; null when none answered
 */
record Answer(NodeId node, boolean leader, Position position, long ageMillis, QuorumAnswer quorum) {
  static final Answer NONE = new Answer(null, false, Position.ZERO, 0);

  Answer(NodeId node, boolean leader, Position position, long ageMillis) {
    this(node, leader, position, ageMillis, null);
  }

  static Answer byLeader(NodeId node, Position position) {
    return new Answer(node, true, position, 0);
  }

  static Answer byCoordinator(NodeId node, QuorumAnswer quorum) {
    return new Answer(node, false, Position.ZERO, 0, quorum);
  }

  /** Of a command that two replicas answered together. */
  Answer with(Answer other) {
    return new Answer(
        other.node != null && other.node.equals(node) ? node : null,
        leader && other.leader,
        Position.ZERO,
        Math.max(ageMillis, other.ageMillis),
        quorum == null || other.quorum == null ? null : quorum.with(other.quorum));
  }
}
