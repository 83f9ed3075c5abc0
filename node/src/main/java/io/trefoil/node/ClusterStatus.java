package io.trefoil.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.Clock;
import io.trefoil.base.NodeId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.control.Database;
import io.trefoil.control.Failover;
import io.trefoil.control.PartitionState;
import io.trefoil.control.Promises;
import io.trefoil.partition.SlotRanges;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The cluster as this node sees it: the control plane's state, and what the nodes last reported.
 * Any thread.
 */
final class ClusterStatus {
  /** The version of the JSON that {@code STATUS} gives. */
  private static final int FORMAT = 1;

  private static final long REPORT_AGE_NANOS = 2_000_000_000L;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Clock clock;
  private final Map<Integer, Report> reports = new ConcurrentHashMap<>();

  private record Report(JsonNode json, long receivedNanos) {}

  ClusterStatus(Clock clock) {
    this.clock = clock;
  }

  /** Takes over what a node reported. What is not a report changes nothing. */
  void onReport(int node, byte[] json, int offset, int length) {
    try {
      reports.put(node, new Report(JSON.readTree(json, offset, length), clock.monotonicNanos()));
    } catch (IOException e) {
      reports.remove(node);
    }
  }

  /** Whether a node was heard of lately. */
  boolean isUp(NodeId node) {
    return report(node.number()) != null;
  }

  private JsonNode report(int node) {
    Report report = reports.get(node);
    boolean fresh =
        report != null && clock.monotonicNanos() - report.receivedNanos() < REPORT_AGE_NANOS;
    return fresh ? report.json() : null;
  }

