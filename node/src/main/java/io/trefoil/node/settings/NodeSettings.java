package io.trefoil.node.settings;

import io.trefoil.base.HostPort;
import io.trefoil.base.Hosts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * All settings of a node, complete and consistent: every range and every rule between settings was
 * checked. The names are those of the settings' paths. Immutable.
 *
 * @param httpPort of {@code /metrics}, {@code /healthz} and {@code /readyz}, on loopback
 * @param eventLoops threads that run commands
 * @param scrubEvery between two comparisons of a partition's replicas
 * @param clockMaxSkew clocks of other nodes that are further ahead are warned of
 * @param insecure whether ports of nodes may be opened beyond this machine
 * @param stopOnStdinClose whether the end of standard input stops the node
 */
public record NodeSettings(
    Node node,
    Client client,
    Peer peer,
    Region region,
    Cluster cluster,
    Memory memory,
    Journal journal,
    Snapshot snapshot,
    Repair repair,
    Hints hints,
    int httpPort,
    int eventLoops,
    Duration scrubEvery,
    Duration clockMaxSkew,
    LogLevel logLevel,
    boolean insecure,
    boolean stopOnStdinClose) {

  /**
   * Who the node is and where it keeps its data.
   *
   * @param dataDir one node's alone
   * @param reserveBytes of its disk that are to stay free
   */
  public record Node(String name, String region, Path dataDir, long reserveBytes) {
    public Node {
      SettingTable.NODE_NAME.require(name);
      SettingTable.NODE_REGION.require(region);
      SettingTable.DATA_DIR.require(dataDir);
      SettingTable.DATA_RESERVE.require(reserveBytes);
    }

    /** Whether somebody chose its region, so that it is not the one that all have by default. */
    public boolean hasRegion() {
      return !SettingTable.NODE_REGION.defaultValue().equals(Optional.of(region));
    }
  }

  /**
   * The port for clients.
   *
   * @param bind an IP address
   * @param advertise host that clients are told; never a wildcard address
   * @param password what clients must give; always there when {@code bind} is beyond loopback
   * @param maxConnections clients at a time
   * @param maxBulkBytes largest argument of a command
   */
  public record Client(
      String bind,
      int port,
      String advertise,
      Optional<Password> password,
      int maxConnections,
      long maxBulkBytes) {
    public Client {
      SettingTable.CLIENT_BIND.require(bind);
      SettingTable.CLIENT_PORT.require(port);
      SettingTable.CLIENT_ADVERTISE.require(advertise);
      Objects.requireNonNull(password);
      SettingTable.CLIENT_MAX_CONNECTIONS.require(maxConnections);
      SettingTable.CLIENT_MAX_BULK.require(maxBulkBytes);
    }
  }

  /**
   * The ports for other nodes.
   *
   * @param bind an IP address, of both ports
   * @param port for data and heartbeats
   * @param controlPort for the control plane's consensus
   * @param advertise host that nodes dial for both ports; never a wildcard address
   * @param socketBufferBytes of each connection; empty for the system's choice
   */
  public record Peer(
      String bind, int port, int controlPort, String advertise, Optional<Long> socketBufferBytes) {
    public Peer {
      SettingTable.PEER_BIND.require(bind);
      SettingTable.PEER_PORT.require(port);
      SettingTable.CONTROL_PORT.require(controlPort);
      SettingTable.PEER_ADVERTISE.require(advertise);
      socketBufferBytes.ifPresent(SettingTable.PEER_SOCKET_BUFFER::require);
    }
  }

  /**
   * How the node and other regions come to each other.
   *
   * @param advertise what their nodes dial for its peer port
   * @param rateBytes that the node sends to them in a second, at most
   */
  public record Region(HostPort advertise, long rateBytes) {
    public Region {
      SettingTable.REGION_ADVERTISE.require(advertise);
      SettingTable.REGION_RATE.require(rateBytes);
    }
  }

  /**
   * How the node comes to its cluster.
   *
   * @param join peer addresses of nodes to ask, perhaps with its own; empty for a node that waits
   *     to be joined
   * @param expect nodes that a new cluster waits for
   * @param lease how long a leader may go on unheard by the controller, in a cluster that this node
   *     founds; any other has its own
   */
  public record Cluster(List<HostPort> join, int expect, Duration lease, int database0Partitions) {
    public Cluster {
      join = List.copyOf(join);
      SettingTable.CLUSTER_JOIN.require(join);
      SettingTable.CLUSTER_EXPECT.require(expect);
      SettingTable.CLUSTER_LEASE.require(lease);
      SettingTable.CLUSTER_DATABASE0_PARTITIONS.require(database0Partitions);
    }
  }

  /** Bounds on what is kept in memory. */
  public record Memory(long tableBytes, long blockCacheBytes) {
    public Memory {
      SettingTable.MEMORY_TABLE.require(tableBytes);
      SettingTable.MEMORY_BLOCK_CACHE.require(blockCacheBytes);
    }
  }

  /**
   * The journal's files.
   *
   * @param keepBytes cap on what is held back for followers that are away; at least two segments
   * @param tailBytes what is held back for {@code TAIL}, within that cap
   */
  public record Journal(long segmentBytes, long keepBytes, long tailBytes) {
    public Journal {
      SettingTable.JOURNAL_SEGMENT.require(segmentBytes);
      SettingTable.JOURNAL_KEEP.require(keepBytes);
      SettingTable.JOURNAL_TAIL.require(tailBytes);
    }
  }

  /**
   * How partitions are sent whole.
   *
   * @param rateBytes that the node sends in a second, at most
   */
  public record Snapshot(long rateBytes) {
    public Snapshot {
      SettingTable.SNAPSHOT_RATE.require(rateBytes);
    }
  }

  /**
   * How replicas of leaderless databases come to be equal.
   *
   * @param pause between two comparisons with the same replica
   * @param rateBytes that they take in a second, at most
   */
  public record Repair(Duration pause, long rateBytes) {
    public Repair {
      SettingTable.REPAIR_PAUSE.require(pause);
      SettingTable.REPAIR_RATE.require(rateBytes);
    }
  }

  /**
   * What is kept for replicas of leaderless partitions that are away.
   *
   * @param maxAge how long it is kept, at most; until the node is started again
   * @param rateBytes that the node sends of it in a second, at most
   */
  public record Hints(Duration maxAge, long rateBytes) {
    public Hints {
      SettingTable.HINTS_MAX_AGE.require(maxAge);
      SettingTable.HINTS_RATE.require(rateBytes);
    }
  }

  /**
   * @throws SettingsError when a rule between settings is broken, with all that are
   */
  public NodeSettings {
    SettingTable.HTTP_PORT.require(httpPort);
    SettingTable.EVENT_LOOPS.require(eventLoops);
    SettingTable.SCRUB_EVERY.require(scrubEvery);
    SettingTable.CLOCK_MAX_SKEW.require(clockMaxSkew);
    Objects.requireNonNull(node);
    Objects.requireNonNull(region);
    Objects.requireNonNull(cluster);
    Objects.requireNonNull(memory);
    Objects.requireNonNull(snapshot);
    Objects.requireNonNull(repair);
    Objects.requireNonNull(hints);
    Objects.requireNonNull(logLevel);
    List<BrokenRule> broken = brokenRules(client, peer, journal, httpPort, insecure);
    if (!broken.isEmpty()) {
      throw new SettingsError(broken.stream().map(BrokenRule::toString).toList());
    }
  }

  /**
   * What is wrong between settings that are each right.
   *
   * @param about the settings that the rule looked at; first the one to change
   */
  record BrokenRule(List<Setting<?>> about, String text) {
    @Override
    public String toString() {
      return about.get(0).path() + ": " + text;
    }
  }

  static List<BrokenRule> brokenRules(
      Client client, Peer peer, Journal journal, int httpPort, boolean insecure) {
    List<BrokenRule> broken = new ArrayList<>();
    if (!Hosts.isLoopback(client.bind()) && client.password().isEmpty()) {
      broken.add(
          new BrokenRule(
              List.of(SettingTable.CLIENT_BIND, SettingTable.CLIENT_PASSWORD_FILE),
              client.bind()
                  + " can be reached from other machines: set client.password-file, or bind to"
                  + " 127.0.0.1"));
    }
    if (!Hosts.isLoopback(peer.bind()) && !insecure) {
      broken.add(
          new BrokenRule(
              List.of(SettingTable.PEER_BIND, SettingTable.INSECURE),
              peer.bind()
                  + " can be reached from other machines, and nodes neither encrypt nor"
                  + " authenticate: bind to 127.0.0.1, or set 'insecure: true' on a network that"
                  + " you trust"));
    }
    if (journal.keepBytes() / 2 < journal.segmentBytes()) {
      broken.add(
          new BrokenRule(
              List.of(SettingTable.JOURNAL_KEEP, SettingTable.JOURNAL_SEGMENT),
              Quantities.sizeText(journal.keepBytes())
                  + " is less than two segments of "
                  + Quantities.sizeText(journal.segmentBytes())
                  + " (journal.segment)"));
    }
    addPortsUsedTwice(
        List.of(
            new NamedPort(SettingTable.CLIENT_PORT, client.port()),
            new NamedPort(SettingTable.PEER_PORT, peer.port()),
            new NamedPort(SettingTable.CONTROL_PORT, peer.controlPort()),
            new NamedPort(SettingTable.HTTP_PORT, httpPort)),
        broken);
    return broken;
  }

  private record NamedPort(Setting<Integer> setting, int port) {}

  private static void addPortsUsedTwice(List<NamedPort> ports, List<BrokenRule> broken) {
    for (int later = 1; later < ports.size(); later++) {
      for (NamedPort earlier : ports.subList(0, later)) {
        NamedPort second = ports.get(later);
        if (second.port() == earlier.port()) {
          broken.add(
              new BrokenRule(
                  List.of(second.setting(), earlier.setting()),
                  second.port() + " is " + earlier.setting().path() + " already"));
        }
      }
    }
  }
}
