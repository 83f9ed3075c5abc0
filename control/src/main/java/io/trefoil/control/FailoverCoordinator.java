package io.trefoil.control;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ControlCommand.Appointment;
import io.trefoil.control.ControlMessage.Fenced;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Gives every partition a leader, and another one when it loses it. Runs on the controller; pure,
 * with time as an argument; not thread-safe.
 *
 * <p><b>The steps</b> of a failover, for all partitions of a dead node at once: commit "epoch e, no
 * leader"; fence the replicas, which promise e and answer their position; commit "leader x of e". A
 * partition without an epoch yet goes the same way. All that must survive a controller is in the
 * {@link ClusterState}: another one takes up a leaderless epoch where it is, and fences again.
 *
 * <p><b>Safety.</b> An entry on c of N copies is in any f = N - c + 1 of them, so the largest
 * position among f answers that count has every committed entry. Two controllers may choose
 * differently from the same answers; the command is accepted only while e is current and
 * leaderless, so e gets one leader. The old leader may still answer reads under its lease,
 * therefore the new one waits until that has surely run out, or until the old leader itself
 * promised e. A lease that was granted with e in the state does not matter: it counts on the node
 * only once the node has that state, and then the node no longer leads.
 *
 * <p>An answer is only used while its node holds a lease: a leader without one could not serve, and
 * appointing it would only begin the next failover.
 */
public final class FailoverCoordinator {
  /** A lost fence or answer is asked for again after this. */
  static final long FENCE_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A command whose outcome never came is proposed again after this. */
  static final long PROPOSE_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** How long answers that suffice wait for that of a preferred leader which is alive. */
  static final long PREFERENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** A reported leader that misses so many renewals of its lease is taken for silent. */
  static final int SILENT_RENEWALS = 2;

  /** A report of silence is forgotten after this. */
  static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What is known of a replica that promised an epoch. */
  private record Answer(long incarnation, Fenced fenced) {}

  /** A leaderless epoch on its way to a leader. */
  private static final class Fence {
    final long epoch;
    final long sinceNanos;
    final Map<NodeId, Answer> answers = new TreeMap<>();
    final Map<NodeId, Long> sentNanos = new HashMap<>();
    boolean oldLeaderStopped;

    Fence(long epoch, long sinceNanos) {
      this.epoch = epoch;
      this.sinceNanos = sinceNanos;
    }
  }

  /**
   * A command on its way.
   *
   * @param epoch that the partition was in
   */
  private record Proposal(long epoch, boolean led, long untilNanos) {}

  private record Report(long incarnation, long atNanos) {}

  private final long term;
  private final LeaseGrants leases;
  private final SortedMap<PartitionId, Fence> fences = new TreeMap<>();
  private final SortedMap<PartitionId, Proposal> proposals = new TreeMap<>();
  private final SortedMap<PartitionId, String> reasons = new TreeMap<>();
  private final Map<PartitionId, Long> resigned = new HashMap<>();
  private final Map<NodeId, Report> reports = new HashMap<>();
  private ClusterState state;

  /**
   * @param term the Raft term that the controller leads
   * @param leases those of the same controller
   * @param state all that was committed before that term, or a later one
   */
  public FailoverCoordinator(long term, LeaseGrants leases, ClusterState state) {
    this.term = term;
    this.leases = leases;
    this.state = state;
  }

  /** Takes over a newer state; an older one changes nothing. */
  public void onState(ClusterState newer) {
    if (newer.version() < state.version()) {
      return;
    }
    state = newer;
    fences.entrySet().removeIf(each -> !isLeaderless(each.getKey(), each.getValue().epoch));
    reasons.keySet().removeIf(id -> !fences.containsKey(id));
    resigned.keySet().removeIf(id -> !state.partitions().containsKey(id));
    proposals.entrySet().removeIf(each -> isOver(each.getKey(), each.getValue()));
  }

