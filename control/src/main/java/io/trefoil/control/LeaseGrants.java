package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The controller's side of the node leases: what it granted, and which leases have surely run out.
 * Pure: time is an argument, the controller's monotonic clock. Not thread-safe.
 *
 * <p>A grant lasts from the moment for which the controller's leadership is <em>confirmed</em>, not
 * from the receipt of the request: no other controller was elected before that moment, and one that
 * was elected after it waits a full lease before it takes any lease for run out.
 */
public final class LeaseGrants {
  private static final NavigableMap<Long, Long> NONE = Collections.emptyNavigableMap();

  private final long startedNanos;

  /** By node, incarnation and the state's version at the grant: when it has surely run out. */
  private final Map<NodeId, Map<Long, NavigableMap<Long, Long>>> grants = new TreeMap<>();

  private final Map<NodeId, Long> released = new TreeMap<>();
  private final Map<NodeId, Long> heard = new TreeMap<>();
  private LeaseTerms terms;

  /**
   * @param startedNanos when this node became the controller, or later
   * @param terms those of the cluster's state
   */
  public LeaseGrants(long startedNanos, LeaseTerms terms) {
    this.startedNanos = startedNanos;
    this.terms = terms;
  }

  /**
   * Takes over the terms of a newer state. They change when the cluster is founded, and nothing was
   * granted before that.
   */
  public void onTerms(LeaseTerms newer) {
    Invariants.check(newer.equals(terms) || grants.isEmpty(), "the lease changes after grants");
    terms = newer;
  }

  /**
   * Answers a node's request.
   *
   * @param version of the state that the node must have before the grant counts
   * @param receivedNanos when the request was received, or later
   * @param confirmedNanos a moment at which a majority of voters knew no newer controller
   * @return how long the lease lasts from the sending of the request; 0 when nothing is granted
   */
  public long grant(
      NodeId node, long incarnation, long version, long receivedNanos, long confirmedNanos) {
    heard.put(node, receivedNanos);
    long ageNanos = Math.max(0, receivedNanos - confirmedNanos);
    if (!isFresh(ageNanos) || isReleased(node, incarnation)) {
      return 0;
    }
    long grantedNanos = terms.leaseNanos() - ageNanos;
    long outAt = receivedNanos + LeaseTerms.waitedNanos(grantedNanos);
    Map<Long, NavigableMap<Long, Long>> ofNode =
        grants.computeIfAbsent(node, id -> new TreeMap<>());
    ofNode
        .values()
        .forEach(byVersion -> byVersion.values().removeIf(out -> receivedNanos - out >= 0));
    ofNode.values().removeIf(Map::isEmpty);
    ofNode
        .computeIfAbsent(incarnation, number -> new TreeMap<>())
        .merge(version, outAt, (x, y) -> y - x > 0 ? y : x);
    return grantedNanos;
  }

  /** Whether a confirmation of this age still grants leases. */
  boolean isFresh(long confirmationAgeNanos) {
    return confirmationAgeNanos <= terms.maxConfirmationAgeNanos();
  }

  /** The process of this incarnation has stopped serving for good, and the older ones with it. */
  public void release(NodeId node, long incarnation) {
    released.merge(node, incarnation, Math::max);
  }

  /** Whether no process of this incarnation can serve under a lease any more. */
  public boolean surelyOut(NodeId node, long incarnation, long nowNanos) {
    return surelyOut(node, incarnation, Long.MAX_VALUE, nowNanos);
  }

  /** The same for leases that count on a node whose state is older than {@code version}. */
  public boolean surelyOut(NodeId node, long incarnation, long version, long nowNanos) {
    if (isReleased(node, incarnation)) {
      return true;
    }
    // An earlier controller may have granted one just before this one was elected.
    return nowNanos - startedNanos >= LeaseTerms.waitedNanos(terms.leaseNanos())
        && ofIncarnation(node, incarnation).headMap(version, false).values().stream()
            .allMatch(out -> nowNanos - out >= 0);
  }

  /** Whether this controller granted a lease that may still stand. */
  public boolean holds(NodeId node, long incarnation, long nowNanos) {
    return !isReleased(node, incarnation)
        && ofIncarnation(node, incarnation).values().stream().anyMatch(out -> nowNanos - out < 0);
  }

  private NavigableMap<Long, Long> ofIncarnation(NodeId node, long incarnation) {
    return grants.getOrDefault(node, Map.of()).getOrDefault(incarnation, NONE);
  }

  /** How long the node has not asked this controller for a lease. */
  public long unheardNanos(NodeId node, long nowNanos) {
    return nowNanos - heard.getOrDefault(node, startedNanos);
  }

  /** Whether the process of this incarnation said that it serves nothing any more. */
  boolean isReleased(NodeId node, long incarnation) {
    Long upTo = released.get(node);
    return upTo != null && incarnation <= upTo;
  }
}
