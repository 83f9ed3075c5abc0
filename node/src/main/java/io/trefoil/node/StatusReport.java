package io.trefoil.node;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.node.Routes.PartitionRoute;
import io.trefoil.replication.kernel.PeerProgress;
import io.trefoil.replication.leaderless.LeaderlessReplica;
import io.trefoil.replication.leaderless.PeerView;
import io.trefoil.replication.singleleader.SingleLeaderReplica;
import java.util.Map;
import java.util.SortedMap;

/**
 * What one node tells the others of itself, twice a second: how long it runs, how the replicas of
 * the partitions that it leads are, and what it keeps for the other replicas of leaderless ones.
 * {@code STATUS} on any node is put together from the last reports.
 */
final class StatusReport {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static final String NEEDS_SNAPSHOT = "away, needs a snapshot";

  private StatusReport() {}

  /** Writes this node's report. On the data loop. */
  static ObjectNode write(
      NodeId self,
      long uptimeSeconds,
      String version,
      Routes routes,
      Iterable<PartitionId> strays,
      Divergences divergences,
      long nowMillis) {
    ObjectNode report = JSON.createObjectNode();
    report.put("node", self.number());
    report.put("uptime_seconds", uptimeSeconds);
    report.put("version", version);
    ObjectNode partitions = report.putObject("partitions");
    for (PartitionRoute route : routes.partitions()) {
      if (route.leadsHere()) {
        partitions.set(route.terms().state().id().toString(), led(route.local(), nowMillis));
      }
    }
    ObjectNode replicas = report.putObject("replicas");
    for (PartitionRoute route : routes.partitions()) {
      if (route.local() != null) {
        SingleLeaderReplica machine = route.local().machine();
        replicas
            .putObject(route.terms().state().id().toString())
            .put("position", machine.last().toString())
            .put("counts", machine.counts())
            .put("diverged", machine.diverged());
      }
    }
    ObjectNode coordinators = report.putObject("coordinators");
    for (PartitionRoute route : routes.partitions()) {
      if (route.coordinator() != null) {
        coordinators.set(route.id().toString(), coordinator(route.coordinator()));
      }
    }
    ArrayNode strayCopies = report.putArray("strays");
    strays.forEach(id -> strayCopies.add(id.toString()));
    ObjectNode diverged = report.putObject("diverged");
    divergences.undecidedEntries().forEach((id, count) -> diverged.put(id.toString(), count));
    ObjectNode left = report.putObject("left_history");
    divergences.entriesByEpoch().forEach((epoch, count) -> left.put(epoch.toString(), count));
    return report;
  }

  private static ObjectNode led(PartitionReplica replica, long nowMillis) {
    SingleLeaderReplica machine = replica.machine();
    ObjectNode json = JSON.createObjectNode();
    String refusal = replica.refuseWrite();
    json.put("epoch", machine.epoch());
    json.put("state", refusal == null ? "serving" : "halted");
    json.put("reason", refusal == null ? "" : refusal.substring(refusal.indexOf(' ') + 1));
    json.put("last_index", machine.lastIndex());
    json.put("commit_index", machine.commitIndex());
    ArrayNode replicas = json.putArray("replicas");
    leader(replicas.addObject(), replica);
    for (Map.Entry<NodeId, PeerProgress> peer : machine.followers().entrySet()) {
      follower(replicas.addObject(), replica, peer.getKey(), peer.getValue(), nowMillis);
    }
    if (replica.terms().database().settings().isMultiLeader()) {
      RegionStatus.write(json.putArray("regions"), replica);
    }
    return json;
  }

  private static void leader(ObjectNode json, PartitionReplica replica) {
    json.put("node", replica.loop().self().number())
        .put("role", "leader")
        .put("state", "leading")
        .put("in_sync", true)
        .put("counts", replica.machine().counts())
        .put("position", replica.machine().last().toString())
        .put("lag_entries", 0)
        .put("lag_bytes", 0)
        .put("lag_ms", 0);
  }

  private static void follower(
      ObjectNode json, PartitionReplica replica, NodeId id, PeerProgress peer, long nowMillis) {
    SingleLeaderReplica machine = replica.machine();
    long behind = machine.lastIndex() - peer.match();
    boolean reachable = machine.isReachable(id);
    json.put("node", id.number())
        .put("role", "follower")
        .put("state", replica.hasLeftBehind(id) ? NEEDS_SNAPSHOT : stateOf(peer, reachable))
        .put("in_sync", machine.isInSync(id))
        .put("counts", peer.counts())
        .put("position", machine.epochAt(peer.match()) + ":" + peer.match())
        .put("lag_entries", behind)
        .put("lag_bytes", replica.recent().bytesAfter(peer.match()))
        .put("lag_ms", behind == 0 ? 0 : Math.max(nowMillis - peer.heardMillis(), 0));
  }

  private static ObjectNode coordinator(QuorumReplica replica) {
    LeaderlessReplica machine = replica.machine();
    QuorumCalls calls = replica.calls();
    ObjectNode json = JSON.createObjectNode();
    json.put("origin", machine.origin())
        .put("last_index", machine.lastIndex())
        .put("counts", machine.counts())
        .put("gaps", machine.gaps().size())
        .put("waiting", calls.waiting())
        .put("read_repairs", calls.repairs());
    json.putObject("writes")
        .put("committed", calls.confirmed())
        .put("refused", calls.refused())
        .put("uncertain", calls.uncertain())
        .put("restamped", calls.restamped());
    ArrayNode hints = json.putArray("hints");
    machine
        .peers()
        .forEach((id, peer) -> hints(hints.addObject().put("node", id.number()), replica, peer));
    return json;
  }

  private static void hints(ObjectNode json, QuorumReplica replica, PeerView peer) {
    Hints hints = replica.hintsFor(peer);
    json.put("entries", hints.entries())
        .put("bytes", hints.bytes())
        .put("away_ms", peer.reachable() ? 0 : replica.silentMillis(peer))
        .put("gap", peer.gap())
        .put("counts", peer.counts());
  }

  private static String stateOf(PeerProgress peer, boolean reachable) {
    if (!reachable) {
      return "away";
    }
    return switch (peer.state()) {
      case SNAPSHOT -> "taking a snapshot";
      case PROBING -> "catching up";
      case REPLICATING -> peer.counts() ? "following" : "amnesiac";
    };
  }

  /** Adds by how many milliseconds other nodes' clocks are ahead of this one's. */
  static void addClocks(ObjectNode report, Map<NodeId, Long> aheadMillis) {
    ObjectNode json = report.putObject("clocks_ahead_ms");
    aheadMillis.forEach((node, ahead) -> json.put(Integer.toString(node.number()), ahead));
  }

  /** Adds why partitions have no leader, which the controller knows. */
  static void addReasons(ObjectNode report, SortedMap<PartitionId, String> reasons) {
    ObjectNode json = report.putObject("reasons");
    reasons.forEach((id, reason) -> json.put(id.toString(), reason));
  }
}
