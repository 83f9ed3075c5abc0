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
import java.util.ArrayList;
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
                Regions.first("eu", List.of("us", "eu", "ap"), Topology.ALL_TO_ALL, Conflict.LWW)));
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
        "REGIONS 1 eu | ERR DATABASE ALTER: REGIONS, TOPOLOGY and CONFLICT are changed in all"
            + " regions at once",
        "TOPOLOGY STAR xx | ERR DATABASE ALTER: REGIONS, TOPOLOGY and CONFLICT are changed in all"
            + " regions at once",
        "CONFLICT SIBLINGS | ERR DATABASE ALTER: REGIONS, TOPOLOGY and CONFLICT are changed in all"
            + " regions at once",
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

  // Other regions.

  /** What each region is told when they change. */
  private static Outcome change(Log log, Regions regions) {
    return log.apply(
        new ControlCommand.Create(
            "users", options(BETWEEN + "PARTITIONS 3"), regions.here(), DEFINITION, regions));
  }

  private static Regions regions(Log log) {
    return database(log).settings().regions();
  }

  private static Regions without(Regions regions, String gone) {
    List<String> names = regions.names().stream().filter(it -> !it.equals(gone)).toList();
    return regions.changed(names, regions.topology(), regions.conflict());
  }

  private static Regions with(Regions regions, String added) {
    List<String> names = new ArrayList<>(regions.names());
    names.add(added);
    return regions.changed(names, regions.topology(), regions.conflict());
  }

  @Test
  void aRegionsNumberIsNeverAnotherOnes() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    assertDone(change(log, without(regions(log), "us")));
    assertDone(change(log, with(regions(log), "us")));
    Regions regions = regions(log);
    assertThat(regions.version()).isEqualTo(3);
    assertThat(regions.names()).containsExactly("eu", "ap", "us");
    assertThat(regions.numbers()).containsExactly(2, 3, 4);
    assertThat(regions.number("us")).isEqualTo(4);
    assertThat(regions.name(1)).isEqualTo("us");
    assertThat(regions.others()).containsExactly("ap", "us");
    assertThat(regions.removed()).containsExactly(1);
    assertThat(ControlFormat.decodeState(ControlFormat.encode(log.state))).isEqualTo(log.state);
  }

  @Test
  void whatIsSaidAgainChangesNothing() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    Regions next = with(without(regions(log), "ap"), "ap");
    assertDone(change(log, next));
    ClusterState before = log.state;
    assertDone(change(log, next));
    assertThat(log.state).isEqualTo(before);
    assertThat(next.changed(List.of("us", "eu", "ap"), next.topology(), next.conflict()))
        .isSameAs(next);
  }

  @Test
  void whereItIsNotYetItIsCreatedWithTheRegionsThatOthersHave() {
    Log log = linked(3);
    Regions later =
        with(Regions.first("us", List.of("us", "ap"), Topology.RING, Conflict.LWW), "eu");
    assertDone(change(log, later.at("eu")));
    assertThat(regions(log)).isEqualTo(later.at("eu"));
    assertThat(regions(log).numberHere()).isEqualTo(3);
    assertThat(database(log).settings().partitions()).isEqualTo(3);
  }

  @Test
  void aRemovedRegionKeepsWhatItHasAndDoesNotComeAgainWithIt() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    Regions gone = without(regions(log).at("us"), "eu");
    assertDone(change(log, gone.at("eu")));
    assertThat(regions(log).hasHere()).isFalse();
    assertThat(regions(log).numberHere()).isEqualTo(2);
    assertThat(regions(log).others()).containsExactly("us", "ap");
    Regions again = with(gone, "eu").at("eu");
    assertError(
        change(log, again),
        "ERR DATABASE ALTER: 'users' still has what it had when it was removed: DATABASE DROP it in"
            + " region 'eu' first");
    assertDone(log.apply(new ControlCommand.Drop("users")));
    assertDone(change(log, gone.at("eu"))); // nothing is left to remove
    assertThat(log.state.database("users")).isEmpty();
    assertDone(change(log, again));
    assertThat(regions(log).numberHere()).isEqualTo(4);
  }

  @Test
  void ofTwoChangesAtOnceOneIsRefusedAndTheNextMaySettleIt() {
    Log log = linked(3);
    assertDone(link(log, "af", "n1.af:16379"));
    assertDone(create(log, BETWEEN));
    Regions first = regions(log);
    assertDone(change(log, with(without(first, "us"), "af")));
    assertThat(with(first, "af").canFollow(first)).isTrue();
    assertError(
        change(log, without(first, "ap")),
        "ERR DATABASE ALTER: the regions of 'users' were changed from here, too: they are eu, ap, af"
            + " at version 3, not 1. Change them from here");
    // Elsewhere number 4 is another one by now, which never wrote, as not all regions agreed.
    Regions elsewhere =
        without(with(without(with(with(first, "us2"), "us3"), "us3"), "us2"), "us2");
    assertThat(elsewhere.canFollow(regions(log))).isTrue();
    assertThat(with(with(with(first, "us2"), "us3"), "us4").canFollow(regions(log))).isFalse();
  }

  @Test
  void whatIsMeantForAnotherRegionIsRefused() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    assertError(
        change(log, without(regions(log), "ap").at("us")),
        "ERR DATABASE ALTER: this is region 'eu', not 'us': the link that led here has the wrong"
            + " name or addresses");
    assertThat(regions(log).here()).isEqualTo("eu");
  }

  @Test
  void aRegionThatIsNotLinkedIsNotAdded() {
    Log log = linked(3);
    assertDone(create(log, BETWEEN));
    assertError(
        change(log, with(regions(log), "af")),
        "ERR DATABASE ALTER: region 'af' is not linked here: REGION LINK af host:port");
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

  // Turned.

  private static Outcome span(Log log, String name, Regions regions) {
    return log.apply(new ControlCommand.Span(name, regions == null ? 0 : DEFINITION, regions));
  }

  @Test
  void aSingleLeaderDatabaseBecomesMultiLeaderAndBack() {
    Log log = linked(3);
    assertDone(create(log, options("PARTITIONS 3 COMMIT SYNC"), "", 0));
    Regions first = Regions.first("eu", List.of("eu", "us"), Topology.ALL_TO_ALL, Conflict.LWW);
    assertDone(span(log, "users", first));
    Database spanning = database(log);
    assertThat(spanning.settings().isMultiLeader()).isTrue();
    assertThat(spanning.settings().reads()).isEqualTo(Reads.EVENTUAL);
    assertThat(spanning.settings().commit()).isEqualTo(CommitRule.SYNC);
    assertThat(spanning.definition()).isEqualTo(DEFINITION);
    assertThat(spanning.wasSingle()).isTrue();
    assertThat(ControlFormat.decodeState(ControlFormat.encode(log.state))).isEqualTo(log.state);
    ClusterState before = log.state;
    assertDone(span(log, "users", first));
    assertThat(log.state).isEqualTo(before);

    assertError(
        span(log, "users", null),
        "ERR DATABASE ALTER: 'users' is in region us, too: say REGIONS 1 eu first");
    assertDone(change(log, without(first, "us")));
    assertDone(span(log, "users", null));
    Database alone = database(log);
    assertThat(alone.settings().replication()).isEqualTo(Replication.SINGLE_LEADER);
    assertThat(alone.settings().isMultiLeader()).isFalse();
    assertDone(span(log, "users", null)); // again
    assertDone(alter(log, "READS LINEARIZABLE"));
    assertError(
        change(log, with(without(first, "us"), "ap")),
        "ERR DATABASE ALTER: 'users' is single-leader here by now");

    assertDone(span(log, "users", regions(log))); // in no other region
    assertDone(span(log, "users", null));
    assertDone(span(log, "users", with(without(first, "us"), "us")));
    assertThat(regions(log).number("us")).isEqualTo(3);
    assertThat(database(log).definition()).isEqualTo(DEFINITION);
    assertThat(database(log).settings().reads()).isEqualTo(Reads.EVENTUAL);
  }

  @Test
  void whatCanNotBeTurnedIsRefused() {
    Log log = linked(3);
    assertDone(create(log, options("REPLICATION LEADERLESS"), "", 0));
    Regions regions = Regions.first("eu", List.of("eu", "us"), Topology.RING, Conflict.LWW);
    assertError(
        span(log, "users", regions),
        "ERR DATABASE ALTER: a database keeps its REPLICATION, but for single-leader ones");
    assertError(
        span(log, "0", regions),
        "ERR DATABASE ALTER: database 0 has no name, by which other regions could know it");
    assertError(span(log, "orders", regions), "ERR DATABASE ALTER: there is no database 'orders'");
    assertDone(log.apply(new ControlCommand.Create("orders", options("PARTITIONS 1"))));
    assertError(
        span(log, "orders", Regions.first("eu", List.of("eu", "af"), Topology.RING, Conflict.LWW)),
        "ERR DATABASE ALTER: region 'af' is not linked here: REGION LINK af host:port");
    assertError(
        log.apply(new ControlCommand.Span("orders", 0, regions)),
        "ERR DATABASE ALTER: a multi-leader database has a definition other than 0");
    assertThat(log.state.database("orders").orElseThrow().settings().regions()).isNull();
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