  private boolean isLeaderless(PartitionId id, long epoch) {
    PartitionState partition = state.partitions().get(id);
    return partition != null && !partition.led() && partition.epoch() == epoch;
  }

  private boolean isOver(PartitionId id, Proposal proposal) {
    PartitionState partition = state.partitions().get(id);
    return partition == null
        || partition.epoch() != proposal.epoch()
        || partition.led() != proposal.led();
  }

  /** A follower hears nothing from a leader; with its lease not renewed either, it is replaced. */
  public void onSilence(NodeId leader, long incarnation, long nowNanos) {
    if (state.nodes().containsKey(leader)) {
      reports.put(leader, new Report(incarnation, nowNanos));
    }
  }

  /** The node itself says that it no longer leads a partition in an epoch. */
  public void onResigned(NodeId node, long incarnation, PartitionId id, long epoch) {
    PartitionState partition = state.partitions().get(id);
    if (partition != null
        && partition.led()
        && partition.epoch() == epoch
        && isLastLeader(partition, node, incarnation)) {
      resigned.put(id, epoch);
    }
  }

  /** A replica's promise. One of another epoch, or of an incarnation that is over, is ignored. */
  public void onAnswer(NodeId node, long incarnation, Fenced fenced) {
    Fence fence = fences.get(fenced.partition());
    if (fence == null || fenced.promised() != fence.epoch) {
      return;
    }
    PartitionState partition = state.partitions().get(fenced.partition());
    if (!partition.replicas().contains(node)) {
      return;
    }
    if (isLastLeader(partition, node, incarnation)) {
      fence.oldLeaderStopped = true;
    }
    // The newest process's answer, and of one process the first: nothing is appended in between.
    Answer known = fence.answers.get(node);
    if (known == null || known.incarnation() < incarnation) {
      fence.answers.put(node, new Answer(incarnation, fenced));
    }
  }

  private static boolean isLastLeader(PartitionState partition, NodeId node, long incarnation) {
    return node.equals(partition.lastLeader()) && incarnation == partition.lastIncarnation();
  }

  /** Why partitions have no leader; those that are not named have one or are about to. */
  public SortedMap<PartitionId, String> reasons() {
    return new TreeMap<>(reasons);
  }

  /** What a step wants done: commands to propose, and epochs to fence per node. */
  public record Step(
      List<ControlCommand> commands, SortedMap<NodeId, SortedMap<PartitionId, Long>> fences) {}

  /** Does all that can be done now. Called often: after any input, and at every tick. */
  public Step step(long nowNanos) {
    List<ControlCommand> commands = new ArrayList<>();
    openEpochs(nowNanos).ifPresent(commands::add);
    SortedMap<NodeId, SortedMap<PartitionId, Long>> toFence = new TreeMap<>();
    List<Appointment> appointments = new ArrayList<>();
    for (PartitionState partition : state.partitions().values()) {
      if (partition.led() || partition.epoch() == 0) {
        continue;
      }
      Fence fence =
          fences.computeIfAbsent(partition.id(), id -> new Fence(partition.epoch(), nowNanos));
      fenceMissing(partition, fence, nowNanos, toFence);
      if (!isProposed(partition, nowNanos)) {
        decide(partition, fence, nowNanos).ifPresent(appointments::add);
      }
    }
    if (!appointments.isEmpty()) {
      appointments.forEach(each -> propose(state.partitions().get(each.partition()), nowNanos));
      commands.add(new ControlCommand.Appoint(term, appointments));
    }
    return new Step(commands, toFence);
  }

  // First step: "epoch e, no leader".

  private Optional<ControlCommand> openEpochs(long nowNanos) {
    SortedMap<PartitionId, Long> expected = new TreeMap<>();
    for (PartitionState partition : state.partitions().values()) {
      boolean wanted =
          partition.led() ? hasLostItsLeader(partition, nowNanos) : partition.epoch() == 0;
      if (wanted && !isProposed(partition, nowNanos)) {
        expected.put(partition.id(), partition.epoch());
        propose(partition, nowNanos);
      }
    }
    return expected.isEmpty()
        ? Optional.empty()
        : Optional.of(new ControlCommand.OpenEpochs(expected));
  }

