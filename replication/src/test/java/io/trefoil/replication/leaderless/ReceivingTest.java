package io.trefoil.replication.leaderless;

import static io.trefoil.replication.leaderless.TestLeaderless.N2;
import static io.trefoil.replication.leaderless.TestLeaderless.N3;
import static io.trefoil.replication.leaderless.TestLeaderless.THREE;
import static io.trefoil.replication.leaderless.TestLeaderless.entries;
import static io.trefoil.replication.leaderless.TestLeaderless.recovered;
import static io.trefoil.replication.leaderless.TestLeaderless.share;
import static io.trefoil.replication.leaderless.TestLeaderless.streaming;
import static io.trefoil.replication.leaderless.TestLeaderless.theirHeartbeat;
import static io.trefoil.replication.leaderless.TestLeaderless.theirs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.NodeId;
import io.trefoil.replication.leaderless.LeaderlessEffect.AppendForeign;
import io.trefoil.replication.leaderless.LeaderlessEffect.Send;
import io.trefoil.replication.leaderless.LeaderlessMessage.Lacking;
import io.trefoil.replication.leaderless.LeaderlessMessage.Refused;
import io.trefoil.replication.leaderless.LeaderlessMessage.Share;
import io.trefoil.replication.leaderless.LeaderlessMessage.Shared;
import io.trefoil.replication.leaderless.LeaderlessReplica.Recovered;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a replica takes of the others' streams, and acknowledges. */
class ReceivingTest {
  private static Send acknowledged(NodeId to, int origin, long index) {
    return new Send(to, new Shared(origin, index, true));
  }

  private static Share empty(long from, long upTo) {
    return new Share(20, 1, from, upTo, null, false);
  }

  @Test
  void aForeignBatchTakesOneIndexAndIsAcknowledgedWhenStable() {
    TestLeaderless test = streaming();
    assertThat(test.receive(N2, theirs(1, entries(1, 3))))
        .containsExactly(new AppendForeign(N2, 20, 3, entries(1, 3), 1, false));
    assertThat(test.receive(N2, theirHeartbeat(4))).containsExactly(acknowledged(N2, 20, 0));
    assertThat(test.stable()).contains(acknowledged(N2, 20, 3));
    assertThat(test.replica().lastIndex()).isEqualTo(1);
  }

  /**
   * The acknowledgement may say that an own write stands in the way of the acknowledged one, which
   * is then written again. If that came first, the two would be in each other's way for ever.
   */
  @Test
  void ownWritesGoBeforeTheWordThatOthersAreThere() {
    TestLeaderless test = streaming();
    test.propose(1);
    test.receive(N2, theirs(1, entries(1, 1)));
    test.step(new LeaderlessEvent.Stable(2));
    assertThat(test.sentTo(N2)).containsExactly(share(1, entries(1, 1)), new Shared(20, 1, true));
  }

