package io.trefoil.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseGrammar;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.DatabaseStatement;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Replication;
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
        number, List.of(), 1, holders.get(0), "serving", "", 1, 1, replicas);
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

  @Test
  void a_leaderless_database_meets_faults_and_no_changes() {
    DatabaseSettings leaderless =
        new DatabaseSettings(
            Replication.LEADERLESS,
            3,
            2,
            CommitRule.MAJORITY,
            Durability.OS,
            1_500,
            Reads.LINEARIZABLE,
            FailoverRule.AVAILABLE,
            Quorums.defaults(3));
    assertThat(new Changes("data", leaderless).possible(5))
        .contains(FaultKind.KILL, FaultKind.DISK_FULL)
        .noneMatch(FaultKind::isChange);
  }
}
