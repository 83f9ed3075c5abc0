package io.trefoil.simulation.cluster;

import io.trefoil.control.CommitRule;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Reads;
import io.trefoil.control.Replication;
import io.trefoil.simulation.Rule;
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
 * @param cutEveryMillis mean time between cuts, 0 for never; others likewise
 * @param machines how many of a hundred kills take the machine
 * @param pausedInTask stops at a clock reading, per hundred thousand
 * @param diesInTask deaths at a disk access, per hundred thousand
 * @param otherDatabaseEveryMillis mean time between other databases that come and go
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
    int slowNetPerMille,
    int cutEveryMillis,
    int breakEveryMillis,
    int killEveryMillis,
    int machines,
    int pauseEveryMillis,
    int pausedInTask,
    int diesInTask,
    int slowDiskPerMille,
    int controllerEveryMillis,
    int powerEveryMillis,
    int diskFaultEveryMillis,
    int clockEveryMillis,
    int otherDatabaseEveryMillis) {

  static ClusterShape draw(SplittableRandom random) {
    int nodes = new int[] {1, 3, 3, 3, 3, 3, 5}[random.nextInt(7)];
    int replicas = nodes == 1 ? 1 : nodes == 3 ? 2 + random.nextInt(2) : 3 + 2 * random.nextInt(2);
    boolean fsync = random.nextBoolean();
    return new ClusterShape(
        nodes,
        replicas,
        1 + random.nextInt(3),
        Rule.values()[random.nextInt(4)],
        fsync,
        1,
        3 + random.nextInt(4),
        1 + random.nextInt(3),
        4 + random.nextInt(20),
        random.nextInt(3) == 0 ? 400 + random.nextInt(2_000) : 10,
        8_000 + random.nextInt(8_000),
        maybe(random, 1 + random.nextInt(30)),
        maybe(random, 500 + random.nextInt(4_000)),
        maybe(random, 500 + random.nextInt(4_000)),
        maybe(random, 1_000 + random.nextInt(5_000)),
        fsync ? random.nextInt(101) : 0,
        maybe(random, 500 + random.nextInt(3_000)),
        maybe(random, 1 + random.nextInt(10)),
        maybe(random, 1 + random.nextInt(60)),
        maybe(random, 1 + random.nextInt(60)),
        maybe(random, 1_000 + random.nextInt(5_000)),
        fsync && random.nextInt(4) == 0 ? 3_000 + random.nextInt(5_000) : 0,
        maybe(random, 2_000 + random.nextInt(6_000)),
        maybe(random, 1_000 + random.nextInt(4_000)),
        maybe(random, 1_000 + random.nextInt(4_000)));
  }

  private static int maybe(SplittableRandom random, int rate) {
    return random.nextInt(5) < 2 ? 0 : rate;
  }

  /** How a client creates the database. */
  String[] create() {
    return ("DATABASE CREATE data NUMBER "
            + database
            + " REPLICAS "
            + replicas
            + " PARTITIONS "
            + partitions
            + " COMMIT "
            + settings().commit()
            + " DURABILITY "
            + (fsync ? "FSYNC" : "OS"))
        .split(" ");
  }

  /** The database's settings, as {@link #create()} asks for them. */
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
        FailoverRule.AVAILABLE);
  }
}
