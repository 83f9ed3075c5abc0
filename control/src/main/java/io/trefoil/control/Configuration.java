package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;
import java.util.Set;

/**
 * Who holds a partition, how many of them must hold an entry before it is committed, and what
 * holding it means.
 *
 * @param replicas the first is the preferred leader
 * @param copies the c of the commit rule, 1 to N
 * @param durability when a copy is stable
 */
public record Configuration(List<NodeId> replicas, int copies, Durability durability) {
  public Configuration {
    replicas = List.copyOf(replicas);
    Invariants.check(
        copies >= 1 && copies <= replicas.size(), "copies out of range", copies, replicas.size());
  }

  /**
   * The answers f = N - c + 1 that a failover needs: an entry on c of N copies is in any f of them.
   */
  public int fenceAnswers() {
    return replicas.size() - copies + 1;
  }

  boolean isSynced() {
    return durability == Durability.FSYNC;
  }

  boolean hasSameReplicas(Configuration other) {
    return Set.copyOf(replicas).equals(Set.copyOf(other.replicas));
  }

  /** Whether both ask for the same, whoever is to lead. */
  boolean isSameRule(Configuration other) {
    return hasSameReplicas(other) && copies == other.copies && durability == other.durability;
  }

  /**
   * Whether {@code weaker} may take this one's place at once: whatever was committed here is found
   * by a failover there, and what is acknowledged from then on claims no more than the new rule.
   */
  boolean covers(Configuration weaker) {
    return hasSameReplicas(weaker) && weaker.copies <= copies && (isSynced() || !weaker.isSynced());
  }
}
