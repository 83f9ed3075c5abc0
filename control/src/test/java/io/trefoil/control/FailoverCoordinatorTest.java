package io.trefoil.control;

import static io.trefoil.control.Clusters.P;
import static io.trefoil.control.Clusters.node;
import static io.trefoil.control.Clusters.presence;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.Clusters.Log;
import io.trefoil.control.ControlCommand.Appointment;
import io.trefoil.control.ControlMessage.Fenced;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** One partition, one controller, one clock in milliseconds. */
class FailoverCoordinatorTest {
  private static final long MS = 1_000_000;

  /** More than a full lease after the controller's start. */
  private static final long START = 1000;

  private Log log;
  private LeaseGrants leases;
  private FailoverCoordinator failover;
  private FailoverCoordinator.Step step;

  @Test
  void aNewPartitionGetsItsPreferredLeader() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    grantAll(START);
    step(START);
    assertThat(commands()).containsExactly(open(0, Failover.Cause.FIRST));
    applyAll();
    step(START + 1);
    assertThat(step.fences().keySet()).containsExactly(node(1), node(2), node(3));
    answer(2, 0, 0, true);
    answer(3, 0, 0, true);
    step(START + 2);
    // Enough, but the preferred leader is alive and has a moment.
    assertThat(step.commands()).isEmpty();
    answer(1, 0, 0, true);
    step(START + 3);
    assertThat(commands()).containsExactly(appoint(1, false));
  }

  @Test
  void aPreferredLeaderIsNotWaitedForLong() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    grantAll(START);
    openAndFence(START);
    answer(3, 0, 0, true);
    answer(2, 0, 0, true);
    step(START + 60);
    assertThat(commands()).containsExactly(appoint(2, false));
  }

  @Test
  void aDeadLeaderIsReplacedByTheLongestOfEnoughAnswersOnceItsLeaseIsOut() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    grant(1, START);
    grant(2, START);
    grant(3, START);
    failover.onSilence(node(1), 1, (START + 310) * MS);
    grant(2, START + 300);
    grant(3, START + 300);
    step(START + 310);
    // Reported and not heard of for two renewals: its epoch ends before its lease does.
    assertThat(step.commands()).hasSize(1);
    applyAll();
    step(START + 320);
    answer(2, 5, 100, true);
    step(START + 330);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("needs 2 of 3 replicas, has 1; away: n1, n3");
    answer(3, 5, 101, true);
    step(START + 370);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("the lease of n1 must run out first");
    step(START + 659);
    assertThat(step.commands()).isEmpty();
    step(START + 660);
    assertThat(commands()).containsExactly(appoint(3, false));
    assertThat(failover.reasons()).isEmpty();
  }

  @Test
  void aSilentLeaderThatRenewsItsLeaseStays() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    grantAll(START);
    failover.onSilence(node(1), 1, (START + 100) * MS);
    step(START + 290);
    assertThat(step.commands()).isEmpty();
  }

  @Test
  void aLeaderThatPromisesTheNewEpochIsNotWaitedFor() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    grantAll(START);
    apply(open(log.partition().epoch(), Failover.Cause.SILENT));
    step(START + 1);
    answer(1, 5, 100, true);
    answer(2, 5, 100, true);
    step(START + 3);
    assertThat(commands()).containsExactly(appoint(1, false));
  }

  @Test
  void anotherControllerWaitsOneFullLeaseAndTakesUpTheEpoch() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    apply(open(log.partition().epoch(), Failover.Cause.LEASE_OUT));
    leases = new LeaseGrants(START * MS, log.state.leaseTerms());
    failover = new FailoverCoordinator(1, leases, log.state);
    grant(2, START + 400);
    grant(3, START + 400);
    step(START + 400);
    assertThat(step.commands()).isEmpty();
    assertThat(step.fences()).hasSize(3);
    answer(2, 5, 100, true);
    answer(3, 5, 99, true);
    step(START + 659);
    assertThat(step.commands()).isEmpty();
    step(START + 660);
    assertThat(commands()).containsExactly(appoint(2, false));
  }

  @Test
  void answersOfOtherEpochsAndIncarnationsCountNothing() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    grantAll(START);
    openAndFence(START);
    long epoch = log.partition().epoch();
    failover.onAnswer(node(1), 1, new Fenced(P, epoch - 1, new Position(5, 1), true, 0));
    failover.onAnswer(node(1), 1, new Fenced(P, epoch + 1, new Position(5, 1), true, 0));
    failover.onAnswer(node(2), 9, new Fenced(P, epoch, new Position(5, 1), true, 0));
    failover.onAnswer(node(4), 1, new Fenced(P, epoch, new Position(5, 1), true, 0));
    answer(3, 5, 1, true);
    answer(3, 5, 1, true);
    step(START + 200);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("needs 2 of 3 replicas, has 1; away: n1, n2");
  }

  @Test
  void aRestartedLeaderForcesANewEpochAndMayLeadAgain() {
    cluster(1, 1, CommitRule.SYNC, FailoverRule.SAFE);
    lead(1);
    grant(1, START);
    apply(new ControlCommand.Register(presence(1, 40, 1), false));
    step(START + 700);
    assertThat(commands()).containsExactly(open(log.partition().epoch(), Failover.Cause.RESTARTED));
    applyAll();
    apply(new ControlCommand.Start(node(1), 40, 2));
    leases.grant(node(1), 2, log.state.version(), (START + 710) * MS, (START + 710) * MS);
    step(START + 710);
    failover.onAnswer(
        node(1), 1, new Fenced(P, log.partition().epoch(), new Position(5, 9), true, 0));
    step(START + 720);
    assertThat(step.commands()).isEmpty();
    failover.onAnswer(
        node(1), 2, new Fenced(P, log.partition().epoch(), new Position(5, 9), true, 0));
    step(START + 730);
    assertThat(commands())
        .containsExactly(
            new ControlCommand.Appoint(
                1, List.of(new Appointment(P, log.partition().epoch(), node(1), 2, false, 0))));
  }

  @Test
  void whenAllAreBackAndTooFewCountTheLongestLeadsWithPossibleLoss() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    grantAll(START);
    openAndFence(START);
    answer(1, 5, 10, false);
    answer(2, 5, 12, false);
    step(START + 100);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("needs 2 of 3 replicas, has 0; away: n3; not whole: n1, n2");
    answer(3, 5, 11, true);
    step(START + 110);
    assertThat(commands()).containsExactly(appoint(2, true));
    applyAll();
    assertThat(log.partition().lossEpoch()).isEqualTo(log.partition().epoch());
  }

  @Test
  void safeAsyncWaitsForAllAndAvailableOnlyForThoseThatAreNotSurelyDown() {
    for (FailoverRule rule : FailoverRule.values()) {
      cluster(3, 3, CommitRule.ASYNC, rule);
      grant(1, START);
      grant(2, START);
      grant(3, START);
      openAndFence(START);
      answer(1, 5, 10, true);
      answer(2, 5, 12, true);
      grant(1, START + 500);
      grant(2, START + 500);
      step(START + 650);
      assertThat(step.commands()).isEmpty();
      step(START + 660);
      if (rule == FailoverRule.SAFE) {
        assertThat(step.commands()).isEmpty();
        assertThat(reason()).isEqualTo("needs 3 of 3 replicas, has 2; away: n3");
      } else {
        assertThat(commands()).containsExactly(appoint(2, true));
      }
    }
  }

  @Test
  void bothStandingConfigurationsNeedTheirAnswers() {
    cluster(3, 3, CommitRule.ASYNC, FailoverRule.SAFE);
    apply(new ControlCommand.Alter("0", ClusterStateTest.options("COMMIT SYNC")));
    grantAll(START);
    openAndFence(START);
    answer(1, 5, 10, true);
    answer(2, 5, 12, true);
    step(START + 100);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("needs 3 of 3 and 1 of 3 replicas, has 2; away: n3");
    answer(3, 5, 10, true);
    step(START + 110);
    assertThat(commands()).containsExactly(appoint(2, false));
  }

  @Test
  void aLeaderHandsOverToThePreferredOneOnceThatHasBeenThereForAWhile() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(2);
    grantAll(START);
    step(START);
    assertThat(step.handOvers()).isEmpty();
    grantAll(START + 2900);
    grantAll(START + 3000);
    step(START + 3000);
    assertThat(step.commands()).isEmpty();
    long epoch = log.partition().epoch();
    assertThat(step.handOvers())
        .containsExactly(
            Map.entry(node(2), List.of(new ControlMessage.HandOver(P, epoch, node(1)))));
    // Not asked again at once.
    step(START + 3100);
    assertThat(step.handOvers()).isEmpty();
    failover.onResigned(node(2), 1, P, epoch, (START + 3110) * MS);
    step(START + 3120);
    assertThat(step.commands()).isEmpty();
    long next = log.state.version() + 1;
    assertThat(step.fences().values()).containsOnly(new TreeMap<>(Map.of(P, next)));
    assertThat(step.fences().keySet()).containsExactly(node(1), node(2), node(3));
    answer(2, next, 5, 100, true);
    answer(3, next, 5, 100, true);
    step(START + 3125);
    assertThat(step.commands()).as("the preferred one is waited for").isEmpty();
    answer(1, next, 5, 100, true);
    step(START + 3130);
    assertThat(step.commands()).containsExactly(succeed(epoch, next, 1, START + 3130, /* ms */ 20));
    applyAll();
    assertThat(log.partition().leader()).contains(node(1));
    assertThat(log.partition().epoch()).isEqualTo(next);
    Failover last = log.state.failovers().get(log.state.failovers().size() - 1);
    assertThat(last)
        .isEqualTo(
            new Failover(
                next,
                START + 3130,
                Failover.Cause.HANDED_OVER,
                node(2),
                /* partitions= */ 1,
                /* led= */ 1,
                /* ms */ 20,
                false));
  }

  /** On a busy machine, or far away: the old leader, beside the controller, answers first. */
  @Test
  void aSuccessorThatIsSlowToAnswerIsWaitedForAsLongAsASuccessionLasts() {
    cluster(2, 2, CommitRule.MAJORITY, FailoverRule.SAFE);
    long ended = resignedBy2();
    long next = log.state.version() + 1;
    answer(2, next, 5, 100, true);
    step(START + 3110 + 290);
    assertThat(step.commands()).isEmpty();
    answer(1, next, 5, 100, true);
    step(START + 3110 + 291);
    assertThat(step.commands())
        .containsExactly(succeed(ended, next, 1, START + 3401, /* ms */ 291));
  }

  @Test
  void aLeaderThatHandedOverAndLeadsAgainIsNotAskedAgainAtOnce() {
    cluster(2, 2, CommitRule.MAJORITY, FailoverRule.SAFE);
    long ended = resignedBy2();
    apply(open(ended, Failover.Cause.HANDED_OVER));
    apply(appoint(2, false));
    for (long millis = START + 3200; millis < START + 13_000; millis += 200) {
      grantAll(millis);
      step(millis);
      assertThat(step.handOvers()).as("at %s", millis).isEmpty();
    }
    grantAll(START + 13_000);
    step(START + 13_000);
    assertThat(step.handOvers().get(node(2)))
        .containsExactly(new ControlMessage.HandOver(P, log.partition().epoch(), node(1)));
  }

  @Test
  void aLeaderHasPromisedBeforeItIsSucceeded() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    long ended = resignedBy2();
    long next = log.state.version() + 1;
    answer(1, next, 5, 100, true);
    answer(3, next, 5, 100, true);
    step(START + 3120);
    assertThat(step.commands()).isEmpty();
    // It may have gone on by then.
    step(START + 3110 + 300);
    assertThat(commands()).containsExactly(open(ended, Failover.Cause.HANDED_OVER));
    applyAll();
    assertThat(log.partition().leader()).isEmpty();
    step(START + 3411);
    answer(1, 5, 100, true);
    answer(3, 5, 100, true);
    step(START + 3420);
    assertThat(step.commands()).isEmpty();
    assertThat(reason()).isEqualTo("the lease of n2 must run out first");
    answer(2, 5, 100, true);
    step(START + 3430);
    assertThat(commands()).containsExactly(appoint(1, false));
  }

  @Test
  void aLeaderThatIsLostWhileItHandsOverIsReplaced() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    long ended = resignedBy2();
    leases.release(node(2), 1);
    step(START + 3120);
    assertThat(commands()).containsExactly(open(ended, Failover.Cause.HANDED_OVER));
  }

  @Test
  void ofTwoControllersWhoFenceWithTheSameNumberOneGivesTheEpochItsLeader() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    long ended = resignedBy2();
    long next = log.state.version() + 1;
    answer(1, next, 5, 100, true);
    answer(2, next, 5, 100, true);
    step(START + 3120);
    ControlCommand of1 = succeed(ended, next, 1, START + 3120, /* ms */ 10);
    assertThat(step.commands()).containsExactly(of1);
    // Another one opens an epoch meanwhile, whose place in the log is the number promised.
    apply(open(ended, Failover.Cause.LEASE_OUT));
    assertThat(log.partition().epoch()).isEqualTo(next);
    assertThat(log.apply(of1)).isInstanceOf(Outcome.Refused.class);
    assertThat(log.partition().leader()).isEmpty();
    // Its promises hold: nobody has led that epoch.
    step(START + 3130);
    assertThat(commands()).containsExactly(appoint(1, false));
    applyAll();
    assertThat(log.apply(of1)).isInstanceOf(Outcome.Refused.class);
  }

  /** Leads with n2, which hands over to n1. Gives the epoch that is to end. */
  private long resignedBy2() {
    lead(2);
    grantAll(START);
    step(START);
    grantAll(START + 2900);
    grantAll(START + 3000);
    step(START + 3000);
    long epoch = log.partition().epoch();
    failover.onResigned(node(2), 1, P, epoch, (START + 3110) * MS);
    step(START + 3111);
    assertThat(step.commands()).isEmpty();
    return epoch;
  }

  @Test
  void aDrainedLeaderHandsOverToTheNextOfTheReplicas() {
    cluster(3, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    grantAll(START);
    step(START);
    apply(new ControlCommand.Drain("n1", true));
    grantAll(START + 3000);
    step(START + 3000);
    assertThat(step.handOvers().get(node(1)))
        .containsExactly(new ControlMessage.HandOver(P, log.partition().epoch(), node(2)));
  }

  @Test
  void aLeaderWhoseCopyMovesAwayHandsOverToTheNewCopyWhenBothStand() {
    cluster(4, 3, CommitRule.MAJORITY, FailoverRule.SAFE);
    lead(1);
    grantAll(START);
    step(START);
    apply(new ControlCommand.Move("0", null, "n1", "n4"));
    grantAll(START + 3000);
    step(START + 3000);
    assertThat(step.handOvers()).isEmpty();
    apply(new ControlCommand.Advance(P, log.partition().epoch(), log.partition().configVersion()));
    step(START + 3010);
    assertThat(step.handOvers().get(node(1)))
        .containsExactly(new ControlMessage.HandOver(P, log.partition().epoch(), node(4)));
  }

  @Test
  void onlySoManyAreHandedOverAtOnce() {
    log = Clusters.of(3, DatabaseOptions.NONE);
    leases = new LeaseGrants(0, log.state.leaseTerms());
    failover = new FailoverCoordinator(1, leases, log.state);
    TreeMap<PartitionId, Long> epochs = new TreeMap<>();
    log.state.partitions().keySet().forEach(id -> epochs.put(id, 0L));
    apply(new ControlCommand.OpenEpochs(epochs, Failover.Cause.FIRST, 0));
    List<Appointment> toTheThird = new ArrayList<>();
    log.state
        .partitions()
        .values()
        .forEach(
            it ->
                toTheThird.add(
                    new Appointment(
                        it.id(), it.epoch(), it.configuration().replicas().get(2), 1, false, 0)));
    apply(new ControlCommand.Appoint(1, toTheThird));
    grantAll(START);
    step(START);
    grantAll(START + 3000);
    step(START + 3000);
    assertThat(step.handOvers().values().stream().mapToInt(List::size).sum())
        .isEqualTo(FailoverCoordinator.MAX_HAND_OVERS);
  }

  @Test
  void leaderlessPartitionsAreLeftAlone() {
    log = Clusters.of(3, ClusterStateTest.options("REPLICATION LEADERLESS PARTITIONS 2"));
    leases = new LeaseGrants(0, log.state.leaseTerms());
    failover = new FailoverCoordinator(1, leases, log.state);
    apply(new ControlCommand.Alter("0", ClusterStateTest.alteration("R 3")));
    // Before, while and after its nodes are there, and with one of them drained.
    for (long millis : new long[] {START, START + 3000, START + 9000}) {
      if (millis == START + 3000) {
        grantAll(millis);
        apply(new ControlCommand.Drain("n1", true));
      }
      failover.onSilence(node(1), 1, millis * MS);
      failover.onResigned(node(1), 1, P, 0, millis * MS);
      failover.onAnswer(node(1), 1, new Fenced(P, 0, Position.ZERO, true, 0));
      step(millis);
      assertThat(step.commands()).isEmpty();
      assertThat(step.fences()).isEmpty();
      assertThat(step.handOvers()).isEmpty();
      assertThat(failover.reasons()).isEmpty();
    }
  }

  @Test
  void lostMessagesAndCommandsAreRepeatedButNotAtOnce() {
    cluster(2, 2, CommitRule.SYNC, FailoverRule.SAFE);
    grantAll(START);
    step(START);
    assertThat(step.commands()).hasSize(1);
    step(START + 499);
    assertThat(step.commands()).isEmpty();
    step(START + 500);
    assertThat(step.commands()).hasSize(1);
    applyAll();
    step(START + 501);
    assertThat(step.fences()).hasSize(2);
    step(START + 600);
    assertThat(step.fences()).isEmpty();
    answer(1, 0, 0, true);
    step(START + 601);
    assertThat(step.fences().keySet()).containsExactly(node(2));
  }

  // The small language of these tests.

  private void cluster(int nodes, int replicas, CommitRule commit, FailoverRule rule) {
    log = Clusters.of(nodes, Clusters.single(replicas, commit, rule));
    leases = new LeaseGrants(0, log.state.leaseTerms());
    failover = new FailoverCoordinator(1, leases, log.state);
  }

  private void lead(int leader) {
    apply(open(log.partition().epoch(), Failover.Cause.LEASE_OUT));
    apply(appoint(leader, false));
  }

  private void openAndFence(long millis) {
    step(millis);
    applyAll();
    step(millis + 1);
  }

  private void grantAll(long millis) {
    log.state.nodes().keySet().forEach(node -> grant(node.number(), millis));
  }

  private void grant(int n, long millis) {
    leases.grant(node(n), 1, log.state.version(), millis * MS, millis * MS);
  }

  private void answer(int n, long epoch, long index, boolean counts) {
    answer(n, log.partition().epoch(), epoch, index, counts);
  }

  private void answer(int n, long promised, long epoch, long index, boolean counts) {
    failover.onAnswer(node(n), 1, new Fenced(P, promised, new Position(epoch, index), counts, 0));
  }

  private void step(long millis) {
    step = failover.step(millis * MS, millis);
  }

  private void applyAll() {
    step.commands().forEach(this::apply);
  }

  private void apply(ControlCommand command) {
    assertThat(log.apply(command)).isNotInstanceOf(Outcome.Refused.class);
    failover.onState(log.state);
  }

  private String reason() {
    return failover.reasons().get(P);
  }

  private static ControlCommand open(long expected, Failover.Cause cause) {
    TreeMap<PartitionId, Long> epochs = new TreeMap<>();
    epochs.put(P, expected);
    return new ControlCommand.OpenEpochs(epochs, cause, 0);
  }

  /** The step's, without the times that are for people. */
  private List<ControlCommand> commands() {
    return step.commands().stream()
        .map(
            command ->
                command instanceof ControlCommand.OpenEpochs open
                    ? new ControlCommand.OpenEpochs(open.expected(), open.cause(), 0)
                    : command instanceof ControlCommand.Appoint appoint
                        ? new ControlCommand.Appoint(
                            appoint.term(),
                            appoint.appointments().stream()
                                .map(FailoverCoordinatorTest::timeless)
                                .toList())
                        : command)
        .toList();
  }

  private static Appointment timeless(Appointment it) {
    return new Appointment(
        it.partition(), it.epoch(), it.leader(), it.incarnation(), it.possibleLoss(), 0);
  }

  private static ControlCommand succeed(
      long ended, long epoch, int leader, long atMillis, long leaderlessMillis) {
    return new ControlCommand.Succeed(
        1,
        atMillis,
        List.of(
            new ControlCommand.Succession(
                ended, new Appointment(P, epoch, node(leader), 1, false, leaderlessMillis))));
  }

  private ControlCommand appoint(int leader, boolean possibleLoss) {
    return new ControlCommand.Appoint(
        1, List.of(new Appointment(P, log.partition().epoch(), node(leader), 1, possibleLoss, 0)));
  }
}
