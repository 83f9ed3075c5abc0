package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseStatement;
import io.trefoil.control.PartitionState;
import java.util.Collection;
import java.util.List;

/** Whether what the control plane decided has come about. */
sealed interface ChangeProgress {
  /** What is still to be done, as a sentence for a client; null when nothing is. */
  String left(ClusterState state);

  /** How many partitions of a database are on their way to another configuration. */
  static int changing(ClusterState state, int database) {
    return (int)
        state.partitionsOf(database).values().stream().filter(PartitionState::isChanging).count();
  }

  /** Names of those that a leaderless database's change waits for: for all of them, or enough. */
  static List<String> awaited(ClusterState state, int database) {
    return state.partitionsOf(database).values().stream()
        .flatMap(it -> it.awaited().stream())
        .distinct()
        .sorted()
        .map(it -> state.nodes().get(it).name())
        .toList();
  }

  private static String awaitedWords(ClusterState state, int database) {
    List<String> awaited = awaited(state, database);
    return switch (awaited.size()) {
      case 0 -> "";
      case 1 -> "; it waits for " + awaited.get(0);
      default -> "; it waits for enough of " + String.join(", ", awaited);
    };
  }

  /** A database has the configuration that it was to have. */
  record Reconfigured(String name) implements ChangeProgress {
    @Override
    public String left(ClusterState state) {
      Database database = state.database(name).orElse(null);
      int changing = database == null ? 0 : changing(state, database.id());
      return changing == 0
          ? null
          : String.format(
              "the change of '%s' is decided and goes on: %d of its %d partitions are not through"
                  + " yet, and need the copies of the old rule and of the new until then%s; DATABASE"
                  + " INFO tells when",
              database.title(),
              changing,
              database.settings().partitions(),
              awaitedWords(state, database.id()));
    }
  }

  /** A node leads what it was to lead. */
  record SwitchedOver(DatabaseStatement.SwitchOver asked) implements ChangeProgress {
    @Override
    public String left(ClusterState state) {
      Database database = state.database(asked.name()).orElse(null);
      NodeId node = state.nodeByName(asked.node()).map(ClusterNode::id).orElse(null);
      if (database == null || node == null) {
        return null;
      }
      List<PartitionState> left =
          state.partitionsOf(database.id()).values().stream()
              .filter(it -> asked.partition() == null || it.id().number() == asked.partition())
              .filter(it -> !it.leader().filter(node::equals).isPresent())
              .toList();
      return left.isEmpty()
          ? null
          : String.format(
              "the switchover is decided and goes on: %s does not lead %s of '%s' yet; it will once"
                  + " it has been up for a while and its copies are in sync",
              asked.node(), numbers(left), database.title());
    }
  }

  /** A node leads nothing, or what it is to lead. */
  record Drained(DatabaseStatement.Drain asked) implements ChangeProgress {
    @Override
    public String left(ClusterState state) {
      NodeId node = state.nodeByName(asked.node()).map(ClusterNode::id).orElse(null);
      if (node == null) {
        return null;
      }
      List<PartitionState> left =
          state.partitions().values().stream().filter(it -> isLeft(it, node)).toList();
      if (left.isEmpty()) {
        return null;
      }
      return asked.drained()
          ? String.format(
              "the switchover is decided and goes on: %s still leads %d partitions: no other node"
                  + " with a copy in sync has been up for long enough",
              asked.node(), left.size())
          : String.format(
              "the switchover is decided and goes on: %s does not lead %d partitions yet that it"
                  + " leads by preference",
              asked.node(), left.size());
    }

    private boolean isLeft(PartitionState partition, NodeId node) {
      if (partition.isLeaderless()) {
        return false;
      }
      boolean leads = partition.leader().filter(node::equals).isPresent();
      return asked.drained()
          ? leads && partition.replicas().size() > 1
          : !leads && partition.preferredLeader().equals(node);
    }
  }

  private static String numbers(Collection<PartitionState> partitions) {
    List<String> numbers =
        partitions.stream().map(it -> Integer.toString(it.id().number())).limit(5).toList();
    return "partition "
        + String.join(", ", numbers)
        + (partitions.size() > numbers.size() ? " and others" : "");
  }
}
