package io.trefoil.simulation;

import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.Membership;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A node of the control plane that believes it leads: notices a silent leader, opens an epoch,
 * fences, appoints. Several may believe so at once. Only the one that consensus confirms grants
 * leases; for the rest {@link Cluster} decides between them.
 */
final class Controller {
  private static final long ACT_MICROS = 50 * Schedule.MILLIS;
  private static final long SILENT_MICROS = 500 * Schedule.MILLIS;
  private static final long REPEAT_MICROS = 200 * Schedule.MILLIS;
  private static final long AVAILABLE_AFTER_MICROS = 1_000 * Schedule.MILLIS;

  /** A fence answer, and which start of the node gave it. */
  private record Answer(Position last, boolean counts, int incarnation) {}

  private final World world;
  private final Cluster cluster;
  private final NodeId id;
  private final int clockRate; // of a thousand
  private final boolean available;

  private boolean acting;
  private boolean confirmed;
  private long confirmedSince;
  private long repeatedAt;
  private long watchedEpoch;
  private long openSince;
  private final Map<NodeId, Answer> answers = new TreeMap<>();
  private final Map<NodeId, Long> granted = new TreeMap<>();
  private final Map<NodeId, Long> heard = new TreeMap<>();
  private final Map<NodeId, Integer> incarnations = new TreeMap<>();

  Controller(World world, Cluster cluster, NodeId id, int clockRate, boolean available) {
    this.world = world;
    this.cluster = cluster;
    this.id = id;
    this.clockRate = clockRate;
    this.available = available;
  }

  NodeId id() {
    return id;
  }

  /** Where the state comes from: a stream of its own, which may be behind when leases are not. */
  NodeId stream() {
    return new NodeId(id.number() + 50);
  }

  void start() {
    acting = true;
    confirmed = true;
    confirmedSince = localMicros();
    repeatedAt = 0;
    watchedEpoch = -1;
    granted.clear();
    incarnations.clear();
    heard.clear();
    world.nodes.keySet().forEach(node -> heard.put(node, confirmedSince));
    actAgain();
  }

  /** Another one leads now; this one does not know it yet. */
  void loseConfirmation() {
    confirmed = false;
  }

  void stop() {
    acting = false;
    confirmed = false;
  }

  private long localMicros() {
    return world.schedule.nowMicros() * clockRate / 1_000 + 1;
  }

  private void actAgain() {
    long since = confirmedSince;
    world.schedule.after(
        ACT_MICROS,
        () -> {
          if (acting && confirmedSince == since) {
            act();
            actAgain();
          }
        });
  }

  private void act() {
    watch();
    if (cluster.epoch() == 0 || cluster.leader() != null && leaderIsGone()) {
      open();
    }
    if (localMicros() - repeatedAt >= REPEAT_MICROS) {
      repeatedAt = localMicros();
      announce();
    }
    maybeAppoint();
  }

  private boolean leaderIsGone() {
    NodeId leader = cluster.leader();
    return localMicros() - heard.getOrDefault(leader, 0L) > SILENT_MICROS
        // One that restarted before it heard of it does not lead.
        || incarnations.getOrDefault(leader, 0) > cluster.leaderIncarnation();
  }

  /** Opens the next epoch. Also when somebody asks for it without need. */
  void open() {
    if (acting && cluster.open(cluster.epoch())) {
      world.trace.note(id, "opens epoch " + cluster.epoch());
      watch();
      announce();
    }
  }

  private void watch() {
    if (watchedEpoch != cluster.epoch()) {
      watchedEpoch = cluster.epoch();
      openSince = localMicros();
      answers.clear();
    }
  }

  private void announce() {
    long epoch = cluster.epoch();
    NodeId leader = cluster.leader();
    int incarnation = cluster.leaderIncarnation();
    Membership membership = cluster.membership();
    long version = cluster.membershipVersion();
    for (NodeId node : membership.replicas()) {
      if (leader != null) {
        tell(stream(), node, it -> it.appointed(epoch, leader, incarnation, membership, version));
      } else if (!answers.containsKey(node)) {
        tell(stream(), node, it -> it.epochOpened(epoch));
        if (isAsked(node)) {
          tell(stream(), node, it -> it.fence(epoch));
        }
      }
    }
  }

  private void tell(NodeId from, NodeId node, Consumer<SimulatedNode> what) {
    SimulatedNode target = world.nodes.get(node);
    int there = target.incarnation();
    world.network.send(from, node, () -> target.deliverOver(there, () -> what.accept(target)));
  }

  void answered(NodeId node, int incarnation, Effect.AnswerFence answer) {
    if (acting) {
      hear(node, incarnation);
      watch();
      if (answer.promised() == watchedEpoch) {
        answers.put(node, new Answer(answer.last(), answer.counts(), incarnation));
        maybeAppoint();
      }
    }
  }

  private void hear(NodeId node, int incarnation) {
    heard.put(node, localMicros());
    incarnations.merge(node, incarnation, Math::max);
  }

  void askedForLease(NodeId node, int incarnation, long sentMicros) {
    if (!acting) {
      return;
    }
    hear(node, incarnation);
    if (confirmed) {
      granted.put(node, localMicros());
      long epoch = world.mutant == Mutant.LEASE_WITHOUT_EPOCH ? 0 : cluster.epoch();
      tell(id, node, it -> it.leaseGranted(sentMicros, epoch));
    }
  }

