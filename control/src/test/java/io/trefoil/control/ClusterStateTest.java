package io.trefoil.control;

import static io.trefoil.control.Clusters.P;
import static io.trefoil.control.Clusters.node;
import static io.trefoil.control.Clusters.presence;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.control.Clusters.Log;
import io.trefoil.control.ControlCommand.Appointment;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClusterStateTest {
  // Founding.

  @Test
  void database0IsMadeWhenTheExpectedNodesAreThere() {
    Log log = new Log();
    log.apply(
        new ControlCommand.Found(
            Clusters.CLUSTER, 3, 600, Clusters.single(3, CommitRule.SYNC, FailoverRule.SAFE)));
    register(log, 1, 1, 0);
    register(log, 2, 2, 0);
    assertThat(log.state.databases()).isEmpty();
    assertError(
        log.apply(new ControlCommand.Ensure(1)),
        "CLUSTERDOWN the cluster waits for 3 nodes, it has 2 (n1, n2)");
    register(log, 3, 3, 0);
    Database made = log.state.databaseByNumber(0).orElseThrow();
    assertThat(made.settings().partitions()).isEqualTo(1);
    assertThat(log.partition().configurations())
        .containsExactly(new Configuration(List.of(node(1), node(2), node(3)), 3, Durability.OS));
    assertThat(log.partition().leader()).isEmpty();
  }

  @Test
  void aDroppedDatabase0IsNotMadeAgainByAnotherNode() {
    Log log = Clusters.of(1, DatabaseOptions.NONE);
    log.apply(new ControlCommand.Drop("0"));
    register(log, 2, 2, 0);
    assertThat(log.state.databases()).isEmpty();
    assertDone(log.apply(new ControlCommand.Ensure(0)));
  }

  @Test
  void aClusterIsFoundedOnceAndWithADatabase0ThatCanBe() {
    Log log = new Log();
    assertError(
        log.apply(
            new ControlCommand.Found(
                1, 2, 600, Clusters.single(3, CommitRule.SYNC, FailoverRule.SAFE))),
        "ERR database 0: 3 replicas need as many nodes, the cluster expects 2");
    assertError(
        log.apply(new ControlCommand.Register(presence(1, 1, 0), false)),
        "ERR the cluster is not founded yet");
    assertDone(log.apply(new ControlCommand.Found(1, 1, 600, DatabaseOptions.NONE)));
    assertError(
        log.apply(new ControlCommand.Found(2, 1, 600, DatabaseOptions.NONE)),
        "ERR the cluster is founded already");
  }

  @Test
  void theFoundersLeaseIsThatOfTheClusterForGood() {
    Log log = Clusters.of(3, DatabaseOptions.NONE, 5000);
    log.apply(new ControlCommand.Create("orders", DatabaseOptions.NONE));
    assertError(
        log.apply(new ControlCommand.Found(2, 1, 600, DatabaseOptions.NONE)),
        "ERR the cluster is founded already");
    assertThat(log.state.leaseMillis()).isEqualTo(5000);
    assertThat(ClusterState.EMPTY.leaseMillis()).isEqualTo(600);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 199, 60_001, Long.MAX_VALUE})
  void aClusterIsNotFoundedWithALeaseOutOfBounds(long leaseMillis) {
    Log log = new Log();
    assertError(
        log.apply(new ControlCommand.Found(1, 1, leaseMillis, DatabaseOptions.NONE)),
        "ERR a lease lasts 200 to 60000 ms, not " + leaseMillis);
    assertThat(log.state).isEqualTo(ClusterState.EMPTY);
  }

  // Identity.

  @Test
  void eachDiskHasItsNodeAndEachStartItsIncarnation() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    assertRegistered(register(log, 2, 20, 1), 2, 2, false);
    assertDone(log.apply(new ControlCommand.Start(node(2), 20, 2)));
    assertRegistered(register(log, 2, 21, 2), 2, 3, false);
  }

  @Test
  void aRepeatedRequestGetsTheSameAnswer() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    Outcome first = register(log, 2, 20, 1);
    ClusterState after = log.state;
    assertThat(register(log, 2, 20, 1)).isEqualTo(first);
    assertThat(log.state).isEqualTo(after);
    assertDone(log.apply(new ControlCommand.Start(node(2), 20, 2)));
    assertDone(log.apply(new ControlCommand.Start(node(2), 20, 2)));
  }

  @Test
  void anOlderDiskIsAmnesiacUntilItIsWhole() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    register(log, 2, 20, 1);
    log.apply(new ControlCommand.Start(node(2), 20, 2));
    // A copy of the disk from the first incarnation.
    assertRegistered(register(log, 2, 21, 1), 2, 3, true);
    log.apply(new ControlCommand.Start(node(2), 21, 3));
    // It stays so over a restart.
    assertRegistered(register(log, 2, 22, 3), 2, 4, true);
    assertError(log.apply(new ControlCommand.Whole(node(2), 3)), "ERR n2 is not at incarnation 3");
    log.apply(new ControlCommand.Start(node(2), 22, 4));
    assertDone(log.apply(new ControlCommand.Whole(node(2), 4)));
    assertThat(log.state.nodes().get(node(2)).amnesiac()).isFalse();
  }

  /** What it journaled before it was killed says nothing of how old the rest of its disk is. */
  @Test
  void anOlderDiskStaysSoWhenItsFirstProcessNeverServed() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    register(log, 2, 20, 1);
    log.apply(new ControlCommand.Start(node(2), 20, 2));
    assertRegistered(register(log, 2, 21, 1), 2, 3, true);
    assertRegistered(register(log, 2, 22, 3), 2, 4, true);
    log.apply(new ControlCommand.Start(node(2), 22, 4));
    assertThat(log.state.nodes().get(node(2)).amnesiac()).isTrue();
  }

  /** Whose data was set aside goes on only where others can fill its copies. */
  @Test
  void anEmptiedDiskIsRefusedWhileItsNodeHasTheOnlyWholeCopy() {
    Log log = Clusters.of(2, options("REPLICAS 2 PARTITIONS 1"));
    assertRegistered(register(log, emptied(2, 21)), 2, 2, true);
    log.apply(new ControlCommand.Start(node(2), 21, 2));
    assertError(
        register(log, emptied(1, 11)),
        "ERR n1 has set its data aside, and no other node has a whole copy of partition 0 of '0':"
            + " ./trefoil heal --undo puts it back");
    log.apply(new ControlCommand.Whole(node(2), 2));
    assertRegistered(register(log, emptied(1, 11)), 1, 2, true);
  }

  private static Presence emptied(int n, long claim) {
    Presence whole = presence(n, claim, 1);
    return new Presence(
        whole.clusterId(),
        whole.node(),
        whole.diskId(),
        claim,
        0,
        0,
        whole.name(),
        whole.region(),
        whole.addresses(),
        false);
  }

  @Test
  void anIncarnationThatWasNeverServedUnderLeavesNoAmnesia() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    assertRegistered(register(log, 2, 20, 1), 2, 2, false);
    // The process died before it journaled 2.
    assertRegistered(register(log, 2, 21, 1), 2, 3, false);
  }

  /** Nor does it make its disk look old: that is the successor's, too. */
  @Test
  void lateRequestOfADeadProcessTakesNothingFromItsSuccessor() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    register(log, 2, 21, 1);
    log.apply(new ControlCommand.Start(node(2), 21, 2));
    ClusterState before = log.state;

    assertThat(log.apply(new ControlCommand.Register(presence(2, 20, 1), false)))
        .isEqualTo(new Outcome.Overtaken(2));
    assertThat(log.state).isEqualTo(before);
    // One that is alive, and has an older disk, is told and asks again.
    assertRegistered(register(log, 2, 22, 1), 2, 3, true);
  }

  @Test
  void ofTwoClaimsOfOneIncarnationOneServes() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    register(log, 2, 20, 1);
    register(log, 2, 21, 1);
    assertError(
        log.apply(new ControlCommand.Start(node(2), 20, 2)),
        "ERR incarnation 2 of n2 was claimed by another process or is over; the last issued is 3");
    assertDone(log.apply(new ControlCommand.Start(node(2), 21, 3)));
    assertError(
        log.apply(new ControlCommand.Start(node(2), 20, 3)),
        "ERR incarnation 3 of n2 was claimed by another process or is over; the last issued is 3");
  }

  @Test
  void aSecondProcessIsRefusedWhileTheFirstIsAlive() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    Outcome outcome = log.apply(new ControlCommand.Register(presence(2, 20, 1), true));
    assertError(
        outcome, "ERR another process runs as n2 with incarnation 1; its lease must run out first");
    assertThat(((Outcome.Refused) outcome).retry()).isTrue();
  }

  @Test
  void aNameGoesToANewDiskOnlyWhenItsHolderIsDead() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    Presence sameName =
        new Presence(0, null, 999, 5, 0, 0, "n2", "eu", presence(2, 5, 0).addresses(), false);
    assertError(
        log.apply(new ControlCommand.Register(sameName, true)),
        "ERR the name 'n2' is that of n2, which is alive");
    assertRegistered(log.apply(new ControlCommand.Register(sameName, false)), 3, 1, false);
    assertThat(log.state.nodes().get(node(2)).name()).isEqualTo("n2#2");
    assertThat(log.state.nodeByName("n2").orElseThrow().id()).isEqualTo(node(3));
  }

  @Test
  void strangersAreRefused() {
    Log log = Clusters.of(1, DatabaseOptions.NONE);
    Addresses addresses = presence(1, 1, 0).addresses();
    assertError(
        log.apply(
            new ControlCommand.Register(
                new Presence(5, null, 999, 5, 0, 0, "x", "eu", addresses, false), false)),
        "ERR the disk of 'x' belongs to cluster 0000000000000005, this is cluster"
            + " 000000000000004d");
    assertError(
        log.apply(
            new ControlCommand.Register(
                new Presence(Clusters.CLUSTER, node(9), 999, 5, 0, 0, "x", "eu", addresses, false),
                false)),
        "ERR the cluster does not know the disk that says it is that of n9");
    assertError(
        log.apply(new ControlCommand.Register(presence(1, 5, 8), false)),
        "ERR n1 presents incarnation 8, only 1 were issued");
    assertError(
        log.apply(
            new ControlCommand.Register(
                new Presence(0, null, 999, 5, 0, 0, "a#b", "eu", addresses, false), false)),
        "ERR a node's name is 1 to 64 letters, digits, '.', '_' or '-', not 'a#b'");
  }

  @Test
  void theFirstFiveNodesAreVoters() {
    Log log = Clusters.of(7, DatabaseOptions.NONE);
    assertThat(log.state.nodes().values().stream().map(ClusterNode::voter))
        .containsExactly(true, true, true, true, true, false, false);
  }

  // Databases.

  @Test
  void aDatabaseNeedsAsManyNodesAsReplicas() {
    Log log = Clusters.of(2, DatabaseOptions.NONE);
    assertError(
        create(log, "orders", "REPLICAS 3"),
        "ERR DATABASE CREATE: 3 replicas need 3 nodes, the cluster has 2 (n1, n2)");
    assertError(
        create(log, "orders", "REPLICAS 2 COMMIT SEMI-SYNC 2"),
        "ERR DATABASE CREATE: SEMI-SYNC 2 needs 3 replicas, the database has 2");
  }

  @Test
  void numbersAndNamesAreUniqueAndIdsNeverUsedAgain() {
    Log log = Clusters.of(1, DatabaseOptions.NONE);
    assertDone(create(log, "a", "NUMBER 2"));
    assertDone(create(log, "b", ""));
    assertDone(create(log, "c", ""));
    assertThat(log.state.database("b").orElseThrow().number()).isEqualTo(1);
    assertThat(log.state.database("c").orElseThrow().number()).isEqualTo(3);
    assertError(create(log, "a", ""), "ERR DATABASE CREATE: 'a' exists");
    assertError(create(log, "d", "NUMBER 2"), "ERR DATABASE CREATE: number 2 is taken by 'a'");
    int id = log.state.database("a").orElseThrow().id();
    assertDone(log.apply(new ControlCommand.Drop("a")));
    assertThat(log.state.partitionsOf(id)).isEmpty();
    assertDone(create(log, "a", "NUMBER 2"));
    assertThat(log.state.database("2").orElseThrow().id()).isGreaterThan(id + 2);
    assertError(
        log.apply(new ControlCommand.Drop("zz")), "ERR DATABASE DROP: there is no database 'zz'");
  }

  @Test
  void numbersUpTo15ComeIntoBeingWithTheDefaults() {
    Log log = Clusters.of(4, DatabaseOptions.NONE);
    assertDone(log.apply(new ControlCommand.Ensure(15)));
    ClusterState after = log.state;
    assertDone(log.apply(new ControlCommand.Ensure(15)));
    assertThat(log.state).isEqualTo(after);
    assertThat(after.database("15").orElseThrow().settings())
        .isEqualTo(DatabaseSettings.defaults(4));
    assertError(log.apply(new ControlCommand.Ensure(16)), "ERR DB index is out of range");
  }

  @Test
  void databasesOfOnePartitionHaveDifferentPreferredLeaders() {
    Log log = Clusters.of(3, DatabaseOptions.NONE);
    for (String name : List.of("a", "b", "c")) {
      create(log, name, "PARTITIONS 1");
    }
    assertThat(
            log.state.partitions().values().stream()
                .filter(partition -> partition.id().database() > 1)
                .map(PartitionState::preferredLeader))
        .containsExactlyInAnyOrder(node(1), node(2), node(3));
  }

  @Test
  void aRuleThatAsksForMoreStandsBesideTheOldOneUntilAllIsCopied() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.ASYNC, FailoverRule.SAFE));
    lead(log, 1);
    long epoch = log.partition().epoch();
    assertDone(alter(log, "COMMIT MAJORITY"));
    assertThat(log.partition().configurations())
        .extracting(Configuration::copies)
        .containsExactly(1, 2);
    assertThat(log.partition().oneCopyEpoch()).isEqualTo(epoch);
    assertThat(log.partition().leader()).contains(node(1));
    assertError(
        alter(log, "COMMIT SYNC"),
        "ERR DATABASE ALTER: the last change is not through yet, and this one is not its end or its"
            + " beginning; try again");
    assertRefused(advance(log, epoch, 1));
    assertRefused(advance(log, epoch - 1, 2));
    assertDone(advance(log, epoch, 2));
    assertThat(log.partition().configurations())
        .extracting(Configuration::copies)
        .containsExactly(2);
    assertRefused(advance(log, epoch, 3));
  }

  @Test
  void aRuleThatAsksForLessStandsAtOnce() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.SYNC, FailoverRule.SAFE));
    lead(log, 1);
    assertDone(alter(log, "COMMIT MAJORITY"));
    assertDone(alter(log, "COMMIT ASYNC"));
    assertThat(log.partition().isChanging()).isFalse();
    assertThat(log.partition().configuration().copies()).isEqualTo(1);
    assertThat(log.partition().oneCopyEpoch()).isZero();
  }

  @Test
  void aChangeThatIsNotThroughCanBeTakenBack() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.ASYNC, FailoverRule.SAFE));
    lead(log, 1);
    assertDone(alter(log, "COMMIT SYNC"));
    assertDone(alter(log, "COMMIT ASYNC"));
    assertThat(log.partition().isChanging()).isFalse();
    assertThat(log.partition().configuration().copies()).isEqualTo(1);
  }

  @Test
  void syncedCopiesAreAskedForBesideWrittenOnesUntilAllAreSynced() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 1);
    assertDone(alter(log, "DURABILITY FSYNC"));
    assertThat(log.partition().configurations()).hasSize(2);
    assertThat(log.partition().isSynced()).isTrue();
    assertDone(advance(log, log.partition().epoch(), 2));
    assertDone(alter(log, "DURABILITY OS"));
    assertThat(log.partition().isChanging()).isFalse();
    assertThat(log.partition().isSynced()).isFalse();
  }

  @Test
  void newCopiesLearnBeforeTheyStand() {
    Log log = Clusters.of(5, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 1);
    long epoch = log.partition().epoch();
    assertDone(alter(log, "REPLICAS 5"));
    assertThat(log.partition().learners()).containsExactly(node(4), node(5));
    assertThat(log.partition().replicas()).containsExactly(node(1), node(2), node(3));
    assertDone(advance(log, epoch, 2));
    assertThat(log.partition().learners()).isEmpty();
    assertThat(log.partition().configurations())
        .extracting(Configuration::copies)
        .containsExactly(2, 3);
    assertDone(advance(log, epoch, 3));
    assertThat(log.partition().replicas()).hasSize(5);
    assertThat(log.partition().isChanging()).isFalse();
  }

  @Test
  void learnersGoFirstWhenFewerAreWanted() {
    Log log = Clusters.of(5, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 1);
    assertDone(alter(log, "REPLICAS 5"));
    assertDone(alter(log, "REPLICAS 3"));
    assertThat(log.partition().isChanging()).isFalse();
    assertThat(log.partition().replicas()).containsExactly(node(1), node(2), node(3));
  }

  @Test
  void aCopyMovesAndALeaderThatItIsTakenFromHandsOverFirst() {
    Log log = Clusters.of(4, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 1);
    long epoch = log.partition().epoch();
    assertDone(log.apply(new ControlCommand.Move("0", null, "n1", "n4")));
    assertThat(log.partition().learners()).containsExactly(node(4));
    assertDone(advance(log, epoch, 2));
    assertThat(log.partition().preferredLeader()).isEqualTo(node(4));
    assertRefused(advance(log, epoch, 3));
    lead(log, 4);
    assertDone(advance(log, log.partition().epoch(), 3));
    assertThat(log.partition().replicas()).containsExactly(node(2), node(3), node(4));
    assertError(
        log.apply(new ControlCommand.Move("0", 0, "n1", "n4")),
        "ERR DATABASE MOVE: n1 has no copy of it");
    assertError(
        log.apply(new ControlCommand.Move("0", 0, "n2", "n4")),
        "ERR DATABASE MOVE: partition 0 has a copy on n4 already");
    assertError(
        log.apply(new ControlCommand.Move("0", 9, "n2", "n1")),
        "ERR DATABASE MOVE: '0' has partitions 0 to 0, no 9");
    assertError(
        log.apply(new ControlCommand.Move("0", 0, "n2", "n1", new TreeSet<>(Set.of(node(1))))),
        "ERR DATABASE MOVE: n1 is away");
    assertError(
        log.apply(
            new ControlCommand.Alter("0", options("REPLICAS 4"), new TreeSet<>(Set.of(node(1))))),
        "ERR DATABASE ALTER: partition 0 can't have 4 replicas: no node that is up can take another;"
            + " away: n1");
    assertError(
        log.apply(new ControlCommand.Move("0", null, "n2", "n9")),
        "ERR DATABASE MOVE: there is no node 'n9' (n1, n2, n3, n4)");
  }

  @Test
  void copiesAreAddedWhereFewestAre() {
    Log log = Clusters.of(5, DatabaseOptions.NONE);
    assertDone(create(log, "a", "PARTITIONS 10 REPLICAS 1 COMMIT ASYNC"));
    assertDone(log.apply(new ControlCommand.Alter("a", options("REPLICAS 3"))));
    Map<Integer, Integer> copies = new TreeMap<>();
    int id = log.state.database("a").orElseThrow().id();
    for (PartitionState partition : log.state.partitionsOf(id).values()) {
      assertThat(partition.goal().replicas()).doesNotHaveDuplicates().hasSize(3);
      partition.goal().replicas().forEach(it -> copies.merge(it.number(), 1, Integer::sum));
    }
    assertThat(copies.values()).allMatch(it -> it >= 5 && it <= 7);
  }

  @Test
  void thePreferredLeaderIsTheFirstOfTheReplicas() {
    Log log = Clusters.of(4, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 1);
    assertDone(log.apply(new ControlCommand.Prefer("0", null, "n3")));
    assertThat(log.partition().preferredLeader()).isEqualTo(node(3));
    assertThat(log.partition().isChanging()).isFalse();
    assertError(
        log.apply(new ControlCommand.Prefer("0", null, "n4")),
        "ERR SWITCHOVER: partition 0 of '0' has no copy on n4, but on n3, n1, n2");
  }

  @Test
  void aDrainedNodeIsWillingAgainWhenItStartsAgain() {
    Log log = Clusters.of(3, DatabaseOptions.NONE);
    assertDone(log.apply(new ControlCommand.Drain("n2", true)));
    assertThat(log.state.nodes().get(node(2)).drained()).isTrue();
    register(log, 2, 50, 1);
    assertThat(log.state.nodes().get(node(2)).drained()).isFalse();
    assertError(
        log.apply(new ControlCommand.Drain("x", true)),
        "ERR SWITCHOVER: there is no node 'x' (n1, n2, n3)");
  }

  @Test
  void failoversAreKeptWithWhatBecameOfThem() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    log.apply(
        new ControlCommand.OpenEpochs(new TreeMap<>(Map.of(P, 0L)), Failover.Cause.FIRST, 76));
    appoint(log, log.partition().epoch(), 1, 1);
    assertThat(log.state.failovers()).isEmpty();
    for (int i = 0; i < ClusterState.MAX_FAILOVERS + 3; i++) {
      lead(log, 2);
    }
    assertThat(log.state.failovers())
        .hasSize(ClusterState.MAX_FAILOVERS)
        .last()
        .isEqualTo(
            new Failover(
                log.partition().epoch(), 77, Failover.Cause.LEASE_OUT, node(2), 1, 1, 12, false));
  }

  @Test
  void whatCanNotBeAlteredIsRefused() {
    Log log = Clusters.of(3, DatabaseOptions.NONE);
    assertDone(alter(log, "WRITE-TIMEOUT 700 READS EVENTUAL"));
    assertThat(log.state.database("0").orElseThrow().settings().writeTimeoutMillis())
        .isEqualTo(700);
    assertError(alter(log, "PARTITIONS 3"), "ERR DATABASE ALTER: a database keeps its PARTITIONS");
    assertError(alter(log, "NUMBER 3"), "ERR DATABASE ALTER: a database keeps its NUMBER");
    assertError(
        alter(log, "REPLICAS 4"),
        "ERR DATABASE ALTER: 4 replicas need 4 nodes, the cluster has 3 (n1, n2, n3)");
    assertError(
        alter(log, "REPLICAS 1 COMMIT SEMI-SYNC 2"),
        "ERR DATABASE ALTER: SEMI-SYNC 2 needs 3 replicas, the database has 1");
  }

  // Epochs.

  @Test
  void anEpochIsThePlaceInTheLogAndHasOneLeader() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    assertDone(log.apply(open(new TreeMap<>(Map.of(P, 0L)))));
    long epoch = log.partition().epoch();
    assertThat(epoch).isEqualTo(log.index);
    // Another controller's late command changes nothing.
    assertError(
        log.apply(open(new TreeMap<>(Map.of(P, 0L)))),
        "ERR each of these partitions is in another epoch by now");
    assertDone(appoint(log, epoch, 2, 1));
    assertThat(log.partition().leader()).contains(node(2));
    assertError(
        appoint(log, epoch, 3, 1),
        "ERR each of these partitions has a leader or is in another epoch by now");
    assertThat(log.partition().leader()).contains(node(2));
  }

  @Test
  void onlyAReplicaOfTheStatedIncarnationCanLeadAndOnlyTheNewestEpoch() {
    Log log = Clusters.of(4, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    assertThat(appoint(log, 0, 1, 1)).isInstanceOf(Outcome.Refused.class);
    log.apply(open(new TreeMap<>(Map.of(P, 0L))));
    long old = log.partition().epoch();
    log.apply(open(new TreeMap<>(Map.of(P, old))));
    long epoch = log.partition().epoch();
    assertThat(appoint(log, old, 1, 1)).isInstanceOf(Outcome.Refused.class);
    assertThat(appoint(log, epoch, 4, 1)).isInstanceOf(Outcome.Refused.class);
    assertThat(appoint(log, epoch, 9, 1)).isInstanceOf(Outcome.Refused.class);
    assertThat(appoint(log, epoch, 1, 2)).isInstanceOf(Outcome.Refused.class);
    register(log, 1, 50, 1);
    // Restarted since it answered: the new process has not promised anything yet.
    assertThat(appoint(log, epoch, 1, 1)).isInstanceOf(Outcome.Refused.class);
    assertDone(appoint(log, epoch, 2, 1));
  }

  @Test
  void aControllerThatLeadsNoMoreAppointsNobody() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    log.apply(open(new TreeMap<>(Map.of(P, 0L))));
    log.term = 2;
    assertError(
        appoint(log, log.partition().epoch(), 1, 1), "ERR the controller of term 1 leads no more");
  }

  @Test
  void theLastLeaderIsRememberedWhileThereIsNone() {
    Log log = Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
    lead(log, 2);
    log.apply(open(new TreeMap<>(Map.of(P, log.partition().epoch()))));
    log.apply(open(new TreeMap<>(Map.of(P, log.partition().epoch()))));
    assertThat(log.partition().leader()).isEmpty();
    assertThat(log.partition().lastLeader()).isEqualTo(node(2));
    assertThat(log.partition().lastIncarnation()).isEqualTo(1);
  }

  @Test
  void oneCommandMovesAllPartitionsThatAreStillInTheirEpoch() {
    Log log = Clusters.of(3, DatabaseOptions.NONE);
    Map<PartitionId, Long> expected = new TreeMap<>();
    log.state.partitions().keySet().forEach(id -> expected.put(id, 0L));
    expected.put(P, 99L);
    assertDone(log.apply(open(new TreeMap<>(expected))));
    assertThat(log.partition().epoch()).isZero();
    assertThat(log.state.partitions().values())
        .filteredOn(partition -> !partition.id().equals(P))
        .hasSize(11)
        .allMatch(partition -> partition.epoch() == log.index);
  }

  private static ControlCommand open(SortedMap<PartitionId, Long> expected) {
    return new ControlCommand.OpenEpochs(expected, Failover.Cause.LEASE_OUT, 77);
  }

  private static void lead(Log log, int leader) {
    log.apply(open(new TreeMap<>(Map.of(P, log.partition().epoch()))));
    assertDone(appoint(log, log.partition().epoch(), leader, 1));
  }

  private static Outcome appoint(Log log, long epoch, int leader, long incarnation) {
    return log.apply(
        new ControlCommand.Appoint(
            1, List.of(new Appointment(P, epoch, node(leader), incarnation, false, 12))));
  }

  private static Outcome register(Log log, int n, long claim, long journaled) {
    return register(log, presence(n, claim, journaled));
  }

  private static Outcome register(Log log, Presence presence) {
    Outcome outcome = log.apply(new ControlCommand.Register(presence, false));
    return outcome instanceof Outcome.Overtaken overtaken
        ? log.apply(new ControlCommand.Register(presence.withIssued(overtaken.issued()), false))
        : outcome;
  }

  private static Outcome create(Log log, String name, String options) {
    return log.apply(new ControlCommand.Create(name, options(options)));
  }

  private static Outcome advance(Log log, long epoch, long configVersion) {
    return log.apply(new ControlCommand.Advance(P, epoch, configVersion));
  }

  private static void assertRefused(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Refused.class);
  }

  private static Outcome alter(Log log, String options) {
    return log.apply(new ControlCommand.Alter("0", options(options)));
  }

  static DatabaseOptions options(String words) {
    List<String> list = words.isEmpty() ? List.of() : List.of(words.split(" "));
    return ((DatabaseStatement.Alter) DatabaseGrammar.parseOptions(list)).options();
  }

  /** As for a database of any kind. */
  static DatabaseOptions alteration(String words) {
    List<String> list = List.of(("ALTER it " + words).split(" +"));
    return ((DatabaseStatement.Alter) DatabaseGrammar.parse(list)).options();
  }

  private static void assertRegistered(Outcome outcome, int n, long incarnation, boolean amnesiac) {
    Outcome.Registered registered = (Outcome.Registered) outcome;
    assertThat(registered.node()).isEqualTo(node(n));
    assertThat(registered.incarnation()).isEqualTo(incarnation);
    assertThat(registered.amnesiac()).isEqualTo(amnesiac);
  }

  private static void assertDone(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Done.class);
  }

  private static void assertError(Outcome outcome, String error) {
    assertThat(outcome).isInstanceOf(Outcome.Refused.class);
    assertThat(((Outcome.Refused) outcome).error()).isEqualTo(error);
  }
}
