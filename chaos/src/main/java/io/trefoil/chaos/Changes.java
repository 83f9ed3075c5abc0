package io.trefoil.chaos;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.Quorums;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What an operator says to change the database while everything runs. A run is judged by the rule
 * that it declares, so whatever stands meanwhile keeps at least what that rule promises of
 * acknowledged writes. Pure.
 */
final class Changes {
  /** With one copy left, no rule keeps what it promises of two. */
  private static final int COPIES_LEFT_MIN = 2;

  private final String database;
  private final DatabaseSettings declared;

  /**
   * @param declared what stands in the beginning and in the end
   */
  Changes(String database, DatabaseSettings declared) {
    this.database = database;
    this.declared = declared;
  }

  /** What may go wrong or be changed in a cluster of so many nodes, or in a region of so many. */
  List<FaultKind> possible(int nodes) {
    return Arrays.stream(FaultKind.values()).filter(kind -> isPossible(kind, nodes)).toList();
  }

  /** Whether anything can be asked for: nothing yet of a sloppy database. */
  boolean arePossible() {
    return !declared.isLeaderless() || !declared.quorums().sloppy();
  }

  private boolean isPossible(FaultKind kind, int nodes) {
    if (kind.isChange() && !arePossible() || kind.isOfRegions() && !declared.isMultiLeader()) {
      return false;
    }
    return switch (kind) {
      case MOVE -> declared.replicas() < nodes;
      case ALTER_REPLICAS -> declared.replicas() > COPIES_LEFT_MIN && fewerReplicasWillDo();
      case ALTER_COMMIT -> !declared.isLeaderless() || otherQuorums().isPresent();
      case SWITCHOVER, DRAIN -> !declared.isLeaderless() && nodes > 1;
      default -> true;
    };
  }

  private boolean fewerReplicasWillDo() {
    int fewer = declared.replicas() - 1;
    return declared.isLeaderless()
        ? Math.max(declared.quorums().reads(), declared.quorums().writes()) <= fewer
        : Math.max(declared.commit().followers(), otherCommit().followers()) < fewer;
  }

  /** Other numbers that promise no less: one copy more for a write where there is one. */
  private Optional<Quorums> otherQuorums() {
    Quorums now = declared.quorums();
    int replicas = declared.replicas();
    Quorums other =
        now.writes() < replicas
            ? quorums(now.reads(), now.writes() + 1)
            : quorums(Math.min(replicas, now.reads() + 1), now.writes() - 1);
    boolean isEnough =
        other.writes() > 0
            && (other.overlap(replicas) || !now.overlap(replicas))
            && (other.writesOverlap(replicas) || !now.writesOverlap(replicas));
    return isEnough ? Optional.of(other) : Optional.empty();
  }

  private Quorums quorums(int reads, int writes) {
    return new Quorums(reads, writes, declared.quorums().sloppy(), declared.quorums().conflict());
  }

  /**
   * What is said when a change begins.
   *
   * @param now where copies are
   * @param nodes all names
   * @return nothing when there is no node to lead or to move to
   */
  Optional<String> begin(PlannedFault change, ClusterStatus.Database now, List<String> nodes) {
    return switch (change.kind()) {
      case ALTER_COMMIT -> Optional.of(alter(otherRule()));
      case ALTER_DURABILITY -> Optional.of(alter("DURABILITY " + otherDurability()));
      case ALTER_REPLICAS -> Optional.of(alter(replicas(declared.replicas() - 1)));
      case SWITCHOVER -> switchover(change, now);
      case DRAIN -> Optional.of("SWITCHOVER FROM " + chosen(nodes, change.node()));
      case MOVE -> move(change, now, nodes);
      default -> throw new IllegalArgumentException("no change: " + change);
    };
  }

  /** What is said when it is over. */
  Optional<String> end(PlannedFault change) {
    return switch (change.kind()) {
      case ALTER_COMMIT -> Optional.of(alter(declaredRule()));
      case ALTER_DURABILITY -> Optional.of(alter("DURABILITY " + declared.durability()));
      case ALTER_REPLICAS -> Optional.of(alter(replicas(declared.replicas())));
      default -> Optional.empty();
    };
  }

  /** What has the database as declared, whatever came about before. */
  String restoration() {
    return alter(
        String.format(
            "REPLICAS %d %s DURABILITY %s",
            declared.replicas(), declaredRule(), declared.durability()));
  }

  private String declaredRule() {
    return declared.isLeaderless() ? words(declared.quorums()) : "COMMIT " + declared.commit();
  }

  private String otherRule() {
    return declared.isLeaderless()
        ? words(otherQuorums().orElseThrow())
        : "COMMIT " + otherCommit();
  }

  private static String words(Quorums quorums) {
    return "R " + quorums.reads() + " W " + quorums.writes();
  }

  /** R and W are named: what is a majority would else follow the number of replicas. */
  private String replicas(int number) {
    return "REPLICAS " + number + (declared.isLeaderless() ? " " + declaredRule() : "");
  }

