package io.trefoil.control;

import static io.trefoil.control.Clusters.P;
import static io.trefoil.control.Clusters.node;
import static io.trefoil.control.Clusters.presence;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.HostPort;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Clusters.Log;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * A controller on n1 in term 5, its clock in milliseconds, and a log that does what it proposes.
 */
class ControllerTest {
  private static final long MS = 1_000_000;
  private static final long START = 10_000;

  private final Log log =
      Clusters.of(3, Clusters.single(3, CommitRule.MAJORITY, FailoverRule.SAFE));
  private final Controller controller = new Controller(node(1), 5, log.state, START * MS);
  private Set<NodeId> voters = Set.of(node(1));
  private List<ControlEffect> effects = List.of();
  private long requests;

  @Test
  void leasesAreGrantedOnlyByAConfirmedController() {
    log.term = 5;
    voters = Set.of(node(1), node(2), node(3));
    assertThat(lease(1, 1, START)).isZero();
    tick(START);
    assertThat(sent(ControlMessage.TermQuery.class)).hasSize(3);
    answerTerm(2, START, START + 10);
    assertThat(lease(1, 1, START + 20)).isEqualTo(580 * MS);
    // Nothing heard of the voters since: first shorter leases, then none.
    assertThat(lease(1, 1, START + 200)).isEqualTo(400 * MS);
    assertThat(controller.isConfirmed((START + 300) * MS)).isTrue();
    assertThat(lease(1, 1, START + 301)).isZero();
    assertThat(controller.isConfirmed((START + 301) * MS)).isFalse();
    assertThat(controller.isAlive(node(1), (START + 301) * MS)).isTrue();
  }

  @Test
  void theLeaseIsThatOfTheClusterAlsoWhenItIsFoundedUnderTheController() {
    Log fresh = new Log();
    Controller first = new Controller(node(1), 5, fresh.state, START * MS);
    first.onRaft(new RaftView(true, 5, List.of(Set.of(node(1)))), START * MS);
    fresh.state = Clusters.of(1, DatabaseOptions.NONE, 5000).state;
    first.onState(fresh.state, START * MS);
    List<ControlEffect> replies =
        first.onMessage(
            1, new ControlMessage.LeaseRequest(node(1), 1, START * MS, true), START * MS);
    assertThat(replies)
        .containsExactly(
            new ControlEffect.Reply(
                1, new ControlMessage.LeaseReply(START * MS, 5000 * MS, fresh.state.version())));
    assertThat(first.isAlive(node(1), (START + 601) * MS)).isTrue();
    assertThat(first.isAlive(node(1), (START + 5499) * MS)).isTrue();
    assertThat(first.isAlive(node(1), (START + 5500) * MS)).isFalse();
  }

  @Test
  void aNewControllerOfACalmClusterReplacesNoLeaderBeforeOneFullLease() {
    Log calm = Clusters.of(1, Clusters.single(1, CommitRule.SYNC, FailoverRule.SAFE), 5000);
    calm.term = 5;
    calm.apply(
        new ControlCommand.OpenEpochs(new TreeMap<>(Map.of(P, 0L)), Failover.Cause.FIRST, 0));
    long epoch = calm.partition().epoch();
    calm.apply(
        new ControlCommand.Appoint(
            5, List.of(new ControlCommand.Appointment(P, epoch, node(1), 1, false, 0))));
    Controller next = new Controller(node(1), 6, calm.state, START * MS);
    next.onRaft(new RaftView(true, 6, List.of(Set.of(node(1)))), (START + 5499) * MS);
    assertThat(next.tick((START + 5499) * MS, 0))
        .noneMatch(ControlEffect.Propose.class::isInstance);
    next.onRaft(new RaftView(true, 6, List.of(Set.of(node(1)))), (START + 5500) * MS);
    assertThat(next.tick((START + 5500) * MS, 0)).anyMatch(ControlEffect.Propose.class::isInstance);
  }

  @Test
  void anUnconfirmedControllerTouchesNoLeader() {
    voters = Set.of(node(1), node(2), node(3));
    tick(START + 5000);
    assertThat(proposals()).isEmpty();
    answerTerm(2, START + 5000, START + 5001);
    tick(START + 5050);
    assertThat(proposals()).hasSize(1);
  }

