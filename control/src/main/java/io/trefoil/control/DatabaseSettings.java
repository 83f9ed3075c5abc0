package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.List;

/**
 * What a database was created with.
 *
 * @param replicas copies of each partition
 * @param partitions never changes after creation
 * @param commit when a leader acknowledges; says nothing of a leaderless database
 * @param writeTimeoutMillis when an unconfirmed write is answered with UNCERTAIN
 * @param reads what reads see; says nothing of a leaderless database
 * @param failover says nothing of a leaderless database
 * @param quorums those of a leaderless database; null for every other
 * @param regions those of a multi-leader database, whose other settings are those within the region
 *     here. A single-leader database that was one has the region here alone; null for every other
 */
public record DatabaseSettings(
    Replication replication,
    int replicas,
    int partitions,
    CommitRule commit,
    Durability durability,
    int writeTimeoutMillis,
    Reads reads,
    FailoverRule failover,
    Quorums quorums,
    Regions regions) {
  /** Bounds of the grammar, and of what is decoded. */
  public static final int MAX_REPLICAS = 7;

  public static final int MAX_PARTITIONS = 1024;
  public static final int MAX_WRITE_TIMEOUT_MILLIS = 600_000;

  public DatabaseSettings {
    Invariants.check(
        (quorums != null) == (replication == Replication.LEADERLESS),
        "a leaderless database has quorums, and no other has");
    Invariants.check(
        regions != null || replication != Replication.MULTI_LEADER,
        "a multi-leader database has regions");
    Invariants.check(
        regions == null
            || replication == Replication.MULTI_LEADER
            || replication == Replication.SINGLE_LEADER && regions.others().isEmpty(),
        "other databases have none, or have none left but this one");
  }

  /** Those of a database that is of one cluster alone. */
  public DatabaseSettings(
      Replication replication,
      int replicas,
      int partitions,
      CommitRule commit,
      Durability durability,
      int writeTimeoutMillis,
      Reads reads,
      FailoverRule failover,
      Quorums quorums) {
    this(
        replication,
        replicas,
        partitions,
        commit,
        durability,
        writeTimeoutMillis,
        reads,
        failover,
        quorums,
        null);
  }

  /** The settings of a database for which nothing was said, in a cluster of {@code nodes} nodes. */
  public static DatabaseSettings defaults(int nodes) {
    return new DatabaseSettings(
        Replication.SINGLE_LEADER,
        Math.max(1, Math.min(3, nodes)),
        12,
        CommitRule.MAJORITY,
        Durability.OS,
        1500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        null);
  }

  /** The same between other regions. */
  DatabaseSettings between(Regions newRegions) {
    return between(replication, newRegions, reads);
  }

  /** The same between regions, with one leader in each. */
  DatabaseSettings spanning(Regions newRegions) {
    boolean allowed = !reads.equals(Reads.LINEARIZABLE);
    return between(Replication.MULTI_LEADER, newRegions, allowed ? reads : Reads.EVENTUAL);
  }

  /** The same with one leader, in the only region that is left. */
  DatabaseSettings alone() {
    return between(Replication.SINGLE_LEADER, regions, reads);
  }

  private DatabaseSettings between(Replication newReplication, Regions newRegions, Reads newReads) {
    return new DatabaseSettings(
        newReplication,
        replicas,
        partitions,
        commit,
        durability,
        writeTimeoutMillis,
        newReads,
        failover,
        quorums,
        newRegions);
  }

  public boolean isLeaderless() {
    return quorums != null;
  }

  public boolean isMultiLeader() {
    return replication == Replication.MULTI_LEADER;
  }

  /**
   * What a read shows of writes that knew nothing of each other; null where one leader orders all
   * of them.
   */
  public Conflict conflict() {
    return isLeaderless() ? quorums.conflict() : isMultiLeader() ? regions.conflict() : null;
  }

  /** How many copies here an acknowledged write has: the c of the commit rule, or W. */
  public int copies() {
    return isLeaderless() ? quorums.writes() : commit.copies(replicas);
  }

  /** What a partition on these nodes is held to. */
  Configuration configuration(List<NodeId> nodes) {
    return new Configuration(nodes, copies(), durability, isLeaderless() ? quorums.reads() : 0);
  }
}
