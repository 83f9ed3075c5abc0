package io.trefoil.replication.kernel;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;

/**
 * The replicas of a partition and its commit rule, or its quorums.
 *
 * @param replicas N nodes, each once
 * @param copies c, the copies that must be stable before a write is acknowledged: {@code async} 1,
 *     {@code semi-sync k} 1 + k, {@code majority} ⌊N/2⌋ + 1, {@code sync} N; W without a leader
 * @param reads the R of a partition without a leader; else 0
 */
public record Configuration(List<NodeId> replicas, int copies, int reads) {
  public Configuration {
    replicas = List.copyOf(replicas);
    Invariants.check(
        copies >= 1 && copies <= replicas.size(),
        "the commit rule needs 1 to N copies",
        copies,
        replicas.size());
    Invariants.check(
        reads >= 0 && reads <= replicas.size(), "reads ask 1 to N copies", reads, replicas.size());
    Invariants.check(
        replicas.stream().distinct().count() == replicas.size(), "a replica is named twice");
  }

  /** That of a partition with a leader. */
  public Configuration(List<NodeId> replicas, int copies) {
    this(replicas, copies, 0);
  }

  /**
   * Without a leader, any so many replicas have whatever a client was told: N - W + 1 have what was
   * acknowledged. What was read may have no more than R copies; where reads don't go back, which
   * takes that 2R &gt; N, N - R + 1 have that.
   */
  public int coveringCopies() {
    boolean readsDontGoBack = 2 * reads > replicas.size();
    return replicas.size() - (readsDontGoBack ? Math.min(copies, reads) : copies) + 1;
  }

  /**
   * How many replicas must answer a fence before another leader is safe: f = N − c + 1. Any c and
   * any f of N replicas have one in common, so one of the answers has every committed entry.
   */
  public int fenceAnswers() {
    return replicas.size() - copies + 1;
  }
}