  @Test
  void onlyTheNewestIncarnationThatHasStartedGetsALease() {
    assertThat(lease(2, 1, START)).isEqualTo(600 * MS);
    assertThat(lease(2, 2, START)).isZero();
    assertThat(lease(9, 1, START)).isZero();
    log.apply(new ControlCommand.Register(presence(2, 40, 1), false));
    controller.onState(log.state, START * MS);
    assertThat(lease(2, 1, START + 10)).isZero();
    assertThat(lease(2, 2, START + 10)).isZero();
    log.apply(new ControlCommand.Start(node(2), 40, 2));
    controller.onState(log.state, START * MS);
    assertThat(lease(2, 2, START + 20)).isEqualTo(600 * MS);
    assertThat(sent(ControlMessage.LeaseReply.class).get(0).stateVersion())
        .isEqualTo(log.state.version());
  }

  @Test
  void aSecondProcessIsRefusedUntilTheLeaseOfTheFirstIsOut() {
    long now = START + 700;
    lease(2, 1, now);
    Outcome refused = ask(new ControlMessage.Join(presence(2, 40, 1)), now + 100);
    assertThat(((Outcome.Refused) refused).retry()).isTrue();
    Outcome accepted = ask(new ControlMessage.Join(presence(2, 40, 1)), now + 661);
    assertThat(accepted).isEqualTo(new Outcome.Registered(77, node(2), 2, true, false));
    assertThat(ask(new ControlMessage.Started(node(2), 40, 2), now + 670))
        .isInstanceOf(Outcome.Done.class);
  }

  @Test
  void aNodeThatSaysGoodbyeIsReplacedAtOnce() {
    for (int n = 1; n <= 3; n++) {
      lease(n, 1, START);
    }
    tick(START + 10);
    settle(START + 10);
    for (int n = 1; n <= 3; n++) {
      answerFence(n, START + 20);
    }
    settle(START + 20);
    assertThat(log.partition().leader()).contains(node(1));

    message(new ControlMessage.Stopping(node(1), 1), START + 30);
    settle(START + 30);
    assertThat(log.partition().leader()).isEmpty();
    assertThat(lease(1, 1, START + 31)).isZero();
    answerFence(2, START + 40);
    settle(START + 40);
    answerFence(3, START + 50);
    settle(START + 50);
    assertThat(log.partition().leader()).contains(node(2));
  }

  @Test
  void nodesWhoseRaftIsReadyBecomeVoters() {
    message(new ControlMessage.LeaseRequest(node(2), 1, 0, true), START);
    message(new ControlMessage.LeaseRequest(node(3), 1, 0, false), START);
    tick(START + 10);
    // Two would bear no loss.
    assertThat(newVoters()).isEmpty();
    message(new ControlMessage.LeaseRequest(node(3), 1, 0, true), START + 900);
    message(new ControlMessage.LeaseRequest(node(2), 1, 0, true), START + 900);
    tick(START + 1010);
    assertThat(newVoters()).containsExactly(node(1), node(2), node(3));
    // It is tried again, but not at every tick.
    tick(START + 1030);
    assertThat(newVoters()).isEmpty();
    voters = Set.of(node(1), node(2), node(3));
    tick(START + 3000);
    assertThat(newVoters()).isEmpty();
  }

  @Test
  void nodesMaySubmitCommandsOfPeopleOnly() {
    assertThat(ask(new ControlMessage.SubmitRequest(new ControlCommand.Ensure(3)), START))
        .isInstanceOf(Outcome.Done.class);
    ControlCommand link = new ControlCommand.LinkRegion("us", List.of(new HostPort("n1.us", 1)));
    for (ControlCommand command : List.of(link, new ControlCommand.UnlinkRegion("us"))) {
      assertThat(ask(new ControlMessage.SubmitRequest(command), START))
          .isInstanceOf(Outcome.Done.class);
    }
    message(new ControlMessage.SubmitRequest(new ControlCommand.Whole(node(1), 1)), START);
    assertThat(proposals()).isEmpty();
    assertThat(sent(ControlMessage.OutcomeReply.class))
        .containsExactly(
            new ControlMessage.OutcomeReply(
                Outcome.refused("ERR only commands of people can be sent")));
  }

