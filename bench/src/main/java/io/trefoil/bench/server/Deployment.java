package io.trefoil.bench.server;

import java.util.Locale;

/**
 * How many servers there are, and what they promise.
 *
 * @param replicas copies of each partition; of a multi-leader database in each region
 * @param commit of single-leader and multi-leader
 * @param isSynced whether a write is on the disk before it is acknowledged
 * @param r replicas that a leaderless read asks
 * @param w copies that an acknowledged leaderless write has
 * @param isSpread whether clients connect to all nodes, rather than to the one that leads
 */
public record Deployment(
    Algorithm algorithm,
    int nodes,
    int replicas,
    int partitions,
    Commit commit,
    boolean isSynced,
    int r,
    int w,
    boolean isSpread) {

  /** How a database replicates. */
  public enum Algorithm {
    SINGLE_LEADER,
    MULTI_LEADER,
    LEADERLESS;

    @Override
    public String toString() {
      return name().replace('_', '-');
    }
  }

  /** How many copies there are before a leader acknowledges a write. */
  public enum Commit {
    ASYNC,
    SEMI_SYNC,
    MAJORITY,
    SYNC;

    /** As DATABASE CREATE has it. */
    String words() {
      return this == SEMI_SYNC ? "SEMI-SYNC 1" : name();
    }

    int copies(int replicas) {
      return switch (this) {
        case ASYNC -> 1;
        case SEMI_SYNC -> 2;
        case MAJORITY -> replicas / 2 + 1;
        case SYNC -> replicas;
      };
    }
  }

  /** So many copies an acknowledged write has. */
  public int copies() {
    return algorithm == Algorithm.LEADERLESS ? w : commit.copies(replicas);
  }

  /** What an acknowledged write can rely on. */
  String promise() {
    String where = isSynced ? "synced" : "written, synced later";
    return String.format(
        Locale.ROOT, "%d %s %s", copies(), copies() == 1 ? "copy" : "copies", where);
  }

  /** The same as a database with leaders in one partition, beside this one on the same nodes. */
  public Deployment withLeader() {
    return new Deployment(
        Algorithm.SINGLE_LEADER, nodes, replicas, 1, Commit.MAJORITY, isSynced, 0, 0, false);
  }

  /** Copies, partitions and rule, for people. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "%s%s, %d %s, %d %s, %s",
        algorithm,
        algorithm == Algorithm.MULTI_LEADER ? " in two regions" : "",
        replicas,
        replicas == 1 ? "replica" : "replicas",
        partitions,
        partitions == 1 ? "partition" : "partitions",
        rule());
  }

  private String rule() {
    return algorithm == Algorithm.LEADERLESS ? "R " + r + " W " + w : "COMMIT " + commit.words();
  }

  /** What follows the name in DATABASE CREATE. */
  String words() {
    return String.format(
        Locale.ROOT,
        "REPLICATION %s%s REPLICAS %d PARTITIONS %d DURABILITY %s %s",
        algorithm,
        algorithm == Algorithm.MULTI_LEADER ? " REGIONS 2 eu us" : "",
        replicas,
        partitions,
        isSynced ? "FSYNC" : "OS",
        rule());
  }
}
