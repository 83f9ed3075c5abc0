package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The followers that are away and lack what their leader here has let go of: each needs a snapshot
 * when it is back. The log says so once. Belongs to the data loop's thread.
 */
final class LeftBehind {
  private static final Logger LOG = LoggerFactory.getLogger(LeftBehind.class);

  private record Copy(PartitionId partition, NodeId follower) {}

  private Set<Copy> known = new HashSet<>();

  /** Looks again, after journals were released. */
  void look(Iterable<PartitionReplica> replicas) {
    Set<Copy> now = new HashSet<>();
    for (PartitionReplica replica : replicas) {
      for (NodeId follower : replica.machine().followers().keySet()) {
        if (replica.hasLeftBehind(follower)) {
          Copy copy = new Copy(replica.id(), follower);
          now.add(copy);
          if (!known.contains(copy)) {
            LOG.info(
                "partition={} follower={} is away, and the journal has let go of what it lacks: it"
                    + " gets a snapshot when it is back",
                replica.id(),
                follower);
          }
        }
      }
    }
    known = now;
  }

  /** How many there are, each once per partition. */
  int count() {
    return known.size();
  }
}
