package io.trefoil.replication.multileader;

import static io.trefoil.replication.multileader.TestReceiver.FOUR;
import static io.trefoil.replication.multileader.TestReceiver.LOST;
import static io.trefoil.replication.multileader.TestReceiver.THREE;
import static io.trefoil.replication.multileader.TestReceiver.TWO;
import static io.trefoil.replication.multileader.TestReceiver.at;
import static io.trefoil.replication.multileader.TestReceiver.entries;
import static io.trefoil.replication.multileader.TestReceiver.entry;
import static io.trefoil.replication.multileader.TestReceiver.linked;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.NeighbourView.State;
import io.trefoil.replication.multileader.ReceiverEffect.Append;
import io.trefoil.replication.multileader.ReceiverEffect.NeedSnapshot;
import io.trefoil.replication.multileader.RegionMessage.Acked;
import io.trefoil.replication.multileader.RegionMessage.Batch;
import io.trefoil.replication.multileader.RegionMessage.Pull;
import io.trefoil.replication.multileader.RegionMessage.TooOld;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a region's leader appends of what comes, what it acknowledges, and what it asks for. */
class ReceivingTest {
  private static TreeSet<Integer> regions(Integer... regions) {
    return new TreeSet<>(List.of(regions));
  }

  private static SortedMap<Integer, Position> positions(int region, long index) {
    return new TreeMap<>(Map.of(region, at(index)));
  }

  /** A neighbour that is heard from, and where its log ends. */
  private static SortedMap<Integer, Long> heard(int region, long end) {
    return new TreeMap<>(Map.of(region, end));
  }

  private static SortedMap<Integer, Long> heard(int one, long end, int other, long otherEnd) {
    return new TreeMap<>(Map.of(one, end, other, otherEnd));
  }

  // Pulling.

  @Test
  void aPullGoesOnWhereTheLogIs() {
    TestReceiver test = new TestReceiver(RegionWays.allToAll(1, List.of(1, 2)), positions(2, 7));
    test.step(new ReceiverEvent.LinkUp(2));
    assertThat(test.pulls(2)).containsExactly(new Pull(100, at(7), regions(2)));
    assertThat(test.acks(2)).as("the sender may be a new one").containsExactly(ack(100, 7));
  }

  private static Acked ack(long pull, long index) {
    return new Acked(pull, at(index));
  }

