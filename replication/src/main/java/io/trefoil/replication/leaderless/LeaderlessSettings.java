package io.trefoil.replication.leaderless;

import io.trefoil.base.Invariants;

/**
 * Times and bounds of a replica.
 *
 * @param heartbeatMillis a coordinator that has nothing to send sends this often all the same
 * @param awayMillis a replica not heard from for so long is taken for away
 * @param maxInFlightBytes entries sent to a replica and not confirmed; beyond, the coordinator
 *     waits
 * @param maxReadBytes entries read from the journal at a time for a replica that catches up
 * @param speculateMillis a replica that was asked and says nothing for so long is not waited for
 *     alone: another one is asked, too
 */
public record LeaderlessSettings(
    long heartbeatMillis,
    long awayMillis,
    long maxInFlightBytes,
    int maxReadBytes,
    long speculateMillis) {
  public static final LeaderlessSettings DEFAULT =
      new LeaderlessSettings(100, 1_000, 64 << 20, 1 << 20, 50);

  public LeaderlessSettings {
    Invariants.check(
        heartbeatMillis > 0 && awayMillis > heartbeatMillis,
        "a replica is away only after missing heartbeats",
        heartbeatMillis,
        awayMillis);
    Invariants.check(
        maxInFlightBytes > 0 && maxReadBytes > 0,
        "bounds are positive",
        maxInFlightBytes,
        maxReadBytes);
    Invariants.check(speculateMillis > 0, "an answer takes time", speculateMillis, 0);
  }
}