  private boolean hasLostItsLeader(PartitionState partition, long nowNanos) {
    NodeId leader = partition.lastLeader();
    long incarnation = partition.lastIncarnation();
    ClusterNode node = state.nodes().get(leader);
    return node == null
        || node.issued() != incarnation
        || leases.surelyOut(leader, incarnation, nowNanos)
        || Long.valueOf(partition.epoch()).equals(resigned.get(partition.id()))
        || isSilent(leader, incarnation, nowNanos);
  }

  private boolean isSilent(NodeId leader, long incarnation, long nowNanos) {
    Report report = reports.get(leader);
    return report != null
        && report.incarnation() == incarnation
        && nowNanos - report.atNanos() < REPORT_NANOS
        && leases.unheardNanos(leader, nowNanos)
            >= SILENT_RENEWALS * state.leaseTerms().renewNanos();
  }

  // Second step: the fence.

  private void fenceMissing(
      PartitionState partition,
      Fence fence,
      long nowNanos,
      SortedMap<NodeId, SortedMap<PartitionId, Long>> toFence) {
    for (NodeId replica : partition.replicas()) {
      Long sent = fence.sentNanos.get(replica);
      boolean due = sent == null || nowNanos - sent >= FENCE_AGAIN_NANOS;
      if (due && !hasAnswered(fence, replica)) {
        fence.sentNanos.put(replica, nowNanos);
        toFence.computeIfAbsent(replica, node -> new TreeMap<>()).put(partition.id(), fence.epoch);
      }
    }
  }

  private boolean hasAnswered(Fence fence, NodeId replica) {
    Answer answer = fence.answers.get(replica);
    ClusterNode node = state.nodes().get(replica);
    return answer != null
        && node != null
        && node.issued() == answer.incarnation()
        && node.incarnation() == answer.incarnation();
  }

  // Third step: "leader x of e".

  private Optional<Appointment> decide(PartitionState partition, Fence fence, long nowNanos) {
    Set<NodeId> answered = present(partition, fence, nowNanos, false);
    Set<NodeId> counting = present(partition, fence, nowNanos, true);
    boolean enough =
        partition.configurations().stream()
            .allMatch(each -> among(each, counting) >= each.fenceAnswers());
    if (enough && waitsForPreferred(partition, fence, nowNanos)) {
      reasons.remove(partition.id());
      return Optional.empty();
    }
    boolean all = answered.equals(partition.replicas());
    boolean available = canGoOnWithFewer(partition, counting, answered, nowNanos);
    if (!enough && !all && !available) {
      return wait(partition, missing(partition, answered, counting));
    }
    if (mayStillServe(partition, fence, nowNanos)) {
      return wait(partition, "the lease of " + partition.lastLeader() + " must run out first");
    }
    // With too few that count, all that is left is the longest journal there is.
    Set<NodeId> candidates = enough || !all ? counting : answered;
    NodeId chosen = candidates.stream().max(bestLast(partition, fence)).orElseThrow();
    Answer answer = fence.answers.get(chosen);
    reasons.remove(partition.id());
    return Optional.of(
        new Appointment(
            partition.id(),
            fence.epoch,
            chosen,
            answer.incarnation(),
            /* possibleLoss= */ !enough));
  }

  private Set<NodeId> present(
      PartitionState partition, Fence fence, long nowNanos, boolean countingOnly) {
    return partition.replicas().stream()
        .filter(replica -> hasAnswered(fence, replica))
        .filter(replica -> isAlive(replica, nowNanos))
        .filter(replica -> !countingOnly || counts(fence, replica))
        .collect(Collectors.toSet());
  }

  private boolean counts(Fence fence, NodeId replica) {
    return fence.answers.get(replica).fenced().counts() && !state.nodes().get(replica).amnesiac();
  }

