package io.trefoil.control;

/**
 * The node's side of its lease: while it is valid, no other node can lead what this one leads. Time
 * is the node's own monotonic clock, read by the caller after the last command that relies on it.
 *
 * <p>Written by one thread; {@link #isValid} may be called by any.
 */
public final class NodeLease {
  private volatile long validUntilNanos;
  private volatile boolean held;

  /**
   * Takes over a grant. One that is older than what is held changes nothing.
   *
   * @param sentNanos when the request that was granted was sent, by this node's clock: the
   *     controller counts from the later receipt
   * @param grantedNanos how long the controller granted; 0 for a refusal, which takes nothing away
   */
  public void onGranted(long sentNanos, long grantedNanos) {
    if (grantedNanos <= 0 || grantedNanos > LeaseTerms.LEASE_NANOS) {
      return;
    }
    long until = sentNanos + LeaseTerms.heldNanos(grantedNanos);
    if (!held || until - validUntilNanos > 0) {
      validUntilNanos = until;
      held = true;
    }
  }

  public boolean isValid(long nowNanos) {
    return held && validUntilNanos - nowNanos > 0;
  }

  /** How long it is still valid; 0 when it is not. */
  public long leftNanos(long nowNanos) {
    return isValid(nowNanos) ? validUntilNanos - nowNanos : 0;
  }

  /** Gives the lease up. The caller first stops all that relies on it. */
  public void release() {
    held = false;
  }
}
