package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;

/** Takes the reply of a command that does not run at once on its connection's own turn. */
@FunctionalInterface
interface Delivery {
  /**
   * @param from who answered; null for this node's own refusal
   * @param at position up to which the answering replica had committed
   * @param reply encoded
   */
  void deliver(NodeId from, Position at, byte[] reply);
}
