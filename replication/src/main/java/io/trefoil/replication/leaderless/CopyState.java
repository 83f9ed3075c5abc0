package io.trefoil.replication.leaderless;

/** How far a replica's copy can be relied on; in order, the last one the furthest. */
public enum CopyState {
  /** It may lack what it has acknowledged, or is new: it counts for no read. */
  FORGOT,

  /** It has all that quorums acknowledged. Others may still take it for what it was before. */
  COUNTS,

  /**
   * It has been compared with all others since it forgot, if it ever did: it has all that it wrote
   * as a coordinator, all up to its horizon, and nothing that was purged. Horizons rely on it.
   */
  VOUCHES
}
