package io.trefoil.control;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;

/**
 * Cluster states and presences for tests. Node n has disk 100 + n; its claims follow each other.
 */
final class Clusters {
  static final long CLUSTER = 77;

  private Clusters() {}

  static NodeId node(int number) {
    return new NodeId(number);
  }

  static Presence presence(int n, long claim, long journaled) {
    return presence(n, claim, journaled, "eu");
  }

  static Presence presence(int n, long claim, long journaled, String region) {
    Addresses addresses = new Addresses("host" + n, 1000 + n, 2000 + n, 3000 + n, 4000 + n);
    return new Presence(
        journaled == 0 ? 0 : CLUSTER,
        journaled == 0 ? null : node(n),
        100 + n,
        claim,
        journaled,
        journaled,
        "n" + n,
        region,
        addresses,
        false);
  }

  /** A founded cluster of nodes that serve under incarnation 1, with database 0 as given. */
  static Log of(int nodes, DatabaseOptions database0) {
    return of(nodes, database0, LeaseTerms.DEFAULT_MILLIS);
  }

  static Log of(int nodes, DatabaseOptions database0, long leaseMillis) {
    Log log = new Log();
    log.apply(new ControlCommand.Found(CLUSTER, nodes, leaseMillis, database0));
    for (int n = 1; n <= nodes; n++) {
      log.apply(new ControlCommand.Register(presence(n, n, 0), false));
      log.apply(new ControlCommand.Start(node(n), n, 1));
    }
    return log;
  }

  /** Database 0 with one partition. */
  static DatabaseOptions single(int replicas, CommitRule commit, FailoverRule failover) {
    return new DatabaseOptions(
        null, null, replicas, 1, commit, null, null, null, failover, null, null, null, null);
  }

  static final PartitionId P = new PartitionId(1, 0);

  /** A Raft log that applies what it is given. */
  static final class Log {
    ClusterState state = ClusterState.EMPTY;
    long index;
    long term = 1;

    Outcome apply(ControlCommand command) {
      ClusterState.Applied applied = state.apply(command, ++index, term);
      state = applied.state();
      return applied.outcome();
    }

    PartitionState partition() {
      return state.partitions().get(P);
    }
  }
}
