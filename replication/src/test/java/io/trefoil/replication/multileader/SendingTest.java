package io.trefoil.replication.multileader;

import static io.trefoil.replication.multileader.TestReceiver.at;
import static io.trefoil.replication.multileader.TestReceiver.entries;
import static io.trefoil.replication.multileader.TestReceiver.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.RegionMessage.Batch;
import io.trefoil.replication.multileader.RegionMessage.TooOld;
import io.trefoil.replication.multileader.SenderEffect.ReadLog;
import io.trefoil.replication.multileader.SenderEffect.Send;
import io.trefoil.replication.multileader.SenderView.State;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What a region's leader sends another region of its log. */
class SendingTest implements RegionLog {
  private static final RegionSettings SETTINGS =
      new RegionSettings(1_000, 200, 100, 2_000, 1_000, 500, 60_000);
  private static final int OWN = RegionOrigin.number(1, 1);
  private static final SortedSet<Integer> WANTS = new TreeSet<>(List.of(1));

  private final RegionSender sender = new RegionSender(this, SETTINGS);
  private long memoryFrom = 1;
  private int entryBytes;
  private List<SenderEffect> effects = new ArrayList<>();

  /** One entry at a time. */
  @Override
  public Stretch recent(long from, long upTo, SortedSet<Integer> wants, int maxBytes) {
    assertThat(wants).isEqualTo(WANTS);
    assertThat(maxBytes).isEqualTo(200);
    return from < memoryFrom ? null : stretch(from);
  }

  private Stretch stretch(long index) {
    Piece piece =
        entryBytes == 0
            ? entry(OWN, index)
            : new Piece(OWN, index, 1, Bytes.wrap(new byte[entryBytes]));
    return new Stretch(index, List.of(piece));
  }

  @Override
  public Position position(long index) {
    return at(index);
  }

  private List<SenderEffect> step(SenderEvent event) {
    effects = new ArrayList<>();
    sender.step(event, effects::add);
    return effects;
  }

  private List<SenderEffect> pulled(long id, long after) {
    return step(new SenderEvent.Pulled(id, after, WANTS));
  }

  private static Send heartbeat(long id, long index, long end) {
    return new Send(new Batch(id, at(index), at(index), end, 0, List.of()));
  }

  private Send batch(long id, long index, long end) {
    return new Send(new Batch(id, at(index - 1), at(index), end, 0, stretch(index).pieces()));
  }

  private long batches() {
    return effects.stream()
        .filter(it -> it instanceof Send send && send.message() instanceof Batch)
        .count();
  }

  @Test
  void nothingIsSentToWhoDoesNotPull() {
    assertThat(step(new SenderEvent.MaySend(3))).isEmpty();
    assertThat(step(new SenderEvent.Tick(500, 0))).isEmpty();
    assertThat(sender.view().state()).isEqualTo(State.IDLE);
  }

  @Test
  void whoPullsIsToldWhereBothAreAndSentWhatFollows() {
    step(new SenderEvent.MaySend(3));
    assertThat(pulled(7, 1)).containsExactly(heartbeat(7, 1, 3), batch(7, 2, 3), batch(7, 3, 3));
  }

  @Test
  void onlyWhatMayBeSentIsSent() {
    step(new SenderEvent.MaySend(1));
    assertThat(pulled(7, 0)).containsExactly(heartbeat(7, 0, 1), batch(7, 1, 1));
    assertThat(step(new SenderEvent.MaySend(2))).containsExactly(batch(7, 2, 2));
    assertThat(step(new SenderEvent.MaySend(2))).isEmpty();
  }

  /** It has heard of what this leader may not send yet. */
  @Test
  void aPullerMayBeAheadOfWhatMayBeSent() {
    step(new SenderEvent.MaySend(1));
    assertThat(pulled(7, 3)).containsExactly(heartbeat(7, 3, 3));
    assertThat(step(new SenderEvent.MaySend(4))).containsExactly(batch(7, 4, 4));
  }

  @Test
  void noMoreThanAWindowIsOnItsWay() {
    entryBytes = 300;
    step(new SenderEvent.MaySend(9));
    pulled(7, 0);
    assertThat(batches()).isEqualTo(1 + 3); // the third passes the bound
    assertThat(step(new SenderEvent.Acked(7, 1))).containsExactly(batch(7, 4, 9));
    assertThat(sender.view().inFlightBytes()).isEqualTo(3 * (300 + 16 + 32));
  }

