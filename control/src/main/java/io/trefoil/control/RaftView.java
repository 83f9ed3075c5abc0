package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.List;
import java.util.Set;

/**
 * What Raft says on one node at one moment.
 *
 * @param leads whether this node leads and has applied all that earlier leaders committed
 * @param term the term it is in
 * @param voters the voters of each standing Raft configuration: one set, or two while they change
 */
public record RaftView(boolean leads, long term, List<Set<NodeId>> voters) {
  /** A node that takes no part. */
  public static final RaftView NONE = new RaftView(false, 0, List.of());

  public RaftView {
    voters = voters.stream().map(Set::copyOf).toList();
  }
}