  private boolean isAlive(NodeId replica, long nowNanos) {
    ClusterNode node = state.nodes().get(replica);
    return node != null && leases.holds(replica, node.issued(), nowNanos);
  }

  private static long among(Configuration configuration, Set<NodeId> nodes) {
    return configuration.replicas().stream().filter(nodes::contains).count();
  }

  /** Answers come in any order; without this, leaders would gather on the quickest nodes. */
  private boolean waitsForPreferred(PartitionState partition, Fence fence, long nowNanos) {
    NodeId preferred = partition.preferredLeader();
    return !hasAnswered(fence, preferred)
        && isAlive(preferred, nowNanos)
        && nowNanos - fence.sinceNanos < PREFERENCE_NANOS;
  }

  /** ASYNC with AVAILABLE goes on without the replicas that are surely down. */
  private boolean canGoOnWithFewer(
      PartitionState partition, Set<NodeId> counting, Set<NodeId> answered, long nowNanos) {
    Database database = state.databases().get(partition.id().database());
    if (database == null
        || database.settings().failover() != FailoverRule.AVAILABLE
        || counting.isEmpty()) {
      return false;
    }
    for (Configuration each : partition.configurations()) {
      if (each.copies() > 1 && among(each, counting) < each.fenceAnswers()) {
        return false;
      }
    }
    return partition.replicas().stream()
        .allMatch(replica -> answered.contains(replica) || isDown(replica, nowNanos));
  }

  private boolean isDown(NodeId replica, long nowNanos) {
    ClusterNode node = state.nodes().get(replica);
    return node == null || leases.surelyOut(replica, node.issued(), nowNanos);
  }

  private boolean mayStillServe(PartitionState partition, Fence fence, long nowNanos) {
    return partition.lastLeader() != null
        && !fence.oldLeaderStopped
        && !leases.surelyOut(
            partition.lastLeader(), partition.lastIncarnation(), fence.epoch, nowNanos);
  }

  private static Comparator<NodeId> bestLast(PartitionState partition, Fence fence) {
    Comparator<NodeId> byPosition =
        Comparator.comparing(node -> fence.answers.get(node).fenced().position());
    return byPosition
        .thenComparing(node -> node.equals(partition.preferredLeader()))
        .thenComparing(Comparator.reverseOrder());
  }

  // Waiting.

  private Optional<Appointment> wait(PartitionState partition, String reason) {
    reasons.put(partition.id(), reason);
    return Optional.empty();
  }

  private String missing(PartitionState partition, Set<NodeId> answered, Set<NodeId> counting) {
    List<String> away = new ArrayList<>();
    List<String> broken = new ArrayList<>();
    for (NodeId replica : partition.replicas()) {
      if (!answered.contains(replica)) {
        away.add(name(replica));
      } else if (!counting.contains(replica)) {
        broken.add(name(replica));
      }
    }
    String needs =
        partition.configurations().stream()
            .map(each -> each.fenceAnswers() + " of " + each.replicas().size())
            .collect(Collectors.joining(" and "));
    return "needs "
        + needs
        + " replicas, has "
        + counting.size()
        + "; away: "
        + (away.isEmpty() ? "none" : String.join(", ", away))
        + (broken.isEmpty() ? "" : "; not whole: " + String.join(", ", broken));
  }

  private String name(NodeId id) {
    ClusterNode node = state.nodes().get(id);
    return node == null ? id.toString() : node.name();
  }

  private boolean isProposed(PartitionState partition, long nowNanos) {
    Proposal proposal = proposals.get(partition.id());
    return proposal != null && nowNanos - proposal.untilNanos() < 0;
  }

  private void propose(PartitionState partition, long nowNanos) {
    proposals.put(
        partition.id(),
        new Proposal(partition.epoch(), partition.led(), nowNanos + PROPOSE_AGAIN_NANOS));
  }
}
