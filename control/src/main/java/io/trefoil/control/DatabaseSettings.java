package io.trefoil.control;

/**
 * What a database was created with.
 *
 * @param replicas copies of each partition
 * @param partitions never changes after creation
 * @param writeTimeoutMillis when an unconfirmed write is answered with UNCERTAIN
 */
public record DatabaseSettings(
    Replication replication,
    int replicas,
    int partitions,
    CommitRule commit,
    Durability durability,
    int writeTimeoutMillis,
    Reads reads,
    FailoverRule failover) {
  /** Bounds of the grammar, and of what is decoded. */
  public static final int MAX_REPLICAS = 7;

  public static final int MAX_PARTITIONS = 1024;
  public static final int MAX_WRITE_TIMEOUT_MILLIS = 600_000;

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
        FailoverRule.AVAILABLE);
  }
}