  /**
   * The whole status.
   *
   * @param voters of the control plane; empty when this node does not know them
   */
  ObjectNode write(ClusterState state, NodeId self, NodeId controller, Set<NodeId> voters) {
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT);
    ObjectNode cluster = json.putObject("cluster");
    cluster.put("id", Long.toHexString(state.clusterId()));
    cluster.put("controller", name(state, controller));
    cluster.put("expected_nodes", state.expect());
    json.put("answered_by", name(state, self));
    ArrayNode warnings = JSON.createArrayNode();
    ArrayNode nodes = json.putArray("nodes");
    for (ClusterNode node : state.nodes().values()) {
      boolean votes = voters.isEmpty() ? node.voter() : voters.contains(node.id());
      writeNode(nodes.addObject(), state, node, node.id().equals(controller), votes);
      warn(warnings, node);
      warnOfDiverged(warnings, state, node);
    }
    warn(warnings, state, voters);
    ArrayNode databases = json.putArray("databases");
    for (Database database : state.databases().values()) {
      writeDatabase(databases.addObject(), state, database, warnings);
    }
    writeFailovers(json.putArray("failovers"), state);
    json.set("warnings", warnings);
    return json;
  }

  /** The newest first. */
  private void writeFailovers(ArrayNode failovers, ClusterState state) {
    for (int i = state.failovers().size() - 1; i >= 0; i--) {
      Failover failover = state.failovers().get(i);
      failovers
          .addObject()
          .put("epoch", failover.epoch())
          .put("at_ms", failover.atMillis())
          .put("from", name(state, failover.from()))
          .put("cause", failover.cause().name().toLowerCase(Locale.ROOT))
          .put("words", failover.cause().words())
          .put("partitions", failover.partitions())
          .put("led_again", failover.led())
          .put("leaderless_ms", failover.leaderlessMillis())
          .put("possible_loss", failover.possibleLoss())
          .put("left_history", leftHistory(state, failover.epoch()));
    }
  }

  /** Entries that nodes in reach keep because the history of an epoch lacks them. */
  private long leftHistory(ClusterState state, long epoch) {
    long entries = 0;
    for (ClusterNode node : state.nodes().values()) {
      JsonNode report = report(node.id().number());
      if (report != null) {
        entries += report.path("left_history").path(Long.toString(epoch)).asLong();
      }
    }
    return entries;
  }

  /**
   * By how much the node's clock was ahead of another's lately, at most, as far as others can tell:
   * see {@link ClockSkew}.
   */
  private long clockAhead(ClusterState state, ClusterNode node) {
    long most = 0;
    for (ClusterNode other : state.nodes().values()) {
      JsonNode report = report(other.id().number());
      if (report != null) {
        JsonNode ahead = report.path("clocks_ahead_ms");
        most = Math.max(most, ahead.path(Integer.toString(node.id().number())).asLong());
      }
    }
    return most;
  }

  private void writeNode(
      ObjectNode json, ClusterState state, ClusterNode node, boolean controller, boolean votes) {
    JsonNode report = report(node.id().number());
    String host = node.addresses().host();
    json.put("id", node.id().number())
        .put("name", node.name())
        .put("region", node.region())
        .put("client", host + ":" + node.addresses().clientPort())
        .put("peer", host + ":" + node.addresses().peerPort())
        .put("control", host + ":" + node.addresses().controlPort())
        .put("http", host + ":" + node.addresses().httpPort())
        .put("incarnation", node.incarnation())
        .put("state", report == null ? "down" : "up")
        .put("voter", votes)
        .put("controller", controller)
        .put("uptime_seconds", report == null ? 0 : report.path("uptime_seconds").asLong())
        .put("clock_ahead_ms", clockAhead(state, node))
        .put("insecure", node.insecure())
        .put("drained", node.drained())
        .put("version", report == null ? "" : report.path("version").asText());
  }

  private void warn(ArrayNode warnings, ClusterNode node) {
    if (node.insecure()) {
      warnings.add(node.name() + " lets its peer ports be reached from other machines (insecure)");
    }
    if (node.drained()) {
      warnings.add(
          node.name()
              + " is drained and leads nothing until it starts again, or SWITCHOVER TO "
              + node.name());
    }
    for (JsonNode stray : strays(node)) {
      warnings.add(
          node.name()
              + " keeps a copy of partition "
              + stray.asText()
              + " that has no place there any more, until it is compared with its leader's");
    }
    if (node.amnesiac()) {
      warnings.add(node.name() + " came back with an older disk; its copies do not count yet");
    }
    JsonNode report = report(node.id().number());
    if (report == null) {
      warnings.add(node.name() + " is not heard of");
      return;
    }
    if (report.has("disk")) {
      warnings.add(report.path("disk").asText());
    }
    report.path("differing").forEach(each -> warnings.add(each.asText()));
  }

  private JsonNode strays(ClusterNode node) {
    JsonNode report = report(node.id().number());
    return report == null ? JSON.createArrayNode() : report.path("strays");
  }

  /** What left the history, by database, and waits for somebody's decision. */
  private void warnOfDiverged(ArrayNode warnings, ClusterState state, ClusterNode node) {
    JsonNode report = report(node.id().number());
    SortedMap<String, Long> byDatabase = new TreeMap<>();
    if (report != null) {
      for (Map.Entry<String, JsonNode> each : report.path("diverged").properties()) {
        String id = each.getKey().substring(0, Math.max(each.getKey().indexOf('/'), 0));
        byDatabase.merge(title(state, id), each.getValue().asLong(), Long::sum);
      }
    }
    byDatabase.forEach(
        (database, entries) ->
            warnings.add(
                node.name()
                    + " keeps "
                    + entries
                    + (entries == 1 ? " entry" : " entries")
                    + " of "
                    + database
                    + " that left the history: ./trefoil diverged list"));
  }

  private static String title(ClusterState state, String id) {
    return state.databases().values().stream()
        .filter(database -> Integer.toString(database.id()).equals(id))
        .map(database -> "database '" + database.title() + "'")
        .findFirst()
        .orElse("a dropped database");
  }

  /** Fewer voters than there could be: the control plane bears fewer losses than it seems to. */
  private static void warn(ArrayNode warnings, ClusterState state, Set<NodeId> voters) {
    long able = state.nodes().values().stream().filter(ClusterNode::voter).count();
    long wanted = able - (able + 1) % 2;
    if (!voters.isEmpty() && voters.size() < wanted) {
      warnings.add(
          "the control plane has "
              + voters.size()
              + (voters.size() == 1 ? " voter" : " voters")
              + " of "
              + wanted
              + " so far");
    }
  }

  private void writeDatabase(
      ObjectNode json, ClusterState state, Database database, ArrayNode warnings) {
    var settings = database.settings();
    json.put("number", database.number())
        .put("name", database.name())
        .put("replication", lower(settings.replication()))
        .put("replicas", settings.replicas())
        .put("partitions", settings.partitions())
        .put("durability", lower(settings.durability()))
        .put("write_timeout_ms", settings.writeTimeoutMillis())
        .put("changing", ChangeProgress.changing(state, database.id()));
    if (settings.isLeaderless()) {
      LeaderlessStatus.writeQuorums(json, settings);
      ArrayNode awaited = json.putArray("change_waits_for");
      ChangeProgress.awaited(state, database.id()).forEach(awaited::add);
    } else {
      json.put("commit", lower(settings.commit()))
          .put("failover", lower(settings.failover()))
          .put("reads", lower(settings.reads()));
    }
    if (settings.isMultiLeader()) {
      RegionStatus.write(json, database);
    }
    ObjectNode promised = json.putObject("acknowledged_writes");
    for (Promises.Failure failure : Promises.Failure.values()) {
      promised.put(
          failure.name().toLowerCase(Locale.ROOT),
          Promises.acknowledged(settings, failure).words());
    }
    SlotRanges ranges = new SlotRanges(settings.partitions());
    ArrayNode partitions = json.putArray("partition_states");
    for (PartitionState partition : state.partitionsOf(database.id()).values()) {
      writePartition(partitions.addObject(), state, database, partition, ranges);
      if (partition.lossEpoch() > 0) {
        warnings.add(
            "partition "
                + partition.id().number()
                + " of '"
                + database.title()
                + "' may lack acknowledged writes: epoch "
                + partition.lossEpoch()
                + " began with too few answers");
      }
    }
    RegionStatus.warn(warnings, database, partitions);
  }

  private void writePartition(
      ObjectNode json,
      ClusterState state,
      Database database,
      PartitionState partition,
      SlotRanges ranges) {
    int number = partition.id().number();
    json.put("partition", number);
    json.putArray("slots").add(ranges.firstSlot(number)).add(ranges.lastSlot(number));
    if (partition.isLeaderless()) {
      new LeaderlessStatus(id -> name(state, id), id -> report(id.number()))
          .write(json, partition, database.settings().quorums().sloppy());
      return;
    }
    json.put("epoch", partition.epoch());
    json.put("leader", partition.leader().map(id -> name(state, id)).orElse(null));
    JsonNode led = partition.leader().map(id -> ledReport(id, partition)).orElse(null);
    if (led != null && led.path("epoch").asLong() == partition.epoch()) {
      json.put("state", led.path("state").asText());
      json.put("reason", led.path("reason").asText());
      json.put("last_index", led.path("last_index").asLong());
      json.put("commit_index", led.path("commit_index").asLong());
      if (led.has("regions")) {
        json.set("regions", led.path("regions"));
      }
      ArrayNode replicas = json.putArray("replicas");
      for (JsonNode replica : led.path("replicas")) {
        ObjectNode copy = replica.deepCopy();
        NodeId id = new NodeId(replica.path("node").asInt());
        copy.put("node", name(state, id));
        if (partition.learners().contains(id)) {
          copy.put("role", "learner");
        }
        replicas.add(copy);
      }
      return;
    }
    json.put("state", "no leader");
    json.put("reason", reason(partition));
    json.put("last_index", 0).put("commit_index", 0);
    ArrayNode replicas = json.putArray("replicas");
    for (NodeId id : partition.replicas()) {
      unled(replicas.addObject(), state, partition, id);
    }
  }

  private JsonNode ledReport(NodeId leader, PartitionState partition) {
    JsonNode report = report(leader.number());
    return report == null ? null : report.path("partitions").get(partition.id().toString());
  }

  private ObjectNode unled(
      ObjectNode json, ClusterState state, PartitionState partition, NodeId id) {
    JsonNode report = report(id.number());
    JsonNode own = report == null ? null : report.path("replicas").get(partition.id().toString());
    return json.put("node", name(state, id))
        .put("role", "follower")
        .put("state", own == null ? "away" : "following")
        .put("in_sync", false)
        .put("counts", own != null && own.path("counts").asBoolean())
        .put("position", own == null ? "" : own.path("position").asText())
        .put("lag_entries", 0)
        .put("lag_bytes", 0)
        .put("lag_ms", 0);
  }

  private String reason(PartitionState partition) {
    for (int node : reports.keySet()) {
      JsonNode report = report(node);
      String reason =
          report == null ? "" : report.path("reasons").path(partition.id().toString()).asText("");
      if (!reason.isEmpty()) {
        return reason;
      }
    }
    return partition.led() ? "its leader is not heard of" : "";
  }

  private static String name(ClusterState state, NodeId id) {
    if (id == null) {
      return null;
    }
    ClusterNode node = state.nodes().get(id);
    return node == null ? id.toString() : node.name();
  }

  static String lower(Object value) {
    return value.toString().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
