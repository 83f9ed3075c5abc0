package io.trefoil.control;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.control.ControlCommand.Appointment;
import io.trefoil.control.ControlCommand.Succession;
import io.trefoil.control.ControlMessage.Fenced;
import io.trefoil.control.ControlMessage.HandOver;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Gives every partition a leader, and another one when it loses it; those of leaderless databases
 * never enter an epoch and so never concern it. Runs on the controller; pure, with time as an
 * argument; not thread-safe.
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
 *
 * <p><b>Switchover.</b> A partition whose leader is not the first of its replicas that is fit to
 * lead is handed over: its leader is asked to, lets its log be committed and copied, and resigns.
 * So leaders are evened out again once a node is back, a drained node is left by them, and one that
 * a change takes the copy from hands over first. The steps are those above, but for the first: the
 * replicas are fenced at once, the old leader among them, with the number that the next epoch may
 * have at the earliest, and one command ends the old epoch and begins the new one. It is accepted
 * only while the old one stands, and a number that is promised and not used hurts nobody: should
 * another controller use it, for this partition there is still one command that is accepted. If
 * that does not come about in a moment, all steps are taken.
 */
public final class FailoverCoordinator {
  /** A lost fence or answer is asked for again after this. */
  static final long FENCE_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A command whose outcome never came is proposed again after this. */
  static final long PROPOSE_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * How long answers that suffice wait for that of a preferred leader which is alive, when the
   * partition lost its leader. A succession is for the sake of that leader, and waits as long as it
   * lasts.
   */
  static final long PREFERENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /** A reported leader that misses so many renewals of its lease is taken for silent. */
  static final int SILENT_RENEWALS = 2;

  /** A node leads again by preference once it has been there for so long without a break. */
  static final long FIT_NANOS = TimeUnit.SECONDS.toNanos(3);

  /** A leader that was asked to hand over, and has not, is asked again after this. */
  static final long HAND_OVER_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /**
   * When one that handed over leads again, the other could not be reached in time. Each attempt is
   * a pause for clients, so the next one comes only after this.
   */
  static final long HAND_OVER_FAILED_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** So many are handed over at once: each is a pause for its clients. */
  static final int MAX_HAND_OVERS = 4;

  /** One that was handed over and has no successor by then goes the way of a lost leader. */
  static final long SUCCESSION_NANOS = TimeUnit.MILLISECONDS.toNanos(300);

  /** A report of silence is forgotten after this. */
  static final long REPORT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** What is known of a replica that promised an epoch. */
  private record Answer(long incarnation, Fenced fenced) {}

  /** An epoch on its way to a leader. */
  private static final class Fence {
    final long epoch;

    /** The epoch that the partition is in: the same one, without a leader, or one that ends. */
    final long stateEpoch;

    final long sinceNanos;
    final Map<NodeId, Answer> answers = new TreeMap<>();
    final Map<NodeId, Long> sentNanos = new HashMap<>();
    boolean oldLeaderStopped;

    Fence(long epoch, long stateEpoch, long sinceNanos) {
      this.epoch = epoch;
      this.stateEpoch = stateEpoch;
      this.sinceNanos = sinceNanos;
    }

    boolean isSuccession() {
      return epoch != stateEpoch;
    }
  }

  /**
   * A command on its way.
   *
   * @param epoch that the partition was in
   */
  private record Proposal(long epoch, boolean led, long untilNanos) {}

  private record Report(long incarnation, long atNanos) {}

  private record Resigned(long epoch, long sinceNanos) {}

  private record AskedToHandOver(NodeId leader, long epoch, long atNanos) {}

  private record Presence(long incarnation, long sinceNanos) {}

  /** Partitions that lost their leader for the same reason, by what the command says of each. */
  private record Loss(NodeId leader, Failover.Cause cause) {}

  private final long term;
  private final LeaseGrants leases;
  private final SortedMap<PartitionId, Fence> fences = new TreeMap<>();
  private final SortedMap<PartitionId, Proposal> proposals = new TreeMap<>();
  private final SortedMap<PartitionId, String> reasons = new TreeMap<>();
  private final Map<PartitionId, Resigned> resigned = new HashMap<>();
  private final Map<NodeId, Report> reports = new HashMap<>();
  private final Map<PartitionId, AskedToHandOver> handOvers = new HashMap<>();
  private final Map<NodeId, Presence> present = new HashMap<>();