  @Test
  void anEntryLargerThanTheWindowGoesAlone() {
    step(new SenderEvent.MaySend(1));
    pulled(7, 0);
    entryBytes = 3_000;
    assertThat(step(new SenderEvent.MaySend(3))).isEmpty();
    assertThat(step(new SenderEvent.Acked(7, 1))).containsExactly(batch(7, 2, 3));
    assertThat(step(new SenderEvent.Acked(7, 2))).containsExactly(batch(7, 3, 3));
  }

  @Test
  void whatMemoryNoLongerHasIsReadFromTheLog() {
    memoryFrom = 2;
    step(new SenderEvent.MaySend(2));
    assertThat(pulled(7, 0)).containsExactly(heartbeat(7, 0, 2), new ReadLog(7, 1, 2, WANTS, 200));
    assertThat(step(new SenderEvent.MaySend(3))).isEmpty();
    assertThat(step(new SenderEvent.LogRead(7, 1, stretch(1))))
        .containsExactly(batch(7, 1, 3), batch(7, 2, 3), batch(7, 3, 3));
  }

  /** It was read for other regions than are wanted now. */
  @Test
  void whatWasReadForAnEarlierPullIsNotSent() {
    memoryFrom = 2;
    step(new SenderEvent.MaySend(2));
    pulled(7, 0);
    pulled(8, 0);
    assertThat(step(new SenderEvent.LogRead(7, 1, stretch(1)))).isEmpty();
    step(new SenderEvent.LogRead(8, 1, stretch(1)));
    assertThat(effects).containsExactly(batch(8, 1, 2), batch(8, 2, 2));
  }

  @Test
  void whatTheLogNoLongerHoldsNeedsASnapshot() {
    memoryFrom = 2;
    step(new SenderEvent.MaySend(2));
    pulled(7, 0);
    assertThat(step(new SenderEvent.LogRead(7, 1, null))).containsExactly(new Send(new TooOld(7)));
    assertThat(sender.view().state()).isEqualTo(State.TOO_OLD);
    assertThat(step(new SenderEvent.Tick(500, 0))).isEmpty();
    assertThat(pulled(8, 1)).containsExactly(heartbeat(8, 1, 2), batch(8, 2, 2));
  }

  @Test
  void aHeartbeatGoesOutWhenNothingElseDid() {
    pulled(7, 0);
    assertThat(step(new SenderEvent.Tick(99, 0))).isEmpty();
    assertThat(step(new SenderEvent.Tick(100, 4_000)))
        .containsExactly(new Send(new Batch(7, at(0), at(0), 0, 4_000, List.of())));
    assertThat(step(new SenderEvent.Tick(199, 0))).isEmpty();
  }

  @Test
  void whatIsAcknowledgedStaysSoWhenTheConnectionBreaks() {
    step(new SenderEvent.MaySend(3));
    pulled(7, 0);
    step(new SenderEvent.Acked(7, 2));
    step(new SenderEvent.Lost());
    assertThat(sender.ackedIndex()).isEqualTo(2);
    assertThat(sender.view().inFlightBytes()).isZero();
    step(new SenderEvent.Acked(7, 3));
    assertThat(sender.ackedIndex()).as("said before it was lost").isEqualTo(2);
    assertThat(step(new SenderEvent.MaySend(4))).isEmpty();
  }

  @Test
  void anAcknowledgementOfAnEarlierPullIsIgnored() {
    step(new SenderEvent.MaySend(3));
    pulled(7, 0);
    pulled(8, 0);
    step(new SenderEvent.Acked(7, 2));
    assertThat(sender.ackedIndex()).isZero();
  }

  @Test
  void whoPullsFromBeforeWhatItAcknowledgedHasLostIt() {
    step(new SenderEvent.MaySend(3));
    pulled(7, 0);
    step(new SenderEvent.Acked(7, 3));
    pulled(8, 1);
    assertThat(sender.ackedIndex()).isEqualTo(1);
  }

  @Test
  void nobodyAcknowledgesMoreThanWasSent() {
    step(new SenderEvent.MaySend(3));
    pulled(7, 0);
    step(new SenderEvent.Acked(7, 9));
    assertThat(sender.ackedIndex()).isEqualTo(3);
  }

  @Test
  void aPieceIsCutAtAnIndex() {
    Piece piece = entries(OWN, 9, 4);
    assertThat(piece.after(5)).isSameAs(piece);
    assertThat(piece.after(7)).isEqualTo(entries(OWN, 9, 2));
  }
}
