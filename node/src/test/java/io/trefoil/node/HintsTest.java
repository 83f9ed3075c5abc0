package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.cell.EntryWriter;
import io.trefoil.replication.kernel.EntryBatch;
import org.junit.jupiter.api.Test;

class HintsTest {
  private final RecentEntries recent = new RecentEntries();

  @Test
  void onlyTheCoordinatorsOwnEntriesAreHints() {
    EntryBatch first = own(1, 3);
    recent.add(first);
    recent.add(foreign(4));
    EntryBatch last = own(5, 2);
    recent.add(last);
    int both = first.body().length() + last.body().length();

    assertThat(Hints.of(recent, 0, 6)).isEqualTo(new Hints(5, both));
    assertThat(Hints.of(recent, 2, 6)).isEqualTo(new Hints(3, both)); // whole batches of bytes
    assertThat(Hints.of(recent, 4, 6)).isEqualTo(new Hints(2, last.body().length()));
    assertThat(Hints.of(recent, 6, 6)).isEqualTo(Hints.NONE);
  }

  @Test
  void whatMemoryDoesNotHoldIsTakenToBeLikeWhatItHolds() {
    recent.add(own(101, 1));
    recent.add(foreign(102));
    long bytes = recent.recent(101).body().length();

    assertThat(Hints.of(recent, 98, 102)).isEqualTo(new Hints(2, 2 * bytes));
    assertThat(Hints.of(new RecentEntries(), 90, 102)).isEqualTo(new Hints(12, 0));
  }

  @Test
  void aLongLogIsNotLookedThrough() {
    for (int index = 1; index <= 40_000; index++) {
      recent.add(index % 2 == 0 ? own(index, 1) : foreign(index));
    }
    assertThat(Hints.of(recent, 0, 40_000).entries()).isEqualTo(20_000);
  }

  private static EntryBatch own(long firstIndex, int count) {
    ByteSink body = new ByteSink();
    for (int i = 0; i < count; i++) {
      ByteSink entry = new ByteSink();
      EntryWriter.begin(entry, firstIndex + i);
      body.putBlock(entry.array(), 0, entry.size());
    }
    return new EntryBatch(1, firstIndex, count, 0, 1, Bytes.wrap(body.toArray()));
  }

  private static EntryBatch foreign(long index) {
    EntryBatch theirs = own(7, 1);
    ByteSink entry = new ByteSink();
    EntryWriter.begin(entry, index);
    EntryWriter.from(entry, 2, 7, 1, theirs.body().array());
    ByteSink body = new ByteSink();
    body.putBlock(entry.array(), 0, entry.size());
    return new EntryBatch(1, index, 1, 0, 1, Bytes.wrap(body.toArray()));
  }
}
