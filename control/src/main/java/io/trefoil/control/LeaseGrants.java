package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.Map;
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
  /** A confirmation older than this grants nothing: too little of the lease would be left. */
  static final long MAX_CONFIRMATION_AGE_NANOS = LeaseTerms.LEASE_NANOS / 2;

  /**
   * @param incarnation whose lease it is
   * @param outAtNanos when it has surely run out
   */
  private record Grant(long incarnation, long outAtNanos) {}

  private final long startedNanos;
  private final Map<NodeId, Map<Long, Grant>> grants = new TreeMap<>();
  private final Map<NodeId, Long> released = new TreeMap<>();
  private final Map<NodeId, Long> heard = new TreeMap<>();

  /**
   * @param startedNanos when this node became the controller, or later
   */
  public LeaseGrants(long startedNanos) {
    this.startedNanos = startedNanos;
  }

  /**
   * Answers a node's request.
   *
   * @param receivedNanos when the request was received, or later
   * @param confirmedNanos a moment at which a majority of voters knew no newer controller
   * @return how long the lease lasts from the sending of the request; 0 when nothing is granted
   */
  public long grant(NodeId node, long incarnation, long receivedNanos, long confirmedNanos) {
    heard.put(node, receivedNanos);
    long ageNanos = Math.max(0, receivedNanos - confirmedNanos);
    if (ageNanos > MAX_CONFIRMATION_AGE_NANOS || isReleased(node, incarnation)) {
      return 0;
    }
    long grantedNanos = LeaseTerms.LEASE_NANOS - ageNanos;
    long outAt = receivedNanos + LeaseTerms.waitedNanos(grantedNanos);
    grants
        .computeIfAbsent(node, id -> new TreeMap<>())
        .merge(incarnation, new Grant(incarnation, outAt), LeaseGrants::later);
    return grantedNanos;
  }

  private static Grant later(Grant a, Grant b) {
    return b.outAtNanos() - a.outAtNanos() > 0 ? b : a;
  }

  /** The process of this incarnation has stopped serving for good, and the older ones with it. */
  public void release(NodeId node, long incarnation) {
    released.merge(node, incarnation, Math::max);
  }

  /** Whether no process of this incarnation can serve under a lease any more. */
  public boolean surelyOut(NodeId node, long incarnation, long nowNanos) {
    if (isReleased(node, incarnation)) {
      return true;
    }
    if (nowNanos - startedNanos < LeaseTerms.waitedNanos(LeaseTerms.LEASE_NANOS)) {
      // An earlier controller may have granted one just before this one was elected.
      return false;
    }
    Map<Long, Grant> ofNode = grants.getOrDefault(node, Map.of());
    Grant grant = ofNode.get(incarnation);
    if (grant == null) {
      return true;
    }
    if (nowNanos - grant.outAtNanos() < 0) {
      return false;
    }
    ofNode.remove(incarnation);
    return true;
  }

  /** Whether this controller granted a lease that may still stand. */
  public boolean holds(NodeId node, long incarnation, long nowNanos) {
    Grant grant = grants.getOrDefault(node, Map.of()).get(incarnation);
    return grant != null && !isReleased(node, incarnation) && nowNanos - grant.outAtNanos() < 0;
  }

  /** How long the node has not asked this controller for a lease. */
  public long unheardNanos(NodeId node, long nowNanos) {
    return nowNanos - heard.getOrDefault(node, startedNanos);
  }

  private boolean isReleased(NodeId node, long incarnation) {
    Long upTo = released.get(node);
    return upTo != null && incarnation <= upTo;
  }
}
