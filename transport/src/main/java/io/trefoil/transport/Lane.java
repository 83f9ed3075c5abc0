package io.trefoil.transport;

/**
 * Connections that don't wait for each other. A long command or a large batch must not delay the
 * word that this node is alive.
 */
public enum Lane {
  /** Leases, fences, membership: small messages, on a thread of their own. */
  CONTROL,
  /** Entries, acknowledgements, forwarded commands, snapshots: on the data loop. */
  DATA
}
