package io.trefoil.control;

import io.trefoil.base.Invariants;
import java.util.concurrent.TimeUnit;

/**
 * The durations of the node lease, on which both of its sides must agree. They follow from one that
 * is decided when the cluster is founded and never changes.
 *
 * <p>Only the rates of the clocks matter. The node takes 10 % off, the controller puts 10 % on: two
 * clocks may drift apart by 20 % before a leader is appointed beside one that still serves.
 *
 * @param leaseMillis how long a lease lasts at most, {@link #MIN_MILLIS} to {@link #MAX_MILLIS}
 */
public record LeaseTerms(long leaseMillis) {
  public static final long MIN_MILLIS = 200;
  public static final long MAX_MILLIS = 60_000;

  /** Before the cluster is founded; no lease is granted then. */
  public static final long DEFAULT_MILLIS = 600;

  /** A node also learns from the replies that the state has changed, so a long lease asks often. */
  private static final long MAX_RENEW_MILLIS = 150;

  public LeaseTerms {
    Invariants.check(isAllowed(leaseMillis), "a lease is too short or too long");
  }

  static boolean isAllowed(long leaseMillis) {
    return leaseMillis >= MIN_MILLIS && leaseMillis <= MAX_MILLIS;
  }

  /** How long a lease lasts at most. */
  public long leaseNanos() {
    return TimeUnit.MILLISECONDS.toNanos(leaseMillis);
  }

  /** How often a node asks for it: a quarter of it, at most 150 ms. */
  public long renewNanos() {
    return TimeUnit.MILLISECONDS.toNanos(Math.min(leaseMillis / 4, MAX_RENEW_MILLIS));
  }

  /** A confirmation older than this grants nothing: too little of the lease would be left. */
  long maxConfirmationAgeNanos() {
    return leaseNanos() / 2;
  }

  /** What the node counts of a granted duration, from the sending of its request. */
  static long heldNanos(long grantedNanos) {
    return grantedNanos - grantedNanos / 10;
  }

  /** What the controller waits of a granted duration, from the receipt of the request. */
  static long waitedNanos(long grantedNanos) {
    return grantedNanos + grantedNanos / 10;
  }
}
