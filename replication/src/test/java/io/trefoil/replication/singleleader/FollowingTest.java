package io.trefoil.replication.singleleader;

import static io.trefoil.replication.singleleader.TestReplica.N1;
import static io.trefoil.replication.singleleader.TestReplica.N2;
import static io.trefoil.replication.singleleader.TestReplica.N3;
import static io.trefoil.replication.singleleader.TestReplica.append;
import static io.trefoil.replication.singleleader.TestReplica.at;
import static io.trefoil.replication.singleleader.TestReplica.entries;
import static io.trefoil.replication.singleleader.TestReplica.follower;
import static io.trefoil.replication.singleleader.TestReplica.heartbeat;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import io.trefoil.replication.kernel.Effect;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.kernel.Event;
import io.trefoil.replication.kernel.Message;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a follower takes, cuts, commits and acknowledges. */
class FollowingTest {
  @Test
  void entriesWithGapBeforeThemAreRejectedWithWhatMightFit() {
    TestReplica test = follower(1, 3);
    assertThat(test.receive(N1, append(1, at(1, 5), entries(1, 6, 1), 0)))
        .containsExactly(new Effect.Send(N1, new Message.Mismatch(1, at(1, 5), at(1, 3))));
    assertThat(test.replica().lastIndex()).isEqualTo(3);
  }

  @Test
  void aRepeatedBatchInTheMiddleCutsNothing() {
    TestReplica test = follower(1, 9);
    assertThat(test.receive(N1, append(1, at(1, 2), entries(1, 3, 2), 0)))
        .containsExactly(new Effect.Send(N1, new Message.Appended(1, 9, true)));
    assertThat(test.replica().lastIndex()).isEqualTo(9);
  }

  @Test
  void aBatchThatOverlapsAddsOnlyWhatIsNew() {
    TestReplica test = follower(1, 4);
    test.receive(N1, append(1, at(1, 2), entries(1, 3, 4), 0));
    assertThat(test.effects(Effect.Append.class))
        .containsExactly(new Effect.Append(entries(1, 5, 2)));
  }

  @Test
  void aLogIsCutOnlyAtTheFirstIndexWhoseEpochDiffers() {
    TestReplica test = follower(1, 9);
    test.promise(2);
    test.receive(N3, append(2, at(1, 3), entries(1, 4, 2), 0));
    assertThat(test.effects(Effect.Cut.class)).isEmpty();
    test.receive(N3, append(2, at(1, 5), entries(2, 6, 1), 0));
    assertThat(test.effects(Effect.Cut.class)).containsExactly(new Effect.Cut(6));
    assertThat(test.replica().last()).isEqualTo(at(2, 6));
  }

  @ParameterizedTest
  @CsvSource({"2, 5, 2", "5, 2, 2", "3, 3, 3", "9, 9, 5"})
  void committedIsTheSmallerOfTheLeadersAndWhatWasVerified(
      long leaders, long verified, long committed) {
    TestReplica test = follower(1, 5);
    test.promise(2);
    long previous = Math.min(verified, 5);
    test.receive(N3, heartbeat(2, at(1, previous), leaders));
    assertThat(test.replica().commitIndex()).isEqualTo(committed);
  }

  @Test
  void aTailThatWasNotVerifiedAgainstThisLeaderIsNotAcknowledged() {
    TestReplica test = follower(1, 9);
    test.promise(2);
    assertThat(test.receive(N3, heartbeat(2, at(1, 4), 0)))
        .contains(new Effect.Send(N3, new Message.Appended(2, 4, true)));
  }

  @Test
  void anAcknowledgementSaysUpToWhereTheCopyIsSynced() {
    TestReplica test = follower(1, 2);
    test.receive(N1, append(1, at(1, 2), entries(1, 3, 1), 0));
    test.step(new Event.Stable(at(1, 3), false));
    assertThat(test.sentTo(N1)).containsExactly(new Message.Appended(1, 3, true, 2));
    test.step(new Event.Stable(at(1, 3), true));
    assertThat(test.sentTo(N1)).containsExactly(new Message.Appended(1, 3, true, 3));
  }

  @Test
  void anAcknowledgementLeavesOnlyWhenTheEntriesAreStable() {
    TestReplica test = follower(1, 1);
    test.receive(N1, append(1, at(1, 1), entries(1, 2, 3), 0));
    assertThat(test.sent()).isEmpty();
    test.step(new Event.Stable(at(1, 3)));
    assertThat(test.sent()).containsExactly(new Message.Appended(1, 3, true));
    test.stable();
    assertThat(test.sent()).containsExactly(new Message.Appended(1, 4, true));
  }

  @Test
  void wordThatEntriesAreStableThatWereCutMeanwhileMeansNothing() {
    TestReplica test = follower(1, 3);
    test.receive(N1, append(1, at(1, 3), entries(1, 4, 3), 0));
    test.promise(2);
    test.receive(N3, append(2, at(1, 3), entries(2, 4, 3), 0));
    test.step(new Event.Stable(at(1, 6)));
    assertThat(test.replica().stableIndex()).isEqualTo(3);
  }

