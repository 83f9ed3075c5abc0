package io.trefoil.replication.leaderless;

import static io.trefoil.replication.leaderless.TestLeaderless.N1;
import static io.trefoil.replication.leaderless.TestLeaderless.N2;
import static io.trefoil.replication.leaderless.TestLeaderless.N3;
import static io.trefoil.replication.leaderless.TestLeaderless.N4;
import static io.trefoil.replication.leaderless.TestLeaderless.N5;
import static io.trefoil.replication.leaderless.TestLeaderless.ORIGIN;
import static io.trefoil.replication.leaderless.TestLeaderless.THREE;
import static io.trefoil.replication.leaderless.TestLeaderless.body;
import static io.trefoil.replication.leaderless.TestLeaderless.configured;
import static io.trefoil.replication.leaderless.TestLeaderless.entries;
import static io.trefoil.replication.leaderless.TestLeaderless.heartbeat;
import static io.trefoil.replication.leaderless.TestLeaderless.lacking;
import static io.trefoil.replication.leaderless.TestLeaderless.recovered;
import static io.trefoil.replication.leaderless.TestLeaderless.share;
import static io.trefoil.replication.leaderless.TestLeaderless.shared;
import static io.trefoil.replication.leaderless.TestLeaderless.streaming;
import static io.trefoil.replication.leaderless.TestLeaderless.theirs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.replication.kernel.Configuration;
import io.trefoil.replication.kernel.Membership;
import io.trefoil.replication.leaderless.LeaderlessEffect.AppendKept;
import io.trefoil.replication.leaderless.LeaderlessEffect.AppendOwn;
import io.trefoil.replication.leaderless.LeaderlessEffect.Copied;
import io.trefoil.replication.leaderless.LeaderlessEffect.ReadLog;
import io.trefoil.replication.leaderless.LeaderlessEffect.Send;
import io.trefoil.replication.leaderless.LeaderlessMessage.Refused;
import io.trefoil.replication.leaderless.LeaderlessMessage.Share;
import io.trefoil.replication.leaderless.LeaderlessMessage.Shared;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a coordinator streams, to whom, and what it takes for copied. */
class CoordinatingTest {
  private static Membership joint(List<NodeId> before, List<NodeId> after) {
    return new Membership(
        List.of(
            new Configuration(before, Math.min(2, before.size())), new Configuration(after, 2)));
  }

  @Test
  void aCoordinatorLooksForWhatTheOthersHave() {
    TestLeaderless test = new TestLeaderless(recovered(7, new TreeMap<>(), true));
    assertThat(test.step(new LeaderlessEvent.Configured(1, THREE)))
        .contains(new Send(N2, heartbeat(8)), new Send(N3, heartbeat(8)));
    test.receive(N2, lacking(8, 5));
    assertThat(test.sentTo(N2)).containsExactly(heartbeat(6));
  }

  @Test
  void whatIsNotStableHereIsSentToNobody() {
    TestLeaderless test = streaming();
    assertThat(test.propose(2)).containsExactly(new AppendOwn(entries(1, 2)));
    test.stable();
    assertThat(test.sentTo(N2)).containsExactly(share(1, entries(1, 2)));
    assertThat(test.sentTo(N3)).containsExactly(share(1, entries(1, 2)));
  }

  @Test
  void aBatchOfWhichOnlyTheBeginningIsStableIsSentInParts() {
    TestLeaderless test = streaming();
    test.propose(5);
    test.step(new LeaderlessEvent.Stable(2));
    assertThat(test.sentTo(N2)).containsExactly(share(1, entries(1, 2)));
    test.stable();
    assertThat(test.sentTo(N2)).containsExactly(share(3, entries(3, 3)));
  }

