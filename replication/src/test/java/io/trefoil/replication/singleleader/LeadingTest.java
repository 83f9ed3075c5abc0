package io.trefoil.replication.singleleader;

import static io.trefoil.replication.singleleader.TestReplica.INCARNATION;
import static io.trefoil.replication.singleleader.TestReplica.MAJORITY;
import static io.trefoil.replication.singleleader.TestReplica.N1;
import static io.trefoil.replication.singleleader.TestReplica.N2;
import static io.trefoil.replication.singleleader.TestReplica.N3;
import static io.trefoil.replication.singleleader.TestReplica.N4;
import static io.trefoil.replication.singleleader.TestReplica.append;
import static io.trefoil.replication.singleleader.TestReplica.at;
import static io.trefoil.replication.singleleader.TestReplica.body;
import static io.trefoil.replication.singleleader.TestReplica.entries;
import static io.trefoil.replication.singleleader.TestReplica.heartbeat;
import static io.trefoil.replication.singleleader.TestReplica.leader;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a leader ships, counts and commits, and when it stops. */
class LeadingTest {
  private static Message.Appended appended(long epoch, long index) {
    return new Message.Appended(epoch, index, true);
  }

  @Test
  void aLeaderOpensItsEpochWithAnEntryAndLooksForWhereTheLogsAgree() {
    TestReplica test = TestReplica.fresh(N1);
    test.promise(1);
    assertThat(test.appoint(1, N1, MAJORITY))
        .containsExactly(
            new Effect.BecameLeader(1, 1),
            new Effect.Append(entries(1, 1, 1)),
            new Effect.Send(N2, heartbeat(1, Position.ZERO, 0)),
            new Effect.Send(N3, heartbeat(1, Position.ZERO, 0)));
  }

  @ParameterizedTest(name = "{0} copies, n1 {1}, n2 {2}, n3 {3}: {4} committed")
  @CsvSource({
    "1, 5, 0, 0, 5",
    "1, 0, 4, 5, 5",
    "2, 5, 3, 1, 3",
    "2, 0, 4, 4, 4",
    "3, 5, 4, 2, 2",
    "3, 5, 5, 0, 0",
  })
  void committedIsWhatEnoughReplicasHaveStable(int copies, long n1, long n2, long n3, long commit) {
    TestReplica test = leader(1, Membership.of(List.of(N1, N2, N3), copies));
    test.propose(4);
    test.step(new Event.Stable(n1 == 0 ? Position.ZERO : at(1, n1)));
    test.receive(N2, appended(1, n2));
    test.receive(N3, appended(1, n3));
    assertThat(test.replica().commitIndex()).isEqualTo(commit);
  }

  @Test
  void aLearnerIsSentEverythingAndCountsForNothing() {
    Membership learning =
        new Membership(
            List.of(new Configuration(List.of(N1, N2, N3), 2)), new TreeSet<>(List.of(N4)), false);
    TestReplica test = leader(1, learning);
    test.stable();
    test.receive(N4, appended(1, 1));
    assertThat(test.replica().commitIndex()).isZero();
    assertThat(test.replica().copiesOf(1)).isEqualTo(1);
    assertThat(test.replica().followers().get(N4).match()).isEqualTo(1);
    test.propose(1);
    assertThat(test.sentTo(N4)).hasSize(1);
    test.receive(N2, appended(1, 1));
    assertThat(test.replica().commitIndex()).isEqualTo(1);
  }

  @Test
  void onlyCopiesThatAreSyncedCountWhereThatIsAskedFor() {
    Membership synced =
        new Membership(List.of(new Configuration(List.of(N1, N2, N3), 2)), new TreeSet<>(), true);
    TestReplica test = leader(1, synced);
    test.step(new Event.Stable(at(1, 1), false));
    // A follower that has yet to hear that copies are to be synced.
    test.receive(N2, new Message.Appended(1, 1, true, 0));
    test.receive(N3, new Message.Appended(1, 1, true, 0));
    assertThat(test.replica().commitIndex()).isZero();
    test.receive(N2, new Message.Appended(1, 1, true, 1));
    assertThat(test.replica().commitIndex()).isZero();
    test.step(new Event.Stable(at(1, 1), true));
    assertThat(test.replica().commitIndex()).isEqualTo(1);
  }