  @Test
  void nothingOfAnOlderEpochIsAcknowledgedAfterThePromise() {
    TestReplica test = follower(1, 3);
    test.receive(N1, append(1, at(1, 3), entries(1, 4, 1), 0));
    test.fence(2);
    test.stable();
    assertThat(test.sent()).isEmpty();
    test.receive(N1, heartbeat(1, at(1, 4), 0));
    assertThat(test.sent()).containsExactly(new Message.Stale(2));
  }

  @Test
  void aFenceIsAnsweredOnceThePromiseIsDurableAndTheLogStable() {
    TestReplica test = follower(1, 3);
    test.receive(N1, append(1, at(1, 3), entries(1, 4, 1), 0));
    assertThat(test.fence(2))
        .containsExactly(new Effect.BecameFollower(2, null), new Effect.PersistPromise(2));
    assertThat(test.step(new Event.PromiseDurable(2))).isEmpty();
    assertThat(test.stable()).containsExactly(new Effect.AnswerFence(2, at(1, 4), true, 0));
  }

  @Test
  void aFenceWaitsForThePromiseAlsoWhenTheLogIsStable() {
    TestReplica test = follower(1, 3);
    assertThat(test.fence(2)).doesNotHaveAnyElementsOfTypes(Effect.AnswerFence.class);
    assertThat(test.step(new Event.PromiseDurable(1))).isEmpty();
    assertThat(test.step(new Event.PromiseDurable(2)))
        .containsExactly(new Effect.AnswerFence(2, at(1, 3), true, 0));
  }

  @Test
  void aFenceThatIsRepeatedIsAnsweredAgainWithoutAnotherPromise() {
    TestReplica test = follower(1, 3);
    test.promise(2);
    assertThat(test.fence(2)).containsExactly(new Effect.AnswerFence(2, at(1, 3), true, 0));
  }

  @Test
  void aFenceOfAnEpochThatIsOverOrHasItsLeaderIsNotAnswered() {
    TestReplica test = follower(3, 3);
    assertThat(test.fence(2)).isEmpty();
    assertThat(test.fence(3)).isEmpty();
  }

  @Test
  void aFollowerThatLearnsOfAnEpochFromItsLeaderPromisesItBeforeItAcknowledges() {
    TestReplica test = TestReplica.fresh(N2);
    test.receive(N1, append(4, Position.ZERO, entries(4, 1, 2), 0));
    assertThat(test.effects(Effect.PersistPromise.class))
        .containsExactly(new Effect.PersistPromise(4));
    test.stable();
    assertThat(test.sent()).isEmpty();
    test.step(new Event.PromiseDurable(4));
    assertThat(test.sent()).containsExactly(new Message.Appended(4, 2, true));
  }

  @Test
  void anAmnesiacReplicaCountsOnlyFromWhenItIsWhole() {
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    TestReplica test = new TestReplica(N2, new Recovered(epochs, 3, 2, 0, 1, false));
    test.receive(N1, heartbeat(1, at(1, 3), 0));
    assertThat(test.sent()).containsExactly(new Message.Appended(1, 3, false));
    assertThat(test.receive(N1, new Message.Whole(1)))
        .containsExactly(
            new Effect.PersistCounts(true), new Effect.Send(N1, new Message.Appended(1, 3, true)));
    assertThat(test.receive(N1, new Message.Whole(1))).isEmpty();
  }

  @Test
  void onlyTheLeaderOfTheEpochSaysWhoIsWhole() {
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    TestReplica test = new TestReplica(N2, new Recovered(epochs, 3, 2, 0, 1, false));
    test.receive(N1, heartbeat(1, at(1, 3), 0));
    assertThat(test.receive(N3, new Message.Whole(1))).isEmpty();
    assertThat(test.receive(N1, new Message.Whole(2))).isEmpty();
    assertThat(test.replica().counts()).isFalse();
  }

  @Test
  void anAmnesiacReplicaSaysSoWhenItIsFenced() {
    TestReplica test = new TestReplica(N2, new Recovered(new EpochTable(), 0, 0, 0, 0, false));
    assertThat(test.promise(2)).containsExactly(new Effect.AnswerFence(2, Position.ZERO, false, 0));
  }

  @Test
  void appliedEntriesThatTheHistoryLacksAreReportedAndTheReplicaCountsNowhere() {
    TestReplica test = diverged();
    assertThat(test.replica().diverged()).isTrue();
    assertThat(test.replica().counts()).isFalse();
    assertThat(test.replica().last()).isEqualTo(at(1, 9));
    assertThat(test.receive(N3, heartbeat(2, at(1, 4), 4)))
        .containsExactly(new Effect.Send(N3, new Message.NeedSnapshot(2)));
    assertThat(test.receive(N3, new Message.Whole(2))).isEmpty();
  }