  private void maybeAppoint() {
    if (cluster.leader() != null && world.mutant != Mutant.APPOINTED_TWICE
        || answers.isEmpty()
        || !formerLeaderServesNoMore()) {
      return;
    }
    if (cluster.membership().standing().stream().allMatch(this::hasItsAnswers)) {
      best(true).ifPresent(it -> appoint(it, false));
    } else if (cluster.membership().replicas().stream().allMatch(answers::containsKey)) {
      best(false).ifPresent(it -> appoint(it, true)); // all are back, too few count
    } else if (mayGoOnWithFewer()) {
      best(true).ifPresent(it -> appoint(it, true));
    }
  }

  /** Without a fence only the one that is to lead is asked: the first that is there. */
  private boolean isAsked(NodeId node) {
    return world.mutant != Mutant.NO_FENCE
        || cluster.membership().replicas().stream()
            .filter(it -> !it.equals(cluster.formerLeader()))
            .filter(it -> localMicros() - heard.getOrDefault(it, 0L) < SILENT_MICROS)
            .findFirst()
            .filter(node::equals)
            .isPresent();
  }

  private boolean hasItsAnswers(Configuration configuration) {
    int needed =
        switch (world.mutant) {
          case FIRST_ANSWER_LEADS, NO_FENCE -> 1;
          case ONE_ANSWER_TOO_FEW -> Math.max(1, configuration.fenceAnswers() - 1);
          default -> configuration.fenceAnswers();
        };
    return configuration.replicas().stream()
            .filter(it -> answers.containsKey(it) && answers.get(it).counts())
            .count()
        >= needed;
  }

  private boolean mayGoOnWithFewer() {
    return available && localMicros() - openSince > AVAILABLE_AFTER_MICROS;
  }

  /** It stepped down, or died, or its lease has run out whoever granted it. */
  private boolean formerLeaderServesNoMore() {
    NodeId former = cluster.formerLeader();
    if (former == null || world.mutant == Mutant.LEASE_NOT_WAITED_FOR) {
      return true;
    }
    boolean steppedDown = answers.containsKey(former);
    boolean died = incarnations.getOrDefault(former, 0) > cluster.formerIncarnation();
    // A lease granted since the epoch was opened told the node of it, so only older ones matter.
    long lastLease =
        confirmed
            ? Math.min(openSince, Math.max(confirmedSince, granted.getOrDefault(former, 0L)))
            : openSince;
    return steppedDown || died || localMicros() - lastLease > SimulatedNode.LEASE_MICROS;
  }

  /** The largest position; of equal ones, a replica that stays when the configuration changes. */
  private Optional<NodeId> best(boolean countingOnly) {
    List<Configuration> standing = cluster.membership().standing();
    List<NodeId> staying = standing.get(standing.size() - 1).replicas();
    Comparator<NodeId> byPosition = Comparator.comparing(it -> answers.get(it).last());
    if (world.mutant == Mutant.SHORTEST_LOG_LEADS) {
      byPosition = byPosition.reversed();
    }
    return answers.keySet().stream()
        .filter(it -> answers.get(it).counts() || !countingOnly)
        .filter(cluster.membership().replicas()::contains)
        .max(byPosition.thenComparing(staying::contains).thenComparing(it -> -it.number()));
  }

  private void appoint(NodeId leader, boolean mayLose) {
    if (cluster.appoint(watchedEpoch, leader, answers.get(leader).incarnation())) {
      world.trace.note(
          id, "appoints " + leader + " in epoch " + watchedEpoch + (mayLose ? ", MAY LOSE" : ""));
      world.checks.appointed(watchedEpoch, mayLose, world.schedule.nowMicros());
      world.coverage.appointed(mayLose);
      heard.put(leader, localMicros());
      announce();
    }
  }

  /** Begins to replace the configuration: both stand until everything is copied under both. */
  boolean change(Configuration wanted) {
    Membership membership = cluster.membership();
    if (!acting || cluster.leader() == null || membership.standing().size() == 2) {
      return false;
    }
    Membership next =
        world.mutant == Mutant.CHANGED_IN_ONE_STEP
            ? new Membership(List.of(wanted))
            : new Membership(List.of(membership.standing().get(0), wanted));
    world.trace.note(id, "changes to " + wanted.copies() + " of " + wanted.replicas());
    return cluster.change(cluster.membershipVersion(), next);
  }

  void copiedUnderBoth(NodeId node, long epoch, long version) {
    boolean current =
        acting
            && epoch == cluster.epoch()
            && node.equals(cluster.leader())
            && version == cluster.membershipVersion()
            && cluster.membership().standing().size() == 2;
    if (current) {
      Configuration wanted = cluster.membership().standing().get(1);
      // A leader that the new configuration lacks would have to be replaced first: call it off.
      Configuration kept =
          wanted.replicas().contains(node) ? wanted : cluster.membership().standing().get(0);
      world.trace.note(id, "only " + kept.copies() + " of " + kept.replicas() + " stands now");
      cluster.change(version, new Membership(List.of(kept)));
    }
  }
}
