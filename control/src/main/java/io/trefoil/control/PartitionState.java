package io.trefoil.control;

import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Who replicates and who leads a partition.
 *
 * @param configurations the standing ones: one, or two while the configuration changes, the newer
 *     one last
 * @param configVersion grows with each change of {@code configurations}
 * @param epoch number of the newest leadership, also while it has no leader; 0 before the first
 * @param led whether {@code epoch} has its leader
 * @param lastLeader the leader of {@code epoch}, or while there is none, that of the last epoch
 *     that had one; null before the first
 * @param lastIncarnation under which {@code lastLeader} was appointed; 0 before the first
 * @param lossEpoch the last epoch that began with too few answers, so that acknowledged writes may
 *     be missing from it; 0 for none
 */
public record PartitionState(
    PartitionId id,
    List<Configuration> configurations,
    long configVersion,
    long epoch,
    boolean led,
    NodeId lastLeader,
    long lastIncarnation,
    long lossEpoch) {
  public PartitionState {
    configurations = List.copyOf(configurations);
    Invariants.check(
        configurations.size() == 1 || configurations.size() == 2,
        "one or two configurations stand",
        configurations.size(),
        0);
    Invariants.check(!led || lastLeader != null, "a led epoch has a leader");
  }

  /** The leader of {@link #epoch()}, if it has one yet. */
  public Optional<NodeId> leader() {
    return led ? Optional.of(lastLeader) : Optional.empty();
  }

  /** The newest configuration. */
  public Configuration configuration() {
    return configurations.get(configurations.size() - 1);
  }

  public NodeId preferredLeader() {
    return configuration().replicas().get(0);
  }

  /** The replicas of all standing configurations. */
  public SortedSet<NodeId> replicas() {
    SortedSet<NodeId> all = new TreeSet<>();
    configurations.forEach(configuration -> all.addAll(configuration.replicas()));
    return all;
  }

  PartitionState leaderless(long newEpoch) {
    return new PartitionState(
        id, configurations, configVersion, newEpoch, false, lastLeader, lastIncarnation, lossEpoch);
  }

  PartitionState ledBy(NodeId leader, long incarnation, boolean possibleLoss) {
    return new PartitionState(
        id,
        configurations,
        configVersion,
        epoch,
        true,
        leader,
        incarnation,
        possibleLoss ? epoch : lossEpoch);
  }

  /** With {@code next} standing beside the present configuration. */
  PartitionState joint(Configuration next) {
    return withConfigurations(List.of(configuration(), next));
  }

  /** With only the newest configuration standing. */
  PartitionState settled() {
    return withConfigurations(List.of(configuration()));
  }

  private PartitionState withConfigurations(List<Configuration> standing) {
    return new PartitionState(
        id,
        new ArrayList<>(standing),
        configVersion + 1,
        epoch,
        led,
        lastLeader,
        lastIncarnation,
        lossEpoch);
  }
}
