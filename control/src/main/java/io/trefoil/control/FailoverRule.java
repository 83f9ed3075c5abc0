package io.trefoil.control;

/** What a failover does with too few answers; matters to ASYNC only. Stored by its order. */
public enum FailoverRule {
  /** Waits for enough answers: nothing acknowledged is lost. */
  SAFE,
  /** Goes on with those that are there: what only the lost nodes had is lost, and said so. */
  AVAILABLE
}
