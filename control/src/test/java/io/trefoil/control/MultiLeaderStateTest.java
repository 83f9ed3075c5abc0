package io.trefoil.control;

import static io.trefoil.control.ClusterStateTest.alteration;
import static io.trefoil.control.ClusterStateTest.options;
import static io.trefoil.control.Clusters.node;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.HostPort;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.control.Clusters.Log;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Regions, and the multi-leader database 'users' in a cluster whose nodes are in 'eu'. */
class MultiLeaderStateTest {
  private static final long DEFINITION = -7;
  private static final String BETWEEN = "REPLICATION MULTI-LEADER REGIONS 3 us eu ap ";

  // Regions.

  @Test
  void aLinkedRegionIsKnownByItsLastAddresses() {
    Log log = Clusters.of(1, DatabaseOptions.NONE);
    assertDone(link(log, "us", "n1.us:1", "n2.us:1"));
    assertDone(link(log, "ap", "n1.ap:1"));
    assertDone(link(log, "us", "n3.us:1"));
    assertThat(log.state.regions())
        .containsExactly(
            Map.entry("ap", List.of(new HostPort("n1.ap", 1))),
            Map.entry("us", List.of(new HostPort("n3.us", 1))));
    ClusterState before = log.state;
    assertDone(link(log, "us", "n3.us:1"));
    assertThat(log.state).isEqualTo(before);
    assertDone(log.apply(new ControlCommand.UnlinkRegion("us")));
    assertThat(log.state.regions()).containsOnlyKeys("ap");
    assertError(
        log.apply(new ControlCommand.UnlinkRegion("us")),
        "ERR REGION UNLINK: region 'us' is not linked");
  }

