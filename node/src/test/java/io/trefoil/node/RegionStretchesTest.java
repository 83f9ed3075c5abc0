package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.cell.EntryWriter;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.replication.multileader.Stretch;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** eu is region 1 and writes the log; what came from us (2) and asia (3) is in it. */
class RegionStretchesTest {
  private static final int EU = 1;
  private static final int US = RegionOrigin.number(2, 4);
  private static final int ASIA = RegionOrigin.number(3, 9);
  private static final int LARGE = 1 << 20;

  private final List<EntryBatch> log = new ArrayList<>();
  private long next = 1;

  private void append(long epoch, ByteSink... entries) {
    ByteSink body = new ByteSink();
    for (ByteSink entry : entries) {
      body.putBlock(entry.array(), 0, entry.size());
    }
    log.add(new EntryBatch(epoch, next, entries.length, 0, 1, Bytes.wrap(body.toArray())));
    next += entries.length;
  }

  private static ByteSink entry() {
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, 77);
    return entry;
  }

  private static ByteSink own(String key) {
    ByteSink entry = entry();
    EntryWriter.remove(entry, Bytes.utf8(key).array(), 0, key.length());
    return entry;
  }

  private static ByteSink mark() {
    ByteSink entry = entry();
    EntryWriter.mark(entry, 5, 6);
    return entry;
  }

  private static Piece piece(int origin, long index, String... keys) {
    ByteSink body = new ByteSink();
    for (String key : keys) {
      ByteSink entry = own(key);
      body.putBlock(entry.array(), 0, entry.size());
    }
    return new Piece(origin, index, keys.length, Bytes.wrap(body.toArray()));
  }

  private static ByteSink foreign(Piece... pieces) {
    ByteSink entry = entry();
    RegionStretches.write(entry, 2, 4, 50, List.of(pieces));
    return entry;
  }

  private Stretch stretch(long upTo, int maxBytes, Integer... wants) {
    return RegionStretches.of(log, upTo, EU, new TreeSet<>(Set.of(wants)), maxBytes);
  }

  @Test
  void ownEntriesThatFollowEachOtherAreOnePieceForEachEpoch() {
    append(6, own("a"), own("b"));
    append(6, own("c"));
    append(8, own("d"));
    Stretch all = stretch(4, LARGE, EU);
    assertThat(all.upToIndex()).isEqualTo(4);
    assertThat(all.pieces())
        .containsExactly(
            piece(RegionOrigin.number(EU, 6), 3, "a", "b", "c"),
            piece(RegionOrigin.number(EU, 8), 4, "d"));
  }

  @Test
  void whatIsNotWantedIsAWordOfTheLastOfIt() {
    append(6, own("a"), foreign(piece(US, 40, "x"), piece(US, 41, "y"), piece(ASIA, 7, "z")));
    assertThat(stretch(2, LARGE, EU).pieces())
        .containsExactly(
            piece(RegionOrigin.number(EU, 6), 1, "a"), Piece.word(US, 41), Piece.word(ASIA, 7));
    assertThat(stretch(2, LARGE, 2).pieces())
        .containsExactly(
            Piece.word(RegionOrigin.number(EU, 6), 1),
            piece(US, 40, "x"),
            piece(US, 41, "y"),
            Piece.word(ASIA, 7));
  }

  @Test
  void aPieceDoesNotSpanWhatOthersWrote() {
    append(6, own("a"), foreign(piece(US, 40, "x")), own("b"));
    assertThat(stretch(3, LARGE, EU, 2).pieces())
        .containsExactly(
            piece(RegionOrigin.number(EU, 6), 1, "a"),
            piece(US, 40, "x"),
            piece(RegionOrigin.number(EU, 6), 3, "b"));
  }

  @Test
  void aMarkIsAnEntryThatChangesNothing() {
    append(6, own("a"), mark());
    Piece sent = stretch(2, LARGE, EU).pieces().get(0);
    ByteSource body = new ByteSource(sent.body().array());
    body.skip(body.getBlockLength());
    assertThat(sent.count()).isEqualTo(2);
    assertThat(body.getBlockLength()).isEqualTo(Long.BYTES);
  }

  @Test
  void itEndsWhereItMayOrWhenItIsFull() {
    append(6, own("a"), own("b"), own("c"));
    assertThat(stretch(2, LARGE, EU).upToIndex()).isEqualTo(2);
    assertThat(stretch(3, 1, EU).upToIndex()).isEqualTo(1);
  }

  @Test
  void ofWhatCameBySnapshotThereIsAWordAlsoWhereItIsWanted() {
    ByteSink whole = entry();
    EntryWriter.reached(whole, 2, 4, 50);
    EntryWriter.from(whole, US, 50, 0, new byte[0]);
    append(6, own("a"), whole, own("b"));
    Piece[] pieces = {
      piece(RegionOrigin.number(EU, 6), 1, "a"),
      Piece.word(US, 50),
      piece(RegionOrigin.number(EU, 6), 3, "b")
    };
    assertThat(stretch(3, LARGE, EU).pieces()).containsExactly(pieces);
    assertThat(stretch(3, LARGE, EU, 2).pieces()).containsExactly(pieces);
  }

  @Test
  void piecesOfASnapshotAreNotSentOn() {
    ByteSink inner = entry();
    EntryWriter.fill(inner, 0);
    ByteSink body = new ByteSink().putBlock(inner.array(), 0, inner.size());
    ByteSink filled = entry();
    EntryWriter.from(filled, 0, 0, 1, body.toArray());
    append(6, own("a"), filled);
    assertThat(stretch(2, LARGE, EU, 2, 3).pieces())
        .containsExactly(piece(RegionOrigin.number(EU, 6), 1, "a"));
    assertThat(stretch(2, LARGE, EU).upToIndex()).isEqualTo(2);
  }
}
