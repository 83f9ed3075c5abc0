package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.control.CommitRule;
import io.trefoil.control.Conflict;
import io.trefoil.control.DatabaseGrammar;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.DatabaseStatement;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Regions;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChangesTest {
  private static final List<String> NODES = List.of("n1", "n2", "n3", "n4", "n5");

  private static DatabaseSettings settings(CommitRule rule, int replicas) {
    return new DatabaseSettings(
        Replication.SINGLE_LEADER,
        replicas,
        2,
        rule,
        Durability.OS,
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        null);
  }

  static Stream<DatabaseSettings> declared() {
    return Stream.of(CommitRule.ASYNC, CommitRule.semiSync(1), CommitRule.MAJORITY, CommitRule.SYNC)
        .flatMap(rule -> Stream.of(2, 3, 5).map(replicas -> settings(rule, replicas)));
  }

  /** A database as a node's status has it, its copies on the first nodes or on the last ones. */
  private static ClusterStatus.Database status(DatabaseSettings settings, int changing) {
    int replicas = settings.replicas();
    return new ClusterStatus.Database(
        1,
        "data",
        "single-leader",
        replicas,
        2,
        settings.commit().toString().toLowerCase(Locale.ROOT),
        "os",
        "available",
        1_500,
        "linearizable",
        0,
        0,
        false,
        "",
        "",
        List.of(),
        "",
        false,
        false,
        changing,
        List.of(),
        List.of(
            partition(0, NODES.subList(0, replicas)),
            partition(1, NODES.subList(NODES.size() - replicas, NODES.size()))));
  }

  private static ClusterStatus.Partition partition(int number, List<String> holders) {
    List<ClusterStatus.Replica> replicas =
        holders.stream()
            .map(
                node ->
                    new ClusterStatus.Replica(
                        node, "follower", "following", true, true, "1:1", 0, 0, 0, 0, 0, 0, false))
            .toList();
    return new ClusterStatus.Partition(
        number, List.of(), 1, holders.get(0), "serving", "", 1, 1, List.of(), replicas);
  }

  @ParameterizedTest
  @MethodSource("declared")
  void what_is_said_is_what_a_node_understands(DatabaseSettings declared) {
    Changes changes = new Changes("data", declared);
    List<PlannedFault> plan =
        FaultPlan.draw(3, 600_000, NODES.size(), changes.possible(NODES.size()));
    List<String> said =
        plan.stream()
            .filter(each -> each.kind().isChange())
            .flatMap(
                each ->
                    Stream.concat(
                        changes.begin(each, status(declared, 0), NODES).stream(),
                        changes.end(each).stream()))
            .toList();
    assertThat(said).isNotEmpty();
    assertThat(said).noneMatch(words -> statement(words) instanceof DatabaseStatement.Invalid);
    assertThat(statement(changes.restoration())).isInstanceOf(DatabaseStatement.Alter.class);
  }

  private static DatabaseStatement statement(String line) {
    List<String> words = Arrays.asList(line.split(" "));
    List<String> rest = words.subList(1, words.size());
    return words.get(0).equals("SWITCHOVER")
        ? DatabaseGrammar.parseSwitchover(rest)
        : DatabaseGrammar.parse(rest);
  }

  @ParameterizedTest
  @MethodSource("declared")
  void whatever_stands_loses_no_more_than_what_is_declared(DatabaseSettings declared) {
    Changes changes = new Changes("data", declared);
    Set<FaultKind> possible = Set.copyOf(changes.possible(NODES.size()));
    for (DatabaseSettings stands : changes.mayStand(possible)) {
      assertThat(stands.commit().copies(stands.replicas())).isLessThanOrEqualTo(stands.replicas());
      if (declared.commit().copies(declared.replicas()) > 1) {
        assertThat(Promises.mayBeSeen(stands))
            .doesNotContain(Anomaly.ACKNOWLEDGED_WRITE_LOST, Anomaly.NO_ORDER);
      }
    }
  }

  @Test
  void copies_move_only_where_a_node_has_none() {
    assertThat(new Changes("data", settings(CommitRule.MAJORITY, 3)).possible(3))
        .doesNotContain(FaultKind.MOVE)
        .contains(FaultKind.ALTER_REPLICAS);
    Changes changes = new Changes("data", settings(CommitRule.MAJORITY, 2));
    assertThat(changes.possible(5))
        .contains(FaultKind.MOVE)
        .doesNotContain(FaultKind.ALTER_REPLICAS);
    PlannedFault move = new PlannedFault(0, FaultKind.MOVE, 0, false, 0, 2, 0);
    assertThat(changes.begin(move, status(settings(CommitRule.MAJORITY, 2), 0), NODES))
        .contains("DATABASE MOVE data PARTITION 0 FROM n1 TO n5");
  }

  @Test
  void a_node_without_a_copy_is_not_asked_to_lead() {
    Changes changes = new Changes("data", settings(CommitRule.MAJORITY, 3));
    PlannedFault over = new PlannedFault(0, FaultKind.SWITCHOVER, 0, false, 0, 1, 0);
    assertThat(changes.begin(over, status(settings(CommitRule.MAJORITY, 3), 0), NODES))
        .contains("SWITCHOVER data TO n3");
    assertThat(changes.begin(over, status(settings(CommitRule.MAJORITY, 2), 0), NODES))
        .contains("SWITCHOVER data PARTITION 1 TO n4");
  }

  @Test
  void as_declared_is_what_has_come_through() {
    DatabaseSettings declared = settings(CommitRule.semiSync(1), 3);
    Changes changes = new Changes("data", declared);
    assertThat(changes.isAsDeclared(status(declared, 0))).isTrue();
    assertThat(changes.isAsDeclared(status(declared, 1))).isFalse();
    assertThat(changes.isAsDeclared(status(settings(CommitRule.SYNC, 3), 0))).isFalse();
    assertThat(changes.isAsDeclared(status(settings(CommitRule.semiSync(1), 2), 0))).isFalse();
  }

  private static DatabaseSettings leaderless(int replicas, int reads, int writes, boolean sloppy) {
    return new DatabaseSettings(
        Replication.LEADERLESS,
        replicas,
        2,
        CommitRule.MAJORITY,
        Durability.OS,
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        new Quorums(reads, writes, sloppy, Conflict.LWW));
  }

  @Test
  void a_leaderless_database_gets_other_quorums_and_copies_and_nobody_to_lead_it() {
    Changes changes = new Changes("data", leaderless(3, 2, 2, false));
    assertThat(changes.possible(5))
        .contains(FaultKind.MOVE, FaultKind.ALTER_REPLICAS, FaultKind.ALTER_COMMIT)
        .contains(FaultKind.ALTER_DURABILITY)
        .doesNotContain(FaultKind.SWITCHOVER, FaultKind.DRAIN);
    PlannedFault other = new PlannedFault(0, FaultKind.ALTER_COMMIT, 0, false, 0, 1, 0);
    PlannedFault fewer = new PlannedFault(0, FaultKind.ALTER_REPLICAS, 0, false, 0, 1, 0);
    assertThat(changes.begin(other, null, NODES)).contains("DATABASE ALTER data R 2 W 3");
    assertThat(changes.begin(fewer, null, NODES))
        .contains("DATABASE ALTER data REPLICAS 2 R 2 W 2");
    assertThat(changes.end(fewer)).contains("DATABASE ALTER data REPLICAS 3 R 2 W 2");
    assertThat(statement(changes.restoration())).isInstanceOf(DatabaseStatement.Alter.class);
    assertThat(new Changes("data", leaderless(3, 2, 3, false)).possible(3))
        .doesNotContain(FaultKind.ALTER_REPLICAS, FaultKind.MOVE);
  }

  private static DatabaseSettings multiLeader(int replicas) {
    List<String> names = List.of("eu", "us");
    return new DatabaseSettings(
        Replication.MULTI_LEADER,
        replicas,
        2,
        CommitRule.MAJORITY,
        Durability.OS,
        1_500,
        Reads.SESSION,
        FailoverRule.AVAILABLE,
        null,
        Regions.first("eu", names, Topology.ALL_TO_ALL, Conflict.LWW));
  }

  @Test
  void faults_of_regions_meet_a_database_that_has_some() {
    List<FaultKind> ofOne = new Changes("data", settings(CommitRule.MAJORITY, 3)).possible(3);
    assertThat(ofOne).noneMatch(FaultKind::isOfRegions);
    assertThat(new Changes("data", multiLeader(2)).possible(2))
        .contains(FaultKind.REGION_CUT, FaultKind.REGION_KILL, FaultKind.REGION_LINK_CUT)
        .contains(FaultKind.SWITCHOVER, FaultKind.ALTER_COMMIT, FaultKind.KILL);
  }

  @Test
  void a_region_of_one_node_has_nobody_else_to_lead() {
    assertThat(new Changes("data", multiLeader(1)).possible(1))
        .contains(FaultKind.ALTER_COMMIT, FaultKind.ALTER_DURABILITY)
        .doesNotContain(FaultKind.SWITCHOVER, FaultKind.DRAIN, FaultKind.MOVE);
  }

  @Test
  void what_may_stand_in_regions_is_of_regions() {
    Changes changes = new Changes("data", multiLeader(2));
    assertThat(changes.mayStand(Set.copyOf(changes.possible(2))))
        .hasSizeGreaterThan(1)
        .allMatch(DatabaseSettings::isMultiLeader);
  }

  @Test
  void a_sloppy_database_meets_faults_and_no_changes() {
    assertThat(new Changes("data", leaderless(3, 2, 2, true)).possible(5))
        .contains(FaultKind.KILL, FaultKind.DISK_FULL)
        .noneMatch(FaultKind::isChange);
  }

  @Test
  void other_quorums_promise_what_the_declared_ones_do() {
    for (int replicas = 1; replicas <= 5; replicas++) {
      for (int reads = 1; reads <= replicas; reads++) {
        for (int writes = 1; writes <= replicas; writes++) {
          Quorums declared = leaderless(replicas, reads, writes, false).quorums();
          Changes changes = new Changes("data", leaderless(replicas, reads, writes, false));
          for (DatabaseSettings stands : changes.mayStand(Set.copyOf(changes.possible(5)))) {
            Quorums now = stands.quorums();
            assertThat(now.overlap(stands.replicas()) || !declared.overlap(replicas)).isTrue();
            assertThat(now.writesOverlap(stands.replicas()) || !declared.writesOverlap(replicas))
                .isTrue();
            assertThat(Math.max(now.reads(), now.writes())).isLessThanOrEqualTo(stands.replicas());
          }
        }
      }
    }
  }
}