  @Test
  void entriesOfAnOlderEpochDoNotCommitByCounting() {
    EpochTable epochs = new EpochTable();
    epochs.append(2, 1);
    TestReplica test = new TestReplica(N1, new Recovered(epochs, 4, 0, 0, 2, true));
    test.promise(4);
    test.appoint(4, N1, MAJORITY);
    test.stable();
    test.receive(N2, appended(4, 4));
    test.receive(N3, appended(4, 4));
    assertThat(test.replica().commitIndex()).isZero();
    test.receive(N2, appended(4, 5));
    assertThat(test.replica().commitIndex()).isEqualTo(5);
  }

  @Test
  void aRestartedLeaderDoesNotResumeItsEpoch() {
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    TestReplica test = new TestReplica(N1, new Recovered(epochs, 4, 0, 0, 1, true));
    assertThat(test.appoint(1, N1, INCARNATION - 1, MAJORITY)).isEmpty();
    assertThat(test.replica().isLeader()).isFalse();
  }

  /** It led, its opening entry reached the others, and its machine lost the entry. */
  @Test
  void aRestartedLeaderThatLostItsOpeningEntryDoesNotResumeItsEpochEither() {
    TestReplica test =
        new TestReplica(N1, new Recovered(new EpochTable(), 0, 0, 0, /* promised= */ 1, true));
    test.fence(1);
    assertThat(test.appoint(1, N1, INCARNATION - 1, MAJORITY)).isEmpty();
    assertThat(test.replica().isLeader()).isFalse();
    test.promise(2);
    test.appoint(2, N1, MAJORITY);
    assertThat(test.replica().isLeader()).isTrue();
  }

  /** It promised the epoch, was restarted before anybody was appointed, and is appointed then. */
  @Test
  void aRestartedReplicaLeadsAnEpochThatItOnlyPromisedBefore() {
    TestReplica test =
        new TestReplica(N1, new Recovered(new EpochTable(), 0, 0, 0, /* promised= */ 1, true));
    assertThat(test.fence(1)).contains(new Effect.AnswerFence(1, Position.ZERO, true, 0));
    test.appoint(1, N1, MAJORITY);
    assertThat(test.replica().isLeader()).isTrue();
  }

  @Test
  void anEpochThatHasEntriesIsNotLedAgain() {
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    TestReplica test = new TestReplica(N1, new Recovered(epochs, 4, 0, 0, 1, true));
    assertThatThrownBy(() -> test.appoint(1, N1, MAJORITY)).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void nobodyLeadsAnEpochThatItHasNotPromisedOnDisk() {
    TestReplica test = TestReplica.fresh(N1);
    test.fence(1);
    test.appoint(1, N1, MAJORITY);
    assertThat(test.replica().isLeader()).isFalse();
  }

  @Test
  void anAmnesiacFollowerIsNotCountedUntilItHasAllOfTheLog() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(9);
    test.stable();
    test.receive(N2, new Message.Appended(1, 9, false));
    assertThat(test.replica().commitIndex()).isZero();
    assertThat(test.sent()).doesNotHaveAnyElementsOfTypes(Message.Whole.class);
    test.receive(N2, new Message.Appended(1, 10, false));
    assertThat(test.sent()).containsExactly(new Message.Whole(1));
    assertThat(test.replica().commitIndex()).isZero();
    test.receive(N2, appended(1, 10));
    assertThat(test.replica().commitIndex()).isEqualTo(10);
  }

