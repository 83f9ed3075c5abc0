package io.trefoil.simulation.cluster;

import io.trefoil.control.CommitRule;
import io.trefoil.control.Conflict;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Promises;
import io.trefoil.control.Promises.Failure;
import io.trefoil.control.Promises.Fate;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Replication;
import io.trefoil.simulation.Mutant;
import io.trefoil.simulation.Rule;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What a simulated cluster looks like, all drawn from its seed. Fault rates are drawn one by one
 * and are often zero: a run with one kind of fault reaches states that a run with all never does.
 *
 * @param nodes 1, 3 or 5
 * @param replicas of each partition
 * @param fsync stable means synced, else written
 * @param keys few, so that clients meet
 * @param thinkMillis mean time of a client between a reply and its next command
 * @param valueBytes size of values: large ones outgrow the journal that is kept for followers
 * @param faultsMillis how long faults happen
 * @param rates of all faults, 0 for never
 * @param quorums of a leaderless database; else null
 * @param repairPauseMillis between two comparisons of the same replicas of that
 * @param shortHints whether coordinators let go of hints after a second
 * @param regions of a database between regions; else null
 */
record ClusterShape(
    int nodes,
    int replicas,
    int partitions,
    Rule rule,
    boolean fsync,
    int database,
    int clients,
    int keys,
    int thinkMillis,
    int valueBytes,
    int faultsMillis,
    Map<FaultRate, Integer> rates,
    Quorums quorums,
    int repairPauseMillis,
    boolean shortHints,
    RegionShape regions) {

  /** One with a leaderless database. */
  static ClusterShape drawLeaderless(SplittableRandom random) {
    ClusterShape led = draw(random);
    int replicas = Math.min(led.nodes, led.replicas + 1);
    boolean majorities = random.nextInt(3) > 0;
    int reads = majorities ? replicas / 2 + 1 : 1 + random.nextInt(replicas);
    int writes = majorities ? replicas / 2 + 1 : 1 + random.nextInt(replicas);
    boolean shortHints = random.nextInt(3) == 0;
    boolean sloppy = random.nextInt(5) == 0;
    Conflict conflict = random.nextInt(4) == 0 ? Conflict.SIBLINGS : Conflict.LWW;
    Quorums quorums = new Quorums(reads, writes, sloppy, conflict);
    Map<FaultRate, Integer> rates = new EnumMap<>(led.rates);
    rates.put(FaultRate.SWITCHOVERS, 0);
    if (writes == 1 || sloppy) {
      rates.put(FaultRate.DISK_LOSSES, 0); // it would take acknowledged writes with it
      rates.put(FaultRate.HEALED_DISKS, 0);
    }
    return new ClusterShape(
        led.nodes,
        replicas,
        led.partitions,
        led.rule,
        led.fsync,
        led.database,
        led.clients,
        led.keys,
        led.thinkMillis,
        10,
        led.faultsMillis,
        rates,
        quorums,
        200 + random.nextInt(2_000),
        shortHints,
        null);
  }

  /** One whose replicas are compared. */
  static ClusterShape drawScrubbed(SplittableRandom random) {
    ClusterShape led = draw(random);
    Map<FaultRate, Integer> rates = new EnumMap<>(led.rates);
    if (led.replicas > 2 && random.nextInt(3) > 0) {
      rates.put(FaultRate.MOVES, 0);
    }
    int silentDamage = maybe(random, 300 + random.nextInt(2_000));
    ClusterShape shape = led.with(led.faultsMillis, rates);
    boolean survives = Promises.acknowledged(led.settings(), Failure.MACHINE_LOST) == Fate.KEPT;
    if (survives && shape.findsSilentDamage()) {
      rates.put(FaultRate.SILENT_DAMAGE, silentDamage);
    }
    return shape;
  }

  /**
   * Whether each partition has more than two replicas all the time, so that it is known who
   * differs.
   */
  boolean findsSilentDamage() {
    return replicas > 2 && rate(FaultRate.MOVES) == 0;
  }

  /** One with a database between regions, each of which is a cluster of its own. */
  static ClusterShape drawRegions(SplittableRandom random) {
    ClusterShape led = draw(random);
    int replicas = new int[] {1, 2, 2, 3}[random.nextInt(4)];
    RegionShape regions = RegionShape.draw(random, replicas);
    Map<FaultRate, Integer> rates = new EnumMap<>(led.rates);
    // A disk that is older may have told other regions what it lacks now.
    rates.put(FaultRate.DISK_LOSSES, 0);
    rates.put(FaultRate.HEALED_DISKS, 0);
    rates.put(FaultRate.MOVES, 0);
    rates.put(FaultRate.RULE_CHANGES, 0);
    rates.put(FaultRate.OTHER_DATABASES, 0);
    rates.put(FaultRate.REGION_CUTS, maybe(random, 1_000 + random.nextInt(5_000)));
    rates.put(FaultRate.REGION_OUTAGES, seldom(random, 3_000 + random.nextInt(6_000)));
    return new ClusterShape(
        regions.allNodes(),
        replicas,
        1 + random.nextInt(2),
        led.rule,
        led.fsync,
        led.database,
        1 + random.nextInt(2),
        led.keys,
        led.thinkMillis + 4,
        random.nextInt(3) == 0 ? 1_000 + random.nextInt(8_000) : led.valueBytes,
        led.faultsMillis,
        rates,
        null,
        led.repairPauseMillis,
        false,
        regions);
  }

  boolean isRegional() {
    return regions != null;
  }

  /** One without a name where there is but one cluster. */
  List<String> regionNames() {
    return isRegional() ? regions.names() : List.of("");
  }

  /** How many nodes a region has. */
  int nodesOf(int region) {
    return isRegional() ? regions.nodes().get(region) : nodes;
  }

  /** Whether writes that knew nothing of each other are kept beside each other. */
  boolean keepsSiblings() {
    Conflict conflict =
        isRegional() ? regions.conflict() : isLeaderless() ? quorums.conflict() : null;
    return conflict == Conflict.SIBLINGS;
  }

  boolean isLeaderless() {
    return quorums != null;
  }

  static ClusterShape draw(SplittableRandom random) {
    int nodes = new int[] {1, 3, 3, 3, 3, 3, 5}[random.nextInt(7)];
    int replicas = nodes == 1 ? 1 : nodes == 3 ? 2 + random.nextInt(2) : 3 + 2 * random.nextInt(2);
    boolean fsync = random.nextBoolean();
    int partitions = 1 + random.nextInt(3);
    Rule rule = Rule.values()[random.nextInt(4)];
    boolean survives =
        Promises.acknowledged(settings(rule, replicas, partitions, fsync), Failure.MACHINE_LOST)
            == Fate.KEPT;
    return new ClusterShape(
        nodes,
        replicas,
        partitions,
        rule,
        fsync,
        1,
        3 + random.nextInt(4),
        1 + random.nextInt(3),
        4 + random.nextInt(20),
        random.nextInt(3) == 0 ? 400 + random.nextInt(2_000) : 10,
        8_000 + random.nextInt(8_000),
        rates(random, fsync, survives),
        null,
        10_000,
        false,
        null);
  }

  private static Map<FaultRate, Integer> rates(
      SplittableRandom random, boolean fsync, boolean survives) {
    Map<FaultRate, Integer> rates = new EnumMap<>(FaultRate.class);
    rates.put(FaultRate.SLOW_MESSAGES, maybe(random, 1 + random.nextInt(30)));
    rates.put(FaultRate.CUTS, maybe(random, 500 + random.nextInt(4_000)));
    rates.put(FaultRate.BROKEN_CONNECTIONS, maybe(random, 500 + random.nextInt(4_000)));
    rates.put(FaultRate.KILLS, maybe(random, 1_000 + random.nextInt(5_000)));
    rates.put(FaultRate.MACHINE_CRASHES, fsync ? random.nextInt(101) : 0);
    rates.put(FaultRate.PAUSES, maybe(random, 500 + random.nextInt(3_000)));
    rates.put(FaultRate.PAUSES_IN_TASKS, maybe(random, 1 + random.nextInt(10)));
    rates.put(FaultRate.DEATHS_IN_TASKS, maybe(random, 1 + random.nextInt(60)));
    rates.put(FaultRate.SLOW_SYNCS, maybe(random, 1 + random.nextInt(60)));
    rates.put(FaultRate.NEW_CONTROLLERS, maybe(random, 1_000 + random.nextInt(5_000)));
    boolean powerCuts = fsync && random.nextInt(4) == 0;
    rates.put(FaultRate.POWER_CUTS, powerCuts ? 3_000 + random.nextInt(5_000) : 0);
    rates.put(FaultRate.DISK_FAULTS, maybe(random, 2_000 + random.nextInt(6_000)));
    rates.put(FaultRate.CLOCK_FAULTS, maybe(random, 1_000 + random.nextInt(4_000)));
    rates.put(FaultRate.OTHER_DATABASES, maybe(random, 1_000 + random.nextInt(4_000)));
    rates.put(FaultRate.DISK_LOSSES, survives ? maybe(random, 500 + random.nextInt(3_000)) : 0);
    rates.put(FaultRate.RULE_CHANGES, seldom(random, 500 + random.nextInt(4_000)));
    rates.put(FaultRate.MOVES, seldom(random, 500 + random.nextInt(4_000)));
    rates.put(FaultRate.SWITCHOVERS, maybe(random, 200 + random.nextInt(3_000)));
    rates.put(FaultRate.REGION_CUTS, 0);
    rates.put(FaultRate.REGION_OUTAGES, 0);
    rates.put(FaultRate.SILENT_DAMAGE, 0);
    rates.put(FaultRate.BAD_SYNCS, 2 * rates.get(FaultRate.DISK_FAULTS));
    rates.put(FaultRate.HEALED_DISKS, 2 * rates.get(FaultRate.DISK_LOSSES));
    return rates;
  }

  int rate(FaultRate of) {
    return rates.get(of);
  }

  /** The same, but this never goes wrong. */
  ClusterShape without(FaultRate fault) {
    Map<FaultRate, Integer> fewer = new EnumMap<>(rates);
    fewer.put(fault, 0);
    return with(faultsMillis, fewer);
  }

  /** The same, but faults happen for so long. */
  ClusterShape lasting(int millis) {
    return with(millis, rates);
  }

  private ClusterShape with(int lasting, Map<FaultRate, Integer> newRates) {
    return new ClusterShape(
        nodes,
        replicas,
        partitions,
        rule,
        fsync,
        database,
        clients,
        keys,
        thinkMillis,
        valueBytes,
        lasting,
        newRates,
        quorums,
        repairPauseMillis,
        shortHints,
        regions);
  }

  private static int seldom(SplittableRandom random, int rate) {
    return random.nextInt(5) < 3 ? 0 : rate;
  }

  private static int maybe(SplittableRandom random, int rate) {
    return random.nextInt(5) < 2 ? 0 : rate;
  }

  /**
   * How a client creates the database.
   *
   * @param durability of its copies, which may be another one before faults begin
   * @param broken a leaderless one may ask for a copy less than it is to, or take hints for copies
   */
  String[] create(Durability durability, Mutant broken) {
    if (isLeaderless()) {
      return String.format(
              "DATABASE CREATE data NUMBER %d REPLICATION LEADERLESS REPLICAS %d PARTITIONS %d"
                  + " R %d W %d SLOPPY %s CONFLICT %s DURABILITY %s",
              database,
              replicas,
              partitions,
              quorums.reads(),
              Math.max(1, quorums.writes() - (broken == Mutant.ANSWERED_BEFORE_W ? 1 : 0)),
              quorums.sloppy() || broken == Mutant.HINTS_COUNT_WHEN_STRICT ? "YES" : "NO",
              quorums.conflict(),
              durability)
          .split(" ");
    }
    return ("DATABASE CREATE data NUMBER "
            + database
            + (isRegional() ? between() : "")
            + " REPLICAS "
            + replicas
            + " PARTITIONS "
            + partitions
            + " COMMIT "
            + settings().commit()
            + " DURABILITY "
            + durability)
        .split(" ");
  }

  private String between() {
    return String.format(
        " REPLICATION MULTI-LEADER REGIONS %d %s TOPOLOGY %s CONFLICT %s",
        regions.count(), String.join(" ", regions.names()), regions.topology(), regions.conflict());
  }

  /** The settings of the database within a cluster when faults begin. */
  DatabaseSettings settings() {
    return settings(rule, replicas, partitions, fsync);
  }

  static DatabaseSettings settings(Rule rule, int replicas, int partitions, boolean fsync) {
    CommitRule commit =
        switch (rule) {
          case ASYNC -> CommitRule.ASYNC;
          case SEMI_SYNC -> replicas == 1 ? CommitRule.ASYNC : CommitRule.semiSync(1);
          case MAJORITY -> CommitRule.MAJORITY;
          case SYNC -> CommitRule.SYNC;
        };
    return new DatabaseSettings(
        Replication.SINGLE_LEADER,
        replicas,
        partitions,
        commit,
        fsync ? Durability.FSYNC : Durability.OS,
        1500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        null);
  }
}