  /** Since when partitions are without a leader that serves; until they have one. */
  private final Map<PartitionId, Long> lostNanos = new HashMap<>();

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
    fences.entrySet().removeIf(each -> !isNeeded(each.getKey(), each.getValue()));
    reasons.keySet().removeIf(id -> !fences.containsKey(id));
    resigned.entrySet().removeIf(each -> !isLedIn(each.getKey(), each.getValue().epoch()));
    lostNanos.keySet().removeIf(id -> !fences.containsKey(id) && !isNew(id));
    handOvers.keySet().retainAll(state.partitions().keySet());
    proposals.entrySet().removeIf(each -> isOver(each.getKey(), each.getValue()));
  }

  private boolean isNeeded(PartitionId id, Fence fence) {
    return isWithoutLeader(id, fence.epoch)
        || fence.isSuccession() && isLedIn(id, fence.stateEpoch);
  }

  private boolean isWithoutLeader(PartitionId id, long epoch) {
    PartitionState partition = state.partitions().get(id);
    return partition != null && !partition.led() && partition.epoch() == epoch;
  }

  private boolean isNew(PartitionId id) {
    PartitionState partition = state.partitions().get(id);
    return partition != null && !partition.led();
  }

  private boolean isLedIn(PartitionId id, long epoch) {
    PartitionState partition = state.partitions().get(id);
    return partition != null && partition.led() && partition.epoch() == epoch;
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
  public void onResigned(NodeId node, long incarnation, PartitionId id, long epoch, long nowNanos) {
    PartitionState partition = state.partitions().get(id);
    if (partition != null
        && partition.led()
        && partition.epoch() == epoch
        && isLastLeader(partition, node, incarnation)) {
      resigned.putIfAbsent(id, new Resigned(epoch, nowNanos));
      lostNanos.putIfAbsent(id, nowNanos);
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

  /** What a step wants done: commands to propose, epochs to fence and to hand over per node. */
  public record Step(
      List<ControlCommand> commands,
      SortedMap<NodeId, SortedMap<PartitionId, Long>> fences,
      SortedMap<NodeId, List<HandOver>> handOvers) {}

  /**
   * Does all that can be done now. Called often: after any input, and at every tick.
   *
   * @param wallMillis for people: when it is, in milliseconds since 1970
   */
  public Step step(long nowNanos, long wallMillis) {
    notePresence(nowNanos);
    List<ControlCommand> commands = openEpochs(nowNanos, wallMillis);
    SortedMap<NodeId, SortedMap<PartitionId, Long>> toFence = new TreeMap<>();
    List<Appointment> appointments = new ArrayList<>();
    List<Succession> successions = new ArrayList<>();
    for (PartitionState partition : state.partitions().values()) {
      if (partition.epoch() == 0 || partition.led() && !isHandedOver(partition)) {
        continue;
      }
      Fence fence = fences.computeIfAbsent(partition.id(), id -> fence(partition, nowNanos));
      fenceMissing(partition, fence, nowNanos, toFence);
      if (!isProposed(partition, nowNanos)) {
        Optional<Appointment> chosen = decide(partition, fence, nowNanos);
        chosen.ifPresent(
            each -> {
              propose(partition, nowNanos);
              if (partition.led()) {
                successions.add(new Succession(partition.epoch(), each));
              } else {
                appointments.add(each);
              }
            });
      }
    }
    if (!appointments.isEmpty()) {
      commands.add(new ControlCommand.Appoint(term, appointments));
    }
    if (!successions.isEmpty()) {
      commands.add(new ControlCommand.Succeed(term, wallMillis, successions));
    }
    return new Step(commands, toFence, handOvers(nowNanos));
  }

  /** The next command that changes the state has a larger number than all before it. */
  private Fence fence(PartitionState partition, long nowNanos) {
    long epoch = partition.led() ? state.version() + 1 : partition.epoch();
    return new Fence(epoch, partition.epoch(), nowNanos);
  }

  private boolean isHandedOver(PartitionState partition) {
    Resigned known = resigned.get(partition.id());
    return known != null && known.epoch() == partition.epoch();
  }

  // First step: "epoch e, no leader".

  private List<ControlCommand> openEpochs(long nowNanos, long wallMillis) {
    Map<Loss, SortedMap<PartitionId, Long>> lost = new LinkedHashMap<>();
    for (PartitionState partition : state.partitions().values()) {
      Failover.Cause cause = causeOfLoss(partition, nowNanos);
      if (cause != null && !isProposed(partition, nowNanos)) {
        lost.computeIfAbsent(new Loss(partition.lastLeader(), cause), loss -> new TreeMap<>())
            .put(partition.id(), partition.epoch());
        lostNanos.putIfAbsent(partition.id(), lastHeardNanos(partition, nowNanos));
        propose(partition, nowNanos);
      }
    }
    List<ControlCommand> commands = new ArrayList<>();
    lost.forEach(
        (loss, expected) ->
            commands.add(new ControlCommand.OpenEpochs(expected, loss.cause(), wallMillis)));
    return commands;
  }

  private long lastHeardNanos(PartitionState partition, long nowNanos) {
    NodeId leader = partition.lastLeader();
    return leader == null ? nowNanos : nowNanos - leases.unheardNanos(leader, nowNanos);
  }

  /** Why a new epoch is wanted; null when none is. */
  private Failover.Cause causeOfLoss(PartitionState partition, long nowNanos) {
    if (partition.isLeaderless()) {
      return null;
    }
    if (!partition.led()) {
      return partition.epoch() == 0 ? Failover.Cause.FIRST : null;
    }
    NodeId leader = partition.lastLeader();
    long incarnation = partition.lastIncarnation();
    Failover.Cause cause = causeOfEnd(leader, incarnation, nowNanos);
    if (isHandedOver(partition)) {
      boolean late = nowNanos - resigned.get(partition.id()).sinceNanos() >= SUCCESSION_NANOS;
      return late || cause != null ? Failover.Cause.HANDED_OVER : null;
    }
    return cause == null && isSilent(leader, incarnation, nowNanos) ? Failover.Cause.SILENT : cause;
  }

  /** Why a leader can't serve any more; null when it may. */
  private Failover.Cause causeOfEnd(NodeId leader, long incarnation, long nowNanos) {
    ClusterNode node = state.nodes().get(leader);
    if (leases.isReleased(leader, incarnation)) {
      return Failover.Cause.STOPPED;
    }
    if (node == null || node.issued() != incarnation) {
      return Failover.Cause.RESTARTED;
    }
    return leases.surelyOut(leader, incarnation, nowNanos) ? Failover.Cause.LEASE_OUT : null;
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
    if (partition.led() && !(enough && fence.oldLeaderStopped)) {
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
    NodeId chosen = candidates.stream().max(bestLast(partition, fence, nowNanos)).orElseThrow();
    Answer answer = fence.answers.get(chosen);
    reasons.remove(partition.id());
    return Optional.of(
        new Appointment(
            partition.id(),
            fence.epoch,
            chosen,
            answer.incarnation(),
            /* possibleLoss= */ !enough,
            leaderlessMillis(partition, fence, nowNanos)));
  }

  private long leaderlessMillis(PartitionState partition, Fence fence, long nowNanos) {
    long since = lostNanos.getOrDefault(partition.id(), fence.sinceNanos);
    return TimeUnit.NANOSECONDS.toMillis(Math.max(0, nowNanos - since));
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
    NodeId preferred = preferred(partition, nowNanos);
    return !hasAnswered(fence, preferred)
        && isAlive(preferred, nowNanos)
        && nowNanos - fence.sinceNanos
            < (fence.isSuccession() ? SUCCESSION_NANOS : PREFERENCE_NANOS);
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
      // The only copy of a configuration can't be gone on without either.
      boolean mayLack = each.copies() == 1 && each.replicas().size() > 1;
      if (!mayLack && among(each, counting) < each.fenceAnswers()) {
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

  private Comparator<NodeId> bestLast(PartitionState partition, Fence fence, long nowNanos) {
    NodeId preferred = preferred(partition, nowNanos);
    List<NodeId> staying = partition.configuration().replicas();
    Comparator<NodeId> byPosition =
        Comparator.comparing(node -> fence.answers.get(node).fenced().position());
    return byPosition
        .thenComparing(node -> node.equals(preferred))
        .thenComparing(staying::contains)
        .thenComparing(Comparator.reverseOrder());
  }

  /** The first replica that could lead now, whether or not it has been there for long. */
  private NodeId preferred(PartitionState partition, long nowNanos) {
    List<NodeId> replicas = partition.configuration().replicas();
    return replicas.stream()
        .filter(node -> isAlive(node, nowNanos) && isWilling(node))
        .findFirst()
        .orElse(replicas.get(0));
  }

  private boolean isWilling(NodeId id) {
    ClusterNode node = state.nodes().get(id);
    return node != null && !node.drained() && !node.amnesiac();
  }

  // Switchover.

  private void notePresence(long nowNanos) {
    for (ClusterNode node : state.nodes().values()) {
      if (!isAlive(node.id(), nowNanos) || node.incarnation() != node.issued()) {
        present.remove(node.id());
      } else {
        present.merge(
            node.id(),
            new Presence(node.incarnation(), nowNanos),
            (old, fresh) -> old.incarnation() == fresh.incarnation() ? old : fresh);
      }
    }
    present.keySet().retainAll(state.nodes().keySet());
  }

  private SortedMap<NodeId, List<HandOver>> handOvers(long nowNanos) {
    SortedMap<NodeId, List<HandOver>> asked = new TreeMap<>();
    long underWay =
        handOvers.entrySet().stream()
            .filter(each -> isLedIn(each.getKey(), each.getValue().epoch()))
            .filter(each -> nowNanos - each.getValue().atNanos() < HAND_OVER_AGAIN_NANOS)
            .count();
    for (PartitionState partition : state.partitions().values()) {
      if (underWay >= MAX_HAND_OVERS) {
        break;
      }
      NodeId to = shouldLead(partition, nowNanos);
      if (to != null && isDue(partition, nowNanos)) {
        underWay++;
        handOvers.put(
            partition.id(),
            new AskedToHandOver(partition.lastLeader(), partition.epoch(), nowNanos));
        asked
            .computeIfAbsent(partition.lastLeader(), leader -> new ArrayList<>())
            .add(new HandOver(partition.id(), partition.epoch(), to));
      }
    }
    return asked;
  }

  private boolean isDue(PartitionState partition, long nowNanos) {
    AskedToHandOver last = handOvers.get(partition.id());
    return !isProposed(partition, nowNanos)
        && (last == null || nowNanos - last.atNanos() >= pauseNanos(partition, last));
  }

  /** None after one that came about: its successor may be asked next. */
  private static long pauseNanos(PartitionState partition, AskedToHandOver last) {
    if (last.epoch() == partition.epoch()) {
      return HAND_OVER_AGAIN_NANOS;
    }
    return last.leader().equals(partition.lastLeader()) ? HAND_OVER_FAILED_NANOS : 0;
  }

  /** Who should lead in place of a leader that is there; null for nobody. */
  private NodeId shouldLead(PartitionState partition, long nowNanos) {
    if (!partition.led() || !isAlive(partition.lastLeader(), nowNanos)) {
      return null;
    }
    List<NodeId> replicas = partition.configuration().replicas();
    for (NodeId node : replicas) {
      if (isWilling(node) && node.equals(partition.lastLeader())) {
        return null;
      }
      if (isWilling(node) && isFit(node, nowNanos)) {
        return node;
      }
    }
    // One whose copy is to go makes way even for a drained one.
    return replicas.contains(partition.lastLeader())
        ? null
        : replicas.stream().filter(node -> isFit(node, nowNanos)).findFirst().orElse(null);
  }

  private boolean isFit(NodeId node, long nowNanos) {
    Presence presence = present.get(node);
    return presence != null && nowNanos - presence.sinceNanos() >= FIT_NANOS;
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
