package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;
import java.util.Set;

/**
 * Who holds a partition, how many of them must hold an entry before it is committed, and what
 * holding it means.
 *
 * @param replicas the first is the preferred leader, if the partition is led
 * @param copies the c of the commit rule or the W of a leaderless partition, 1 to N
 * @param durability when a copy is stable
 * @param reads the R of a leaderless partition, 1 to N; 0 for one that is led, whose reads ask its
 *     leader or one copy
 */
public record Configuration(List<NodeId> replicas, int copies, Durability durability, int reads) {
  public Configuration {
    replicas = List.copyOf(replicas);
    Invariants.check(
        copies >= 1 && copies <= replicas.size(), "copies out of range", copies, replicas.size());
    Invariants.check(
        reads >= 0 && reads <= replicas.size(), "reads out of range", reads, replicas.size());
  }

  /** That of a partition that is led. */
  public Configuration(List<NodeId> replicas, int copies, Durability durability) {
    this(replicas, copies, durability, 0);
  }

  /** The same rule for other nodes, or for the same ones in another order. */
  Configuration on(List<NodeId> others) {
    return new Configuration(others, copies, durability, reads);
  }

  public boolean isLeaderless() {
    return reads > 0;
  }

  /**
   * The answers f = N - c + 1 that a failover needs: an entry on c of N copies is in any f of them.
   */
  public int fenceAnswers() {
    return replicas.size() - copies + 1;
  }

  /**
   * So many replicas of a leaderless partition must be done with the steps before, when this
   * configuration stands beside another: the largest of N - W + 1, N - R + 1 and W.
   *
   * <p>If this is the older one, no W and no R of the others can do without them any more, and
   * nothing goes on by this configuration alone. If it is the newer one, each R of its replicas has
   * one that is done, and W of them have what was acknowledged before, as of any other write.
   */
  public int changeAnswers() {
    return Math.max(copies, replicas.size() - Math.min(copies, reads) + 1);
  }

  boolean mayChange(Set<NodeId> ready) {
    return replicas.stream().filter(ready::contains).count() >= changeAnswers();
  }

  boolean isSynced() {
    return durability == Durability.FSYNC;
  }

  boolean hasSameReplicas(Configuration other) {
    return Set.copyOf(replicas).equals(Set.copyOf(other.replicas));
  }

  /** Whether both ask for the same, whoever is to lead. */
  boolean isSameRule(Configuration other) {
    return hasSameReplicas(other)
        && copies == other.copies
        && durability == other.durability
        && reads == other.reads;
  }

  /**
   * Whether {@code weaker} may take this one's place at once: whatever was committed here is found
   * by a failover there, and what is acknowledged from then on claims no more than the new rule.
   *
   * <p>Without a leader, reads and writes of both rules go on side by side until all have heard of
   * the new one. With R' and W' no larger than R and W, they meet whenever R' + W' &gt; N: reads by
   * the old rule the writes by the new one, and the other way round.
   */
  boolean covers(Configuration weaker) {
    return hasSameReplicas(weaker)
        && weaker.copies <= copies
        && weaker.reads <= reads
        && (isSynced() || !weaker.isSynced());
  }
}
