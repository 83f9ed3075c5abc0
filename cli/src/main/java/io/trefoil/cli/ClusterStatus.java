package io.trefoil.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What one node says of its cluster: the JSON of the STATUS command, format 1. It is that node's
 * view and may be behind. Absent texts are empty, absent lists too; unknown fields are skipped.
 *
 * @param answeredBy name of the node whose view this is
 */
public record ClusterStatus(
    int format,
    Cluster cluster,
    String answeredBy,
    List<Node> nodes,
    List<Database> databases,
    List<Failover> failovers,
    List<String> warnings) {
  private static final int FORMAT = 1;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  public ClusterStatus {
    cluster = cluster == null ? new Cluster("", "", 0) : cluster;
    answeredBy = orEmpty(answeredBy);
    nodes = orEmpty(nodes);
    databases = orEmpty(databases);
    failovers = orEmpty(failovers);
    warnings = orEmpty(warnings);
  }

  /**
   * @param controller name of the node that leads the control plane; empty when none is known
   */
  public record Cluster(String id, String controller, int expectedNodes) {
    public Cluster {
      id = orEmpty(id);
      controller = orEmpty(controller);
    }
  }

  /**
   * @param client host:port of the client port
   * @param state {@code up} or {@code down}
   * @param voter whether it votes in the control plane
   * @param insecure whether it lets in anybody
   */
  public record Node(
      long id,
      String name,
      String region,
      String client,
      String peer,
      String control,
      String http,
      long incarnation,
      String state,
      boolean voter,
      boolean controller,
      long uptimeSeconds,
      boolean insecure,
      boolean drained,
      String version) {
    public Node {
      name = orEmpty(name);
      region = orEmpty(region);
      client = orEmpty(client);
      state = orEmpty(state);
      version = orEmpty(version);
    }

    public boolean isUp() {
      return state.equals("up");
    }
  }

  /**
   * One database and its partitions.
   *
   * @param commit empty for a leaderless database, as are {@code failover} and {@code reads}
   * @param r how many replicas a read asks, of a leaderless database
   * @param w how many copies an acknowledged write has, of a leaderless database
   * @param conflict rule for writes that didn't know of each other; empty for a single-leader one
   * @param region the cluster's own, of a database that spans regions; empty for every other
   * @param regions all that a database spans, in their order
   * @param topology which regions pull from which
   * @param readsSeeWrites whether a read sees the last acknowledged write: R + W &gt; N
   * @param writesOverlap whether of two writes, one after the other, the later one stays: 2W &gt; N
   * @param changing how many of them are on their way to another configuration
   * @param changeWaitsFor nodes that the change of a leaderless database waits for: for all of
   *     them, or enough
   */
  public record Database(
      int number,
      String name,
      String replication,
      int replicas,
      int partitions,
      String commit,
      String durability,
      String failover,
      int writeTimeoutMs,
      String reads,
      int r,
      int w,
      boolean sloppy,
      String conflict,
      String region,
      List<String> regions,
      String topology,
      boolean readsSeeWrites,
      boolean writesOverlap,
      int changing,
      List<String> changeWaitsFor,
      List<Partition> partitionStates) {
    public Database {
      name = orEmpty(name);
      replication = orEmpty(replication);
      commit = orEmpty(commit);
      durability = orEmpty(durability);
      failover = orEmpty(failover);
      reads = orEmpty(reads);
      conflict = orEmpty(conflict);
      region = orEmpty(region);
      regions = orEmpty(regions);
      topology = orEmpty(topology);
      changeWaitsFor = orEmpty(changeWaitsFor);
      partitionStates = orEmpty(partitionStates);
    }

    public boolean isLeaderless() {
      return replication.equals("leaderless");
    }

    /** Number and name, as people say it. */
    public String title() {
      return name.isEmpty() ? Integer.toString(number) : number + " " + name;
    }
  }

  /**
   * @param slots first and last slot
   * @param leader name of the leading node; empty when there is none
   * @param state {@code serving}, {@code no leader} (never of a leaderless partition), {@code reads
   *     only} or {@code halted}
   * @param reason why it is not serving; empty when it is
   * @param regions its leader's links to other regions
   */
  public record Partition(
      int partition,
      List<Integer> slots,
      long epoch,
      String leader,
      String state,
      String reason,
      long lastIndex,
      long commitIndex,
      List<Link> regions,
      List<Replica> replicas) {
    public Partition {
      slots = orEmpty(slots);
      leader = orEmpty(leader);
      state = orEmpty(state);
      reason = orEmpty(reason);
      regions = orEmpty(regions);
      replicas = orEmpty(replicas);
    }

    public boolean isServing() {
      return state.equals("serving");
    }
  }

  /**
   * A partition's link to another region.
   *
   * @param state {@code streaming}, {@code pulling}, {@code waiting} (for another region's
   *     entries), {@code too-old} (merging all that the region has) or {@code down}
   * @param lagEntries what of its log is not here yet; likewise bytes and milliseconds
   * @param waitsFor what another region has to bring first; empty for nothing
   * @param unacknowledgedEntries what of the log here that region has not confirmed
   */
  public record Link(
      String region,
      String state,
      long lagEntries,
      long lagBytes,
      long lagMs,
      String waitsFor,
      long unacknowledgedEntries) {
    public Link {
      region = orEmpty(region);
      state = orEmpty(state);
      waitsFor = orEmpty(waitsFor);
    }
  }

  /**
   * Partitions that lost their leader together.
   *
   * @param atMs when, in milliseconds since 1970
   * @param from the leader that was lost
   * @param words why, for people
   * @param ledAgain how many of the partitions have had a leader again
   * @param leaderlessMs how long the one that waited longest had none
   * @param possibleLoss whether acknowledged writes may have been lost
   * @param leftHistory entries in divergence files that the new leaders' history lacks
   */
  public record Failover(
      long epoch,
      long atMs,
      String from,
      String cause,
      String words,
      int partitions,
      int ledAgain,
      long leaderlessMs,
      boolean possibleLoss,
      long leftHistory) {
    public Failover {
      from = orEmpty(from);
      cause = orEmpty(cause);
      words = orEmpty(words);
    }
  }

  /**
   * @param role {@code leader}, {@code follower}, {@code replica} of a leaderless partition or, of
   *     a new copy that is being filled, {@code learner}
   * @param state {@code leading}, {@code following}, {@code serving}, {@code catching up}, {@code
   *     away}, {@code amnesiac} or, of a leaderless partition, {@code not whole yet}
   * @param inSync whether it keeps up with the leader, or no hint waits for it
   * @param counts whether its copy counts for the commit rule
   * @param position epoch:index of its last entry
   * @param hintsEntries entries that coordinators of a leaderless partition keep for it
   * @param awayMs how long the one that has waited longest has not heard of it
   * @param gap whether a coordinator let go of entries that it lacks
   */
  public record Replica(
      String node,
      String role,
      String state,
      boolean inSync,
      boolean counts,
      String position,
      long lagEntries,
      long lagBytes,
      long lagMs,
      long hintsEntries,
      long hintsBytes,
      long awayMs,
      boolean gap) {
    public Replica {
      node = orEmpty(node);
      role = orEmpty(role);
      state = orEmpty(state);
      position = orEmpty(position);
    }

    public boolean isServing() {
      return state.equals("serving");
    }

    public boolean isFollower() {
      return role.equals("follower");
    }
  }

  /**
   * Reads what STATUS answered.
   *
   * @throws CommandFailed when it is no status, or of another format
   */
  public static ClusterStatus parse(String json) {
    try {
      JsonNode tree = JSON.readTree(json);
      int format = tree.path("format").asInt();
      if (format != FORMAT) {
        throw new CommandFailed(
            "the node's status has format "
                + format
                + ", this program reads format "
                + FORMAT
                + ": use the node's version of it");
      }
      return JSON.treeToValue(tree, ClusterStatus.class);
    } catch (JsonProcessingException e) {
      throw new CommandFailed("the node's status is not what it should be: " + firstLine(e));
    }
  }

  /** The database of that name. */
  public Optional<Database> database(String name) {
    return databases.stream().filter(database -> database.name().equals(name)).findFirst();
  }

  /** The database of that number. */
  public Optional<Database> database(int number) {
    return databases.stream().filter(database -> database.number() == number).findFirst();
  }

  private static String firstLine(Exception e) {
    return e.getMessage().lines().findFirst().orElse("");
  }

  private static String orEmpty(String text) {
    return Objects.requireNonNullElse(text, "");
  }

  private static <T> List<T> orEmpty(List<T> list) {
    return list == null ? List.of() : List.copyOf(list);
  }
}