  @Test
  void aCopyOfALeaderlessPartitionThatIsReadyIsProposedOnce() {
    log.apply(
        new ControlCommand.Create(
            "carts", ClusterStateTest.options("REPLICATION LEADERLESS REPLICAS 3 PARTITIONS 1")));
    log.apply(new ControlCommand.Alter("carts", ClusterStateTest.alteration("W 3")));
    controller.onState(log.state, START * MS);
    PartitionId id = log.state.partitions().lastKey();
    ready(2, id, 1);
    assertThat(proposals()).isEmpty();
    ready(9, id, 2);
    assertThat(proposals()).isEmpty();
    ready(2, id, 2);
    assertThat(proposals()).containsExactly(new ControlCommand.CopyReady(node(2), id, 2));
    settle(START);
    ready(2, id, 2);
    assertThat(proposals()).isEmpty();
    for (int n : new int[] {1, 3}) {
      ready(n, id, 2);
      settle(START);
    }
    assertThat(log.state.partitions().get(id).isChanging()).isFalse();
    ready(1, id, 3);
    assertThat(proposals()).isEmpty();
  }

  private void ready(int n, PartitionId id, long configVersion) {
    message(new ControlMessage.ChangeReady(node(n), id, 0, configVersion), START);
  }

  @Test
  void theStateIsSentToWhoeverIsBehind() {
    message(new ControlMessage.StateRequest(0), START);
    assertThat(sent(ControlMessage.StateReply.class).get(0).state()).isEqualTo(log.state);
    message(new ControlMessage.StateRequest(log.state.version()), START);
    assertThat(sent(ControlMessage.StateReply.class).get(0).state()).isNull();
  }

  // The small language of these tests.

  private void raft(long millis) {
    controller.onRaft(new RaftView(true, 5, List.of(voters)), millis * MS);
  }

  private void tick(long millis) {
    raft(millis);
    effects = controller.tick(millis * MS, millis);
  }

  private void message(ControlMessage.ToController message, long millis) {
    raft(millis);
    effects = controller.onMessage(++requests, message, millis * MS);
  }

  private long lease(int n, long incarnation, long millis) {
    message(new ControlMessage.LeaseRequest(node(n), incarnation, 7, false), millis);
    ControlMessage.LeaseReply reply = sent(ControlMessage.LeaseReply.class).get(0);
    assertThat(reply.sentNanos()).isEqualTo(7);
    return reply.grantedNanos();
  }

  private void answerTerm(int n, long askedMillis, long millis) {
    message(new ControlMessage.TermAnswer(node(n), askedMillis * MS, 5), millis);
  }

  private void answerFence(int n, long millis) {
    message(
        new ControlMessage.FenceAnswer(
            node(n),
            1,
            List.of(new ControlMessage.Fenced(P, log.partition().epoch(), Position.ZERO, true, 0))),
        millis);
    settle(millis);
  }

  /** The outcome that a request is answered with, once its command is through. */
  private Outcome ask(ControlMessage.ToController message, long millis) {
    message(message, millis);
    long request = requests;
    settle(millis);
    for (ControlEffect effect : effects) {
      if (effect instanceof ControlEffect.Reply reply
          && reply.request() == request
          && reply.message() instanceof ControlMessage.OutcomeReply outcome) {
        return outcome.outcome();
      }
    }
    throw new AssertionError("no reply in " + effects);
  }

  /** Applies what is proposed, and what follows from it; keeps all effects. */
  private void settle(long millis) {
    log.term = 5;
    List<ControlEffect> all = new ArrayList<>(effects);
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i) instanceof ControlEffect.Propose propose) {
        Outcome outcome = log.apply(propose.command());
        all.addAll(controller.onState(log.state, millis * MS));
        all.addAll(controller.onOutcome(propose.ticket(), outcome, millis * MS));
      }
    }
    effects = all;
  }

  private List<ControlCommand> proposals() {
    List<ControlCommand> commands = new ArrayList<>();
    for (ControlEffect effect : effects) {
      if (effect instanceof ControlEffect.Propose propose) {
        commands.add(propose.command());
      }
    }
    return commands;
  }

  private List<NodeId> newVoters() {
    for (ControlEffect effect : effects) {
      if (effect instanceof ControlEffect.SetVoters set) {
        return set.voters().stream().map(ClusterNode::id).toList();
      }
    }
    return List.of();
  }

  private <M extends ControlMessage> List<M> sent(Class<M> type) {
    List<M> messages = new ArrayList<>();
    for (ControlEffect effect : effects) {
      if (effect instanceof ControlEffect.Reply reply && type.isInstance(reply.message())) {
        messages.add(type.cast(reply.message()));
      } else if (effect instanceof ControlEffect.Send send && type.isInstance(send.message())) {
        messages.add(type.cast(send.message()));
      }
    }
    return messages;
  }
}
