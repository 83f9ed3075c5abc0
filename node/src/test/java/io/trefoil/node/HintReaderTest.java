package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.cell.EntryWriter;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.leaderless.Stretch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How fast hints are handed over, and in what portions. */
class HintReaderTest {
  private static final int RATE = 1_000_000;
  private static final long MILLI = 1_000_000;

  private long nowNanos = -500 * MILLI;
  private final ArrayDeque<Runnable> disk = new ArrayDeque<>();
  private final HintReader reader =
      new HintReader(Runnable::run, () -> nowNanos, disk::add, new RateLimit(RATE, nowNanos));
  private final List<Stretch> handedOver = new ArrayList<>();

  private void read(int bytes) {
    EntryBatch batch = new EntryBatch(1, 1, 1, 0, 1, Bytes.wrap(new byte[bytes]));
    reader.read(() -> new Stretch(1, 1, batch), handedOver::add);
  }

  private void runDisk() {
    while (!disk.isEmpty()) {
      disk.poll().run();
    }
  }

  private void passMillis(int millis) {
    for (int i = 0; i < millis; i++) {
      nowNanos += MILLI;
      reader.tick();
      runDisk();
    }
  }

  @Test
  void whatIsReadIsHandedOverNoFasterThanTheRate() {
    for (int i = 0; i < 100; i++) {
      read(50_000);
    }
    runDisk();
    assertThat(handedOver).as("at once").hasSize(1);
    passMillis(1_000);
    assertThat(handedOver.size() * 50_000).isBetween(RATE, RATE + 100_000);
    passMillis(5_000);
    assertThat(handedOver).hasSize(100);
  }

  @Test
  void fewAreReadAtATime() {
    for (int i = 0; i < 10; i++) {
      read(RATE);
    }
    assertThat(disk).hasSize(HintReader.MAX_READS);
    runDisk();
    assertThat(handedOver).hasSize(1);
    assertThat(disk).as("as many are held as may be").isEmpty();
    passMillis(20_000);
    assertThat(handedOver).hasSize(10);
  }

  @Test
  void thatThereIsNothingIsHandedOverToo() {
    reader.read(() -> null, handedOver::add);
    runDisk();
    assertThat(handedOver).containsExactly((Stretch) null);
  }

  @Test
  void ownBatchesThatFollowEachOtherGoTogetherAndOthersAreLeftOut() {
    EntryBatch foreign = batch(3, true);
    EntryBatch own = batch(4, false);
    EntryBatch more = batch(5, false);
    Stretch stretch =
        HintReader.ownStretch(3, 8, List.of(foreign, own, more, batch(6, true), batch(7, false)));
    assertThat(stretch.from()).isEqualTo(3);
    assertThat(stretch.upTo()).isEqualTo(5);
    assertThat(stretch.batch().firstIndex()).isEqualTo(4);
    assertThat(stretch.batch().count()).isEqualTo(2);
    assertThat(stretch.batch().body().length())
        .isEqualTo(own.body().length() + more.body().length());
    assertThat(HintReader.ownStretch(3, 4, List.of(foreign))).isEqualTo(new Stretch(3, 3, null));
    assertThat(HintReader.ownStretch(3, 3, List.of())).isNull();
  }

  private static EntryBatch batch(long index, boolean foreign) {
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, 1);
    if (foreign) {
      EntryWriter.from(entry, 2, 1, 1, new byte[] {0});
    }
    ByteSink body = new ByteSink();
    body.putBlock(entry.array(), 0, entry.size());
    return new EntryBatch(1, index, 1, 0, 1, Bytes.wrap(body.toArray()));
  }
}
