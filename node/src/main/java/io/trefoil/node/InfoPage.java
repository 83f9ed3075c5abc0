package io.trefoil.node;

import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.command.Server;
import io.trefoil.command.Session;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.node.Routes.DatabaseRoute;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The text of {@code INFO}: Redis's fields with true values, for the tools that read them. On the
 * data loop.
 *
 * @see <a href="https://redis.io/commands/info/">INFO</a>
 */
final class InfoPage {
  private final NodeSettings settings;
  private final DataLoop loop;
  private final Routes routes;
  private final Clients clients;
  private final Storage storage;
  private final Divergences divergences;
  private final PubSub pubSub;
  private final Supplier<ClusterState> state;
  private final String version;
  private final long startedMillis;

  /** What the page tells of. */
  record Sources(
      NodeSettings settings,
      DataLoop loop,
      Routes routes,
      Clients clients,
      Storage storage,
      Divergences divergences,
      PubSub pubSub,
      Supplier<ClusterState> state,
      String version) {}

  InfoPage(Sources sources) {
    this.settings = sources.settings();
    this.loop = sources.loop();
    this.routes = sources.routes();
    this.clients = sources.clients();
    this.storage = sources.storage();
    this.divergences = sources.divergences();
    this.pubSub = sources.pubSub();
    this.state = sources.state();
    this.version = sources.version();
    this.startedMillis = ManagementFactory.getRuntimeMXBean().getStartTime();
  }

  /**
   * Whether this node is a master to clients that know nothing else: it leads the first partition
   * of a database, or the database takes writes everywhere.
   */
  static boolean isMaster(DatabaseRoute database) {
    return database == null || database.isLeaderless() || database.partition(0).leadsHere();
  }

  /**
   * @param wanted names of sections in any case; none means all, as do "all" and "everything"
   */
  String write(List<String> wanted, Session session) {
    Map<String, Map<String, Object>> sections = sections(session);
    StringBuilder text = new StringBuilder();
    sections.forEach(
        (name, fields) -> {
          if (isWanted(name, wanted)) {
            text.append(text.length() == 0 ? "" : "\r\n").append("# ").append(name).append("\r\n");
            fields.forEach((field, value) -> text.append(field + ":" + value + "\r\n"));
          }
        });
    return text.toString();
  }

  private static boolean isWanted(String name, List<String> wanted) {
    if (wanted.isEmpty()) {
      return true;
    }
    for (String each : wanted) {
      String lower = each.toLowerCase(Locale.ROOT);
      if (lower.equals("all")
          || lower.equals("everything")
          || lower.equals("default")
          || lower.equals(name.toLowerCase(Locale.ROOT))) {
        return true;
      }
    }
    return false;
  }

  private Map<String, Map<String, Object>> sections(Session session) {
    Map<String, Map<String, Object>> sections = new LinkedHashMap<>();
    sections.put("Server", server());
    sections.put("Clients", clients());
    sections.put("Memory", memory());
    sections.put("Persistence", persistence());
    sections.put("Stats", stats());
    sections.put("Replication", replication(routes.database(session.database())));
    sections.put("CPU", cpu());
    sections.put("Cluster", fields("cluster_enabled", 0));
    sections.put("Keyspace", keyspace());
    return sections;
  }