  @Test
  void whatIsNoOtherRegionIsNotLinked() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    assertError(
        link(log, "eu", "n1.eu:1"), "ERR REGION LINK: 'eu' is a region of this cluster (n1, n2)");
    assertError(
        link(log, "u/s", "n1.us:1"),
        "ERR REGION LINK: a region's name is 1 to 64 letters, digits, '.', '_' or '-', not 'u/s'");
    assertError(link(log, "us"), "ERR REGION LINK: a region has 1 to 32 addresses, not 0");
    assertError(
        log.apply(
            new ControlCommand.LinkRegion("us", Collections.nCopies(33, new HostPort("n1.us", 1)))),
        "ERR REGION LINK: a region has 1 to 32 addresses, not 33");
    assertThat(log.state.regions()).isEmpty();
  }

  @Test
  void linkedRegionsAreBounded() {
    Log log = Clusters.of(1, DatabaseOptions.NONE);
    for (int i = 0; i < ClusterState.MAX_REGIONS; i++) {
      assertDone(link(log, "r" + i, "n1:1"));
    }
    assertError(
        link(log, "us", "n1.us:1"), "ERR REGION LINK: 15 regions are linked, the most there are");
    assertDone(link(log, "r3", "n2:1"));
  }

  @Test
  void aRegionOfADatabaseStaysLinked() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    assertError(
        log.apply(new ControlCommand.UnlinkRegion("us")),
        "ERR REGION UNLINK: database 'users' is in region 'us' as well");
    assertDone(log.apply(new ControlCommand.Drop("users")));
    assertDone(log.apply(new ControlCommand.UnlinkRegion("us")));
  }

  // Creating.

  @Test
  void aRegionsNumberIsItsPlaceWhereverItIsAskedFrom() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    Regions regions = database(log).settings().regions();
    assertThat(regions.here()).isEqualTo("eu");
    assertThat(regions.numberHere()).isEqualTo(2);
    assertThat(regions.number("us")).isEqualTo(1);
    assertThat(regions.others()).containsExactly("us", "ap");
    assertThatThrownBy(() -> regions.number("af")).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void whatIsNotSaidIsAsInASingleLeaderDatabaseButForReads() {
    Log log = linked(4);
    assertDone(create(log, BETWEEN));
    DatabaseSettings settings = database(log).settings();
    DatabaseSettings single = DatabaseSettings.defaults(4);
    assertThat(settings)
        .isEqualTo(
            new DatabaseSettings(
                Replication.MULTI_LEADER,
                single.replicas(),
                single.partitions(),
                single.commit(),
                single.durability(),
                single.writeTimeoutMillis(),
                Reads.EVENTUAL,
                single.failover(),
                null,
                new Regions("eu", List.of("us", "eu", "ap"), Topology.ALL_TO_ALL, Conflict.LWW)));
    assertThat(settings.conflict()).isEqualTo(Conflict.LWW);
    assertThat(single.conflict()).isNull();
    assertThat(database(log).definition()).isEqualTo(DEFINITION);
  }

  @Test
  void withinItsRegionItIsLedAsASingleLeaderDatabase() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN + "PARTITIONS 1 COMMIT SYNC DURABILITY FSYNC"));
    PartitionState partition =
        log.state.partitionsOf(database(log).id()).values().iterator().next();
    assertThat(partition.isLeaderless()).isFalse();
    assertThat(partition.configuration().copies()).isEqualTo(3);
    assertThat(partition.configuration().durability()).isEqualTo(Durability.FSYNC);
    assertThat(Promises.acknowledged(database(log).settings(), Promises.Failure.MACHINE_LOST))
        .isEqualTo(Promises.Fate.KEPT);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REGIONS 2 us ap     | ERR DATABASE CREATE: this cluster's region 'eu' is not one of REGIONS"
            + " us, ap",
        "REGIONS 2 eu af     | ERR DATABASE CREATE: region 'af' is not linked here: REGION LINK af"
            + " host:port",
        "REGIONS 2 eu us REPLICAS 4 | ERR DATABASE CREATE: 4 replicas need 4 nodes, region 'eu' has"
            + " 3 (n1, n2, n3)",
        "REGIONS 2 eu us COMMIT SEMI-SYNC 3 | ERR DATABASE CREATE: SEMI-SYNC 3 needs 4 replicas,"
            + " the database has 3",
        "REGIONS 2 eu us READS LINEARIZABLE | UNSUPPORTED LINEARIZABLE reads need one order of all"
            + " writes; database 'users' is multi-leader: SESSION, BOUNDED ms or EVENTUAL",
      })
  void whatItsRegionCanNotHaveIsRefused(String options, String error) {
    Log log = linked(3);
    assertDone(register(log, 4, "cellar"));
    assertError(create(log, "REPLICATION MULTI-LEADER " + options), error);
  }

  @Test
  void whatTheGrammarWouldRefuseIsRefusedWhoeverSentIt() {
    Log log = linked(3);
    DatabaseOptions unsaid = multiLeader(null, null);
    assertError(
        create(log, unsaid, "eu", DEFINITION),
        "ERR DATABASE CREATE: REGIONS is missing: a multi-leader database has 1 to 15, as in"
            + " REGIONS 2 eu us");
    assertError(
        create(log, multiLeader(List.of("eu", "eu"), null), "eu", DEFINITION),
        "ERR DATABASE CREATE: region 'eu' is given twice");
    assertError(
        create(log, multiLeader(List.of("eu", "us"), Topology.star("ap")), "eu", DEFINITION),
        "ERR DATABASE CREATE: the hub 'ap' is not one of REGIONS eu, us");
    assertError(
        create(log, multiLeader(List.of("eu", "us"), null), "eu", 0),
        "ERR DATABASE CREATE: a multi-leader database has a definition other than 0");
    assertError(
        log.apply(
            new ControlCommand.Create("orders", alteration("REGIONS 1 eu"), "eu", DEFINITION)),
        "ERR DATABASE CREATE: REGIONS is an option of MULTI-LEADER, the database is"
            + " SINGLE-LEADER");
    assertError(
        new Log().apply(new ControlCommand.Found(1, 1, 600, options(BETWEEN))),
        "ERR database 0: it is made before regions can be linked, so it can't be MULTI-LEADER");
  }

  @Test
  void copiesAreInTheRegionHereAlone() {
    Log log = linked(3);
    assertDone(register(log, 4, "cellar"));
    assertDone(create(log, BETWEEN + "REPLICAS 2"));
    assertThat(nodesOf(log)).containsExactlyInAnyOrder(node(1), node(2), node(3));
    assertDone(alter(log, "REPLICAS 3"));
    assertThat(nodesOf(log)).containsExactlyInAnyOrder(node(1), node(2), node(3));
    assertError(
        alter(log, "REPLICAS 4"),
        "ERR DATABASE ALTER: 4 replicas need 4 nodes, region 'eu' has 3 (n1, n2, n3)");
    assertError(
        log.apply(new ControlCommand.Move("users", null, "n1", "n4")),
        "ERR DATABASE MOVE: n4 is in region 'cellar', all copies here of database 'users' are in"
            + " region 'eu'");
  }

  @Test
  void unsaidReplicasAreAsManyAsTheRegionHasNodes() {
    Log log = linked(2);
    assertDone(register(log, 3, "cellar"));
    assertDone(create(log, BETWEEN));
    assertThat(database(log).settings().replicas()).isEqualTo(2);
  }

  // Creating again.

  @Test
  void whoCreatesItAgainIsToldThatItIsThere() {
    Log log = linked(2);
    assertDone(create(log, BETWEEN));
    assertDone(register(log, 3, "eu"));
    ClusterState before = log.state;
    assertDone(create(log, BETWEEN));
    assertThat(log.state).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REPLICATION MULTI-LEADER REGIONS 3 us eu ap | eu | 8",
        "REPLICATION MULTI-LEADER REGIONS 3 us ap eu | eu | -7",
        "REPLICATION MULTI-LEADER REGIONS 2 us ap | eu | -7",
        "REPLICATION MULTI-LEADER REGIONS 3 us eu ap | us | -7",
        "REPLICATION MULTI-LEADER REGIONS 3 us eu ap CONFLICT SIBLINGS | eu | -7",
        "REPLICATION MULTI-LEADER REGIONS 3 us eu ap REPLICAS 1 | eu | -7",
        "REPLICATION MULTI-LEADER REGIONS 3 us eu ap NUMBER 9 | eu | -7",
        "PARTITIONS 12 | eu | -7",
        "PARTITIONS 12 | '' | 0",
      })
  void whatIsDefinedOtherwiseIsAnotherDatabase(String options, String here, long definition) {
    Log log = linked(2);
    assertDone(create(log, BETWEEN));
    assertError(
        create(log, options(options), here, definition), "ERR DATABASE CREATE: 'users' exists");
  }

  // Altering.

  @Test
  void whatConcernsTheRegionHereIsAltered() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    Regions regions = database(log).settings().regions();
    assertDone(alter(log, "WRITE-TIMEOUT 700 READS BOUNDED 50 COMMIT SYNC FAILOVER SAFE"));
    DatabaseSettings settings = database(log).settings();
    assertThat(settings.commit()).isEqualTo(CommitRule.SYNC);
    assertThat(settings.reads()).isEqualTo(Reads.bounded(50));
    assertThat(settings.regions()).isEqualTo(regions);
    assertThat(database(log).definition()).isEqualTo(DEFINITION);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REGIONS 1 eu | ERR DATABASE ALTER: REGIONS of a multi-leader database can't be changed yet",
        "TOPOLOGY STAR xx | ERR DATABASE ALTER: TOPOLOGY of a multi-leader database can't be"
            + " changed yet",
        "CONFLICT SIBLINGS | ERR DATABASE ALTER: CONFLICT of a multi-leader database can't be"
            + " changed yet",
        "REPLICATION SINGLE-LEADER | ERR DATABASE ALTER: a database keeps its REPLICATION",
        "PARTITIONS 3 | ERR DATABASE ALTER: a database keeps its PARTITIONS",
        "R 1 | ERR DATABASE ALTER: R is an option of LEADERLESS, the database is MULTI-LEADER",
        "READS LINEARIZABLE | UNSUPPORTED LINEARIZABLE reads need one order of all writes; database"
            + " 'users' is multi-leader: SESSION, BOUNDED ms or EVENTUAL",
      })
  void whatCanNotBeAlteredIsRefused(String options, String error) {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    assertError(alter(log, options), error);
  }

  @Test
  void noOtherDatabaseBecomesMultiLeader() {
    Log log = linked(3);
    assertError(
        log.apply(new ControlCommand.Alter("0", alteration(BETWEEN))),
        "ERR DATABASE ALTER: a database keeps its REPLICATION");
    assertError(
        log.apply(new ControlCommand.Alter("0", alteration("REGIONS 1 eu"))),
        "ERR DATABASE ALTER: REGIONS is an option of MULTI-LEADER, the database is SINGLE-LEADER");
  }

  // How it is said.

  /** Nodes in 'eu', linked to 'us' and 'ap'. */
  private static Log linked(int nodes) {
    Log log = Clusters.of(nodes, DatabaseOptions.NONE);
    assertDone(link(log, "us", "n1.us:16379"));
    assertDone(link(log, "ap", "n1.ap:16379"));
    return log;
  }

  private static Outcome link(Log log, String name, String... addresses) {
    List<HostPort> parsed =
        List.of(addresses).stream().map(each -> HostPort.parse(each).orElseThrow()).toList();
    return log.apply(new ControlCommand.LinkRegion(name, parsed));
  }

  private static Outcome register(Log log, int n, String region) {
    return log.apply(new ControlCommand.Register(Clusters.presence(n, n, 0, region), false));
  }

  private static DatabaseOptions multiLeader(List<String> regions, Topology topology) {
    return new DatabaseOptions(
        null,
        Replication.MULTI_LEADER,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        regions,
        topology);
  }

  private static Outcome create(Log log, String options) {
    return create(log, options(options), "eu", DEFINITION);
  }

  private static Outcome create(Log log, DatabaseOptions options, String here, long definition) {
    return log.apply(new ControlCommand.Create("users", options, here, definition));
  }

  private static Outcome alter(Log log, String options) {
    return log.apply(new ControlCommand.Alter("users", alteration(options)));
  }

  private static Database database(Log log) {
    return log.state.database("users").orElseThrow();
  }

  private static Set<NodeId> nodesOf(Log log) {
    return log.state.partitionsOf(database(log).id()).values().stream()
        .flatMap(partition -> partition.goal().replicas().stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void assertDone(Outcome outcome) {
    assertThat(outcome).isInstanceOfAny(Outcome.Done.class, Outcome.Registered.class);
  }

  private static void assertError(Outcome outcome, String error) {
    assertThat(outcome).isInstanceOf(Outcome.Refused.class);
    assertThat(((Outcome.Refused) outcome).error()).isEqualTo(error);
  }
}
