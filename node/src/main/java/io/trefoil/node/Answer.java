package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;

/**
 * Who answered a command, and from what.
 *
 * @param node null when this node refused it by itself
 * @param leader whether the partition's leader answered
 * @param position up to which the answering replica had committed
 * @param ageMillis how old that may be: 0 from a leader, else since the leader's last word
 */
record Answer(NodeId node, boolean leader, Position position, long ageMillis) {
  static final Answer NONE = new Answer(null, false, Position.ZERO, 0);

  static Answer byLeader(NodeId node, Position position) {
    return new Answer(node, true, position, 0);
  }

  static Answer byFollower(NodeId node, Position position, long ageMillis) {
    return new Answer(node, false, position, ageMillis);
  }
}
