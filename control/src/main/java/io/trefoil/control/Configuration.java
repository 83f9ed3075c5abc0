package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;

/**
 * Who holds a partition and how many of them must hold an entry before it is committed.
 *
 * @param replicas the first is the preferred leader
 * @param copies the c of the commit rule, 1 to N
 */
public record Configuration(List<NodeId> replicas, int copies) {
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
}
