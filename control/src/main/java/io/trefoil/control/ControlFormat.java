package io.trefoil.control;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.HostPort;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * The binary formats of the control plane: {@link ClusterState} in snapshots and on the wire,
 * {@link ControlCommand} in the Raft log, {@link Outcome} in its replies, {@link ControlMessage}
 * between nodes.
 *
 * <p>Each begins with a byte of {@link #VERSION}; a newer one is refused by name. Every count is
 * bounded before memory is taken. Everything that is read throws {@link MalformedBytesException}
 * when it is not what the writer writes.
 */
public final class ControlFormat {
  /** The format this version writes, and the only one it reads: no release wrote another. */
  public static final int VERSION = 5;

  private static final int MAX_TEXT_BYTES = 1024;

  private ControlFormat() {}

  // Whole values.

  public static byte[] encode(ClusterState state) {
    return encode(state, ControlFormat::putState);
  }

  public static ClusterState decodeState(byte[] bytes) {
    return decode("cluster state", bytes, ControlFormat::getState);
  }

  public static byte[] encode(ControlCommand command) {
    return encode(command, CommandFormat::put);
  }

  public static ControlCommand decodeCommand(byte[] bytes) {
    return decode("control command", bytes, CommandFormat::get);
  }

  public static byte[] encode(Outcome outcome) {
    return encode(outcome, ControlFormat::putOutcome);
  }

  public static Outcome decodeOutcome(byte[] bytes) {
    return decode("outcome", bytes, ControlFormat::getOutcome);
  }

  public static byte[] encode(ControlMessage message) {
    return encode(message, MessageFormat::put);
  }

  public static ControlMessage decodeMessage(byte[] bytes) {
    return decode("control message", bytes, MessageFormat::get);
  }

  private static <T> byte[] encode(T value, BiConsumer<ByteSink, T> writer) {
    ByteSink sink = new ByteSink();
    sink.putByte(VERSION);
    writer.accept(sink, value);
    return sink.toArray();
  }

  private static <T> T decode(String what, byte[] bytes, Function<ByteSource, T> reader) {
    ByteSource source = new ByteSource(bytes);
    int version = source.getByte();
    if (version != VERSION) {
      throw new MalformedBytesException(
          what
              + " format "
              + version
              + (version > VERSION ? " is newer" : " is older")
              + " than this version reads ("
              + VERSION
              + ")");
    }
    try {
      T value = reader.apply(source);
      source.expectEnd();
      return value;
    } catch (InvariantViolation impossible) {
      // The records' own checks: bytes from outside are malformed, not a broken invariant of ours.
      throw new MalformedBytesException(what + ": " + impossible.getMessage());
    }
  }

  // The cluster's state.

  static void putState(ByteSink sink, ClusterState state) {
    sink.putLong(state.clusterId()).putVarint(state.version()).putVarint(state.expect());
    sink.putVarint(state.leaseMillis());
    putOptions(sink, state.database0());
    sink.putVarint(state.nextNode()).putVarint(state.nextDatabase());
    putAll(sink, state.nodes().values(), ControlFormat::putClusterNode);
    putAll(sink, state.databases().values(), ControlFormat::putDatabase);
    putAll(sink, state.partitions().values(), ControlFormat::putPartition);
    putAll(sink, state.failovers(), ControlFormat::putFailover);
    putAll(
        sink,
        state.regions().entrySet(),
        (out, linked) ->
            putAll(out.putText(linked.getKey()), linked.getValue(), ControlFormat::putHostPort));
  }

  static ClusterState getState(ByteSource source) {
    long clusterId = source.getLong();
    long version = getNumber(source);
    int expect = getInt(source);
    long leaseMillis = getLease(source);
    DatabaseOptions database0 = getOptions(source);
    int nextNode = getInt(source);
    int nextDatabase = getInt(source);
    SortedMap<NodeId, ClusterNode> nodes = new TreeMap<>();
    for (ClusterNode node : getAll(source, ClusterState.MAX_NODES, ControlFormat::getClusterNode)) {
      nodes.put(node.id(), node);
    }
    SortedMap<Integer, Database> databases = new TreeMap<>();
    for (Database database :
        getAll(source, ClusterState.MAX_DATABASES, ControlFormat::getDatabase)) {
      databases.put(database.id(), database);
    }
    SortedMap<PartitionId, PartitionState> partitions = new TreeMap<>();
    for (PartitionState partition :
        getAll(source, ClusterState.MAX_PARTITIONS, ControlFormat::getPartition)) {
      partitions.put(partition.id(), partition);
    }
    return new ClusterState(
        clusterId,
        version,
        expect,
        leaseMillis,
        database0,
        nextNode,
        nextDatabase,
        nodes,
        databases,
        partitions,
        getAll(source, ClusterState.MAX_FAILOVERS, ControlFormat::getFailover),
        getLinkedRegions(source));
  }

  private static SortedMap<String, List<HostPort>> getLinkedRegions(ByteSource source) {
    SortedMap<String, List<HostPort>> regions = new TreeMap<>();
    int count = source.getCount(ClusterState.MAX_REGIONS);
    for (int i = 0; i < count; i++) {
      regions.put(getText(source), getRegionAddresses(source));
    }
    return regions;
  }

  static List<HostPort> getRegionAddresses(ByteSource source) {
    return getAll(source, ClusterState.MAX_REGION_ADDRESSES, ControlFormat::getHostPort);
  }

  private static void putFailover(ByteSink sink, Failover failover) {
    sink.putVarint(failover.epoch()).putVarint(failover.atMillis());
    putNode(sink.putByte(failover.cause().ordinal()), failover.from());
    sink.putVarint(failover.partitions()).putVarint(failover.led());
    sink.putVarint(failover.leaderlessMillis());
    putFlag(sink, failover.possibleLoss());
  }

  private static Failover getFailover(ByteSource source) {
    return new Failover(
        getNumber(source),
        getNumber(source),
        getEnum(source, Failover.Cause.values()),
        getNode(source),
        getInt(source),
        getInt(source),
        getNumber(source),
        getFlag(source));
  }

  private static long getLease(ByteSource source) {
    long millis = source.getVarint();
    if (!LeaseTerms.isAllowed(millis)) {
      throw new MalformedBytesException("a lease of " + millis + " ms");
    }
    return millis;
  }

  private static void putClusterNode(ByteSink sink, ClusterNode node) {
    putNode(sink, node.id());
    sink.putText(node.name()).putText(node.region());
    putAddresses(sink, node.addresses());
    sink.putLong(node.diskId()).putLong(node.claim());
    sink.putVarint(node.issued()).putVarint(node.incarnation());
    putFlag(sink, node.voter());
    putFlag(sink, node.insecure());
    putFlag(sink, node.amnesiac());
    putFlag(sink, node.drained());
  }

  private static ClusterNode getClusterNode(ByteSource source) {
    return new ClusterNode(
        getNode(source),
        getText(source),
        getText(source),
        getAddresses(source),
        source.getLong(),
        source.getLong(),
        getNumber(source),
        getNumber(source),
        getFlag(source),
        getFlag(source),
        getFlag(source),
        getFlag(source));
  }

  private static void putDatabase(ByteSink sink, Database database) {
    sink.putVarint(database.id()).putVarint(database.number()).putText(database.name());
    putSettings(sink, database.settings());
    sink.putLong(database.definition());
    putFlag(sink, database.wasSingle());
  }

  private static Database getDatabase(ByteSource source) {
    return new Database(
        getInt(source),
        getInt(source),
        getText(source),
        getSettings(source),
        source.getLong(),
        getFlag(source));
  }

  private static void putPartition(ByteSink sink, PartitionState partition) {
    putPartitionId(sink, partition.id());
    putAll(sink, partition.configurations(), ControlFormat::putConfiguration);
    putOr(sink, partition.next(), ControlFormat::putConfiguration);
    sink.putVarint(partition.configVersion()).putVarint(partition.epoch());
    putFlag(sink, partition.led());
    putNodeOrNone(sink, partition.lastLeader());
    sink.putVarint(partition.lastIncarnation()).putVarint(partition.lossEpoch());
    sink.putVarint(partition.oneCopyEpoch());
    putAll(sink, partition.ready(), ControlFormat::putNode);
    partition.places().values().forEach(sink::putVarint);
  }

  private static PartitionState getPartition(ByteSource source) {
    PartitionId id = getPartitionId(source);
    List<Configuration> configurations = getAll(source, 2, ControlFormat::getConfiguration);
    Configuration next = getOr(source, ControlFormat::getConfiguration);
    return new PartitionState(
        id,
        configurations,
        next,
        getNumber(source),
        getNumber(source),
        getFlag(source),
        getNodeOrNone(source),
        getNumber(source),
        getNumber(source),
        getNumber(source),
        new TreeSet<>(getAll(source, 2 * DatabaseSettings.MAX_REPLICAS, ControlFormat::getNode)),
        getPlaces(configurations, next, source));
  }

  /** In the order of the nodes; of a partition that is led there are none. */
  private static SortedMap<NodeId, Long> getPlaces(
      List<Configuration> configurations, Configuration next, ByteSource source) {
    SortedMap<NodeId, Long> places = new TreeMap<>();
    if (!configurations.isEmpty() && configurations.get(0).isLeaderless()) {
      for (NodeId node : PartitionState.everyone(configurations, next)) {
        places.put(node, getNumber(source));
      }
    }
    return places;
  }

  private static void putConfiguration(ByteSink sink, Configuration configuration) {
    putAll(sink, configuration.replicas(), ControlFormat::putNode);
    sink.putVarint(configuration.copies()).putByte(configuration.durability().ordinal());
    sink.putVarint(configuration.reads());
  }

  private static Configuration getConfiguration(ByteSource source) {
    return new Configuration(
        getAll(source, DatabaseSettings.MAX_REPLICAS, ControlFormat::getNode),
        getInt(source),
        getEnum(source, Durability.values()),
        getInt(source));
  }

  // Settings.

  static void putSettings(ByteSink sink, DatabaseSettings settings) {
    sink.putByte(settings.replication().ordinal());
    sink.putVarint(settings.replicas()).putVarint(settings.partitions());
    putCommit(sink, settings.commit());
    sink.putByte(settings.durability().ordinal());
    sink.putVarint(settings.writeTimeoutMillis());
    putReads(sink, settings.reads());
    sink.putByte(settings.failover().ordinal());
    putOr(sink, settings.quorums(), ControlFormat::putQuorums);
    putOr(sink, settings.regions(), ControlFormat::putRegions);
  }

  static DatabaseSettings getSettings(ByteSource source) {
    DatabaseSettings settings =
        new DatabaseSettings(
            getEnum(source, Replication.values()),
            getInt(source),
            getInt(source),
            getCommit(source),
            getEnum(source, Durability.values()),
            getInt(source),
            getReads(source),
            getEnum(source, FailoverRule.values()),
            getOr(source, ControlFormat::getQuorums),
            getOr(source, ControlFormat::getRegions));
    Quorums quorums = settings.quorums();
    if (quorums != null && Math.max(quorums.reads(), quorums.writes()) > settings.replicas()) {
      throw new MalformedBytesException(
          "quorums of more than " + settings.replicas() + " replicas");
    }
    return settings;
  }

  private static void putQuorums(ByteSink sink, Quorums quorums) {
    sink.putVarint(quorums.reads()).putVarint(quorums.writes());
    putFlag(sink, quorums.sloppy());
    sink.putByte(quorums.conflict().ordinal());
  }

  private static Quorums getQuorums(ByteSource source) {
    return new Quorums(
        getQuorum(source), getQuorum(source), getFlag(source), getEnum(source, Conflict.values()));
  }

  static void putRegions(ByteSink sink, Regions regions) {
    sink.putText(regions.here()).putVarint(regions.version());
    putAll(sink, regions.places(), ByteSink::putText);
    putAll(sink, regions.removed(), (out, number) -> out.putVarint(number));
    putTopology(sink, regions.topology());
    sink.putByte(regions.conflict().ordinal());
  }

  static Regions getRegions(ByteSource source) {
    return new Regions(
        getText(source),
        getInt(source),
        getNames(source),
        new TreeSet<>(getAll(source, Regions.MAX, ControlFormat::getInt)),
        getTopology(source),
        getEnum(source, Conflict.values()));
  }

  private static List<String> getNames(ByteSource source) {
    return getAll(source, Regions.MAX, ControlFormat::getText);
  }

  private static void putTopology(ByteSink sink, Topology topology) {
    sink.putByte(topology.kind().ordinal()).putText(topology.hub());
  }

  private static Topology getTopology(ByteSource source) {
    return new Topology(getEnum(source, Topology.Kind.values()), getText(source));
  }

  private static int getQuorum(ByteSource source) {
    int quorum = source.getCount(DatabaseSettings.MAX_REPLICAS);
    if (quorum == 0) {
      throw new MalformedBytesException("a quorum of 0");
    }
    return quorum;
  }

  static void putOptions(ByteSink sink, DatabaseOptions options) {
    putOr(sink, options.number(), (out, value) -> out.putVarint(value));
    putOr(sink, options.replication(), (out, value) -> out.putByte(value.ordinal()));
    putOr(sink, options.replicas(), (out, value) -> out.putVarint(value));
    putOr(sink, options.partitions(), (out, value) -> out.putVarint(value));
    putOr(sink, options.commit(), ControlFormat::putCommit);
    putOr(sink, options.durability(), (out, value) -> out.putByte(value.ordinal()));
    putOr(sink, options.writeTimeoutMillis(), (out, value) -> out.putVarint(value));
    putOr(sink, options.reads(), ControlFormat::putReads);
    putOr(sink, options.failover(), (out, value) -> out.putByte(value.ordinal()));
    putOr(sink, options.readQuorum(), (out, value) -> out.putVarint(value));
    putOr(sink, options.writeQuorum(), (out, value) -> out.putVarint(value));
    putOr(sink, options.sloppy(), ControlFormat::putFlag);
    putOr(sink, options.conflict(), (out, value) -> out.putByte(value.ordinal()));
    putOr(sink, options.regions(), (out, names) -> putAll(out, names, ByteSink::putText));
    putOr(sink, options.topology(), ControlFormat::putTopology);
  }

  static DatabaseOptions getOptions(ByteSource source) {
    return new DatabaseOptions(
        getOr(source, ControlFormat::getInt),
        getOr(source, in -> getEnum(in, Replication.values())),
        getOr(source, ControlFormat::getInt),
        getOr(source, ControlFormat::getInt),
        getOr(source, ControlFormat::getCommit),
        getOr(source, in -> getEnum(in, Durability.values())),
        getOr(source, ControlFormat::getInt),
        getOr(source, ControlFormat::getReads),
        getOr(source, in -> getEnum(in, FailoverRule.values())),
        getOr(source, ControlFormat::getQuorum),
        getOr(source, ControlFormat::getQuorum),
        getOr(source, ControlFormat::getFlag),
        getOr(source, in -> getEnum(in, Conflict.values())),
        getOr(source, ControlFormat::getNames),
        getOr(source, ControlFormat::getTopology));
  }

  private static void putCommit(ByteSink sink, CommitRule commit) {
    sink.putByte(commit.kind().ordinal()).putVarint(commit.followers());
  }

  private static CommitRule getCommit(ByteSource source) {
    CommitRule.Kind kind = getEnum(source, CommitRule.Kind.values());
    return new CommitRule(kind, source.getCount(DatabaseSettings.MAX_REPLICAS));
  }

  private static void putReads(ByteSink sink, Reads reads) {
    sink.putByte(reads.level().ordinal()).putVarint(reads.boundMillis());
  }

  private static Reads getReads(ByteSource source) {
    return new Reads(getEnum(source, Reads.Level.values()), getInt(source));
  }

  // Outcomes.

  static void putOutcome(ByteSink sink, Outcome outcome) {
    if (outcome instanceof Outcome.Done done) {
      sink.putByte(1).putVarint(done.index());
    } else if (outcome instanceof Outcome.Refused refused) {
      sink.putByte(2).putText(refused.error());
      putFlag(sink, refused.retry());
    } else if (outcome instanceof Outcome.Registered registered) {
      sink.putByte(3).putLong(registered.clusterId());
      putNode(sink, registered.node());
      sink.putVarint(registered.incarnation());
      putFlag(sink, registered.voter());
      putFlag(sink, registered.amnesiac());
    } else if (outcome instanceof Outcome.Overtaken overtaken) {
      sink.putByte(4).putVarint(overtaken.issued());
    } else {
      throw new InvariantViolation("an outcome without a format");
    }
  }

  static Outcome getOutcome(ByteSource source) {
    int tag = source.getByte();
    return switch (tag) {
      case 1 -> new Outcome.Done(getNumber(source));
      case 2 -> new Outcome.Refused(getLongText(source), getFlag(source));
      case 3 ->
          new Outcome.Registered(
              source.getLong(),
              getNode(source),
              getNumber(source),
              getFlag(source),
              getFlag(source));
      case 4 -> new Outcome.Overtaken(getNumber(source));
      default -> throw new MalformedBytesException("outcome " + tag + " is not known");
    };
  }

  // Parts.

  static void putPresence(ByteSink sink, Presence presence) {
    sink.putLong(presence.clusterId());
    putNodeOrNone(sink, presence.node());
    sink.putLong(presence.diskId()).putLong(presence.claim());
    sink.putVarint(presence.journaled()).putVarint(presence.issued());
    sink.putText(presence.name()).putText(presence.region());
    putAddresses(sink, presence.addresses());
    putFlag(sink, presence.insecure());
  }

  static Presence getPresence(ByteSource source) {
    return new Presence(
        source.getLong(),
        getNodeOrNone(source),
        source.getLong(),
        source.getLong(),
        getNumber(source),
        getNumber(source),
        getText(source),
        getText(source),
        getAddresses(source),
        getFlag(source));
  }

  static void putAddresses(ByteSink sink, Addresses addresses) {
    sink.putText(addresses.host()).putVarint(addresses.clientPort());
    sink.putVarint(addresses.peerPort()).putVarint(addresses.controlPort());
    putHostPort(sink.putVarint(addresses.httpPort()), addresses.region());
  }

  static Addresses getAddresses(ByteSource source) {
    return new Addresses(
        getText(source),
        getPort(source),
        getPort(source),
        getPort(source),
        getPort(source),
        getHostPort(source));
  }

  static void putHostPort(ByteSink sink, HostPort address) {
    sink.putText(address.host()).putVarint(address.port());
  }

  private static HostPort getHostPort(ByteSource source) {
    return new HostPort(getText(source), getPort(source));
  }

  private static int getPort(ByteSource source) {
    return source.getCount(0xffff);
  }

  static void putPosition(ByteSink sink, Position position) {
    sink.putVarint(position.epoch()).putVarint(position.index());
  }

  static Position getPosition(ByteSource source) {
    return new Position(getNumber(source), getNumber(source));
  }

  static void putPartitionId(ByteSink sink, PartitionId id) {
    sink.putVarint(id.database()).putVarint(id.number());
  }

  static PartitionId getPartitionId(ByteSource source) {
    return new PartitionId(getInt(source), getInt(source));
  }

  static void putNode(ByteSink sink, NodeId node) {
    sink.putVarint(node.number());
  }

  static NodeId getNode(ByteSource source) {
    return new NodeId(getInt(source));
  }

  /** Node numbers start at 1, so 0 is none. */
  static void putNodeOrNone(ByteSink sink, NodeId node) {
    sink.putVarint(node == null ? 0 : node.number());
  }

  static NodeId getNodeOrNone(ByteSource source) {
    int number = getInt(source);
    return number == 0 ? null : new NodeId(number);
  }

  static void putEpochs(ByteSink sink, SortedMap<PartitionId, Long> epochs) {
    putAll(
        sink,
        epochs.entrySet(),
        (out, entry) -> {
          putPartitionId(out, entry.getKey());
          out.putVarint(entry.getValue());
        });
  }

  static SortedMap<PartitionId, Long> getEpochs(ByteSource source) {
    SortedMap<PartitionId, Long> epochs = new TreeMap<>();
    int count = source.getCount(ClusterState.MAX_PARTITIONS);
    for (int i = 0; i < count; i++) {
      epochs.put(getPartitionId(source), getNumber(source));
    }
    return epochs;
  }

  static <T> void putAll(ByteSink sink, Iterable<T> values, BiConsumer<ByteSink, T> writer) {
    int count = 0;
    for (T value : values) {
      count++;
    }
    sink.putVarint(count);
    values.forEach(value -> writer.accept(sink, value));
  }

  static <T> List<T> getAll(ByteSource source, int max, Function<ByteSource, T> reader) {
    int count = source.getCount(max);
    List<T> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      values.add(reader.apply(source));
    }
    return values;
  }

  static <T> void putOr(ByteSink sink, T value, BiConsumer<ByteSink, T> writer) {
    putFlag(sink, value != null);
    if (value != null) {
      writer.accept(sink, value);
    }
  }

  static <T> T getOr(ByteSource source, Function<ByteSource, T> reader) {
    return getFlag(source) ? reader.apply(source) : null;
  }

  static <E extends Enum<E>> E getEnum(ByteSource source, E[] values) {
    int ordinal = source.getByte();
    if (ordinal >= values.length) {
      throw new MalformedBytesException(
          values[0].getDeclaringClass().getSimpleName() + " " + ordinal + " is not known");
    }
    return values[ordinal];
  }

  static void putFlag(ByteSink sink, boolean flag) {
    sink.putByte(flag ? 1 : 0);
  }

  static boolean getFlag(ByteSource source) {
    int flag = source.getByte();
    if (flag > 1) {
      throw new MalformedBytesException("a flag of " + flag);
    }
    return flag == 1;
  }

  /** A whole number from 0 to {@code Integer.MAX_VALUE}. */
  static int getInt(ByteSource source) {
    return source.getCount(Integer.MAX_VALUE);
  }

  /** A whole number from 0 to {@code Long.MAX_VALUE}. */
  static long getNumber(ByteSource source) {
    long number = source.getVarint();
    if (number < 0) {
      throw new MalformedBytesException("a number below 0");
    }
    return number;
  }

  static String getText(ByteSource source) {
    String text = source.getText();
    if (text.length() > MAX_TEXT_BYTES) {
      throw new MalformedBytesException("a text of " + text.length() + " letters");
    }
    return text;
  }

  /** Errors name all nodes of a cluster, so they can be longer than names. */
  private static String getLongText(ByteSource source) {
    return source.getText();
  }
}