  /** Whether a node sees it as declared, and nothing on its way to be otherwise. */
  boolean isAsDeclared(ClusterStatus.Database now) {
    return hasDeclaredRule(now)
        && now.durability().equalsIgnoreCase(declared.durability().toString())
        && now.replicas() == declared.replicas()
        && now.changing() == 0;
  }

  private boolean hasDeclaredRule(ClusterStatus.Database now) {
    return declared.isLeaderless()
        ? now.r() == declared.quorums().reads() && now.w() == declared.quorums().writes()
        : now.commit().equalsIgnoreCase(declared.commit().toString());
  }

  /** What may have stood at some time, when such changes were asked for. */
  Set<DatabaseSettings> mayStand(Set<FaultKind> asked) {
    Set<DatabaseSettings> may = new HashSet<>();
    boolean isAltered = asked.contains(FaultKind.ALTER_COMMIT);
    List<CommitRule> commits = List.of(declared.commit());
    List<Quorums> quorums = Collections.singletonList(declared.quorums());
    if (isAltered && declared.isLeaderless()) {
      quorums = List.of(declared.quorums(), otherQuorums().orElse(declared.quorums()));
    } else if (isAltered) {
      commits = List.of(declared.commit(), otherCommit());
    }
    for (CommitRule commit : commits) {
      for (Quorums each : quorums) {
        for (Durability durability : durabilities(asked)) {
          for (int replicas : replicaNumbers(asked)) {
            if (each == null || Math.max(each.reads(), each.writes()) <= replicas) {
              may.add(settings(replicas, commit, durability, each));
            }
          }
        }
      }
    }
    return may;
  }

  private List<Durability> durabilities(Set<FaultKind> asked) {
    return asked.contains(FaultKind.ALTER_DURABILITY)
        ? List.of(declared.durability(), otherDurability())
        : List.of(declared.durability());
  }

  private List<Integer> replicaNumbers(Set<FaultKind> asked) {
    return asked.contains(FaultKind.ALTER_REPLICAS)
        ? List.of(declared.replicas(), declared.replicas() - 1)
        : List.of(declared.replicas());
  }

  private DatabaseSettings settings(
      int replicas, CommitRule commit, Durability durability, Quorums quorums) {
    return new DatabaseSettings(
        declared.replication(),
        replicas,
        declared.partitions(),
        commit,
        durability,
        declared.writeTimeoutMillis(),
        declared.reads(),
        declared.failover(),
        quorums,
        declared.regions());
  }

  private String alter(String options) {
    return "DATABASE ALTER " + database + " " + options;
  }

  /** Loses no more than the declared one, and asks for another number of copies. */
  private CommitRule otherCommit() {
    return switch (declared.commit().kind()) {
      case ASYNC -> CommitRule.semiSync(1);
      case MAJORITY, SEMI_SYNC -> CommitRule.SYNC;
      case SYNC -> CommitRule.MAJORITY;
    };
  }

  private Durability otherDurability() {
    return declared.durability() == Durability.OS ? Durability.FSYNC : Durability.OS;
  }

  /** All partitions to one node where it has a copy of each, or else one partition. */
  private Optional<String> switchover(PlannedFault change, ClusterStatus.Database now) {
    List<ClusterStatus.Partition> partitions = now.partitionStates();
    if (partitions.isEmpty()) {
      return Optional.empty();
    }
    List<String> ofAll = new ArrayList<>(holders(partitions.get(0)));
    partitions.forEach(partition -> ofAll.retainAll(holders(partition)));
    if (!ofAll.isEmpty()) {
      return Optional.of("SWITCHOVER " + database + " TO " + chosen(ofAll, change.node()));
    }
    ClusterStatus.Partition one = chosen(partitions, change.other());
    return holders(one).isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.format(
                "SWITCHOVER %s PARTITION %d TO %s",
                database, one.partition(), chosen(holders(one), change.node())));
  }

  private Optional<String> move(
      PlannedFault change, ClusterStatus.Database now, List<String> nodes) {
    if (now.partitionStates().isEmpty()) {
      return Optional.empty();
    }
    ClusterStatus.Partition one = chosen(now.partitionStates(), change.node() + change.other());
    List<String> holders = holders(one);
    List<String> free = nodes.stream().filter(node -> !holders.contains(node)).toList();
    return holders.isEmpty() || free.isEmpty()
        ? Optional.empty()
        : Optional.of(
            String.format(
                "DATABASE MOVE %s PARTITION %d FROM %s TO %s",
                database,
                one.partition(),
                chosen(holders, change.node()),
                chosen(free, change.other())));
  }

  private static List<String> holders(ClusterStatus.Partition partition) {
    return partition.replicas().stream().map(ClusterStatus.Replica::node).sorted().toList();
  }

  private static <T> T chosen(List<T> all, int which) {
    return all.get(which % all.size());
  }
}
