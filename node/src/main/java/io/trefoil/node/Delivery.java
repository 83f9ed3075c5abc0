package io.trefoil.node;

/** Takes the reply of a command that does not run at once on its connection's own turn. */
@FunctionalInterface
interface Delivery {
  /**
   * @param reply encoded
   */
  void deliver(Answer by, byte[] reply);

  /** The wait of the command that is answered; null when it can't wait for anything. */
  default ClientWait clientWait() {
    return null;
  }

  /** Whether the command's client is known to be gone: it is not to be run any more. */
  default boolean isForNobody() {
    return clientWait() != null && clientWait().isGone();
  }

  /**
   * One that does something else with the reply, of a command with this wait, which may be null.
   */
  static Delivery of(ClientWait wait, Delivery delivery) {
    return wait == null
        ? delivery
        : new Delivery() {
          @Override
          public void deliver(Answer by, byte[] reply) {
            delivery.deliver(by, reply);
          }

          @Override
          public ClientWait clientWait() {
            return wait;
          }
        };
  }
}
