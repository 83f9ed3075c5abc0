package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Opened;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageSettings;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an {@link EntryBuilder} collects, an {@link EntryApplier} puts into a store. */
class EntriesTest {
  @TempDir private Path folder;
  private final EntryBuilder builder = new EntryBuilder();
  private Storage storage;
  private PartitionStore store;
  private EntryApplier applier;

  @BeforeEach
  void openStore() {
    storage =
        Storage.open(
            StorageSettings.in(folder)
                .withMemoryTableBytes(StorageSettings.MIN_MEMORY_TABLE_BYTES)
                .withBlockCacheBytes(1 << 20),
            broken -> {
              throw broken;
            });
    store = storage.store(1, 0, Runnable::run);
    applier = new EntryApplier(store, 5, EntryApplier.Marks.IGNORED);
  }

  @AfterEach
  void closeStore() {
    store.close();
    storage.close();
  }

  private void put(String key, String value, long expireAtMillis) {
    byte[] k = key.getBytes(UTF_8);
    byte[] v = value.getBytes(UTF_8);
    builder.put(CellType.STRING, expireAtMillis, k, 0, k.length, v, 0, v.length);
  }

  private void begin(long index, long stamp) {
    builder.beginCommand(index);
    builder.open(stamp);
  }

  private EntryBatch take(long firstIndex) {
    int count = builder.count();
    return new EntryBatch(1, firstIndex, count, 1_000, 1, builder.take());
  }

  private String value(String key) {
    byte[] k = key.getBytes(UTF_8);
    if (store.findBlocking(k, 0, k.length) != PartitionStore.Found.FOUND) {
      return null;
    }
    byte[] value = new byte[store.valueLength()];
    store.copyValue(0, value, 0, value.length);
    return new String(value, UTF_8);
  }

  @Test
  void changes_of_every_kind_arrive_with_index_and_stamp() {
    begin(1, 10);
    put("a", "1", Cells.NEVER);
    put("b", "2", 77_000);
    put("c", "3", Cells.NEVER);
    builder.endCommand();
    begin(2, 20);
    builder.remove("a".getBytes(UTF_8), 0, 1);
    builder.expire(88_000, "c".getBytes(UTF_8), 0, 1);
    builder.endCommand();
    applier.put(take(1));

    assertThat(value("a")).isNull();
    assertThat(value("b")).isEqualTo("2");
    assertThat(store.expireAtMillis()).isEqualTo(77_000);
    assertThat(store.stamp()).isEqualTo(10);
    assertThat(store.entryIndex()).isEqualTo(1);
    assertThat(value("c")).isEqualTo("3");
    assertThat(store.expireAtMillis()).isEqualTo(88_000);
    assertThat(store.stamp()).isEqualTo(20);
    assertThat(store.entryIndex()).isEqualTo(2);
    assertThat(applier.lastStamp()).isEqualTo(20);
  }

  @Test
  void fields_arrive_with_the_key_that_holds_them() {
    byte[] key = "hh".getBytes(UTF_8);
    byte[] text = "f1f2v".getBytes(UTF_8);
    Opened of = new Opened(CellType.HASH, 30, key, 0, 2);
    begin(1, 10);
    builder.field(of, text, 0, 2, text, 4, 1);
    int size = builder.sizeBytes();
    builder.field(of, text, 2, 2, text, 4, 1);
    assertThat(builder.sizeBytes() - size).as("the key is named once").isEqualTo(6);
    builder.head(of, 88_000, 2);
    builder.endCommand();
    begin(2, 20);
    builder.drop(of, text, 0, 2);
    builder.head(of, 88_000, 1);
    builder.endCommand();
    applier.put(take(1));

    assertThat(store.find(key, 0, 2)).isEqualTo(PartitionStore.Found.FOUND);
    assertThat(store.type()).isEqualTo(CellType.HASH);
    assertThat(store.collection()).isEqualTo(30);
    assertThat(store.fieldCount()).isEqualTo(1);
    assertThat(store.expireAtMillis()).isEqualTo(88_000);
    assertThat(store.fields().find(30, text, 0, 2)).isEqualTo(PartitionStore.Found.ABSENT);
    assertThat(store.fields().find(30, text, 2, 2)).isEqualTo(PartitionStore.Found.FOUND);
    assertThat(store.valueLength()).isEqualTo(1);
    assertThat(applier.lastStamp()).as("numbers of collections are stamps").isEqualTo(30);
  }

  @Test
  void clearing_removes_what_was_there_before_it_only() {
    begin(1, 10);
    put("before", "1", Cells.NEVER);
    builder.endCommand();
    begin(2, 11);
    builder.clear();
    builder.endCommand();
    begin(3, 12);
    put("after", "1", Cells.NEVER);
    builder.endCommand();
    applier.put(take(1));
    assertThat(value("before")).isNull();
    assertThat(value("after")).isEqualTo("1");
  }

  @Test
  void an_undone_command_leaves_nothing_and_the_others_everything() {
    begin(1, 10);
    put("kept", "1", Cells.NEVER);
    builder.endCommand();
    int size = builder.sizeBytes();
    begin(2, 11);
    put("undone", "1", Cells.NEVER);
    builder.undoCommand();
    assertThat(builder.sizeBytes()).isEqualTo(size);
    assertThat(builder.count()).isEqualTo(1);
    begin(2, 12);
    put("next", "1", Cells.NEVER);
    builder.endCommand();
    applier.put(take(1));
    assertThat(value("kept")).isEqualTo("1");
    assertThat(value("undone")).isNull();
    assertThat(value("next")).isEqualTo("1");
    assertThat(store.entryIndex()).isEqualTo(2);
  }

  @Test
  void a_command_that_writes_nothing_makes_no_entry() {
    builder.beginCommand(1);
    assertThat(builder.hasEntry()).isFalse();
    builder.endCommand();
    assertThat(builder.count()).isZero();
    assertThat(builder.take()).isEqualTo(Bytes.EMPTY);
  }

  @Test
  void a_batch_begins_empty_after_the_one_before_was_taken() {
    begin(1, 10);
    put("a", "1", Cells.NEVER);
    builder.endCommand();
    take(1);
    assertThat(builder.count()).isZero();
    assertThat(builder.sizeBytes()).isZero();
  }

  @Test
  void values_of_every_length_of_length_arrive_whole() {
    long index = 1;
    for (int length : new int[] {0, 1, 100, 127, 128, 16_000, 16_384, 2_097_152}) {
      begin(index, index);
      put("k" + length, "x".repeat(length), Cells.NEVER);
      builder.endCommand();
      applier.put(take(index++));
      assertThat(value("k" + length)).hasSize(length).matches("x*");
    }
  }

  @Test
  void an_empty_entry_carries_its_stamp_and_changes_nothing() {
    applier.put(new EntryBatch(1, 1, 1, 1_000, 1, EntryBuilder.emptyEntry(99)));
    assertThat(applier.lastStamp()).isEqualTo(99);
    assertThat(store.keyCount()).isZero();
  }

  @Test
  void the_last_stamp_never_goes_back() {
    applier.put(new EntryBatch(1, 1, 1, 1_000, 1, EntryBuilder.emptyEntry(3)));
    assertThat(applier.lastStamp()).isEqualTo(5);
    applier.observeStamp(4);
    assertThat(applier.lastStamp()).isEqualTo(5);
    applier.observeStamp(6);
    assertThat(applier.lastStamp()).isEqualTo(6);
  }

  @Test
  void a_command_that_opens_two_entries_is_a_bug() {
    begin(1, 10);
    assertThatThrownBy(() -> builder.open(11)).hasMessageContaining("a command writes one entry");
  }
}
