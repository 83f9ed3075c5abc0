package io.trefoil.control;

import static io.trefoil.control.ClusterStateTest.alteration;
import static io.trefoil.control.Clusters.node;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.Clusters.Log;
import io.trefoil.control.ControlCommand.Appointment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToIntFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The leaderless database 'carts', of one partition unless said otherwise. */
class LeaderlessStateTest {
  // Creating.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REPLICAS 3                              | 2 | 2 | false | LWW      | true  | true",
        "REPLICAS 5                              | 3 | 3 | false | LWW      | true  | true",
        "REPLICAS 2                              | 2 | 2 | false | LWW      | true  | true",
        "REPLICAS 1                              | 1 | 1 | false | LWW      | true  | true",
        "REPLICAS 3 R 1                          | 1 | 2 | false | LWW      | false | true",
        "REPLICAS 3 SLOPPY YES                   | 2 | 2 | true  | LWW      | false | false",
        "REPLICAS 3 R 3 W 3 SLOPPY YES           | 3 | 3 | true  | LWW      | false | false",
        "REPLICAS 4 R 4 W 1 CONFLICT SIBLINGS    | 4 | 1 | false | SIBLINGS | true  | false",
      })
  void quorumsAreMajoritiesUnlessSaid(
      String options,
      int reads,
      int writes,
      boolean sloppy,
      Conflict conflict,
      boolean overlap,
      boolean writesOverlap) {
    Log log = carts(5, options);
    DatabaseSettings settings = database(log).settings();
    Quorums quorums = settings.quorums();
    assertThat(quorums).isEqualTo(new Quorums(reads, writes, sloppy, conflict));
    assertThat(quorums.overlap(settings.replicas())).isEqualTo(overlap);
    assertThat(quorums.writesOverlap(settings.replicas())).isEqualTo(writesOverlap);
    Configuration configuration = partition(log).configuration();
    assertThat(configuration.reads()).isEqualTo(reads);
    assertThat(configuration.copies()).isEqualTo(writes);
    assertThat(configuration.replicas()).hasSize(settings.replicas());
    assertThat(partition(log).isLeaderless()).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REPLICATION LEADERLESS REPLICAS 3 R 4      | R 4 needs 4 replicas, the database has 3",
        "REPLICATION LEADERLESS REPLICAS 1 W 2      | W 2 needs 2 replicas, the database has 1",
        "REPLICATION LEADERLESS REPLICAS 6          | 6 replicas need 6 nodes, the cluster has 5"
            + " (n1, n2, n3, n4, n5)",
      })
  void quorumsNeedTheirReplicas(String options, String error) {
    Log log = Clusters.of(5, DatabaseOptions.NONE);
    assertError(create(log, options), "ERR DATABASE CREATE: " + error);
  }

  @Test
  void quorumsOutOfRangeAreRefusedWhoeverSentThem() {
    Log log = Clusters.of(5, DatabaseOptions.NONE);
    DatabaseOptions none =
        new DatabaseOptions(
            null,
            Replication.LEADERLESS,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            0,
            null,
            null,
            null);
    assertError(
        log.apply(new ControlCommand.Create("carts", none)),
        "ERR DATABASE CREATE: R is 1 to 7, not 0");
  }

  @Test
  void database0CanBeLeaderless() {
    Log log =
        Clusters.of(3, ClusterStateTest.options("REPLICATION LEADERLESS PARTITIONS 1 R 3 W 1"));
    assertThat(log.partition().isLeaderless()).isTrue();
    assertThat(log.state.databaseByNumber(0).orElseThrow().settings().copies()).isEqualTo(1);
  }

  // No leader.

  @Test
  void nobodyLeadsAndNothingOpensAnEpoch() {
    Log log = carts(3, "REPLICAS 3");
    PartitionId id = partition(log).id();
    PartitionState before = partition(log);
    assertRefused(
        log.apply(
            new ControlCommand.OpenEpochs(
                new TreeMap<>(Map.of(id, 0L)), Failover.Cause.FIRST, 77)));
    Appointment appointment = new Appointment(id, 0, node(1), 1, false, 12);
    assertRefused(log.apply(new ControlCommand.Appoint(1, List.of(appointment))));
    assertRefused(
        log.apply(
            new ControlCommand.Succeed(
                1,
                77,
                List.of(
                    new ControlCommand.Succession(
                        0, new Appointment(id, log.index, node(1), 1, false, 12))))));
    assertRefused(log.apply(new ControlCommand.Advance(id, 0, 1)));
    assertThat(partition(log)).isEqualTo(before);
    assertThat(partition(log).leader()).isEmpty();
    assertThat(log.state.failovers()).isEmpty();
  }

  @Test
  void oneCommandOpensEpochsOfAllButTheLeaderless() {
    Log log = carts(3, "REPLICAS 3");
    TreeMap<PartitionId, Long> all = new TreeMap<>();
    log.state.partitions().keySet().forEach(id -> all.put(id, 0L));
    assertDone(log.apply(new ControlCommand.OpenEpochs(all, Failover.Cause.FIRST, 77)));
    assertThat(log.state.partitions().values())
        .allMatch(it -> it.isLeaderless() ? it.epoch() == 0 : it.epoch() == log.index);
  }

  @Test
  void aSwitchoverOfTheDatabaseIsRefusedAndADrainedNodeKeepsItsCopies() {
    Log log = carts(3, "REPLICAS 3");
    PartitionState before = partition(log);
    assertError(
        log.apply(new ControlCommand.Prefer("carts", null, "n2")),
        "ERR SWITCHOVER: database 'carts' is leaderless, it has no leader");
    assertDone(log.apply(new ControlCommand.Drain("n1", true)));
    assertThat(partition(log)).isEqualTo(before);
  }

  // Altering.

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COMMIT SYNC | COMMIT is an option of SINGLE-LEADER or MULTI-LEADER, the database is"
            + " LEADERLESS",
        "FAILOVER SAFE | FAILOVER is an option of SINGLE-LEADER or MULTI-LEADER, the database is"
            + " LEADERLESS",
        "READS EVENTUAL | READS is an option of SINGLE-LEADER or MULTI-LEADER, the database is"
            + " LEADERLESS; how many replicas its reads ask is said with R",
        "REPLICATION SINGLE-LEADER | a database keeps its REPLICATION",
        "PARTITIONS 3 | a database keeps its PARTITIONS",
        "R 4 | R 4 needs 4 replicas, the database has 3",
        "W 4 | W 4 needs 4 replicas, the database has 3",
        "REPLICAS 1 W 2 | W 2 needs 2 replicas, the database has 1",
      })
  void whatCanNotBeAlteredIsRefused(String options, String error) {
    Log log = carts(5, "REPLICAS 3");
    assertError(alter(log, options), "ERR DATABASE ALTER: " + error);
  }

  @Test
  void aLedDatabaseHasNoQuorums() {
    Log log = Clusters.of(3, DatabaseOptions.NONE);
    for (String option : List.of("R 2", "W 2", "SLOPPY YES")) {
      assertError(
          log.apply(new ControlCommand.Alter("0", alteration(option))),
          "ERR DATABASE ALTER: "
              + option.split(" ")[0]
              + " is an option of LEADERLESS, the database is SINGLE-LEADER");
    }
    assertError(
        log.apply(
            new ControlCommand.Alter(
                "0",
                new DatabaseOptions(
                    null,
                    Replication.LEADERLESS,
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
                    null))),
        "ERR DATABASE ALTER: a database keeps its REPLICATION");
  }

  @Test
  void whatConcernsNoCopiesStandsAtOnce() {
    Log log = carts(3, "REPLICAS 3");
    PartitionState before = partition(log);
    assertDone(alter(log, "SLOPPY YES CONFLICT SIBLINGS WRITE-TIMEOUT 700"));
    DatabaseSettings settings = database(log).settings();
    assertThat(settings.quorums()).isEqualTo(new Quorums(2, 2, true, Conflict.SIBLINGS));
    assertThat(settings.writeTimeoutMillis()).isEqualTo(700);
    assertThat(partition(log)).isEqualTo(before);
  }

  /** The old and the new rule are served side by side until all have heard of the new one. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "R 2 W 2 | W 1       | 2/1",
        "R 2 W 2 | R 1       | 1/2",
        "R 3 W 3 | R 2 W 2   | 2/2",
        "R 2 W 2 | R 3       | 2/2 3/2",
        "R 2 W 2 | W 3       | 2/2 2/3",
        "R 2 W 2 | R 1 W 3   | 2/2 1/3",
        "R 1 W 3 | R 3 W 1   | 1/3 3/1",
        "R 3 W 1 | R 1 W 3   | 3/1 1/3",
        "R 2 W 2 | DURABILITY FSYNC | 2/2 2/2",
      })
  void onlyARuleThatAsksForNothingMoreStandsAtOnce(String before, String change, String standing) {
    Log log = carts(3, "REPLICAS 3 " + before);
    assertDone(alter(log, change));
    assertThat(standing(partition(log))).isEqualTo(standing);
  }

  @Test
  void aMajorityStaysOneWithOtherReplicasAndOtherNumbersStay() {
    Log log = carts(5, "REPLICAS 3 R 3");
    assertDone(alter(log, "REPLICAS 5"));
    assertThat(database(log).settings().quorums())
        .isEqualTo(new Quorums(3, 3, false, Conflict.LWW));
    for (int step = 0; step < 2; step++) {
      allReady(log);
    }
    assertDone(alter(log, "REPLICAS 1 R 1"));
    assertThat(database(log).settings().quorums())
        .isEqualTo(new Quorums(1, 1, false, Conflict.LWW));
  }

  // Changes of configuration.

  @Test
  void aStepIsOverWhenTheLearnersAreReadyAndThenEnoughOfBothConfigurations() {
    Log log = carts(4, "REPLICAS 3");
    List<NodeId> old = partition(log).configuration().replicas();
    assertDone(alter(log, "REPLICAS 4"));
    NodeId learner = partition(log).learners().first();
    assertThat(old).doesNotContain(learner);
    for (NodeId replica : old) {
      assertDone(ready(log, replica, 2));
      assertThat(partition(log).configVersion()).isEqualTo(2);
    }
    assertThat(partition(log).ready()).containsExactlyInAnyOrderElementsOf(old);
    assertDone(ready(log, learner, 2));
    assertThat(standing(partition(log))).isEqualTo("2/2 3/3");
    assertThat(partition(log).configVersion()).isEqualTo(3);
    assertThat(partition(log).ready()).isEmpty();
    assertDone(ready(log, learner, 3));
    assertDone(ready(log, old.get(2), 3));
    assertThat(standing(partition(log))).isEqualTo("2/2 3/3");
    assertDone(ready(log, old.get(0), 3)); // the last one may be away
    assertThat(standing(partition(log))).isEqualTo("3/3");
    assertThat(partition(log).isChanging()).isFalse();
    assertThat(partition(log).epoch()).isZero();
  }

  @Test
  void aChangeWaitsForAllLearnersAndThenForThoseOfAConfigurationThatLacksSome() {
    Log log = carts(4, "REPLICAS 3");
    List<NodeId> old = partition(log).configuration().replicas();
    assertThat(partition(log).awaited()).isEmpty();
    assertDone(alter(log, "REPLICAS 4"));
    NodeId learner = partition(log).learners().first();
    assertDone(ready(log, old.get(0), 2));
    assertThat(partition(log).awaited()).containsExactly(learner);
    assertDone(ready(log, learner, 2));
    assertThat(partition(log).awaited()).hasSize(4);
    assertDone(ready(log, old.get(0), 3));
    assertDone(ready(log, old.get(1), 3)); // enough of the older one
    assertThat(partition(log).awaited()).containsExactlyInAnyOrder(old.get(2), learner);
    assertDone(ready(log, learner, 3));
    assertThat(partition(log).awaited()).isEmpty();
  }

  @Test
  void aPlaceLastsUntilAConfigurationIsWithoutIt() {
    Log log = carts(4, "REPLICAS 3");
    NodeId stays = partition(log).configuration().replicas().get(0);
    NodeId moves = partition(log).configuration().replicas().get(1);
    NodeId other = stranger(log);
    assertThat(partition(log).places().values()).containsExactly(1L, 1L, 1L);
    move(log, moves, other);
    allReady(log);
    allReady(log);
    assertThat(partition(log).places()).containsEntry(other, 2L).doesNotContainKey(moves);
    move(log, other, moves);
    assertThat(partition(log).places()).containsEntry(moves, 5L).containsEntry(other, 2L);
    allReady(log);
    allReady(log);
    assertThat(partition(log).places()).containsEntry(moves, 5L).containsEntry(stays, 1L);
  }

  private static void move(Log log, NodeId from, NodeId to) {
    assertDone(log.apply(new ControlCommand.Move("carts", null, from.toString(), to.toString())));
  }

  @Test
  void whatIsSaidTwiceOfAnotherStepOrByAStrangerCountsNothing() {
    Log log = carts(4, "REPLICAS 3");
    List<NodeId> replicas = partition(log).configuration().replicas();
    NodeId stranger = stranger(log);
    assertRefused(ready(log, replicas.get(0), 1));
    assertDone(alter(log, "R 3"));
    assertRefused(ready(log, replicas.get(0), 1));
    assertRefused(ready(log, replicas.get(0), 3));
    assertRefused(ready(log, stranger, 2));
    assertRefused(ready(log, node(9), 2));
    assertDone(ready(log, replicas.get(0), 2));
    ClusterState once = log.state;
    assertDone(ready(log, replicas.get(0), 2));
    assertThat(log.state).isEqualTo(once);
    assertRefused(log.apply(new ControlCommand.CopyReady(node(1), Clusters.P, 1)));
    assertThat(standing(partition(log))).isEqualTo("2/2 3/2");
  }

  @Test
  void aChangeThatIsNotThroughCanBeTakenBack() {
    Log log = carts(3, "REPLICAS 3");
    assertDone(alter(log, "R 3 W 3"));
    assertDone(ready(log, node(1), 2));
    assertError(
        alter(log, "R 1 W 3"),
        "ERR DATABASE ALTER: the last change is not through yet, and this one is not its end or its"
            + " beginning; try again");
    assertDone(alter(log, "R 2 W 2"));
    assertThat(standing(partition(log))).isEqualTo("2/2");
    assertThat(partition(log).ready()).isEmpty();
  }

  @Test
  void aCopyMovesWithItsRule() {
    Log log = carts(4, "REPLICAS 3 R 1 W 3");
    List<NodeId> replicas = partition(log).configuration().replicas();
    NodeId to = stranger(log);
    NodeId from = replicas.get(0);
    move(log, from, to);
    assertThat(partition(log).learners()).containsExactly(to);
    allReady(log);
    assertThat(standing(partition(log))).isEqualTo("1/3 1/3");
    allReady(log);
    assertThat(standing(partition(log))).isEqualTo("1/3");
    assertThat(partition(log).replicas()).hasSize(3).contains(to).doesNotContain(from);
  }

  // Whatever is asked for, and whoever hears of it late.

  @Property(tries = 200)
  void whileQuorumsOverlapEveryReadShowsTheLastAcknowledgedWrite(@ForAll long seed) {
    World world = new World(seed);
    for (int i = 0; i < 1000; i++) {
      world.step();
    }
  }

  @Test
  void theWorldMeetsWhatItIsToTest() {
    int changes = 0;
    int advances = 0;
    int acknowledged = 0;
    int byAnOlderStep = 0;
    for (int seed = 0; seed < 20; seed++) {
      World world = new World(seed);
      for (int i = 0; i < 1000; i++) {
        world.step();
      }
      changes += world.changes;
      advances += world.advances;
      acknowledged += world.acknowledgements;
      byAnOlderStep += world.byAnOlderStep;
    }
    assertThat(changes).isGreaterThan(200);
    assertThat(advances).isGreaterThan(100);
    assertThat(acknowledged).isGreaterThan(1000);
    assertThat(byAnOlderStep).isGreaterThan(200);
  }

  /**
   * Nodes that coordinate writes and reads of one key by whatever step they have heard of last, and
   * answer only coordinators of the same step.
   */
  private static final class World {
    final Random random;
    final Log log;
    final Map<NodeId, PartitionState> served = new TreeMap<>();
    final Map<NodeId, Integer> values = new TreeMap<>();
    final Map<NodeId, Long> places = new TreeMap<>();
    final List<ControlCommand> late = new ArrayList<>();
    int lastValue;
    int acknowledged;
    int changes;
    int advances;
    int acknowledgements;
    int byAnOlderStep;

    World(long seed) {
      random = new Random(seed);
      log = carts(5, "REPLICAS 3");
      for (NodeId node : log.state.nodes().keySet()) {
        served.put(node, partition(log));
        values.put(node, 0);
        places.put(node, 1L);
      }
    }

    void step() {
      if (random.nextInt(25) == 0) {
        change();
      }
      switch (random.nextInt(3)) {
        case 0 -> write(anyNode());
        case 1 -> read(anyNode());
        default -> hear(anyNode());
      }
      assertThat(partition(log).epoch()).isZero();
      assertThat(partition(log).led()).isFalse();
      assertThat(ControlFormat.decodeState(ControlFormat.encode(log.state))).isEqualTo(log.state);
    }

    private void change() {
      switch (random.nextInt(4)) {
        case 0 -> log.apply(leadership());
        case 1 -> change(new ControlCommand.Move("carts", null, anyName(), anyName()));
        default -> change(new ControlCommand.Alter("carts", overlapping()));
      }
    }

    private void change(ControlCommand command) {
      if (log.apply(command) instanceof Outcome.Done) {
        changes++;
      }
    }

    /**
     * Serves the newest step, with an empty copy if it has not had this place before; when it has
     * what enough others have that do, it says so, late or twice.
     */
    private void hear(NodeId node) {
      PartitionState newest = partition(log);
      served.put(node, newest);
      Long place = newest.places().getOrDefault(node, 0L);
      if (!place.equals(places.put(node, place))) {
        values.put(node, 0);
      }
      if (newest.isChanging() && newest.everyone().contains(node)) {
        Set<NodeId> reached = reached(node, newest);
        Configuration older = newest.configurations().get(0);
        if (older.replicas().stream().filter(reached::contains).count() >= older.fenceAnswers()) {
          values.put(node, largest(reached));
          late.add(new ControlCommand.CopyReady(node, newest.id(), newest.configVersion()));
        }
      }
      if (!late.isEmpty() && random.nextInt(4) > 0) {
        ControlCommand said = late.get(random.nextInt(late.size()));
        long before = partition(log).configVersion();
        log.apply(said);
        advances += partition(log).configVersion() > before ? 1 : 0;
        late.removeIf(it -> it.equals(said) && random.nextBoolean());
      }
    }

    private void write(NodeId coordinator) {
      PartitionState step = served.get(coordinator);
      if (step.replicas().contains(coordinator)) {
        lastValue++;
        Set<NodeId> reached = reached(coordinator, step);
        reached.forEach(node -> values.put(node, lastValue));
        if (hasQuorum(step, reached, Configuration::copies)) {
          acknowledged = lastValue;
          acknowledgements++;
          byAnOlderStep += step.configVersion() < partition(log).configVersion() ? 1 : 0;
        }
      }
    }

    private void read(NodeId coordinator) {
      PartitionState step = served.get(coordinator);
      Set<NodeId> reached = reached(coordinator, step);
      if (step.replicas().contains(coordinator) && hasQuorum(step, reached, Configuration::reads)) {
        assertThat(largest(reached))
            .as("read by %s of %s in %s", coordinator, reached, step)
            .isGreaterThanOrEqualTo(acknowledged);
      }
    }

    /** Itself and some others that serve the same step. */
    private Set<NodeId> reached(NodeId coordinator, PartitionState step) {
      Set<NodeId> reached = new TreeSet<>(Set.of(coordinator));
      step.everyone().stream()
          .filter(it -> served.get(it).configVersion() == step.configVersion())
          .filter(it -> random.nextInt(3) > 0)
          .forEach(reached::add);
      return reached;
    }

    private static boolean hasQuorum(
        PartitionState step, Set<NodeId> nodes, ToIntFunction<Configuration> quorum) {
      return step.configurations().stream()
          .allMatch(
              each ->
                  each.replicas().stream().filter(nodes::contains).count()
                      >= quorum.applyAsInt(each));
    }

    private int largest(Set<NodeId> nodes) {
      return nodes.stream().mapToInt(values::get).max().orElseThrow();
    }

    private ControlCommand leadership() {
      PartitionId id = partition(log).id();
      Appointment appointment = new Appointment(id, random.nextInt(2), anyNode(), 1, false, 1);
      return switch (random.nextInt(4)) {
        case 0 ->
            new ControlCommand.OpenEpochs(
                new TreeMap<>(Map.of(id, 0L)), Failover.Cause.LEASE_OUT, 1);
        case 1 -> new ControlCommand.Appoint(1, List.of(appointment));
        case 2 -> new ControlCommand.Advance(id, 0, partition(log).configVersion());
        default -> new ControlCommand.Prefer("carts", null, anyName());
      };
    }

    private DatabaseOptions overlapping() {
      int present = database(log).settings().replicas();
      int replicas = random.nextBoolean() ? present : 1 + random.nextInt(5);
      int reads = 1 + random.nextInt(replicas);
      int least = replicas - reads + 1;
      int writes = least + random.nextInt(replicas - least + 1);
      return alteration("REPLICAS " + replicas + " R " + reads + " W " + writes);
    }

    private NodeId anyNode() {
      return node(1 + random.nextInt(5));
    }

    private String anyName() {
      return anyNode().toString();
    }
  }

  // Helpers.

  private static Log carts(int nodes, String options) {
    Log log = Clusters.of(nodes, DatabaseOptions.NONE);
    assertDone(create(log, "REPLICATION LEADERLESS PARTITIONS 1 " + options));
    return log;
  }

  private static Outcome create(Log log, String options) {
    return log.apply(new ControlCommand.Create("carts", ClusterStateTest.options(options)));
  }

  private static Outcome alter(Log log, String options) {
    return log.apply(new ControlCommand.Alter("carts", alteration(options)));
  }

  private static Outcome ready(Log log, NodeId node, long configVersion) {
    return log.apply(new ControlCommand.CopyReady(node, partition(log).id(), configVersion));
  }

  private static NodeId stranger(Log log) {
    List<NodeId> replicas = partition(log).configuration().replicas();
    return log.state.nodes().keySet().stream()
        .filter(it -> !replicas.contains(it))
        .findAny()
        .orElseThrow();
  }

  private static void allReady(Log log) {
    PartitionState changing = partition(log);
    for (NodeId node : changing.everyone()) {
      if (partition(log).configVersion() == changing.configVersion()) {
        assertDone(ready(log, node, changing.configVersion()));
      }
    }
  }

  private static Database database(Log log) {
    return log.state.database("carts").orElseThrow();
  }

  private static PartitionState partition(Log log) {
    return log.state.partitions().get(new PartitionId(database(log).id(), 0));
  }

  /** R/W of each standing configuration. */
  private static String standing(PartitionState partition) {
    return String.join(
        " ",
        partition.configurations().stream()
            .map(each -> each.reads() + "/" + each.copies())
            .toList());
  }

  private static void assertDone(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Done.class);
  }

  private static void assertRefused(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Refused.class);
  }

  private static void assertError(Outcome outcome, String error) {
    assertThat(outcome).isInstanceOf(Outcome.Refused.class);
    assertThat(((Outcome.Refused) outcome).error()).isEqualTo(error);
  }
}