  @Test
  void whatAFollowerAcknowledgedBeforeItForgotCountsNoMore() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(9);
    test.stable();
    test.receive(N2, appended(1, 5));
    assertThat(test.replica().copiesOf(5)).isEqualTo(2);
    test.receive(N2, new Message.Appended(1, 2, false));
    assertThat(test.replica().copiesOf(2)).isEqualTo(1);
    assertThat(test.replica().followers().get(N2).match()).isEqualTo(2);
  }

  @Test
  void whatEveryReplicaHasIsToldToFollowers() {
    TestReplica test = TestReplica.leader(1, MAJORITY);
    test.propose(4);
    test.stable();
    test.receive(N2, appended(1, 5));
    assertThat(test.replica().commitIndex()).isEqualTo(5);
    assertThat(test.replica().everywhereIndex()).as("n3 has said nothing").isZero();
    test.receive(N3, appended(1, 3));
    assertThat(test.replica().everywhereIndex()).isEqualTo(3);
    assertThat(test.propose(1))
        .filteredOn(it -> it instanceof Effect.Send send && send.to().equals(N2))
        .allMatch(
            it ->
                it instanceof Effect.Send send
                    && send.message() instanceof Message.Append append
                    && append.everywhereIndex() == 3)
        .isNotEmpty();
  }

  @Test
  void aNewlyAppointedReplicaThatDidNotCountCountsAgain() {
    TestReplica test = new TestReplica(N1, new Recovered(new EpochTable(), 0, 0, 0, 0, false));
    test.promise(1);
    assertThat(test.appoint(1, N1, MAJORITY)).contains(new Effect.PersistCounts(true));
  }

  @Test
  void whileTwoConfigurationsStandEachNeedsItsCopies() {
    Membership joint =
        new Membership(
            List.of(
                new Configuration(List.of(N1, N2, N3), 2),
                new Configuration(List.of(N1, N3, N4), 2)));
    TestReplica test = leader(1, MAJORITY);
    test.appoint(1, N1, joint);
    test.stable();
    test.receive(N2, appended(1, 1));
    assertThat(test.replica().commitIndex()).isZero();
    test.receive(N4, appended(1, 1));
    assertThat(test.replica().commitIndex()).isEqualTo(1);
    assertThat(test.replica().copiedIndex()).isEqualTo(1);
  }

  /** What was committed before says nothing of the copies that the new configuration needs. */
  @Test
  void whatIsCommittedUnderTheOldRuleIsNotYetCopiedUnderTheNew() {
    TestReplica test = leader(1, MAJORITY);
    test.stable();
    test.receive(N2, appended(1, 1));
    assertThat(test.replica().copiedIndex()).isEqualTo(1);
    Configuration moved = new Configuration(List.of(N1, N3, N4), 3);
    test.appoint(1, N1, new Membership(List.of(MAJORITY.standing().get(0), moved)));
    assertThat(test.replica().commitIndex()).isEqualTo(1);
    assertThat(test.replica().copiedIndex()).isZero();
  }

  @Test
  void anEasierRuleCommitsWhatItsReplicasHaveAtOnce() {
    TestReplica test = leader(1, Membership.of(List.of(N1, N2), 2));
    test.stable();
    assertThat(test.appoint(1, N1, Membership.of(List.of(N1), 1)))
        .containsExactly(new Effect.Commit(1));
  }

  @Test
  void aReplicaThatIsNoneAnyMoreIsNotListenedTo() {
    TestReplica test = leader(1, MAJORITY);
    test.appoint(1, N1, Membership.of(List.of(N1, N3), 2));
    test.stable();
    for (Message message :
        List.of(
            appended(1, 1),
            new Message.Mismatch(1, at(0, 0), at(0, 0)),
            new Message.NeedSnapshot(1))) {
      assertThat(test.receive(N2, message)).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"fence", "opened", "stale", "append", "appointed"})
  void aLeaderThatLearnsOfANewerEpochStepsDown(String how) {
    TestReplica test = leader(1, MAJORITY);
    switch (how) {
      case "fence" -> test.fence(2);
      case "opened" -> test.step(new Event.EpochOpened(2));
      case "stale" -> test.receive(N2, new Message.Stale(2));
      case "append" -> test.receive(N2, append(2, Position.ZERO, entries(2, 1, 1), 0));
      default -> test.appoint(2, N2, MAJORITY);
    }
    assertThat(test.effects(Effect.BecameFollower.class)).hasSize(1);
    assertThat(test.replica().isLeader()).isFalse();
    assertThat(test.replica().epoch()).isEqualTo(2);
  }

  @Test
  void aDeposedLeaderCommitsNothingMore() {
    TestReplica test = leader(1, MAJORITY);
    test.fence(2);
    test.stable();
    assertThat(test.receive(N2, appended(1, 1))).isEmpty();
    assertThat(test.replica().commitIndex()).isZero();
  }

  @Test
  void twoLeadersInAnEpochStopTheReplica() {
    TestReplica test = leader(1, MAJORITY);
    assertThatThrownBy(() -> test.receive(N2, heartbeat(1, Position.ZERO, 0)))
        .isInstanceOf(InvariantViolation.class);
    assertThatThrownBy(() -> test.appoint(1, N2, MAJORITY)).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void onlyALeaderIsProposedTo() {
    assertThatThrownBy(() -> TestReplica.follower(1, 1).propose(1))
        .isInstanceOf(InvariantViolation.class);
  }

  /** Leads epoch 3 from index 6; N3 led epoch 1. */
  private static TestReplica leaderAfterFiveOfAnEarlierEpoch() {
    TestReplica test = TestReplica.fresh(N1);
    test.promise(1);
    test.receive(N3, append(1, Position.ZERO, entries(1, 1, 5), 0));
    test.stable();
    test.promise(3);
    test.appoint(3, N1, MAJORITY);
    return test;
  }

  @Test
  void aFollowerThatIsBehindIsBroughtForwardFromWhereTheLogsAgree() {
    TestReplica test = leaderAfterFiveOfAnEarlierEpoch();
    test.receive(N2, new Message.Mismatch(3, at(1, 5), at(1, 2)));
    assertThat(test.sent()).containsExactly(heartbeat(3, at(1, 2), 0));
    test.receive(N2, appended(3, 2));
    assertThat(test.sent())
        .containsExactly(
            append(3, at(1, 2), entries(1, 3, 3), 0), append(3, at(1, 5), entries(3, 6, 1), 0));
  }

  /**
   * Of a disk that was restored from a copy: its log is as long, with a tail that was cut since.
   */
  @Test
  void aFollowerThatRejectsWhatItAcknowledgedIsLookedAtAnew() {
    TestReplica test = leaderAfterFiveOfAnEarlierEpoch();
    test.receive(N2, appended(3, 6));
    test.receive(N2, new Message.Mismatch(3, at(3, 6), at(1, 6)));
    assertThat(test.sent()).containsExactly(heartbeat(3, at(1, 5), 0));
    test.receive(N2, appended(3, 5));
    assertThat(test.sent()).containsExactly(append(3, at(1, 5), entries(3, 6, 1), 0));
  }

  @Test
  void entriesThatMemoryForgotAreReadFromTheJournal() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(5);
    test.forgetMemoryBelow(4);
    assertThat(test.receive(N2, appended(1, 2)))
        .contains(new Effect.ReadLog(N2, 3, ReplicationSettings.DEFAULT.maxReadBytes()));
    test.step(new Event.LogRead(N2, 3, entries(1, 3, 4)));
    assertThat(test.sent()).containsExactly(append(1, at(1, 2), entries(1, 3, 4), 0));
  }

  @Test
  void aReadThatWasOvertakenByAnAcknowledgementIsFollowedByAnother() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(5);
    test.forgetMemoryBelow(100);
    test.receive(N2, appended(1, 2));
    test.receive(N2, appended(1, 4));
    assertThat(test.step(new Event.LogRead(N2, 3, entries(1, 3, 2))))
        .containsExactly(new Effect.ReadLog(N2, 5, ReplicationSettings.DEFAULT.maxReadBytes()));
  }

  @Test
  void aFollowerThatNeedsWhatTheJournalLacksGetsASnapshot() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(5);
    test.forgetMemoryBelow(4);
    test.receive(N2, appended(1, 2));
    assertThat(test.step(new Event.LogRead(N2, 3, null)))
        .containsExactly(new Effect.SendSnapshot(N2));
    assertThat(test.propose(1)).doesNotHaveAnyElementsOfTypes(Effect.Send.class);
    test.step(new Event.SnapshotSent(N2, true));
    assertThat(test.sent()).containsExactly(heartbeat(1, at(1, 7), 0));
  }

  /** Read under an earlier leadership, of entries that were cut since. */
  @Test
  void entriesReadThatAreNotHistoryAnyMoreAreNotSent() {
    TestReplica test = TestReplica.fresh(N1);
    test.promise(1);
    test.appoint(1, N1, MAJORITY);
    test.propose(5);
    test.forgetMemoryBelow(100);
    test.receive(N2, appended(1, 1)); // reads 1:2 and on
    test.promise(2);
    test.receive(N3, append(2, at(1, 1), entries(2, 2, 1), 0));
    test.stable();
    test.promise(3);
    test.appoint(3, N1, MAJORITY);
    test.receive(N2, new Message.Mismatch(3, at(2, 2), at(1, 1)));
    test.receive(N2, appended(3, 1)); // reads 2:2 and on
    test.step(new Event.LogRead(N2, 2, entries(1, 2, 5)));
    assertThat(test.sent()).isEmpty();
    assertThat(test.effects(Effect.ReadLog.class)).hasSize(1);
    test.step(new Event.LogRead(N2, 2, entries(2, 2, 1)));
    assertThat(test.sent()).containsExactly(append(3, at(1, 1), entries(2, 2, 1), 0));
  }

  @Test
  void whatWasOnItsWayIsLookedForAgainWhenTheConnectionBroke() {
    TestReplica test = leader(1, MAJORITY);
    test.receive(N2, appended(1, 0));
    test.propose(3);
    test.step(new Event.PeerLost(N2));
    assertThat(test.replica().isReachable(N2)).isFalse();
    assertThat(test.propose(1)).doesNotHaveAnyElementsOfTypes(Effect.Send.class);
    test.receive(N2, new Message.Mismatch(1, at(1, 4), at(1, 1)));
    test.receive(N2, appended(1, 1));
    assertThat(test.sent())
        .containsExactly(
            append(1, at(1, 1), entries(1, 2, 3), 0), append(1, at(1, 4), entries(1, 5, 1), 0));
  }

  @Test
  void anIdleLeaderSendsHeartbeatsThatCarryTheCommitIndex() {
    TestReplica test = leader(1, MAJORITY);
    test.receive(N2, appended(1, 0));
    test.receive(N2, appended(1, 1));
    test.stable();
    test.step(new Event.Tick(10));
    assertThat(test.sent()).containsExactly(heartbeat(1, at(1, 1), 1));
    test.step(new Event.Tick(20));
    assertThat(test.sent()).isEmpty();
    test.step(new Event.Tick(110));
    assertThat(test.sent()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"2, 0, true", "2, 1000, true", "2, 1001, false", "1, 1001, true", "3, 1001, false"})
  void aLeaderCanCommitWhileEnoughReplicasWereHeard(int copies, long silence, boolean can) {
    TestReplica test = leader(1, Membership.of(List.of(N1, N2, N3), copies));
    test.step(new Event.Tick(silence));
    assertThat(test.replica().canCommit()).isEqualTo(can);
    test.receive(N2, appended(1, 0));
    test.receive(N3, appended(1, 0));
    assertThat(test.replica().canCommit()).isTrue();
    assertThat(TestReplica.follower(1, 1).replica().canCommit()).isFalse();
  }

  @Test
  void inSyncIsWhoIsThereAndCountsAndHasAllThatIsCommitted() {
    TestReplica test = leader(1, MAJORITY);
    test.propose(2);
    test.stable();
    test.receive(N2, appended(1, 3));
    test.receive(N3, appended(1, 2));
    assertThat(test.replica().isInSync(N2)).isTrue();
    assertThat(test.replica().isInSync(N3)).isFalse();
    assertThat(test.replica().isInSync(new NodeId(9))).isFalse();
  }

  @Test
  void logTimeNeverGoesBack() {
    TestReplica test = leader(1, MAJORITY);
    test.step(new Event.Proposed(1, body(1), 500));
    test.step(new Event.Proposed(1, body(1), 300));
    assertThat(test.effects(Effect.Append.class).get(0).batch().logTimeMillis()).isEqualTo(500);
  }
}
