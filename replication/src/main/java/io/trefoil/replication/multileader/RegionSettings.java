package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;

/**
 * Times and bounds between regions. The same in all regions of a database: a receiver's queue is
 * bounded by what its senders may send ahead.
 *
 * @param windowBytes sent and not acknowledged; beyond, the sender waits
 * @param batchBytes in one message, and in one local entry that merges
 * @param heartbeatMillis a sender that has nothing to send sends this often all the same
 * @param silentMillis a neighbour not heard from for so long is not live; and for so long entries
 *     of another way are waited for before this way is asked for them
 * @param settleMillis a neighbour takes back what another brought for it after being live for so
 *     long
 * @param positionMillis what had come already some other way is noted in the local log this often
 *     at most
 * @param idlePositionMillis the same where the neighbour's log moved and held nothing for others.
 *     Long: a note is such an entry itself, so two regions at rest answer each other's notes
 */
public record RegionSettings(
    long windowBytes,
    int batchBytes,
    long heartbeatMillis,
    long silentMillis,
    long settleMillis,
    long positionMillis,
    long idlePositionMillis) {
  public static final RegionSettings DEFAULT =
      new RegionSettings(8 << 20, 1 << 20, 100, 2_000, 1_000, 1_000, 60_000);

  public RegionSettings {
    Invariants.check(
        batchBytes > 0 && batchBytes <= windowBytes,
        "a batch fits into the window",
        batchBytes,
        windowBytes);
    Invariants.check(
        heartbeatMillis > 0 && silentMillis > heartbeatMillis,
        "a neighbour is silent only after missing heartbeats",
        heartbeatMillis,
        silentMillis);
    Invariants.check(settleMillis > 0, "settling takes time", settleMillis, 0);
    Invariants.check(
        positionMillis > 0 && idlePositionMillis >= positionMillis,
        "what is empty is noted less often",
        positionMillis,
        idlePositionMillis);
  }
}
