package io.trefoil.control;

/**
 * The options somebody gave for a database. Every component is null when it was not said.
 *
 * @param number the number that {@code SELECT} takes
 */
public record DatabaseOptions(
    Integer number,
    Replication replication,
    Integer replicas,
    Integer partitions,
    CommitRule commit,
    Durability durability,
    Integer writeTimeoutMillis,
    Reads reads,
    FailoverRule failover) {
  /** Nothing said. */
  public static final DatabaseOptions NONE =
      new DatabaseOptions(null, null, null, null, null, null, null, null, null);

  /** {@code settings} with what was said in its place. */
  public DatabaseSettings over(DatabaseSettings settings) {
    return new DatabaseSettings(
        or(replication, settings.replication()),
        or(replicas, settings.replicas()),
        or(partitions, settings.partitions()),
        or(commit, settings.commit()),
        or(durability, settings.durability()),
        or(writeTimeoutMillis, settings.writeTimeoutMillis()),
        or(reads, settings.reads()),
        or(failover, settings.failover()));
  }

  private static <T> T or(T said, T otherwise) {
    return said != null ? said : otherwise;
  }
}
