package io.trefoil.control;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * The node's side of its lease: while it is valid, no other node can lead what this one leads. Time
 * is the node's own monotonic clock, read by the caller after the last command that relies on it.
 *
 * <p>A grant counts only once the node has the state that the controller granted it with. Without
 * that, a node that was cut off, lost its partitions and came back would renew its lease and serve
 * what others lead by now.
 *
 * <p>Written under its lock; {@link #isValid} takes none.
 */
public final class NodeLease {
  /** Grants that wait for their state; the oldest goes when there are more. */
  private static final int MAX_WAITING = 8;

  /** A longer grant is none that a controller makes. */
  private static final long MAX_GRANT_NANOS = new LeaseTerms(LeaseTerms.MAX_MILLIS).leaseNanos();

  private record Grant(long version, long untilNanos) {}

  /** Until when; null while there was no lease yet, or it was given up. */
  private volatile Long validUntilNanos;

  // Guarded by this.
  private final Deque<Grant> waiting = new ArrayDeque<>();
  private long version;

  /**
   * Takes over a grant. One that is older than what is held changes nothing.
   *
   * @param sentNanos when the request that was granted was sent, by this node's clock: the
   *     controller counts from the later receipt
   * @param grantedNanos how long the controller granted, by the cluster's terms; 0 for a refusal,
   *     which takes nothing away, and so does more than any cluster's terms allow
   * @param stateVersion the version of the state that the grant counts with
   */
  public synchronized void onGranted(long sentNanos, long grantedNanos, long stateVersion) {
    if (grantedNanos <= 0 || grantedNanos > MAX_GRANT_NANOS) {
      return;
    }
    if (waiting.size() == MAX_WAITING) {
      waiting.remove();
    }
    waiting.add(new Grant(stateVersion, sentNanos + LeaseTerms.heldNanos(grantedNanos)));
    takeOver();
  }

  /**
   * The node has this state, and no longer serves what it does not lead in it. Call it after the
   * replicas have stepped down, not before.
   */
  public synchronized void onState(long newVersion) {
    version = Math.max(version, newVersion);
    takeOver();
  }

  private void takeOver() {
    for (Iterator<Grant> each = waiting.iterator(); each.hasNext(); ) {
      Grant grant = each.next();
      if (grant.version() <= version) {
        Long held = validUntilNanos;
        if (held == null || grant.untilNanos() - held > 0) {
          validUntilNanos = grant.untilNanos();
        }
        each.remove();
      }
    }
  }

  public boolean isValid(long nowNanos) {
    return leftNanos(nowNanos) > 0;
  }

  /** How long it is still valid; 0 when it is not. */
  public long leftNanos(long nowNanos) {
    Long until = validUntilNanos;
    return until == null ? 0 : Math.max(0, until - nowNanos);
  }

  /** Gives the lease up. The caller first stops all that relies on it. */
  public synchronized void release() {
    waiting.clear();
    validUntilNanos = null;
  }
}
