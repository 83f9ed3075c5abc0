package io.trefoil.replication.singleleader;

import io.trefoil.base.Invariants;

/**
 * Times and bounds of a replica.
 *
 * @param heartbeatMillis a leader that has nothing to send sends this often all the same
 * @param awayMillis a follower not heard from for so long is taken for away
 * @param maxInFlightBytes entries sent to a follower and not acknowledged; beyond, the leader waits
 * @param maxReadBytes entries read from the journal at a time for a follower that catches up
 */
public record ReplicationSettings(
    long heartbeatMillis, long awayMillis, long maxInFlightBytes, int maxReadBytes) {
  public static final ReplicationSettings DEFAULT =
      new ReplicationSettings(100, 1_000, 64 << 20, 1 << 20);

  public ReplicationSettings {
    Invariants.check(
        heartbeatMillis > 0 && awayMillis > heartbeatMillis,
        "a follower is away only after missing heartbeats",
        heartbeatMillis,
        awayMillis);
    Invariants.check(
        maxInFlightBytes > 0 && maxReadBytes > 0,
        "bounds are positive",
        maxInFlightBytes,
        maxReadBytes);
  }
}
