package io.trefoil.node;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ClusterNode;
import io.trefoil.control.ClusterState;
import io.trefoil.node.http.CallCounts;
import io.trefoil.node.http.ClockSample;
import io.trefoil.node.http.FollowerSample;
import io.trefoil.node.http.HintSample;
import io.trefoil.node.http.NodeSample;
import io.trefoil.node.http.RepairCounts;
import io.trefoil.node.http.ReplicaSample;
import io.trefoil.storage.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Takes the samples that metrics are made of, on the data loop, for a thread that may wait for it.
 */
final class NodeSampler {
  private static final long WAIT_MILLIS = 1_000;
  private static final NodeSample NOTHING =
      new NodeSample(
          0, 0, 0, 0, 0, 0, CallCounts.NONE, RepairCounts.NONE, List.of(), List.of(), List.of());

  private NodeSampler() {}

  /** Nothing, when the loop does not answer in a second or is not there yet. */
  static NodeSample sample(
      DataLoop loop,
      NodeReplicas replicas,
      Scrub scrub,
      Clients clients,
      Storage storage,
      Divergences divergences,
      ClusterState state) {
    if (loop == null || clients == null) {
      return NOTHING;
    }
    CompletableFuture<NodeSample> taken = new CompletableFuture<>();
    loop.execute(
        () -> taken.complete(take(loop, replicas, scrub, clients, storage, divergences, state)));
    try {
      return taken.get(WAIT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return NOTHING;
    } catch (ExecutionException | TimeoutException e) {
      return NOTHING;
    }
  }

  private static NodeSample take(
      DataLoop loop,
      NodeReplicas replicas,
      Scrub scrub,
      Clients clients,
      Storage storage,
      Divergences divergences,
      ClusterState state) {
    List<ReplicaSample> samples = new ArrayList<>();
    Map<PartitionId, Long> diverged = divergences.undecidedEntries();
    for (PartitionReplica replica : replicas.all()) {
      samples.add(sample(loop, replica, diverged.getOrDefault(replica.id(), 0L), state));
    }
    return new NodeSample(
        clients.count(),
        loop.journal().sizeBytes(),
        replicas.leftBehind(),
        scrub.differing().size(),
        storage.memoryBytes(0),
        divergences.undecidedFiles(),
        replicas.callCounts(),
        replicas.repairCounts(),
        samples,
        hints(replicas, state),
        clocks(loop, replicas, state));
  }

  private static List<ClockSample> clocks(
      DataLoop loop, NodeReplicas replicas, ClusterState state) {
    List<ClockSample> samples = new ArrayList<>();
    replicas
        .clocks()
        .recent(loop.nowNanos() / 1_000_000)
        .forEach(
            (id, ahead) -> {
              ClusterNode node = state.nodes().get(id);
              samples.add(
                  new ClockSample(
                      node == null ? id.toString() : node.name(),
                      node == null ? "" : node.region(),
                      ahead));
            });
    return samples;
  }

  private static List<HintSample> hints(NodeReplicas replicas, ClusterState state) {
    List<HintSample> samples = new ArrayList<>();
    for (QuorumReplica replica : replicas.allQuorums()) {
      replica
          .machine()
          .peers()
          .forEach((id, peer) -> samples.add(sample(replica, id, replica.hintsFor(peer), state)));
    }
    return samples;
  }

  private static HintSample sample(
      QuorumReplica replica, NodeId other, Hints hints, ClusterState state) {
    ClusterNode node = state.nodes().get(other);
    return new HintSample(
        replica.terms().database().title(),
        replica.id().number(),
        node == null ? other.toString() : node.name(),
        node == null ? "" : node.region(),
        hints.entries(),
        hints.bytes());
  }

  private static ReplicaSample sample(
      DataLoop loop, PartitionReplica replica, long divergedEntries, ClusterState state) {
    List<FollowerSample> followers = new ArrayList<>();
    long now = loop.nowNanos() / 1_000_000;
    replica
        .machine()
        .followers()
        .forEach(
            (id, peer) -> {
              ClusterNode node = state.nodes().get(id);
              long behind = replica.machine().lastIndex() - peer.match();
              followers.add(
                  new FollowerSample(
                      node == null ? id.toString() : node.name(),
                      node == null ? "" : node.region(),
                      behind,
                      replica.recent().bytesAfter(peer.match()),
                      behind == 0 ? 0 : Math.max(now - peer.heardMillis(), 0)));
            });
    return new ReplicaSample(
        replica.terms().database().title(),
        replica.id().number(),
        replica.machine().isLeader(),
        replica.machine().epoch(),
        replica.machine().commitIndex(),
        divergedEntries,
        followers,
        RegionStatus.sample(replica));
  }
}
