package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.replication.kernel.EntryBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RecentEntriesTest {
  @Test
  void anEntryHasTheLogTimeOfItsBatchAndOnlyWhileItIsHeld() {
    assertThat(recent.logTimeAt(1)).isEmpty();
    recent.add(batch(5, 2, 1_000));
    recent.add(batch(7, 1, 2_000));
    assertThat(recent.logTimeAt(4)).isEmpty();
    assertThat(recent.logTimeAt(5)).hasValue(1_000);
    assertThat(recent.logTimeAt(6)).hasValue(1_000);
    assertThat(recent.logTimeAt(7)).hasValue(2_000);
    assertThat(recent.logTimeAt(8)).isEmpty();
    recent.cut(6);
    assertThat(recent.logTimeAt(6)).isEmpty();
  }

  private static EntryBatch batch(long firstIndex, int count, long logTimeMillis) {
    EntryBatch batch = Batches.of(1, firstIndex, new int[count]);
    return new EntryBatch(1, firstIndex, count, logTimeMillis, 1, batch.body());
  }

  private final RecentEntries recent = new RecentEntries();

  /** One step: the kind in the lowest bits, the rest chooses where. */
  private static final int KINDS = 4;

  /** The model is a map from index to epoch; batches differ, entries must not. */
  @Property
  void it_holds_what_a_map_of_entries_holds(
      @ForAll @Size(max = 300) List<@IntRange(max = 40_000) Integer> steps) {
    RecentEntries entries = new RecentEntries();
    TreeMap<Long, Long> model = new TreeMap<>();
    long next = 1;
    long epoch = 1;
    for (int step : steps) {
      int argument = step / KINDS;
      switch (step % KINDS) {
        case 0, 1 -> {
          int count = 1 + argument % 5;
          entries.add(Batches.of(epoch, next, new int[count]));
          for (int i = 0; i < count; i++) {
            model.put(next++, epoch);
          }
        }
        case 2 -> {
          if (!model.isEmpty()) {
            next = model.firstKey() + argument % (next - model.firstKey() + 1);
            entries.cut(next);
            model.tailMap(next).clear();
            epoch++;
          }
        }
        default -> {
          long committed = argument % (next + 1);
          long before = entries.firstIndex();
          entries.trim(committed, argument % 20);
          long first = entries.firstIndex();
          assertThat(first == Long.MAX_VALUE || first == before || first <= committed + 1).isTrue();
          model.headMap(Math.min(first, next)).clear();
        }
      }
      assertSame(entries, model);
    }
  }

  private static void assertSame(RecentEntries entries, TreeMap<Long, Long> model) {
    assertThat(entries.firstIndex()).isEqualTo(model.isEmpty() ? Long.MAX_VALUE : model.firstKey());
    assertThat(entries.lastIndex()).isEqualTo(model.isEmpty() ? 0 : model.lastKey());
    for (long index : model.keySet()) {
      EntryBatch batch = entries.recent(index);
      assertThat(batch.firstIndex()).isEqualTo(index);
      assertThat(batch.epoch()).isEqualTo(model.get(index));
    }
    if (!model.isEmpty()) {
      assertThat(entries.recent(model.firstKey() - 1)).isNull();
      assertThat(entries.recent(model.lastKey() + 1)).isNull();
      long from = (model.firstKey() + model.lastKey()) / 2;
      assertThat(indexes(entries, from, model.lastKey()))
          .isEqualTo(List.copyOf(model.tailMap(from).keySet()));
      assertThat(indexes(entries, model.firstKey(), from))
          .isEqualTo(List.copyOf(model.headMap(from + 1).keySet()));
    }
  }

  private static List<Long> indexes(RecentEntries entries, long from, long to) {
    List<Long> indexes = new ArrayList<>();
    entries.forEach(
        from,
        to,
        batch -> {
          for (long index = batch.firstIndex(); index <= batch.lastIndex(); index++) {
            indexes.add(index);
          }
        });
    return indexes;
  }

  @Test
  void a_batch_that_does_not_follow_is_a_bug() {
    recent.add(Batches.of(1, 1, 5, 5));
    assertThatThrownBy(() -> recent.add(Batches.of(1, 4, 5))).hasMessageContaining("consecutive");
    assertThatThrownBy(() -> recent.add(Batches.of(1, 2, 5))).hasMessageContaining("consecutive");
  }

  @Test
  void what_is_not_held_is_not_handed_over() {
    recent.add(Batches.of(1, 10, 5, 5));
    assertThatThrownBy(() -> recent.forEach(9, 11, batch -> {})).hasMessageContaining("not held");
    assertThatThrownBy(() -> recent.forEach(10, 12, batch -> {})).hasMessageContaining("not held");
    recent.forEach(12, 11, batch -> assertThat(batch).isNull()); // nothing was asked for
  }

  @Test
  void old_batches_go_only_when_committed_and_beyond_the_bound() {
    recent.add(Batches.of(1, 1, 99)); // with its length, 100 bytes
    long weight = 100 + RecentEntries.BATCH_OVERHEAD;
    recent.add(Batches.of(1, 2, 99));
    recent.add(Batches.of(1, 3, 99));
    recent.trim(3, 3 * weight);
    assertThat(recent.firstIndex()).isEqualTo(1);
    recent.trim(0, 0);
    assertThat(recent.firstIndex()).isEqualTo(1);
    recent.trim(1, 0);
    assertThat(recent.firstIndex()).isEqualTo(2);
    recent.trim(3, 2 * weight - 1);
    assertThat(recent.firstIndex()).isEqualTo(3);
  }

  @Test
  void bytes_after_an_index_count_whole_batches() {
    recent.add(Batches.of(1, 1, 99, 99));
    recent.add(Batches.of(1, 3, 99));
    assertThat(recent.bytesAfter(0)).isEqualTo(300);
    assertThat(recent.bytesAfter(1)).isEqualTo(300);
    assertThat(recent.bytesAfter(2)).isEqualTo(100);
    assertThat(recent.bytesAfter(3)).isZero();
    recent.clear();
    assertThat(recent.bytesAfter(0)).isZero();
    assertThat(recent.firstIndex()).isEqualTo(Long.MAX_VALUE);
  }
}
