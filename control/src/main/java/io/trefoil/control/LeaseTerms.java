package io.trefoil.control;

import java.util.concurrent.TimeUnit;

/**
 * The durations of the node lease, on which both of its sides must agree.
 *
 * <p>Only the rates of the clocks matter. The node takes 10 % off, the controller puts 10 % on: two
 * clocks may drift apart by 20 % before a leader is appointed beside one that still serves.
 */
public final class LeaseTerms {
  /** How long a lease lasts at most. */
  public static final long LEASE_NANOS = TimeUnit.MILLISECONDS.toNanos(600);

  /** How often a node asks for it. */
  public static final long RENEW_NANOS = TimeUnit.MILLISECONDS.toNanos(150);

  private LeaseTerms() {}

  /** What the node counts of a granted duration, from the sending of its request. */
  static long heldNanos(long grantedNanos) {
    return grantedNanos - grantedNanos / 10;
  }

  /** What the controller waits of a granted duration, from the receipt of the request. */
  static long waitedNanos(long grantedNanos) {
    return grantedNanos + grantedNanos / 10;
  }
}
