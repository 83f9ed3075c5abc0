package io.trefoil.control;

import io.trefoil.base.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * What a change of a database asks of its partitions: the configuration that each is to have, and
 * its first step towards it. Takes the fewest copies from where they are. Pure.
 */
final class DatabaseChange {
  private static final String NOT_THROUGH =
      "the last change is not through yet, and this one is not its end or its beginning; try again";

  private final ClusterState state;
  private final Database database;
  private final Collection<PartitionState> partitions;
  private final Set<NodeId> away;

  /** How many copies each node has, as they are chosen. */
  private final Map<NodeId, Integer> copiesOfDatabase = new HashMap<>();

  private final Map<NodeId, Integer> copiesOfAll = new HashMap<>();

  /**
   * What is to stand.
   *
   * @param refusal why nothing is changed; null when something is
   */
  record Result(Database database, List<PartitionState> partitions, String refusal) {
    static Result refused(String why) {
      return new Result(null, List.of(), why);
    }
  }

  /**
   * @param away nodes that get no new copies
   */
  DatabaseChange(ClusterState state, Database database, Set<NodeId> away) {
    this.away = away;
    this.state = state;
    this.database = database;
    this.partitions = state.partitionsOf(database.id()).values();
    for (PartitionState partition : state.partitions().values()) {
      for (NodeId node : partition.goal().replicas()) {
        copiesOfAll.merge(node, 1, Integer::sum);
        if (partition.id().database() == database.id()) {
          copiesOfDatabase.merge(node, 1, Integer::sum);
        }
      }
    }
  }

  /** To other settings. */
  Result to(DatabaseSettings settings) {
    DatabaseSettings old = database.settings();
    Database altered = database.with(settings);
    boolean sameRule =
        settings.commit().equals(old.commit())
            && Objects.equals(settings.quorums(), old.quorums())
            && settings.durability() == old.durability()
            && settings.replicas() == old.replicas();
    if (sameRule) {
      return new Result(altered, List.of(), null);
    }
    Optional<String> noPlace = whyNoPlace(settings.replicas());
    if (noPlace.isPresent()) {
      return Result.refused(noPlace.get());
    }
    return each(
        altered,
        null,
        partition -> settings.configuration(resized(partition, settings.replicas())));
  }

  /** Why some partition can't have so many copies on nodes that are there. */
  private Optional<String> whyNoPlace(int replicas) {
    for (PartitionState partition : partitions) {
      Set<NodeId> possible = new HashSet<>(possible());
      possible.removeAll(away);
      possible.addAll(partition.goal().replicas());
      if (possible.size() < replicas) {
        return Optional.of(
            "partition "
                + partition.id().number()
                + " can't have "
                + replicas
                + " replicas: no node that is up can take another; away: "
                + String.join(", ", away.stream().sorted().map(this::name).toList()));
      }
    }
    return Optional.empty();
  }

  private List<NodeId> possible() {
    return state.nodesFor(database.settings()).stream().map(ClusterNode::id).toList();
  }

  /** From one node to another. */
  Result moved(Integer partition, NodeId from, NodeId to) {
    if (!possible().contains(to)) {
      return Result.refused(
          name(to)
              + " is in region '"
              + region(to)
              + "', all copies here of database '"
              + database.title()
              + "' are in region '"
              + database.settings().regions().here()
              + "'");
    }
    if (away.contains(to)) {
      return Result.refused(name(to) + " is away");
    }
    boolean any = false;
    for (PartitionState each : partitions) {
      boolean concerned =
          (partition == null || each.id().number() == partition)
              && each.goal().replicas().contains(from);
      any |= concerned;
      if (concerned && each.goal().replicas().contains(to)) {
        return Result.refused(
            "partition " + each.id().number() + " has a copy on " + name(to) + " already");
      }
    }
    if (!any) {
      return Result.refused(name(from) + " has no copy of it");
    }
    return each(
        database,
        partition,
        each ->
            each.goal()
                .on(
                    each.goal().replicas().stream()
                        .map(node -> node.equals(from) ? to : node)
                        .toList()));
  }

  /** To another preferred leader. */
  Result preferring(Integer partition, NodeId node) {
    for (PartitionState each : partitions) {
      boolean concerned = partition == null || each.id().number() == partition;
      if (concerned && !each.goal().replicas().contains(node)) {
        return Result.refused(
            "partition "
                + each.id().number()
                + " of '"
                + database.title()
                + "' has no copy on "
                + name(node)
                + ", but on "
                + String.join(", ", each.goal().replicas().stream().map(this::name).toList()));
      }
    }
    return each(
        database,
        partition,
        each -> {
          List<NodeId> replicas = new ArrayList<>(each.goal().replicas());
          replicas.remove(node);
          replicas.add(0, node);
          return each.goal().on(replicas);
        });
  }

  private Result each(
      Database altered, Integer only, Function<PartitionState, Configuration> goalOf) {
    List<PartitionState> changed = new ArrayList<>();
    for (PartitionState partition : partitions) {
      if (only != null && partition.id().number() != only) {
        continue;
      }
      Configuration goal = goalOf.apply(partition);
      if (goal.equals(partition.goal())) {
        continue;
      }
      Optional<PartitionState> next = partition.towards(goal);
      if (next.isEmpty()) {
        return Result.refused(NOT_THROUGH);
      }
      changed.add(next.get());
    }
    return new Result(altered, changed, null);
  }

  private List<NodeId> resized(PartitionState partition, int size) {
    List<NodeId> resized = new ArrayList<>(partition.goal().replicas());
    while (resized.size() > size) {
      remove(resized, partition);
    }
    while (resized.size() < size) {
      add(resized);
    }
    return resized;
  }

  /** New copies first, then from where most copies are; a preferred leader stays. */
  private void remove(List<NodeId> replicas, PartitionState partition) {
    int staying = partition.isLeaderless() ? 0 : 1;
    NodeId fullest =
        replicas.subList(staying, replicas.size()).stream()
            .max(
                Comparator.comparing((NodeId node) -> partition.learners().contains(node))
                    .thenComparing(this::load)
                    .thenComparing(Comparator.naturalOrder()))
            .orElseThrow();
    replicas.remove(fullest);
    count(fullest, -1);
  }

  /**
   * To a region that has none, as far as there is one, and there to where the fewest copies are.
   */
  private void add(List<NodeId> replicas) {
    Set<String> regions = new HashSet<>();
    replicas.forEach(node -> regions.add(region(node)));
    NodeId emptiest =
        possible().stream()
            .filter(node -> !replicas.contains(node) && !away.contains(node))
            .min(
                Comparator.comparing((NodeId node) -> regions.contains(region(node)))
                    .thenComparing(this::load)
                    .thenComparing(Comparator.naturalOrder()))
            .orElseThrow();
    replicas.add(emptiest);
    count(emptiest, 1);
  }

  private String region(NodeId node) {
    ClusterNode known = state.nodes().get(node);
    return known == null ? "" : known.region();
  }

  private String name(NodeId node) {
    ClusterNode known = state.nodes().get(node);
    return known == null ? node.toString() : known.name();
  }

  /** This database's copies first, then all. */
  private long load(NodeId node) {
    return (long) copiesOfDatabase.getOrDefault(node, 0) * (ClusterState.MAX_PARTITIONS + 1)
        + copiesOfAll.getOrDefault(node, 0);
  }

  private void count(NodeId node, int more) {
    copiesOfDatabase.merge(node, more, Integer::sum);
    copiesOfAll.merge(node, more, Integer::sum);
  }
}