  @Test
  void oneAcknowledgementOfAnOriginIsEnoughForAllThatIsStable() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 1)));
    test.receive(N3, new Share(30, 1, 1, 2, entries(1, 2), false));
    test.receive(N2, theirs(2, entries(2, 1)));
    test.receive(N2, theirs(3, entries(3, 1)));
    test.step(new LeaderlessEvent.Stable(3));
    assertThat(test.sentTo(N2)).containsExactly(new Shared(20, 2, true));
    assertThat(test.sentTo(N3)).containsExactly(new Shared(30, 2, true));
  }

  @Test
  void aShareBeyondWhatIsHereIsNotTaken() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 3)));
    assertThat(test.receive(N2, theirs(5, entries(5, 1))))
        .containsExactly(new Send(N2, new Lacking(20, 5, 3)));
    assertThat(test.receive(N2, theirHeartbeat(6)))
        .containsExactly(new Send(N2, new Lacking(20, 6, 3)));
    assertThat(test.replica().lastIndex()).isEqualTo(1);
  }

  @Test
  void whatIsHereAlreadyIsAcknowledgedAndNotWrittenAgain() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 3)));
    test.stable();
    assertThat(test.receive(N2, theirs(1, entries(1, 3)))).containsExactly(acknowledged(N2, 20, 3));
    assertThat(test.replica().lastIndex()).isEqualTo(1);
  }

  @Test
  void aBatchThatOverlapsAddsOnlyWhatIsNew() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 3)));
    assertThat(test.receive(N2, theirs(2, entries(2, 4))))
        .containsExactly(new AppendForeign(N2, 20, 5, entries(4, 2), 2, false));
  }

  @Test
  void aStretchThatHoldsNothingIsAcknowledgedOnceWhatCameBeforeIsStable() {
    TestLeaderless test = streaming();
    assertThat(test.receive(N2, empty(1, 4))).containsExactly(acknowledged(N2, 20, 4));
    test.receive(N2, theirs(5, entries(6, 1)));
    assertThat(test.receive(N2, empty(7, 9))).containsExactly(acknowledged(N2, 20, 4));
    assertThat(test.stable()).contains(acknowledged(N2, 20, 9));
  }

  @Test
  void aReplicaThatStartedAnewGoesByItsJournal() {
    TreeMap<Integer, Long> seen = new TreeMap<>();
    seen.put(20, 7L);
    TestLeaderless test = new TestLeaderless(recovered(9, seen, true));
    test.step(new LeaderlessEvent.Configured(1, THREE));
    assertThat(test.receive(N2, theirHeartbeat(8))).containsExactly(acknowledged(N2, 20, 7));
    assertThat(test.receive(N2, theirHeartbeat(12)))
        .containsExactly(new Send(N2, new Lacking(20, 12, 7)));
  }

  @Test
  void aSkipLeavesAGapThatTheNextEntryTellsTheJournal() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 1)));
    assertThat(test.receive(N2, new Share(20, 1, 9, 8, null, true)))
        .containsExactly(acknowledged(N2, 20, 0));
    assertThat(test.replica().gaps()).containsExactly(20);
    assertThat(test.receive(N2, theirs(9, entries(9, 1))))
        .containsExactly(new AppendForeign(N2, 20, 9, entries(9, 1), 2, true));
    assertThat(test.receive(N2, theirs(10, entries(10, 1))))
        .containsExactly(new AppendForeign(N2, 20, 10, entries(10, 1), 3, false));
    assertThat(test.stable()).contains(acknowledged(N2, 20, 10));
  }

  @Test
  void aSkipOfWhatIsHereLeavesNoGap() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 3)));
    test.receive(N2, new Share(20, 1, 3, 4, entries(3, 2), true));
    assertThat(test.effects(AppendForeign.class))
        .containsExactly(new AppendForeign(N2, 20, 4, entries(4, 1), 2, false));
    assertThat(test.replica().gaps()).isEmpty();
  }

  @Test
  void aWholeCopyCountsAndHasNoGaps() {
    TestLeaderless test =
        new TestLeaderless(
            new Recovered(0, new TreeMap<>(), new TreeSet<>(List.of(5)), /* counts= */ false));
    test.step(new LeaderlessEvent.Configured(1, THREE));
    assertThat(test.receive(N2, theirHeartbeat(1)))
        .containsExactly(new Send(N2, new Shared(20, 0, false)));
    test.step(new LeaderlessEvent.Whole());
    assertThat(test.replica().counts()).isTrue();
    assertThat(test.replica().gaps()).isEmpty();
    assertThat(test.receive(N2, theirHeartbeat(1))).containsExactly(acknowledged(N2, 20, 0));
  }

  @Test
  void aLargerOriginBeginsAnewAndASmallerOneIsIgnored() {
    TestLeaderless test = streaming();
    test.receive(N2, theirs(1, entries(1, 3)));
    assertThat(test.receive(N2, new Share(21, 1, 1, 2, entries(1, 2), false)))
        .containsExactly(new AppendForeign(N2, 21, 2, entries(1, 2), 2, false));
    assertThat(test.receive(N2, theirs(4, entries(4, 1)))).isEmpty();
    assertThat(test.stable()).doesNotContain(acknowledged(N2, 20, 3));
    assertThat(test.replica().seen()).containsEntry(20, 3L).containsEntry(21, 2L);
  }

  @Test
  void nothingIsTakenFromOneWithAnotherConfiguration() {
    TestLeaderless test = streaming();
    assertThat(test.receive(N2, new Share(20, 2, 1, 1, entries(1, 1), false)))
        .containsExactly(new Send(N2, new Refused(1)));
    assertThat(test.receive(N2, new LeaderlessMessage.Ask(1, 0, TestLeaderless.body(1))))
        .containsExactly(new Send(N2, new Refused(1)));
    assertThat(test.replica().seen()).isEmpty();
  }

  @Test
  void aReplicaThatKnowsNoConfigurationTakesNothing() {
    TestLeaderless test = new TestLeaderless(Recovered.empty());
    assertThat(test.receive(N2, theirs(1, entries(1, 1))))
        .containsExactly(new Send(N2, new Refused(0)));
  }

  @Test
  void anotherCopyWithTheSameOriginStopsTheReplica() {
    TestLeaderless test = streaming();
    assertThatThrownBy(() -> test.receive(N2, TestLeaderless.heartbeat(1)))
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void whatWasNotAppendedIsNotStable() {
    TestLeaderless test = streaming();
    test.propose(1);
    assertThatThrownBy(() -> test.step(new LeaderlessEvent.Stable(2)))
        .isInstanceOf(InvariantViolation.class);
  }
}