  private static Map<String, Object> fields(Object... pairs) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      fields.put((String) pairs[i], pairs[i + 1]);
    }
    return fields;
  }

  private Map<String, Object> server() {
    long uptime = (loop.wallMillis() - startedMillis) / 1_000;
    return fields(
        "redis_version",
        Server.REDIS_VERSION,
        "trefoil_version",
        version,
        "redis_mode",
        "standalone",
        "os",
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        "arch_bits",
        64,
        "process_id",
        ProcessHandle.current().pid(),
        "run_id",
        runId(),
        "tcp_port",
        settings.client().port(),
        "server_time_usec",
        loop.wallMillis() * 1_000,
        "uptime_in_seconds",
        uptime,
        "uptime_in_days",
        uptime / 86_400,
        "config_file",
        "",
        "trefoil_node",
        settings.node().name());
  }

  private String runId() {
    return String.format(
        "%024x%08x%08x", state.get().clusterId(), loop.self().number(), loop.incarnation());
  }

  private Map<String, Object> clients() {
    return fields(
        "connected_clients", clients.count(),
        "maxclients", settings.client().maxConnections(),
        "blocked_clients", clients.waitingCount());
  }

  private Map<String, Object> memory() {
    Runtime runtime = Runtime.getRuntime();
    long heap = runtime.totalMemory() - runtime.freeMemory();
    return fields(
        "used_memory",
        heap + storage.memoryBytes(0),
        "used_memory_heap",
        heap,
        "used_memory_table",
        storage.memoryBytes(0),
        "maxmemory",
        0,
        "maxmemory_policy",
        "noeviction");
  }

  private Map<String, Object> persistence() {
    return fields(
        "loading",
        0,
        "rdb_bgsave_in_progress",
        0,
        "rdb_last_bgsave_status",
        "ok",
        "aof_enabled",
        1,
        "aof_rewrite_in_progress",
        0,
        "aof_last_write_status",
        "ok",
        "journal_bytes",
        loop.journal().sizeBytes(),
        "journal_written",
        loop.journal().written(),
        "journal_synced",
        loop.journal().synced(),
        "diverged_files",
        divergences.undecidedFiles(),
        "diverged_entries",
        divergences.undecidedEntries().values().stream().mapToLong(Long::longValue).sum());
  }

  private Map<String, Object> stats() {
    return fields(
        "total_connections_received",
        clients.acceptedCount(),
        "total_commands_processed",
        clients.commandCount(),
        "rejected_connections",
        0,
        "pubsub_channels",
        pubSub.count(Subscriptions.Kind.CHANNEL),
        "pubsub_patterns",
        pubSub.count(Subscriptions.Kind.PATTERN),
        "pubsubshard_channels",
        pubSub.count(Subscriptions.Kind.SHARD_CHANNEL));
  }

  private Map<String, Object> cpu() {
    return fields(
        "used_cpu_user", ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() / 1e9);
  }

  /** Of the session's database; of a database with several partitions, of the first one. */
  private Map<String, Object> replication(DatabaseRoute database) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", isMaster(database) ? "master" : "slave");
    if (database == null || database.isLeaderless()) {
      fields.put("connected_slaves", 0); // the other replicas follow nobody
      fields.put("master_repl_offset", database == null ? 0 : ownIndex(database));
      return fields;
    }
    PartitionRoute first = database.partition(0);
    if (first.leadsHere()) {
      List<String> followers = followers(first.local());
      fields.put("connected_slaves", followers.size());
      for (int i = 0; i < followers.size(); i++) {
        fields.put("slave" + i, followers.get(i));
      }
    } else {
      ClusterNode leader = first.leader() == null ? null : state.get().nodes().get(first.leader());
      fields.put("master_host", leader == null ? "" : leader.addresses().host());
      fields.put("master_port", leader == null ? 0 : leader.addresses().clientPort());
      fields.put("master_link_status", leader == null ? "down" : "up");
      fields.put("slave_read_only", 1);
      fields.put("connected_slaves", 0);
    }
    fields.put(
        "master_replid",
        String.format("%032x%08x", state.get().clusterId(), database.database().id()));
    fields.put(
        "master_repl_offset", first.local() == null ? 0 : first.local().machine().lastIndex());
    fields.put("epoch", first.terms().state().epoch());
    fields.put("commit_index", first.local() == null ? 0 : first.local().machine().commitIndex());
    return fields;
  }

  /** The end of this node's log of a leaderless database's first partition; 0 without a replica. */
  static long ownIndex(DatabaseRoute database) {
    QuorumReplica replica = database.partition(0).coordinator();
    return replica == null ? 0 : replica.machine().lastIndex();
  }

  /** The followers in reach, as Redis describes them; offsets are log indexes. */
  private List<String> followers(PartitionReplica leader) {
    List<String> lines = new ArrayList<>();
    leader
        .machine()
        .followers()
        .forEach(
            (id, peer) -> {
              ClusterNode node = state.get().nodes().get(id);
              if (node != null && leader.machine().isReachable(id)) {
                lines.add(
                    "ip="
                        + node.addresses().host()
                        + ",port="
                        + node.addresses().clientPort()
                        + ",state="
                        + (leader.machine().isInSync(id) ? "online" : "wait_bgsave")
                        + ",offset="
                        + peer.match()
                        + ",lag="
                        + (loop.nowNanos() / 1_000_000 - peer.heardMillis()) / 1_000);
              }
            });
    return lines;
  }

  /** Keys of the partitions that this node has a replica of. */
  private Map<String, Object> keyspace() {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (DatabaseRoute database : routes.databases()) {
      long keys = 0;
      for (PartitionRoute partition : database.partitions()) {
        keys += partition.store() == null ? 0 : keysOf(partition.store());
      }
      if (keys > 0) {
        fields.put("db" + database.database().number(), "keys=" + keys + ",expires=0,avg_ttl=0");
      }
    }
    return fields;
  }

  private static long keysOf(PartitionStore store) {
    try {
      return store.keyCount();
    } catch (CellsNotInMemory e) {
      store.resolveCounts(() -> {}); // exact the next time somebody asks
      return store.knownKeyCount();
    }
  }
}
