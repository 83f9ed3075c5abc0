package io.trefoil.transport;

/**
 * Connections that don't wait for each other. A long command or a large batch must not delay the
 * word that this node is alive.
 */
public enum Lane {
  /** Leases, fences, membership: small messages, on a thread of their own. */
  CONTROL,
  /** Entries, acknowledgements, forwarded commands, snapshots: on the data loop. */
  DATA,
  /**
   * What goes to nodes of another region, a cluster of its own: on the data loop. The numbers by
   * which a node calls those that it dials are its own.
   */
  REGION
}
