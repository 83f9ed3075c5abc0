package io.trefoil.replication.kernel;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;

/**
 * The replicas of a partition and its commit rule.
 *
 * @param replicas N nodes, each once
 * @param copies c, the copies that must be stable before a write is acknowledged: {@code async} 1,
 *     {@code semi-sync k} 1 + k, {@code majority} ⌊N/2⌋ + 1, {@code sync} N
 */
public record Configuration(List<NodeId> replicas, int copies) {
  public Configuration {
    replicas = List.copyOf(replicas);
    Invariants.check(
        copies >= 1 && copies <= replicas.size(),
        "the commit rule needs 1 to N copies",
        copies,
        replicas.size());
    Invariants.check(
        replicas.stream().distinct().count() == replicas.size(), "a replica is named twice");
  }

  /**
   * How many replicas must answer a fence before another leader is safe: f = N − c + 1. Any c and
   * any f of N replicas have one in common, so one of the answers has every committed entry.
   */
  public int fenceAnswers() {
    return replicas.size() - copies + 1;
  }
}