  @Test
  void whatOthersWroteIsElided() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 4)));
    test.stable();
    assertThat(test.sentTo(N3)).isEmpty();
    assertThat(test.step(new LeaderlessEvent.Kept(2, body(2), 0, 1)))
        .containsExactly(new AppendKept(entries(2, 2)));
    test.stable();
    assertThat(test.sentTo(N3)).isEmpty();
    test.write(1);
    assertThat(test.sentTo(N3)).containsExactly(share(1, entries(4, 1)));
  }

  /** It takes a heartbeat to say so, not a message for each one that arrives. */
  @Test
  void aHeartbeatSaysThatTheEndOfTheLogHoldsNothing() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 4)));
    test.stable();
    test.tick(100);
    assertThat(test.sentTo(N3)).containsExactly(new Share(ORIGIN, 1, 1, 1, null, false));
    test.receive(N2, shared(1));
    test.receive(N3, shared(1));
    assertThat(test.replica().everywhereIndex()).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0} copies, n1 {1}, n2 {2}, n3 {3}: {4}")
  @CsvSource({
    "1, 5, 0, 0, 5",
    "2, 5, 3, 1, 3",
    "2, 4, 4, 4, 4",
    "3, 5, 4, 2, 2",
    "3, 5, 5, 0, 0",
    "9, 5, 4, 3, 3",
  })
  void copiedIsWhatSoManyReplicasHaveStable(int copies, long n1, long n2, long n3, long copied) {
    TestLeaderless test = streaming();
    test.propose(5);
    test.step(new LeaderlessEvent.Stable(n1));
    test.receive(N2, shared(n2));
    test.receive(N3, shared(n3));
    assertThat(test.replica().copied(copies)).isEqualTo(copied);
  }

  @Test
  void theShellIsToldWhenMoreIsCopied() {
    TestLeaderless test = streaming();
    assertThat(test.write(1)).contains(new Copied());
    assertThat(test.receive(N2, shared(1))).containsExactly(new Copied());
    assertThat(test.receive(N2, shared(1))).isEmpty();
    assertThat(test.receive(N3, shared(1))).containsExactly(new Copied());
  }

  @Test
  void aLearnerIsSentEverythingAndCountsForNothing() {
    TestLeaderless test =
        configured(
            new Membership(
                List.of(new Configuration(List.of(N1, N2, N3), 2)),
                new TreeSet<>(List.of(N4)),
                false));
    test.receive(N4, shared(0));
    test.write(1);
    assertThat(test.sentTo(N4)).containsExactly(share(1, entries(1, 1)));
    test.receive(N4, shared(1));
    assertThat(test.replica().copied(2)).isZero();
    test.receive(N2, shared(1));
    test.receive(N3, shared(1));
    assertThat(test.replica().copied(3)).isEqualTo(1);
    assertThat(test.replica().everywhereIndex()).isEqualTo(1);
  }

  @Test
  void eachStandingConfigurationNeedsItsCopies() {
    TestLeaderless test = configured(joint(List.of(N1, N2, N3), List.of(N1, N4, N5)));
    test.write(1);
    test.receive(N2, shared(1));
    test.receive(N3, shared(1));
    assertThat(test.replica().copied(2)).isZero();
    test.receive(N4, shared(1));
    assertThat(test.replica().copied(2)).isEqualTo(1);
    assertThat(test.replica().copied(3)).isZero();
  }

  @Test
  void moreCopiesThanAConfigurationHasReplicasAreAllOfThem() {
    TestLeaderless test = configured(joint(List.of(N1), List.of(N1, N2, N3)));
    test.write(1);
    test.receive(N2, shared(1));
    assertThat(test.replica().copied(2)).isEqualTo(1);
    assertThat(test.replica().canReach(2)).isTrue();
  }

  /** What it confirms from now on it has, also when it counts again. */
  @Test
  void aCopyThatForgotSomethingCountsForWritesAndNotForReads() {
    TestLeaderless test = streaming();
    test.write(1);
    test.receive(N2, new Shared(ORIGIN, 1, false));
    assertThat(test.replica().copied(2)).isEqualTo(1);
    assertThat(test.replica().canReach(3)).isTrue();
    assertThat(test.replica().canRead(3)).isFalse();
    assertThat(test.replica().canRead(2)).isTrue();
  }

  @Test
  void aReplicaThatHasLessThanItConfirmedIsSentItAgain() {
    TestLeaderless test = streaming();
    test.write(2);
    test.write(2);
    test.receive(N2, shared(4));
    assertThat(test.replica().copied(2)).isEqualTo(4);
    test.receive(N2, lacking(5, 2));
    assertThat(test.sentTo(N2)).containsExactly(heartbeat(3));
    assertThat(test.replica().copied(2)).isEqualTo(2);
    test.receive(N2, shared(2));
    assertThat(test.sentTo(N2)).containsExactly(share(3, entries(3, 2)));
    assertThat(test.receive(N2, shared(4))).containsExactly(new Copied());
    assertThat(test.replica().copied(2)).isEqualTo(4);
  }

  @Test
  void aLateWordOfSomethingLackingIsIgnored() {
    TestLeaderless test = streaming();
    test.write(1);
    test.write(1);
    test.write(1);
    test.receive(N2, lacking(2, 0));
    assertThat(test.sentTo(N2)).containsExactly(heartbeat(1));
    assertThat(test.receive(N2, lacking(3, 0))).isEmpty();
    test.receive(N2, shared(0));
    assertThat(test.sentTo(N2)).hasSize(3);
  }

  @Test
  void afterALostConnectionOneProbeAHeartbeatLooksForTheReplica() {
    TestLeaderless test = streaming();
    test.write(1);
    test.step(new LeaderlessEvent.PeerLost(N2));
    test.write(1);
    assertThat(test.sentTo(N2)).isEmpty();
    assertThat(test.tick(50)).isEmpty();
    test.tick(100);
    assertThat(test.sentTo(N2)).containsExactly(heartbeat(2));
    test.receive(N2, shared(1));
    assertThat(test.sentTo(N2)).containsExactly(share(2, entries(2, 1)));
  }

  /** Behind a broken connection there may be another start, which forgot what it had confirmed. */
  @Test
  void whatWasConfirmedBeforeAConnectionBrokeCountsWhenItIsConfirmedAgain() {
    TestLeaderless test = streaming();
    test.write(1);
    test.receive(N2, shared(1));
    assertThat(test.replica().copied(2)).isEqualTo(1);
    test.step(new LeaderlessEvent.PeerLost(N2));
    assertThat(test.replica().copied(2)).isZero();
    assertThat(test.receive(N2, shared(1))).contains(new Copied());
    assertThat(test.replica().copied(2)).isEqualTo(1);
  }

  @ParameterizedTest(name = "{0} copies, n2 {1}, n3 {2}: {3} with hints, {4} without")
  @CsvSource({
    "1, slow,  slow,  5, 5",
    "2, slow,  slow,  3, 3",
    "3, slow,  slow,  1, 1",
    "2, away,  slow,  1, 1", // n3 is waited for: with n1 it is enough
    "3, away,  slow,  1, 0",
    "2, slow,  away,  3, 3",
    "3, slow,  away,  3, 0",
    "1, away,  away,  5, 5",
    "2, away,  away,  5, 0",
    "3, away,  away,  5, 0",
  })
  void hintsStandInForReplicasOutOfReachAsFarAsTooFewAreThere(
      int copies, String n2, String n3, long withHints, long without) {
    TestLeaderless test = streaming();
    test.propose(6);
    test.step(new LeaderlessEvent.Stable(5));
    test.receive(N2, shared(3));
    test.receive(N3, shared(1));
    for (NodeId each : List.of(N2, N3)) {
      if ((each.equals(N2) ? n2 : n3).equals("away")) {
        test.step(new LeaderlessEvent.PeerLost(each));
      }
    }
    assertThat(test.replica().copiedOrHinted(copies)).isEqualTo(withHints);
    assertThat(test.replica().copied(copies)).isEqualTo(without);
  }

  /** What it confirmed before it went is a copy, and no hint stands in for it. */
  @Test
  void aCopyOfAReplicaThatWentIsNotCountedTwice() {
    TestLeaderless test = streaming();
    test.write(1);
    test.receive(N3, shared(1));
    test.tick(900);
    test.receive(N2, shared(0));
    test.tick(1_500);
    assertThat(test.replica().peers().get(N3).reachable()).isFalse();
    assertThat(test.replica().copied(2)).isEqualTo(1);
    assertThat(test.replica().copiedOrHinted(3)).as("n2 is there and has nothing").isZero();
    test.receive(N2, shared(1));
    assertThat(test.replica().copiedOrHinted(3)).isEqualTo(1);
  }

  @Test
  void hintsStandInInEachStandingConfigurationForItself() {
    TestLeaderless test = configured(joint(List.of(N1, N2, N3), List.of(N3, N4, N5)));
    test.write(1);
    test.receive(N2, shared(1));
    assertThat(test.replica().copiedOrHinted(2)).isZero();
    test.step(new LeaderlessEvent.PeerLost(N3));
    test.step(new LeaderlessEvent.PeerLost(N4));
    assertThat(test.replica().copiedOrHinted(2)).as("n5 is there and slow").isZero();
    test.receive(N5, shared(1));
    assertThat(test.replica().copiedOrHinted(2)).isEqualTo(1);
    assertThat(test.replica().copiedOrHinted(3)).isEqualTo(1);
    assertThat(test.replica().copied(2)).isZero();
  }

  @Test
  void theShellIsToldWhenAHintStandsInForAReplicaThatWent() {
    TestLeaderless test = streaming();
    test.write(1);
    assertThat(test.step(new LeaderlessEvent.PeerLost(N2))).isEmpty(); // n3 is there
    assertThat(test.step(new LeaderlessEvent.PeerLost(N3))).containsExactly(new Copied());
    assertThat(test.replica().copiedOrHinted(2)).isEqualTo(1);
  }

  @Test
  void theShellIsToldWhenAReplicaHasBeenSilentForTooLong() {
    TestLeaderless test = streaming();
    test.write(1);
    test.tick(1_000);
    assertThat(test.effects(Copied.class)).isEmpty();
    test.tick(1_001);
    assertThat(test.effects(Copied.class)).hasSize(1);
    assertThat(test.replica().copiedOrHinted(3)).isEqualTo(1);
    test.tick(1_002);
    assertThat(test.effects(Copied.class)).isEmpty();
  }

  @Test
  void copiesOfAnEntryAreCountedWhereThereAreFewest() {
    TestLeaderless test = configured(joint(List.of(N1, N2, N3), List.of(N1, N4, N5)));
    test.write(2);
    test.receive(N2, shared(2));
    test.receive(N3, shared(1));
    test.receive(N4, shared(1));
    assertThat(test.replica().copiesOf(1)).isEqualTo(2);
    assertThat(test.replica().copiesOf(2)).isEqualTo(1);
    assertThat(test.replica().copiesOf(3)).isZero();
  }

  @Test
  void noMoreIsSentAheadThanTheBoundAllows() {
    TestLeaderless test = streaming();
    for (int i = 0; i < 10; i++) {
      test.write(20); // of 40 bytes
    }
    assertThat(test.sentTo(N2)).isEmpty();
    test.receive(N2, shared(20));
    assertThat(test.sentTo(N2)).containsExactly(share(61, entries(61, 20)));
  }

  @Test
  void whatMemoryNoLongerHasIsReadFromTheLog() {
    TestLeaderless test = streaming();
    test.step(new LeaderlessEvent.PeerLost(N2));
    test.write(1);
    test.write(1);
    test.forgetMemoryBelow(2);
    assertThat(test.receive(N2, shared(0))).containsExactly(new ReadLog(N2, 1, 1_000));
    test.step(new LeaderlessEvent.LogRead(N2, 1, test.read(1), 1));
    assertThat(test.sentTo(N2)).containsExactly(share(1, entries(1, 1)), share(2, entries(2, 1)));
  }

  @Test
  void whatTheLogNoLongerHasIsSkipped() {
    TestLeaderless test = streaming();
    test.step(new LeaderlessEvent.PeerLost(N2));
    test.write(3);
    test.write(1);
    test.forgetMemoryBelow(4);
    test.receive(N2, shared(0));
    test.step(new LeaderlessEvent.LogRead(N2, 1, null, 4));
    assertThat(test.sentTo(N2))
        .containsExactly(new Share(ORIGIN, 1, 4, 3, null, true), share(4, entries(4, 1)));
    assertThat(test.replica().peers().get(N2).gap()).isTrue();
    test.receive(N2, shared(4));
    assertThat(test.replica().copied(2)).isEqualTo(4);
  }

  /** A stretch that held nothing for it is not in its journal. */
  @Test
  void oneThatOnlyForgotHowFarItWasHasNoGap() {
    TestLeaderless test = streaming();
    test.write(5);
    test.receive(N2, shared(5));
    test.forgetMemoryBelow(6);
    test.receive(N2, lacking(6, 2));
    test.receive(N2, shared(2));
    test.step(new LeaderlessEvent.LogRead(N2, 3, null, 6));
    assertThat(test.sentTo(N2)).containsExactly(new Share(ORIGIN, 1, 3, 5, null, false));
    assertThat(test.replica().peers().get(N2).gap()).isFalse();
  }

  @Test
  void oneThatForgotEntriesHasAGap() {
    TestLeaderless test = streaming();
    test.write(5);
    test.receive(N2, shared(5));
    test.forgetMemoryBelow(6);
    test.receive(N2, lacking(6, 2));
    test.receive(N2, new Shared(ORIGIN, 2, false));
    test.step(new LeaderlessEvent.LogRead(N2, 3, null, 6));
    assertThat(test.sentTo(N2)).containsExactly(new Share(ORIGIN, 1, 6, 5, null, true));
  }

  @Test
  void aStreamThatWasRefusedGoesOnWhenBothAgree() {
    TestLeaderless test = streaming();
    test.write(1);
    test.receive(N2, new Refused(0));
    test.write(1);
    assertThat(test.sentTo(N2)).isEmpty();
    test.tick(100);
    assertThat(test.sentTo(N2)).containsExactly(heartbeat(2));
    test.receive(N2, lacking(2, 0));
    test.receive(N2, shared(0));
    assertThat(test.sentTo(N2)).containsExactly(share(1, entries(1, 1)), share(2, entries(2, 1)));
  }

  @Test
  void aCoordinatorThatWasBehindAsksAgainOnceItKnowsTheConfiguration() {
    TestLeaderless test = streaming();
    test.receive(N2, new Refused(2));
    test.step(new LeaderlessEvent.Configured(2, THREE));
    assertThat(test.sentTo(N2)).containsExactly(new Share(ORIGIN, 2, 1, 0, null, false));
    assertThat(test.step(new LeaderlessEvent.Configured(1, Membership.of(List.of(N1), 1))))
        .isEmpty();
    assertThat(test.replica().version()).isEqualTo(2);
  }

  @Test
  void whoIsNotHeardFromIsAway() {
    TestLeaderless test = streaming();
    assertThat(test.replica().canReach(3)).isTrue();
    test.step(new LeaderlessEvent.PeerLost(N3));
    assertThat(test.replica().canReach(3)).isFalse();
    test.receive(N3, shared(0));
    test.tick(500);
    test.receive(N2, shared(0));
    test.tick(1_001);
    assertThat(test.replica().canReach(2)).isTrue();
    assertThat(test.replica().canReach(3)).isFalse();
    assertThat(test.replica().peers().get(N3).reachable()).isFalse();
  }

  @Test
  void nothingIsInReachBeforeAConfigurationIsKnown() {
    TestLeaderless test = new TestLeaderless(recovered(5, new TreeMap<>(), true));
    assertThat(test.replica().canReach(1)).isFalse();
    assertThat(test.replica().canRead(1)).isFalse();
    assertThat(test.replica().copied(1)).isZero();
    assertThat(test.replica().everywhereIndex()).isZero();
  }

  @Test
  void aReplicaThatSaysItHasMoreThanWasSentStopsTheCoordinator() {
    TestLeaderless test = streaming();
    test.propose(1);
    assertThatThrownBy(() -> test.receive(N2, shared(1))).isInstanceOf(InvariantViolation.class);
  }

  @Test
  void wordOfAnEarlierOriginIsIgnored() {
    TestLeaderless test = streaming();
    assertThat(test.receive(N2, new Shared(ORIGIN - 1, 99, true))).isEmpty();
    assertThat(test.receive(N2, new LeaderlessMessage.Lacking(ORIGIN - 1, 9, 3))).isEmpty();
  }
}
