package io.trefoil.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
    return over(settings, null);
  }

  /**
   * {@code settings} with what was said in its place.
   *
   * @param between those of a new multi-leader database; else null
   */
  public DatabaseSettings over(DatabaseSettings settings, Regions between) {
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
        isNewBetweenRegions(settings) ? between : settings.regions());
  }

  private boolean isNewBetweenRegions(DatabaseSettings settings) {
    return replication == Replication.MULTI_LEADER && !settings.isMultiLeader();
  }

  /**
   * What was said of regions, for a new multi-leader database.
   *
   * @param here this cluster's region: one of {@link #regions}
   */
  public Regions newRegions(String here) {
    return newRegions(here, regions);
  }

  /** The same for a database that is in the region here already, which is the first one then. */
  public Regions newRegionsFrom(String here) {
    List<String> ordered = new ArrayList<>(List.of(here));
    regions.stream().filter(name -> !name.equals(here)).forEach(ordered::add);
    return newRegions(here, ordered);
  }

  private Regions newRegions(String here, List<String> names) {
    return Regions.first(
        here, names, or(topology, Topology.ALL_TO_ALL), or(conflict, Conflict.LWW));
  }

  /** What a region that comes is told of a database: all but how many replicas it has there. */
  public static DatabaseOptions of(Database database, Regions regions) {
    DatabaseSettings settings = database.settings();
    return new DatabaseOptions(
        database.number(),
        Replication.MULTI_LEADER,
        null,
        settings.partitions(),
        settings.commit(),
        settings.durability(),
        settings.writeTimeoutMillis(),
        settings.spanning(regions).reads(),
        settings.failover(),
        null,
        null,
        null,
        regions.conflict(),
        regions.names(),
        regions.topology());
  }

  /** Why what was said of regions can't be over what a database has. */
  public Optional<String> whyNotOver(Regions has) {
    List<String> names = or(regions, has.names());
    if (!has.hasHere()) {
      return Optional.of(
          "region '" + has.here() + "' was removed from it; say it in one of its regions");
    }
    if (regions != null && !regions.contains(has.here())) {
      return Optional.of(
          "a region is removed from another one: REGIONS has no '" + has.here() + "'");
    }
    long coming = names.stream().filter(name -> !has.names().contains(name)).count();
    return RegionRules.whyNotRegions(names, or(topology, has.topology()))
        .or(
            () ->
                has.places().size() + coming <= Regions.MAX
                    ? Optional.empty()
                    : Optional.of(
                        "a database has at most "
                            + Regions.MAX
                            + " regions in its time, those that were removed included"));
  }

  /** Why what was said of regions can't be those of a database that has none yet. */
  public Optional<String> whyNotFirst(String here) {
    return RegionRules.whyNotRegions(regions, topology)
        .or(
            () ->
                regions.contains(here)
                    ? Optional.empty()
                    : Optional.of("REGIONS has no '" + here + "', which the database is in"));
  }

  /** What was said of regions, over what a database has. */
  public Regions over(Regions has) {
    return has.changed(
        or(regions, has.names()), or(topology, has.topology()), or(conflict, has.conflict()));
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

  /** Whether something was said that a multi-leader database has the same in all regions. */
  public boolean saysOfRegions() {
    return regions != null || topology != null || conflict != null;
  }

  /** Whether a replication was said, and nothing else. */
  public boolean saysReplicationOnly() {
    return said().equals(List.of("REPLICATION"));
  }

  /** Whether nothing else was said, but for the replication. */
  public boolean saysOfRegionsOnly() {
    return saysOfRegions()
        && List.of("REPLICATION", "REGIONS", "TOPOLOGY", "CONFLICT").containsAll(said());
  }

  /** The options that were said, by name. */
  List<String> said() {
    List<String> names = new ArrayList<>();
    addIf(names, number != null, "NUMBER");
    addIf(names, replication != null, "REPLICATION");
    addIf(names, replicas != null, "REPLICAS");
    addIf(names, partitions != null, "PARTITIONS");
    addIf(names, durability != null, "DURABILITY");
    addIf(names, writeTimeoutMillis != null, "WRITE-TIMEOUT");
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
