package io.trefoil.control;

import java.util.ArrayList;
import java.util.List;

/**
 * The options somebody gave for a database. Every component is null when it was not said.
 *
 * @param number the number that {@code SELECT} takes
 * @param readQuorum the R of a leaderless database
 * @param writeQuorum the W of a leaderless database
 * @param regions those of a multi-leader database, in their order
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
    FailoverRule failover,
    Integer readQuorum,
    Integer writeQuorum,
    Boolean sloppy,
    Conflict conflict,
    List<String> regions,
    Topology topology) {
  /** Nothing said. */
  public static final DatabaseOptions NONE =
      new DatabaseOptions(
          null, null, null, null, null, null, null, null, null, null, null, null, null);

  public DatabaseOptions {
    regions = regions == null ? null : List.copyOf(regions);
  }

  /** Without a word on regions. */
  public DatabaseOptions(
      Integer number,
      Replication replication,
      Integer replicas,
      Integer partitions,
      CommitRule commit,
      Durability durability,
      Integer writeTimeoutMillis,
      Reads reads,
      FailoverRule failover,
      Integer readQuorum,
      Integer writeQuorum,
      Boolean sloppy,
      Conflict conflict) {
    this(
        number,
        replication,
        replicas,
        partitions,
        commit,
        durability,
        writeTimeoutMillis,
        reads,
        failover,
        readQuorum,
        writeQuorum,
        sloppy,
        conflict,
        null,
        null);
  }

  /** The same with a number. */
  public DatabaseOptions withNumber(int chosen) {
    return new DatabaseOptions(
        chosen,
        replication,
        replicas,
        partitions,
        commit,
        durability,
        writeTimeoutMillis,
        reads,
        failover,
        readQuorum,
        writeQuorum,
        sloppy,
        conflict,
        regions,
        topology);
  }

  /** {@code PARTITIONS} alone. */
  public static DatabaseOptions ofPartitions(int partitions) {
    return new DatabaseOptions(
        null, null, null, partitions, null, null, null, null, null, null, null, null, null);
  }

  /** The same for a database that is there, or that is of this cluster alone. */
  public DatabaseSettings over(DatabaseSettings settings) {
    return over(settings, "");
  }

  /**
   * {@code settings} with what was said in its place.
   *
   * @param here this cluster's region, for a new multi-leader database: one of {@link #regions}
   */
  public DatabaseSettings over(DatabaseSettings settings, String here) {
    Replication algorithm = or(replication, settings.replication());
    int copies = or(replicas, settings.replicas());
    return new DatabaseSettings(
        algorithm,
        copies,
        or(partitions, settings.partitions()),
        or(commit, settings.commit()),
        or(durability, settings.durability()),
        or(writeTimeoutMillis, settings.writeTimeoutMillis()),
        or(reads, isNewBetweenRegions(settings) ? Reads.EVENTUAL : settings.reads()),
        or(failover, settings.failover()),
        algorithm == Replication.LEADERLESS ? quorums(settings, copies) : null,
        isNewBetweenRegions(settings) ? newRegions(here) : settings.regions());
  }

  private boolean isNewBetweenRegions(DatabaseSettings settings) {
    return replication == Replication.MULTI_LEADER && !settings.isMultiLeader();
  }

  private Regions newRegions(String here) {
    return new Regions(
        here, regions, or(topology, Topology.ALL_TO_ALL), or(conflict, Conflict.LWW));
  }

  private Quorums quorums(DatabaseSettings settings, int copies) {
    Quorums unsaid =
        settings.isLeaderless()
            ? settings.quorums().resized(settings.replicas(), copies)
            : Quorums.defaults(copies);
    return new Quorums(
        or(readQuorum, unsaid.reads()),
        or(writeQuorum, unsaid.writes()),
        or(sloppy, unsaid.sloppy()),
        or(conflict, unsaid.conflict()));
  }

  private static <T> T or(T said, T otherwise) {
    return said != null ? said : otherwise;
  }

  /** What was said of the options that only some algorithms have, by name. */
  List<String> saidOfSomeAlgorithms() {
    List<String> names = new ArrayList<>();
    addIf(names, reads != null, "READS");
    addIf(names, commit != null, "COMMIT");
    addIf(names, failover != null, "FAILOVER");
    addIf(names, readQuorum != null, "R");
    addIf(names, writeQuorum != null, "W");
    addIf(names, sloppy != null, "SLOPPY");
    addIf(names, conflict != null, "CONFLICT");
    addIf(names, regions != null, "REGIONS");
    addIf(names, topology != null, "TOPOLOGY");
    return names;
  }

  private static void addIf(List<String> names, boolean said, String name) {
    if (said) {
      names.add(name);
    }
  }
}
