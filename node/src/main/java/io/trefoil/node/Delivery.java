package io.trefoil.node;

/** Takes the reply of a command that does not run at once on its connection's own turn. */
@FunctionalInterface
interface Delivery {
  /**
   * @param reply encoded
   */
  void deliver(Answer by, byte[] reply);
}