  /** n2 committed 1:1..1:9; n3 leads epoch 2 with a log that parts after 1:4. */
  private static TestReplica diverged() {
    TestReplica test = follower(1, 9);
    test.receive(N1, heartbeat(1, at(1, 9), 9));
    test.promise(2);
    assertThat(test.receive(N3, append(2, at(1, 4), entries(2, 5, 1), 4)))
        .contains(
            new Effect.PersistCounts(false),
            new Effect.Diverged(2, new Position(1, 5), new Position(1, 9)),
            new Effect.Send(N3, new Message.NeedSnapshot(2)));
    return test;
  }

  @Test
  void aDivergedReplicaCountsAgainAfterSnapshotAndWholeness() {
    TestReplica test = diverged();
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    epochs.append(2, 5);
    test.step(new Event.SnapshotInstalled(2, at(2, 5), epochs, 0));
    assertThat(test.sent()).containsExactly(new Message.Appended(2, 5, false));
    assertThat(test.replica().commitIndex()).isEqualTo(5);
    test.receive(N3, new Message.Whole(2));
    assertThat(test.sent()).containsExactly(new Message.Appended(2, 5, true));
    assertThat(test.replica().diverged()).isFalse();
  }

  @Test
  void aSnapshotThatHoldsAllOfTheLogKeepsTheReplicaCounting() {
    TestReplica test = follower(1, 3);
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    test.step(new Event.SnapshotInstalled(1, at(1, 50), epochs, 0));
    assertThat(test.sent()).containsExactly(new Message.Appended(1, 50, true));
  }

  @Test
  void aSnapshotShorterThanTheLogStopsTheReplicaFromCounting() {
    TestReplica test = follower(1, 9);
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    test.step(new Event.SnapshotInstalled(1, at(1, 5), epochs, 0));
    assertThat(test.sent()).containsExactly(new Message.Appended(1, 5, false));
  }

  /** The snapshot of a deposed leader arrives when entries of a later epoch were acknowledged. */
  @Test
  void aSnapshotOfAnEarlierLeaderThatLacksTheLogsEndStopsTheReplicaFromCounting() {
    TestReplica test = follower(1, 3);
    test.promise(2);
    test.receive(N3, append(2, at(1, 3), entries(2, 4, 2), 0));
    test.stable();
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    test.step(new Event.SnapshotInstalled(1, at(1, 50), epochs, 0));
    assertThat(test.replica().counts()).isFalse();
  }

  @Test
  void aSnapshotIsTakenOnlyFromThisEpochsLeaderAndOnlyForward() {
    EpochTable epochs = new EpochTable();
    epochs.append(2, 1);
    TestReplica test = follower(2, 9);
    test.receive(N1, heartbeat(2, at(2, 9), 6));
    assertThat(test.replica().takesSnapshot(1, at(1, 50), epochs)).isFalse();
    assertThat(test.replica().takesSnapshot(2, at(2, 6), epochs)).isFalse();
    assertThat(test.replica().takesSnapshot(2, at(2, 7), epochs)).isTrue();
    assertThat(diverged().replica().takesSnapshot(2, at(2, 5), epochs)).isTrue();
    assertThat(
            TestReplica.leader(1, TestReplica.MAJORITY)
                .replica()
                .takesSnapshot(1, at(1, 7), epochs))
        .isFalse();
  }

  /** The leader's journal begins above where the logs part, so no batch could show it. */
  @Test
  void appliedEntriesThatASnapshotReplacesAreReported() {
    TestReplica test = follower(1, 9);
    test.receive(N1, heartbeat(1, at(1, 9), 7));
    test.promise(2);
    test.receive(N3, heartbeat(2, at(1, 4), 4));
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    epochs.append(2, 5);
    assertThat(test.replica().takesSnapshot(2, at(2, 6), epochs)).isTrue();
    assertThat(test.step(new Event.SnapshotInstalled(2, at(2, 6), epochs, 0)))
        .contains(new Effect.Diverged(2, new Position(1, 5), new Position(1, 9)));
    assertThat(test.replica().commitIndex()).isEqualTo(6);
    assertThat(test.replica().counts()).isFalse();
  }

  /** Its journal says from the moment of the switch that it does not count, until it is told. */
  @Test
  void whetherTheCopyCountsIsWrittenAfterEverySnapshot() {
    TestReplica test = follower(1, 3);
    EpochTable epochs = new EpochTable();
    epochs.append(1, 1);
    test.step(new Event.SnapshotInstalled(1, at(1, 50), epochs, 0));
    assertThat(test.effects(Effect.PersistCounts.class))
        .containsExactly(new Effect.PersistCounts(true));
  }

  /** What lies beyond what was verified may be another history, which the others do not have. */
  @Test
  void aFollowerBelievesOfWhatIsEverywhereOnlyWhatItHasVerified() {
    TestReplica test = TestReplica.follower(1, 5);
    test.receive(N1, new Message.Append(1, at(1, 5), null, 5, 9, 0));
    assertThat(test.replica().everywhereIndex()).isEqualTo(5);
  }
}
