package io.trefoil.control;

import static io.trefoil.control.Clusters.P;
import static io.trefoil.control.Clusters.node;
import static io.trefoil.control.Clusters.presence;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Clusters.Log;
import io.trefoil.control.ControlMessage.Fenced;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/**
 * One partition under real {@link Controller}s, with everything around them drawn from a seed:
 * messages are lost, doubled and late, nodes crash and come back, controllers replace each other
 * while the old one goes on without knowing, and its commands arrive when they arrive.
 */
class FailoverPropertyTest {
  private static final long MS = 1_000_000;

  @Property(tries = 50)
  void noEpochHasTwoLeadersNoLeaderLacksACommittedEntryAndNoneIsAppointedBesideALease(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 5) int replicas,
      @ForAll @IntRange(min = 0, max = 3) int rule) {
    CommitRule commit =
        switch (rule) {
          case 0 -> CommitRule.ASYNC;
          case 1 -> CommitRule.MAJORITY;
          case 2 -> CommitRule.SYNC;
          default -> replicas > 1 ? CommitRule.semiSync(1) : CommitRule.SYNC;
        };
    World world = new World(seed, replicas, commit);
    world.run(5000, /* faults= */ true);
    // Liveness: once nothing goes wrong any more, the partition has a leader that can serve.
    // Long enough for the preferred one to have led again for a while.
    world.run(6000, /* faults= */ false);
    assertThat(world.log.partition().leader())
        .as(() -> "seed " + seed + ": " + world.explain())
        .isPresent();
    assertThat(world.serves(world.log.partition().leader().orElseThrow())).isTrue();
  }

  /** The answer to its node's former process came late, and was taken for that to the new one. */
  @Test
  void aProcessHasStartedOnlyWhenItWasToldSoItself() {
    for (int rule = 0; rule < 4; rule++) {
      noEpochHasTwoLeadersNoLeaderLacksACommittedEntryAndNoneIsAppointedBesideALease(
          1346606243L, /* replicas= */ 1, rule);
    }
  }

  @Test
  void theWorldMeetsWhatItIsToTest() {
    int appointments = 0;
    int controllers = 0;
    int committed = 0;
    int leftBehind = 0;
    for (int seed = 0; seed < 15; seed++) {
      World world = new World(seed, 3, CommitRule.MAJORITY);
      world.run(5000, true);
      appointments += world.leaders.size();
      controllers += (int) world.log.term;
      committed += world.committed.size();
      leftBehind += world.refusedOfOldTerm;
    }
    assertThat(controllers).isGreaterThan(30);
    assertThat(committed).isGreaterThan(120);
    assertThat(leftBehind).isGreaterThan(0);
  }

  /** A node: its journal and promise last, the rest is lost in a crash. */
  private static final class Node {
    final NodeId id;
    final List<Long> journal = new ArrayList<>();
    long promised;
    long journaled;

    boolean up;

    /** Until then nothing reaches it and nothing leaves it, but it goes on. */
    long cutUntil;

    /** Until then it learns of no newer state. */
    long behindUntil;

    boolean started;
    long claim;
    long incarnation;
    long issued;
    int applied;
    long leads;
    NodeLease lease = new NodeLease();

    Node(NodeId id) {
      this.id = id;
    }

    Position position() {
      return journal.isEmpty()
          ? Position.ZERO
          : new Position(journal.get(journal.size() - 1), journal.size());
    }
  }

  /**
   * A process that asked: the next one of its node has other connections, and no answer to this one
   * reaches it.
   */
  private record Asker(Node node, long claim, long incarnation) {
    static Asker of(Node node) {
      return new Asker(node, node.claim, node.incarnation);
    }

    boolean stillWaits() {
      return node.claim == claim && node.incarnation == incarnation;
    }
  }

  /**
   * @param action what happens
   */
  private record Event(long at, Runnable action) {}

  private static final class World {
    final Random random;
    final int replicas;
    final CommitRule commit;
    final Log log;
    final List<ClusterState> history = new ArrayList<>();
    final Map<NodeId, Node> nodes = new TreeMap<>();
    final Map<Long, NodeId> leaders = new HashMap<>();
    final Set<List<Long>> committed = new HashSet<>();
    final List<Event> events = new ArrayList<>();
    final List<Acting> acting = new ArrayList<>();
    int refusedOfOldTerm;
    boolean faults = true;
    long now = 10_000;
    long claims = 1000;

    World(long seed, int replicas, CommitRule commit) {
      this.random = new Random(seed);
      this.replicas = replicas;
      this.commit = commit;
      this.log = Clusters.of(replicas, Clusters.single(replicas, commit, FailoverRule.SAFE));
      history.add(log.state);
      for (int n = 1; n <= replicas; n++) {
        Node node = new Node(node(n));
        node.up = true;
        node.started = true;
        node.claim = n;
        node.incarnation = 1;
        node.journaled = 1;
        nodes.put(node.id, node);
      }
      elect();
    }

    /** A controller, with its own view of the state, also after it was replaced. */
    final class Acting {
      final long term;
      final Controller controller;
      int seen;
      final Map<Long, Asker> requests = new HashMap<>();
      long nextRequest;

      Acting(long term) {
        this.term = term;
        this.seen = history.size();
        this.controller = new Controller(node(1), term, log.state, now * MS);
      }

      /** It believes that it leads; whether that is confirmed is the answer of a second voter. */
      void refresh() {
        controller.onRaft(new RaftView(true, term, List.of(Set.of(node(1), node(99)))), now * MS);
        if (log.term == term) {
          controller.term(new ControlMessage.TermAnswer(node(99), now * MS, term));
        }
      }

      void step(List<ControlEffect> effects) {
        for (ControlEffect effect : effects) {
          if (effect instanceof ControlEffect.Propose propose) {
            // In its own term's log while it leads; else a client takes it to the next leader.
            later(() -> commit(this, propose));
          } else if (effect instanceof ControlEffect.Send send) {
            Node to = nodes.get(send.to());
            if (to != null && send.message() instanceof ControlMessage.FenceRequest fence) {
              later(() -> fence(to, fence));
            } else if (to != null
                && send.message() instanceof ControlMessage.HandOverRequest handOver) {
              later(() -> handOver(to, handOver));
            }
          } else if (effect instanceof ControlEffect.Reply reply) {
            Asker to = requests.remove(reply.request());
            if (to != null) {
              later(
                  () -> {
                    if (isReached(to.node()) && to.stillWaits()) {
                      receive(to.node(), reply.message());
                    }
                  });
            }
          }
        }
      }

      void message(Asker from, ControlMessage.ToController message) {
        refresh();
        requests.put(++nextRequest, from);
        step(controller.onMessage(nextRequest, message, now * MS));
      }

      void tick() {
        refresh();
        while (seen < history.size() && random.nextInt(3) > 0) {
          step(controller.onState(history.get(seen++), now * MS));
        }
        step(controller.tick(now * MS, now));
      }
    }

    void elect() {
      log.term++;
      acting.add(new Acting(log.term));
      if (acting.size() > 2) {
        acting.remove(0);
      }
    }

    void run(int millis, boolean withFaults) {
      faults = withFaults;
      nodes.values().forEach(node -> node.cutUntil = now);
      for (long end = now + millis; now < end; now += 10) {
        List<Event> due = new ArrayList<>(events);
        due.removeIf(event -> event.at() > now);
        events.removeAll(due);
        due.forEach(event -> event.action().run());
        acting.forEach(Acting::tick);
        nodes.values().forEach(this::live);
        checkWhoServes();
        if (faults && random.nextInt(200) == 0) {
          elect();
        }
      }
    }

    void later(Runnable action) {
      int copies = faults ? random.nextInt(10) == 0 ? 0 : random.nextInt(10) == 0 ? 2 : 1 : 1;
      for (int i = 0; i < copies; i++) {
        int delay = faults && random.nextInt(12) == 0 ? 1500 : 40;
        events.add(new Event(now + random.nextInt(delay), action));
      }
    }

    private boolean isReached(Node node) {
      return node.up && now >= node.cutUntil;
    }

    void send(Node from, ControlMessage.ToController message) {
      if (now < from.cutUntil) {
        return;
      }
      Acting to = acting.get(faults && random.nextInt(5) == 0 ? 0 : acting.size() - 1);
      Asker asker = Asker.of(from);
      later(() -> to.message(asker, message));
    }

    // Nodes.

    void live(Node node) {
      if (!node.up) {
        if (!faults || random.nextInt(60) == 0) {
          restart(node);
        }
        return;
      }
      if (faults && random.nextInt(250) == 0) {
        node.up = false;
        node.leads = 0;
        return;
      }
      if (faults && random.nextInt(150) == 0) {
        node.cutUntil = now + random.nextInt(1200);
      }
      if (faults && random.nextInt(150) == 0) {
        node.behindUntil = now + random.nextInt(2500);
      }
      follow(node);
      reportSilence(node);
      sayAgain(node);
      if (now % 150 < 10) {
        ask(node);
      }
      if (node.leads > 0 && random.nextInt(4) == 0) {
        write(node);
      }
    }

    /** All that it has is with the successor only sometimes; it stops in any case. */
    private void handOver(Node node, ControlMessage.HandOverRequest asked) {
      long epoch = asked.partitions().get(0).epoch();
      if (node.up && node.started && node.leads == epoch) {
        send(
            node,
            new ControlMessage.Resign(node.id, node.incarnation, new TreeMap<>(Map.of(P, epoch))));
      }
    }

    /** Who promised a later epoch than the one it leads to the cluster has stepped down. */
    private void sayAgain(Node node) {
      PartitionState partition = history.get(Math.max(0, node.applied - 1)).partitions().get(P);
      boolean leadsToTheCluster =
          node.started
              && partition.leader().filter(node.id::equals).isPresent()
              && partition.lastIncarnation() == node.incarnation;
      if (leadsToTheCluster && node.promised > partition.epoch() && random.nextInt(20) == 0) {
        TreeMap<PartitionId, Long> epoch = new TreeMap<>(Map.of(P, partition.epoch()));
        send(node, new ControlMessage.Resign(node.id, node.incarnation, epoch));
      }
    }

    /** Followers that hear nothing from a leader say so; now and then one that is wrong. */
    private void reportSilence(Node node) {
      PartitionState partition = log.partition();
      NodeId leader = partition.leader().orElse(node.id);
      Node silent = nodes.get(leader);
      boolean heard = isReached(silent) && random.nextInt(100) > 0;
      if (faults && silent != node && !heard && random.nextInt(5) == 0) {
        send(node, new ControlMessage.SilenceReport(node.id, leader, partition.lastIncarnation()));
      }
    }

    private void restart(Node node) {
      node.up = true;
      node.started = false;
      node.claim = ++claims;
      node.incarnation = 0;
      node.issued = node.journaled;
      node.lease = new NodeLease();
      node.leads = 0;
      node.applied = 0;
    }

    private void ask(Node node) {
      if (node.started) {
        // Now and then nothing reaches any controller for a while.
        if (!faults || random.nextInt(5) > 0) {
          send(node, new ControlMessage.LeaseRequest(node.id, node.incarnation, now * MS, false));
        }
      } else if (node.incarnation == 0) {
        Presence presence = presence(node.id.number(), node.claim, node.journaled);
        send(node, new ControlMessage.Join(presence.withIssued(node.issued)));
      } else {
        send(node, new ControlMessage.Started(node.id, node.claim, node.incarnation));
      }
    }

    /** Takes over newer states in their order, now and then some behind. */
    private void follow(Node node) {
      if (faults && (random.nextInt(4) > 0 || now < Math.max(node.cutUntil, node.behindUntil))) {
        return;
      }
      while (node.applied < history.size()) {
        take(node, history.get(node.applied++));
      }
    }

    private void take(Node node, ClusterState state) {
      ClusterNode known = state.nodes().get(node.id);
      assertThat(known.issued())
          .as("late requests of earlier processes take nothing from this one")
          .isLessThanOrEqualTo(node.started ? node.incarnation : Long.MAX_VALUE);
      PartitionState partition = state.partitions().get(P);
      boolean mine =
          partition.leader().filter(node.id::equals).isPresent()
              && partition.lastIncarnation() == node.incarnation
              && node.started;
      if (mine && node.promised <= partition.epoch() && node.leads != partition.epoch()) {
        node.leads = partition.epoch();
        node.promised = partition.epoch();
        node.journal.add(partition.epoch());
      } else if (!mine && partition.epoch() > node.leads) {
        node.leads = 0;
      }
      node.lease.onState(state.version());
    }

    private void receive(Node node, ControlMessage.ToNode message) {
      if (message instanceof ControlMessage.LeaseReply reply) {
        node.lease.onGranted(reply.sentNanos(), reply.grantedNanos(), reply.stateVersion());
      } else if (message instanceof ControlMessage.OutcomeReply reply) {
        if (reply.outcome() instanceof Outcome.Overtaken overtaken && node.incarnation == 0) {
          node.issued = overtaken.issued();
        } else if (reply.outcome() instanceof Outcome.Registered registered
            && node.incarnation == 0) {
          node.incarnation = registered.incarnation();
          node.journaled = registered.incarnation();
        } else if (reply.outcome() instanceof Outcome.Done && node.incarnation > 0) {
          node.started = true;
        } else if (reply.outcome() instanceof Outcome.Refused && !node.started) {
          node.incarnation = 0;
        }
      }
    }

    private void fence(Node node, ControlMessage.FenceRequest request) {
      long epoch = request.epochs().get(P);
      if (!isReached(node) || !node.started || epoch < node.promised) {
        return;
      }
      if (epoch > node.promised || node.leads < epoch) {
        node.leads = 0;
      }
      node.promised = epoch;
      send(
          node,
          new ControlMessage.FenceAnswer(
              node.id,
              node.incarnation,
              List.of(new Fenced(P, node.promised, node.position(), true, now))));
    }

    /** One entry to some replicas; committed when c copies hold it in its leader's epoch. */
    private void write(Node leader) {
      leader.journal.add(leader.leads);
      int copies = 1;
      for (Node replica : nodes.values()) {
        boolean reached = !faults || random.nextInt(3) > 0;
        if (replica != leader
            && isReached(leader)
            && isReached(replica)
            && reached
            && replica.promised <= leader.leads) {
          replica.promised = leader.leads;
          replica.leads = replica.leads == leader.leads ? 0 : replica.leads;
          replica.journal.clear();
          replica.journal.addAll(leader.journal);
          copies++;
        }
      }
      if (copies >= commit.copies(replicas)) {
        committed.add(List.copyOf(leader.journal));
        committed.removeIf(older -> older.size() + 40 < leader.journal.size());
      }
    }

    String explain() {
      Controller controller = acting.get(acting.size() - 1).controller;
      return controller.reasons() + " " + log.partition() + " " + log.state.nodes();
    }

    boolean serves(NodeId id) {
      Node node = nodes.get(id);
      return node.leads > 0 && node.lease.isValid(now * MS);
    }

    // The log.

    private void commit(Acting by, ControlEffect.Propose propose) {
      PartitionState before = log.partition();
      Outcome outcome = log.apply(propose.command());
      if (outcome instanceof Outcome.Refused refused && refused.error().contains("leads no more")) {
        refusedOfOldTerm++;
      }
      if (history.get(history.size() - 1) != log.state) {
        history.add(log.state);
        checkAppointment(before, log.partition());
      }
      later(() -> by.step(by.controller.onOutcome(propose.ticket(), outcome, now * MS)));
    }

    private void checkAppointment(PartitionState before, PartitionState after) {
      if (!after.led() || before.led() && before.epoch() == after.epoch()) {
        return;
      }
      NodeId chosen = after.lastLeader();
      assertThat(leaders.put(after.epoch(), chosen)).as("first leader of its epoch").isNull();
      List<Long> journal = nodes.get(chosen).journal;
      for (List<Long> entries : committed) {
        assertThat(journal.size()).isGreaterThanOrEqualTo(entries.size());
        assertThat(journal.subList(0, entries.size())).isEqualTo(entries);
      }
      long covered =
          nodes.values().stream()
              .filter(node -> node.promised >= after.epoch())
              .filter(node -> node.position().compareTo(nodes.get(chosen).position()) <= 0)
              .count();
      assertThat(covered).isGreaterThanOrEqualTo(after.configuration().fenceAnswers());
      checkWhoServes();
    }

    /** Nobody serves an older epoch under a lease once a newer one has its leader. */
    private void checkWhoServes() {
      PartitionState partition = log.partition();
      for (Node node : nodes.values()) {
        boolean older = node.up && node.leads > 0 && node.leads < partition.epoch();
        if (older && partition.led()) {
          assertThat(node.lease.isValid(now * MS)).as("serves an older epoch").isFalse();
        }
      }
    }
  }
}
