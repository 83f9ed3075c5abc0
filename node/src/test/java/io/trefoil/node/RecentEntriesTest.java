package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.Bytes;
import io.trefoil.replication.kernel.EntryBatch;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class RecentEntriesTest {
  @Test
  void anEntryHasTheLogTimeOfItsBatchAndOnlyWhileItIsHeld() {
    RecentEntries recent = new RecentEntries();
    assertThat(recent.logTimeAt(1)).isEmpty();
    recent.add(batch(5, 2, 1_000));
    recent.add(batch(7, 1, 2_000));
    assertThat(recent.logTimeAt(4)).isEmpty();
    assertThat(recent.logTimeAt(5)).isEqualTo(OptionalLong.of(1_000));
    assertThat(recent.logTimeAt(6)).isEqualTo(OptionalLong.of(1_000));
    assertThat(recent.logTimeAt(7)).isEqualTo(OptionalLong.of(2_000));
    assertThat(recent.logTimeAt(8)).isEmpty();
    recent.cut(6);
    assertThat(recent.logTimeAt(6)).isEmpty();
  }

  private static EntryBatch batch(long firstIndex, int count, long logTimeMillis) {
    ByteSink body = new ByteSink();
    for (int i = 0; i < count; i++) {
      body.putVarint(8).putLong(i);
    }
    return new EntryBatch(1, firstIndex, count, logTimeMillis, 1, Bytes.wrap(body.toArray()));
  }
}
