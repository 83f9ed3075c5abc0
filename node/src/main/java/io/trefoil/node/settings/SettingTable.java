package io.trefoil.node.settings;

import static io.trefoil.node.settings.SettingType.count;
import static io.trefoil.node.settings.SettingType.size;

import io.trefoil.base.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** All settings of a node: the one place that names them, their defaults and their ranges. */
final class SettingTable {
  /** What is added to the client port where a port isn't set. */
  static final int PEER_PORT_OFFSET = 10_000;

  static final int CONTROL_PORT_OFFSET = 11_000;
  static final int HTTP_PORT_OFFSET = 2_000;

  static final Setting<String> NODE_NAME =
      Setting.of("node.name", SettingType.NAME, "n1", "Name of the node, its own in the cluster.");
  static final Setting<String> NODE_REGION =
      Setting.of("node.region", SettingType.NAME, "local", "Region that the node is in.");
  static final Setting<Path> DATA_DIR =
      Setting.derived(
          "data.dir",
          SettingType.FILE_PATH,
          "data/ + node.name",
          "Folder of everything that the node keeps; one node's alone.");

  static final Setting<Long> DATA_RESERVE =
      Setting.of(
          "data.reserve",
          size("0", "1tb"),
          "256mb",
          "With less room on the disk of data.dir the node takes no writes that may make the data"
              + " larger, and leads only what nobody else can.");

  static final Setting<String> CLIENT_BIND =
      Setting.of(
          "client.bind",
          SettingType.BIND_ADDRESS,
          "127.0.0.1",
          "Address that the client port is opened on. Beyond this machine it needs a password.");
  static final Setting<Integer> CLIENT_PORT =
      Setting.of("client.port", SettingType.PORT, "6379", "Port for clients.");
  static final Setting<String> CLIENT_ADVERTISE =
      Setting.derived(
          "client.advertise",
          SettingType.HOST,
          "client.bind",
          "Host that clients are told to reach the node by.");
  static final Setting<Path> CLIENT_PASSWORD_FILE =
      Setting.derived(
          "client.password-file",
          SettingType.FILE_PATH,
          "none",
          "File whose first line is the password that clients must give.");
  static final Setting<Integer> CLIENT_MAX_CONNECTIONS =
      Setting.of(
          "client.max-connections",
          count(1, 1_000_000),
          "10000",
          "Clients connected at a time; more are refused.");
  static final Setting<Long> CLIENT_MAX_BULK =
      Setting.of(
          "client.max-bulk",
          size("64kb", "64mb"),
          "64mb",
          "Largest key, value or other argument that a client may send.");

  static final Setting<String> PEER_BIND =
      Setting.of(
          "peer.bind",
          SettingType.BIND_ADDRESS,
          "127.0.0.1",
          "Address that the peer and control ports are opened on. Beyond this machine it needs"
              + " insecure.");
  static final Setting<Integer> PEER_PORT =
      Setting.derived(
          "peer.port", SettingType.PORT, "client.port + " + PEER_PORT_OFFSET, "Port for nodes.");
  static final Setting<String> PEER_ADVERTISE =
      Setting.derived(
          "peer.advertise", SettingType.HOST, "peer.bind", "Host that nodes reach the node by.");
  static final Setting<Long> PEER_SOCKET_BUFFER =
      Setting.derived(
          "peer.socket-buffer",
          size("4kb", "1gb"),
          "the system's choice",
          "Send and receive buffer of each connection between nodes. What fills it is on its way,"
              + " and an asynchronous write in it is lost with its leader unless the other node"
              + " reads it.");
  static final Setting<Integer> CONTROL_PORT =
      Setting.derived(
          "control.port",
          SettingType.PORT,
          "client.port + " + CONTROL_PORT_OFFSET,
          "Port of the control plane's consensus.");
  static final Setting<Integer> HTTP_PORT =
      Setting.derived(
          "http.port",
          SettingType.PORT,
          "client.port + " + HTTP_PORT_OFFSET,
          "Port of /metrics, /healthz and /readyz, on this machine's loopback address only.");

  static final Setting<HostPort> REGION_ADVERTISE =
      Setting.derived(
          "region.advertise",
          SettingType.ADDRESS,
          "peer.advertise:peer.port",
          "Host and port that nodes of other regions reach the node by, such as those of a"
              + " gateway.");
  static final Setting<Long> REGION_RATE =
      Setting.of(
          "region.rate",
          size("1mb", "1tb"),
          "64mb",
          "How much a node sends in a second, at most, to other regions, before it is compressed; all"
              + " of them together. Writes here wait for none of it.");

  static final Setting<List<HostPort>> CLUSTER_JOIN =
      Setting.derived(
          "cluster.join",
          SettingType.ADDRESSES,
          "none",
          "Peer addresses of nodes to join; the node's own may be among them.");
  static final Setting<Integer> CLUSTER_EXPECT =
      Setting.of(
          "cluster.expect",
          count(1, 1000),
          "1",
          "Nodes that must be there before a new cluster is founded.");
  static final Setting<Duration> CLUSTER_LEASE =
      Setting.of(
          "cluster.lease",
          SettingType.duration("200ms", "1m"),
          "600ms",
          "How long a leader may go on unheard by the controller. Shorter fails over sooner,"
              + " longer bears longer pauses. That of the node that founds the cluster counts, for"
              + " the whole cluster and for good.");
  static final Setting<Integer> CLUSTER_DATABASE0_PARTITIONS =
      Setting.of(
          "cluster.database0-partitions",
          count(1, 16_384),
          "12",
          "Partitions of database 0, when the cluster is founded.");

