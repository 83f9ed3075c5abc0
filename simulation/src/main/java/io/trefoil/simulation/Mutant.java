package io.trefoil.simulation;

/**
 * A rule that is broken on purpose, to prove that the checks see it. Each is done to the events and
 * effects around the replica, or to the model of the controller; the replica itself is untouched.
 */
public enum Mutant {
  NONE,
  /** Entries are called stable before they are synced. */
  STABLE_EARLY,
  /** The promise is called durable and is never written. Too rare for seeds: a trace shows it. */
  PROMISE_NOT_WRITTEN,
  /** What an older epoch's leader sends is acknowledged after the promise. */
  ACKNOWLEDGED_AFTER_PROMISE,
  /** The controller appoints whoever answers first. */
  FIRST_ANSWER_LEADS,
  /** The controller is content with one fence answer too few. */
  ONE_ANSWER_TOO_FEW,
  /** The controller appoints the smallest position. */
  SHORTEST_LOG_LEADS,
  /** The controller appoints without waiting for the old leader's lease to run out. */
  LEASE_NOT_WAITED_FOR,
  /** A node's lease is renewed without telling it of the epoch that was opened meanwhile. */
  LEASE_WITHOUT_EPOCH,
  /** The lease is checked before the turn rather than before the replies leave. */
  LEASE_CHECKED_EARLY,
  /** An appointment is accepted for an epoch that has a leader. */
  APPOINTED_TWICE,
  /** A replica whose machine lost writes counts. */
  AMNESIAC_COUNTS,
  /** A batch that comes late cuts what follows it. */
  LATE_BATCH_CUTS,
  /** Replies are not held until what they looked at is committed. */
  UNCOMMITTED_SERVED,
  /** Writes that wait when a leader steps down are acknowledged. */
  LOST_LEADERSHIP_IS_OK,
  /** The configuration is replaced without two standing meanwhile. */
  CHANGED_IN_ONE_STEP,
  /** What diverged is not reported. */
  DIVERGENCE_SILENT
}
