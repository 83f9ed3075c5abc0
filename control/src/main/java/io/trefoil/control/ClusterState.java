package io.trefoil.control;

import io.trefoil.base.HostPort;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that the control plane decides, as one immutable value. Every node that applied the same
 * commands holds an equal one.
 *
 * @param clusterId 0 before the cluster is founded
 * @param version the Raft index of the last command that changed it
 * @param expect how many nodes database 0 waits for
 * @param leaseMillis how long a node's lease lasts at most; never changes once founded
 * @param database0 what database 0 is created with
 * @param nextNode number of the next node
 * @param nextDatabase id of the next database
 * @param databases by id
 * @param failovers the last {@link #MAX_FAILOVERS}, the newest last
 * @param regions other clusters that this one is linked to, by the name of their region: where some
 *     of their nodes listen for peers, in the order given
 */
public record ClusterState(
    long clusterId,
    long version,
    int expect,
    long leaseMillis,
    DatabaseOptions database0,
    int nextNode,
    int nextDatabase,
    SortedMap<NodeId, ClusterNode> nodes,
    SortedMap<Integer, Database> databases,
    SortedMap<PartitionId, PartitionState> partitions,
    List<Failover> failovers,
    SortedMap<String, List<HostPort>> regions) {
  /** Bounds of what is stored, sent and decoded. */
  public static final int MAX_NODES = 256;

  public static final int MAX_VOTERS = 5;
  public static final int MAX_DATABASES = 4096;
  public static final int MAX_PARTITIONS = 16_384;
  public static final int MAX_FAILOVERS = 32;
  public static final int MAX_REGIONS = 15;

  /** The most addresses that one linked region has. */
  public static final int MAX_REGION_ADDRESSES = 32;

  /** Before the cluster is founded. */
  public static final ClusterState EMPTY =
      new ClusterState(
          0,
          0,
          1,
          LeaseTerms.DEFAULT_MILLIS,
          DatabaseOptions.NONE,
          1,
          1,
          new TreeMap<>(),
          new TreeMap<>(),
          new TreeMap<>(),
          List.of(),
          new TreeMap<>());

  public ClusterState {
    Invariants.check(LeaseTerms.isAllowed(leaseMillis), "a lease is too short or too long");
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
    databases = Collections.unmodifiableSortedMap(new TreeMap<>(databases));
    partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
    failovers = List.copyOf(failovers);
    SortedMap<String, List<HostPort>> copied = new TreeMap<>();
    regions.forEach((name, addresses) -> copied.put(name, List.copyOf(addresses)));
    regions = Collections.unmodifiableSortedMap(copied);
  }

  /** The durations of this cluster's node leases. */
  public LeaseTerms leaseTerms() {
    return new LeaseTerms(leaseMillis);
  }

  /** The state after a command, and what became of it. */
  public record Applied(ClusterState state, Outcome outcome) {}

  /**
   * Applies one command. Pure, and never throws for what a command says: one that can't be obeyed
   * is refused and changes nothing.
   *
   * @param index the command's place in the Raft log, larger than that of every earlier one
   * @param term the Raft term of that place
   */
  public Applied apply(ControlCommand command, long index, long term) {
    return command.handle(new CommandApplier(this, index, term));
  }

  public Optional<Database> databaseByNumber(int number) {
    return databases.values().stream().filter(each -> each.number() == number).findFirst();
  }

  /** The smallest number from 1 that no database has. */
  public int freeNumber() {
    int number = 1;
    while (databaseByNumber(number).isPresent()) {
      number++;
    }
    return number;
  }

  /** The database of a name or, when the text is digits, of a number. */
  public Optional<Database> database(String nameOrNumber) {
    if (nameOrNumber.isEmpty()) {
      return Optional.empty();
    }
    return databases.values().stream()
        .filter(each -> each.name().equals(nameOrNumber) || isNumber(each, nameOrNumber))
        .findFirst();
  }

  private static boolean isNumber(Database database, String text) {
    return Integer.toString(database.number()).equals(text);
  }

  /** The partitions of one database, by number. */
  public SortedMap<PartitionId, PartitionState> partitionsOf(int databaseId) {
    return partitions.subMap(new PartitionId(databaseId, 0), new PartitionId(databaseId + 1, 0));
  }

  public List<ClusterNode> nodesIn(String region) {
    return nodes.values().stream().filter(node -> node.region().equals(region)).toList();
  }

  /** The nodes that may have copies of a database with these settings. */
  List<ClusterNode> nodesFor(DatabaseSettings settings) {
    return settings.isMultiLeader()
        ? nodesIn(settings.regions().here())
        : List.copyOf(nodes.values());
  }

  public Optional<ClusterNode> nodeByDisk(long diskId) {
    return nodes.values().stream().filter(node -> node.diskId() == diskId).findFirst();
  }

  public Optional<ClusterNode> nodeByName(String name) {
    return nodes.values().stream().filter(node -> node.name().equals(name)).findFirst();
  }
}