  @Test
  void anotherConnectionPullsFromWhereEverythingIsAppendedWithANumberOfItsOwn() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 4, entry(TWO, 3));
    test.step(new ReceiverEvent.LinkUp(2));
    assertThat(test.pulls(2)).containsExactly(new Pull(101, at(4), regions(2)));
  }

  @Test
  void aBatchOfAnEarlierPullIsIgnored() {
    TestReceiver test = linked(2);
    test.step(new ReceiverEvent.LinkUp(2));
    assertThat(test.receive(2, new Batch(100, at(0), at(3), 3, 0, List.of(entry(TWO, 3)))))
        .isEmpty();
  }

  @Test
  void aHoleInTheNeighboursLogIsNotSteppedOver() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, entry(TWO, 3));
    test.batch(2, 4, 5, entry(TWO, 5));
    assertThat(test.appends()).isEmpty();
    assertThat(test.pulls(2)).containsExactly(new Pull(101, at(3), regions(2)));
  }

  @Test
  void aNeighboursNewLeaderMayHaveLessThanWasPulled() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 9, entries(TWO, 9, 3));
    test.step(new ReceiverEvent.LinkUp(2));
    int next = RegionOrigin.number(2, 2);
    Position upTo = new Position(2, 8);
    test.receive(2, new Batch(test.pull(2), at(7), upTo, 8, 0, List.of(entry(next, 8))));
    assertThat(test.appends()).containsExactly(new Append(2, 2, upTo, List.of(entry(next, 8))));
  }

  @Test
  void whatIsNotedNeverGoesBack() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 9, entries(TWO, 9, 3));
    test.step(new ReceiverEvent.LinkUp(2));
    int next = RegionOrigin.number(2, 2);
    Piece blocked = Piece.word(RegionOrigin.number(1, 3), 5);
    Batch batch =
        new Batch(test.pull(2), at(7), new Position(2, 9), 9, 0, List.of(entry(next, 8), blocked));
    test.receive(2, batch);
    assertThat(test.appends()).containsExactly(new Append(2, 2, at(9), List.of(entry(next, 8))));
  }

  @Test
  void aPullThatNobodyServesIsMadeAnew() {
    TestReceiver test = linked(2);
    test.tick(1_999);
    assertThat(test.pulls(2)).isEmpty();
    test.tick(2_000);
    assertThat(test.pulls(2)).containsExactly(new Pull(101, at(0), regions(2)));
  }

  @Test
  void moreThanTwoWindowsAreNotQueued() {
    TestReceiver test = linked(3);
    Bytes large = Bytes.wrap(new byte[900]);
    test.batch(2, 0, 3, Piece.word(THREE, 9), new Piece(TWO, 3, 1, large));
    test.batch(2, 3, 4, new Piece(TWO, 4, 1, large));
    assertThat(test.pulls(2)).isEmpty();
    test.batch(2, 4, 5, new Piece(TWO, 5, 1, large));
    assertThat(test.pulls(2)).containsExactly(new Pull(102, at(0), regions(2)));
    assertThat(test.neighbour(2).queuedBytes()).isZero();
  }

  @Test
  void oneEntryMayBeLargerThanAnyWindow() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, new Piece(TWO, 3, 1, Bytes.wrap(new byte[9_000])));
    assertThat(test.appends()).hasSize(1);
  }

  @Test
  void aNeighbourThatLetGoOfWhatIsLackingIsNotAskedAgain() {
    TestReceiver test = linked(2);
    assertThat(test.receive(2, new TooOld(99))).isEmpty();
    assertThat(test.receive(2, new TooOld(100))).containsExactly(new NeedSnapshot(2));
    assertThat(test.neighbour(2).state()).isEqualTo(State.TOO_OLD);
    test.tick(9_000);
    assertThat(test.pulls(2)).isEmpty();
    test.step(new ReceiverEvent.LinkUp(2));
    assertThat(test.pulls(2)).hasSize(1);
  }

  @Test
  void onlyNeighboursAreLinked() {
    TestReceiver test = new TestReceiver(RegionWays.star(1, 2, List.of(1, 2, 3)));
    assertThatThrownBy(() -> test.step(new ReceiverEvent.LinkUp(3)))
        .isInstanceOf(InvariantViolation.class);
  }

  // Appending.

  @Test
  void whatComesIsAppendedInTheNeighboursOrder() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 6, entries(TWO, 4, 2), entry(TWO, 6));
    assertThat(test.appends())
        .containsExactly(new Append(1, 2, at(6), List.of(entries(TWO, 4, 2), entry(TWO, 6))));
    assertThat(test.receiver().vector()).containsEntry(TWO, 6L);
  }

  @Test
  void whatIsHereIsNotAppendedAgain() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 5, entries(TWO, 5, 2));
    test.batch(3, 0, 9, entries(TWO, 5, 2), entry(THREE, 7));
    assertThat(test.appends()).containsExactly(new Append(2, 3, at(9), List.of(entry(THREE, 7))));
  }

  @Test
  void ofAPieceThatIsHereInPartOnlyTheRestIsAppended() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 5, entries(TWO, 5, 2));
    test.batch(3, 0, 9, entries(TWO, 8, 5));
    assertThat(test.appends())
        .containsExactly(new Append(2, 3, at(9), List.of(entries(TWO, 8, 3))));
  }

  @Test
  void anEntryWaitsForWhatItsRegionHadBeforeIt() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 5, entry(TWO, 3), Piece.word(THREE, 4), entry(TWO, 5));
    assertThat(test.appends())
        .as("the position is before a batch of which something is left")
        .containsExactly(new Append(1, 2, at(0), List.of(entry(TWO, 3))));
    assertThat(test.neighbour(2).state()).isEqualTo(State.WAITING);
    assertThat(test.neighbour(2).waitsFor()).isEqualTo(Piece.word(THREE, 4));
    test.batch(3, 0, 4, entry(THREE, 4));
    assertThat(test.appends())
        .containsExactly(
            new Append(2, 3, at(4), List.of(entry(THREE, 4))),
            new Append(3, 2, at(5), List.of(entry(TWO, 5))));
  }

  /** Each batch as a whole has seen a part of the other one. */
  @Test
  void twoNeighboursThatSawEachOtherInTurnsDoNotBlockEachOther() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 9, entry(TWO, 1), Piece.word(THREE, 2), entry(TWO, 5));
    test.batch(3, 0, 9, Piece.word(TWO, 1), entry(THREE, 2), Piece.word(TWO, 5), entry(THREE, 8));
    assertThat(test.appends())
        .containsExactly(
            new Append(2, 3, at(0), List.of(entry(THREE, 2))),
            new Append(3, 2, at(9), List.of(entry(TWO, 5))),
            new Append(4, 3, at(9), List.of(entry(THREE, 8))));
  }

  /** As may be when two regions stand in for two others: they merged those in different orders. */
  @Test
  void twoNeighboursThatWaitForEachOtherAreAskedForWhatTheyHave() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 9, Piece.word(THREE, 2), entry(TWO, 5));
    test.batch(3, 0, 9, Piece.word(TWO, 5), entry(THREE, 2));
    assertThat(test.appends()).isEmpty();
    test.pass(0, 2_000, heard(2, 9, 3, 9));
    assertThat(test.pulls(2)).containsExactly(new Pull(102, at(0), regions(2, 3)));
    test.batch(2, 0, 9, entry(THREE, 2), entry(TWO, 5));
    test.batch(3, 0, 9, entry(TWO, 5), entry(THREE, 2));
    assertThat(test.receiver().vector()).containsEntry(TWO, 5L).containsEntry(THREE, 2L);
  }

  @Test
  void aLocalEntryMergesNoMoreThanABatch() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 200, entries(TWO, 100, 100), entries(TWO, 200, 99));
    assertThat(test.appends())
        .containsExactly(
            new Append(1, 2, at(0), List.of(entries(TWO, 100, 100))),
            new Append(2, 2, at(200), List.of(entries(TWO, 200, 99))));
  }

  // Noting and acknowledging.

  @Test
  void nothingIsAcknowledgedBeforeItIsCommitted() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, entry(TWO, 3));
    assertThat(test.acks(2)).isEmpty();
    test.tick(100);
    assertThat(test.acks(2)).isEmpty();
    assertThat(test.committed(1)).containsExactly(new ReceiverEffect.Send(2, ack(100, 3)));
    assertThat(test.committed(1)).isEmpty();
  }

  @Test
  void oneAcknowledgementIsEnoughForAllThatCommitsAtOnce() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, entry(TWO, 3));
    test.batch(2, 3, 4, entry(TWO, 4));
    test.batch(2, 4, 5, entry(TWO, 5));
    test.committed(2);
    assertThat(test.acks(2)).containsExactly(ack(100, 4));
  }

  @Test
  void whatHadComeAnotherWayIsNotedFromTimeToTime() {
    TestReceiver test = linked(3);
    test.batch(2, 0, 3, entry(TWO, 3));
    test.batch(3, 0, 4, Piece.word(TWO, 3));
    test.tick(499);
    assertThat(test.appends()).isEmpty();
    test.tick(500);
    assertThat(test.appends()).containsExactly(new Append(2, 3, at(4), List.of()));
    test.committed(2);
    assertThat(test.acks(3)).containsExactly(ack(101, 4));
    test.batch(3, 4, 6, Piece.word(TWO, 3));
    test.tick(999);
    assertThat(test.appends()).isEmpty();
  }

  /** A note is such an entry itself: two regions would answer each other's all the time. */
  @Test
  void whatHeldNothingForOthersIsNotedMuchLater() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3);
    test.pass(0, 59_900, heard(2, 3));
    assertThat(test.appends()).isEmpty();
    test.tick(60_000);
    assertThat(test.appends()).containsExactly(new Append(1, 2, at(3), List.of()));
  }

  // What the own region lost.

  @Test
  void ownEntriesThatAreHereAreNeverAskedFor() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, Piece.word(LOST, 20), Piece.word(RegionOrigin.number(1, 5), 99));
    assertThat(test.pulls(2)).isEmpty();
    assertThat(test.neighbour(2).state()).isEqualTo(State.STREAMING);
  }

  @Test
  void ownEntriesThatWereLostAreFetchedBack() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, Piece.word(LOST, 22), entry(TWO, 3));
    assertThat(test.pulls(2)).containsExactly(new Pull(101, at(0), regions(1, 2)));
    test.batch(2, 0, 3, entry(LOST, 22), entry(TWO, 3));
    assertThat(test.appends())
        .containsExactly(new Append(1, 2, at(3), List.of(entry(LOST, 22), entry(TWO, 3))));
  }

  @Test
  void whatWasFetchedBackIsNotAskedForAnyMore() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 3, Piece.word(LOST, 22));
    test.batch(2, 0, 3, entry(LOST, 22));
    test.pass(100, 900, heard(2, 3));
    assertThat(test.pulls(2)).isEmpty();
    test.tick(1_000);
    assertThat(test.pulls(2)).containsExactly(new Pull(102, at(3), regions(2)));
  }

  // Who brings what.

  @Test
  void aNeighbourIsWaitedForAtFirst() {
    TestReceiver test = linked(3);
    test.step(new ReceiverEvent.LinkDown(3));
    test.heartbeat(2, 0);
    test.tick(1_900);
    assertThat(test.pulls(2)).isEmpty();
    test.tick(2_000);
    assertThat(test.pulls(2)).isNotEmpty();
  }

  @Test
  void whoIsSilentIsReplacedByTheNextThatIsLive() {
    TestReceiver test = linked(4);
    test.pass(0, 2_000, heard(3, 0, 4, 0));
    assertThat(test.pulls(3)).containsExactly(new Pull(104, at(0), regions(2, 3)));
    assertThat(test.pulls(4)).isEmpty();
  }

  @Test
  void whoIsGoneIsReplacedAtOnce() {
    TestReceiver test = settled();
    test.step(new ReceiverEvent.LinkDown(3));
    assertThat(test.pulls(2)).containsExactly(new Pull(103, at(0), regions(2, 3)));
  }

  private static TestReceiver settled() {
    TestReceiver test = linked(4);
    test.pass(0, 5_000, settledNeighbours());
    return test;
  }

  private static SortedMap<Integer, Long> settledNeighbours() {
    SortedMap<Integer, Long> heard = heard(2, 0, 3, 0);
    heard.put(4, 0L);
    return heard;
  }

  @Test
  void itGetsItsRegionsBackOnlyAfterItHasSettled() {
    TestReceiver test = settled();
    test.step(new ReceiverEvent.LinkDown(3));
    test.step(new ReceiverEvent.LinkUp(3));
    test.pass(5_100, 5_900, settledNeighbours());
    assertThat(test.neighbour(2).wants()).containsExactly(2, 3);
    assertThat(test.neighbour(3).wants()).isEmpty();
    test.pass(6_000, 6_000, settledNeighbours());
    assertThat(test.neighbour(2).wants()).containsExactly(2);
    assertThat(test.neighbour(3).wants()).containsExactly(3);
  }

  @Test
  void whatIsPulledAnewGoesOnWhereItWasAppended() {
    TestReceiver test = settled();
    test.batch(2, 0, 3, entry(TWO, 3));
    test.batch(2, 3, 5, Piece.word(THREE, 4), entry(TWO, 5));
    test.step(new ReceiverEvent.LinkDown(3));
    assertThat(test.pulls(2)).containsExactly(new Pull(103, at(3), regions(2, 3)));
    assertThat(test.neighbour(2).queuedBytes()).isZero();
  }

  /** Region 3 is live, but its link to 4 is cut; 2 has what 4 wrote. */
  @Test
  void whoHasWhatItWaitsForIsAskedForItWhenNobodyElseBringsIt() {
    TestReceiver test = new TestReceiver(RegionWays.ring(1, List.of(1, 2, 4, 3)));
    test.step(new ReceiverEvent.LinkUp(2));
    test.step(new ReceiverEvent.LinkUp(3));
    assertThat(test.neighbour(3).wants()).containsExactly(3, 4);
    test.batch(2, 0, 5, Piece.word(FOUR, 2), entry(TWO, 5));
    test.pass(0, 1_900, heard(2, 5, 3, 0));
    assertThat(test.neighbour(2).wants()).containsExactly(2);
    test.pass(2_000, 2_000, heard(2, 5, 3, 0));
    assertThat(test.pulls(2)).containsExactly(new Pull(102, at(0), regions(2, 4)));
  }

  /** Region 4 was removed before all that it wrote was here; 2 has that. */
  @Test
  void whatARegionWroteThatIsGoneComesFromWhoHasIt() {
    TestReceiver test = new TestReceiver(RegionWays.allToAll(1, List.of(1, 2)));
    test.step(new ReceiverEvent.LinkUp(2));
    test.batch(2, 0, 5, entry(TWO, 4), Piece.word(FOUR, 2));
    test.pass(0, 2_000, heard(2, 5));
    assertThat(test.pulls(2)).last().isEqualTo(new Pull(101, at(0), regions(2, 4)));
    test.batch(2, 0, 5, entry(TWO, 4), entry(FOUR, 2));
    assertThat(test.receiver().vector()).containsEntry(FOUR, 2L);
  }

  /** What it is asked for came there by a snapshot: its log has a word of that, and no more. */
  @Test
  void aWordOfWhatIsWantedIsWaitedForAndThenASnapshotIsNeeded() {
    TestReceiver test = linked(2);
    test.batch(2, 0, 5, Piece.word(TWO, 4));
    test.pass(0, 1_900, heard(2, 5));
    assertThat(test.neighbour(2).state()).isEqualTo(State.WAITING);
    test.pass(2_000, 2_000, heard(2, 5));
    assertThat(test.neighbour(2).state()).isEqualTo(State.TOO_OLD);
  }

  @Test
  void whoSteppedInGoesOnUntilTheHolderBringsSomethingNew() {
    TestReceiver test = new TestReceiver(RegionWays.ring(1, List.of(1, 2, 4, 3)));
    test.step(new ReceiverEvent.LinkUp(2));
    test.step(new ReceiverEvent.LinkUp(3));
    test.batch(2, 0, 5, Piece.word(FOUR, 2));
    test.pass(0, 2_000, heard(2, 5, 3, 0));
    test.batch(2, 0, 5, entry(FOUR, 2));
    test.batch(3, 0, 5, entry(FOUR, 2));
    test.pass(2_100, 5_000, heard(2, 5, 3, 5));
    assertThat(test.neighbour(2).wants()).containsExactly(2, 4);
    test.batch(3, 5, 6, entry(FOUR, 3));
    test.pass(5_100, 5_100, heard(2, 5, 3, 6));
    assertThat(test.neighbour(2).wants()).containsExactly(2);
  }

  // Status.

  @Test
  void lagIsWhatTheNeighbourCouldSendAndSinceWhenNotAllIsHere() {
    TestReceiver test = linked(3);
    assertThat(test.neighbour(2).state()).isEqualTo(State.PULLING);
    test.heartbeat(2, 0);
    Batch batch = new Batch(test.pull(2), at(0), at(3), 9, 50_400, List.of(Piece.word(THREE, 1)));
    test.receive(2, batch);
    test.tick(700);
    assertThat(test.neighbour(2).lagEntries()).isEqualTo(9);
    assertThat(test.neighbour(2).lagMillis()).isEqualTo(700);
    test.batch(3, 0, 1, entry(THREE, 1));
    assertThat(test.neighbour(2).lagEntries()).isEqualTo(6);
    test.receive(2, new Batch(test.pull(2), at(3), at(9), 9, 50_600, List.of()));
    assertThat(test.neighbour(2).lagEntries()).isZero();
    assertThat(test.neighbour(2).lagMillis()).isEqualTo(100);
    test.step(new ReceiverEvent.LinkDown(2));
    assertThat(test.neighbour(2).state()).isEqualTo(State.DOWN);
  }
}