  static final Setting<Long> MEMORY_TABLE =
      Setting.of(
          "memory.table",
          size("16mb", "1tb"),
          "256mb",
          "Memory for recent and hot cells. Data may be larger.");
  static final Setting<Long> MEMORY_BLOCK_CACHE =
      Setting.of(
          "memory.block-cache",
          size("1mb", "1tb"),
          "64mb",
          "Memory for blocks of data files that were read.");
  static final Setting<Long> JOURNAL_SEGMENT =
      Setting.of(
          "journal.segment", size("64kb", "1gb"), "64mb", "Size of one file of the journal.");
  static final Setting<Long> JOURNAL_KEEP =
      Setting.of(
          "journal.keep",
          size("128kb", "1024tb"),
          "1gb",
          "How much of the journal is kept for a follower that is away; at least two segments.");
  static final Setting<Long> JOURNAL_TAIL =
      Setting.of(
          "journal.tail",
          size("0", "1024tb"),
          "256mb",
          "How much of the journal is kept for TAIL when nobody else needs it; no more than"
              + " journal.keep.");
  static final Setting<Long> SNAPSHOT_RATE =
      Setting.of(
          "snapshot.rate",
          size("1mb", "1tb"),
          "32mb",
          "How much a node sends in a second, at most, of partitions that followers get whole"
              + " because they can't be caught up from the journal; all of them together.");

  static final Setting<Duration> REPAIR_PAUSE =
      Setting.of(
          "repair.pause",
          SettingType.duration("100ms", "1h"),
          "10s",
          "How long a replica of a leaderless database waits, after it has compared itself with"
              + " another one, before it does so again.");

  static final Setting<Long> REPAIR_RATE =
      Setting.of(
          "repair.rate",
          size("64kb", "1tb"),
          "32mb",
          "How much a node's replicas of leaderless databases take in a second, at most, to compare"
              + " themselves with others and get what they lack; all of them together. Less when the"
              + " node is busy.");

  static final Setting<Duration> HINTS_MAX_AGE =
      Setting.of(
          "hints.max-age",
          SettingType.duration("1s", "87600h"),
          "3h",
          "How long a coordinator of a leaderless partition keeps what a replica has not confirmed;"
              + " anti-entropy brings the rest. Counted anew when the node starts, and"
              + " journal.keep may end it sooner.");
  static final Setting<Long> HINTS_RATE =
      Setting.of(
          "hints.rate",
          size("1mb", "1tb"),
          "16mb",
          "How much a node sends in a second, at most, of what it kept in the journal for replicas"
              + " of leaderless partitions that come back; all of them together.");

  static final Setting<Integer> EVENT_LOOPS =
      Setting.of("event-loops", SettingType.EVENT_LOOPS, "1", "Threads that run commands.");
  static final Setting<Duration> SCRUB_EVERY =
      Setting.of(
          "scrub.every",
          SettingType.duration("1s", "8760h"),
          "24h",
          "How long after the replicas of a partition were compared they are compared again, so that"
              + " what a disk lost is found while others still have it.");

  static final Setting<Duration> CLOCK_MAX_SKEW =
      Setting.of(
          "clock.max-skew",
          SettingType.duration("10ms", "1h"),
          "10s",
          "A node warns of another one whose clock is further ahead of its own. Nothing is refused"
              + " for it.");
  static final Setting<LogLevel> LOG_LEVEL =
      Setting.of("log.level", SettingType.LOG_LEVEL, "info", "From which level on the node logs.");
  static final Setting<Boolean> INSECURE =
      Setting.of(
          "insecure",
          SettingType.SWITCH,
          "false",
          "Lets nodes talk beyond this machine, neither encrypted nor authenticated.");
  static final Setting<Boolean> STOP_ON_STDIN_CLOSE =
      Setting.of(
          "stop-on-stdin-close",
          SettingType.SWITCH,
          "false",
          "Stops the node when its standard input ends, as when its parent dies. Flag only.");

  /** Every setting, in the order of the documentation. */
  static final List<Setting<?>> ALL =
      List.of(
          NODE_NAME,
          NODE_REGION,
          DATA_DIR,
          DATA_RESERVE,
          CLIENT_BIND,
          CLIENT_PORT,
          CLIENT_ADVERTISE,
          CLIENT_PASSWORD_FILE,
          CLIENT_MAX_CONNECTIONS,
          CLIENT_MAX_BULK,
          PEER_BIND,
          PEER_PORT,
          PEER_ADVERTISE,
          PEER_SOCKET_BUFFER,
          CONTROL_PORT,
          HTTP_PORT,
          REGION_ADVERTISE,
          REGION_RATE,
          CLUSTER_JOIN,
          CLUSTER_EXPECT,
          CLUSTER_LEASE,
          CLUSTER_DATABASE0_PARTITIONS,
          MEMORY_TABLE,
          MEMORY_BLOCK_CACHE,
          JOURNAL_SEGMENT,
          JOURNAL_KEEP,
          JOURNAL_TAIL,
          SNAPSHOT_RATE,
          REPAIR_PAUSE,
          REPAIR_RATE,
          HINTS_MAX_AGE,
          HINTS_RATE,
          EVENT_LOOPS,
          SCRUB_EVERY,
          CLOCK_MAX_SKEW,
          LOG_LEVEL,
          INSECURE,
          STOP_ON_STDIN_CLOSE);

  private SettingTable() {}

  static Optional<Setting<?>> find(String path) {
    for (Setting<?> setting : ALL) {
      if (setting.path().equals(path)) {
        return Optional.of(setting);
      }
    }
    return Optional.empty();
  }

  static List<String> paths() {
    return ALL.stream().<String>map(Setting::path).toList();
  }
}
