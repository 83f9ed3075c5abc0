package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.journal.Journal;
import io.trefoil.journal.JournalSettings;
import io.trefoil.journal.memory.SimulatedDisk;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.replication.singleleader.SingleLeaderReplica.Recovered;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageSettings;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the journal says of copies, and an empty storage. */
class JournalRecoveryTest {
  private static final PartitionId PARTITION = new PartitionId(1, 0);

  @TempDir private Path folder;
  private Storage storage;
  private JournalRecovery recovery;

  @BeforeEach
  void open() {
    storage = Storage.open(StorageSettings.in(folder), broken -> {});
    recovery = new JournalRecovery(storage);
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private static byte[] meta(long epoch, long index) {
    EpochTable epochs = new EpochTable();
    if (index > 0) {
      epochs.append(epoch, 1);
    }
    return new CopyMeta(PARTITION, epochs, 0, 0).encode().array();
  }

  @Test
  void a_copy_that_begins_empty_is_recovered_from_the_journal_alone() {
    recovery.start(7, Position.ZERO, meta(0, 0));
    assertThat(recovery.replicas(true)).hasSize(1);
  }

  /** The journal is older than storage: what was cut before storage's state is not cut again. */
  @Test
  void a_tail_that_was_cut_before_what_storage_has_is_passed_over() {
    storeUpTo(new Position(9, 6), 2, 1, 9, 4);
    recovery.start(7, Position.ZERO, meta(0, 0));
    batch(Batches.of(2, 1, 8, 8, 8), 0);
    batch(Batches.of(5, 4, 8, 8, 8, 8, 8), 3);
    recovery.cut(7, new Position(2, 3));
    batch(Batches.of(9, 4, 8, 8, 8), 3);
    recovery.commit(7, 6);
    batch(Batches.of(9, 7, 8), 6);
    Recovered recovered = recovery.replicas(true).get(0).recovered();
    assertThat(recovered.epochs().toString()).isEqualTo("2@1 9@4");
    assertThat(recovered.lastIndex()).isEqualTo(7);
    assertThat(recovered.commitIndex()).isEqualTo(6);
  }

  /** The same epoch's entries came, were cut, and came again. */
  @Test
  void entries_that_were_cut_and_came_again_are_there_once() {
    storeUpTo(new Position(2, 4), 2, 1);
    recovery.start(7, Position.ZERO, meta(0, 0));
    batch(Batches.of(2, 1, 8, 8, 8, 8, 8, 8), 0);
    recovery.cut(7, new Position(2, 2));
    batch(Batches.of(2, 3, 8, 8, 8), 4);
    Recovered recovered = recovery.replicas(true).get(0).recovered();
    assertThat(recovered.lastIndex()).isEqualTo(5);
    assertThat(recovered.commitIndex()).isEqualTo(4);
  }

  @Test
  void a_cut_of_what_the_journal_itself_calls_committed_stops_the_node() {
    recovery.start(7, Position.ZERO, meta(0, 0));
    batch(Batches.of(2, 1, 8), 0);
    recovery.commit(7, 1);
    assertThatThrownBy(() -> recovery.cut(7, Position.ZERO))
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("cuts a tail");
  }

  private void batch(EntryBatch batch, long commitIndex) {
    recovery.batch(
        7,
        batch.epoch(),
        batch.firstIndex(),
        batch.count(),
        commitIndex,
        batch.logTimeMillis(),
        1,
        batch.body().array(),
        0,
        batch.body().length());
  }

  /** A storage that has copy 7 up to a position, as a new process finds it. */
  private void storeUpTo(Position position, long... epochsAndFirstIndexes) {
    EpochTable epochs = new EpochTable();
    for (int i = 0; i < epochsAndFirstIndexes.length; i += 2) {
      epochs.append(epochsAndFirstIndexes[i], epochsAndFirstIndexes[i + 1]);
    }
    PartitionStore store = storage.store(7, 0, recovery.owner());
    store.freeze(position, new CopyMeta(PARTITION, epochs, 0, 0).encode());
    while (!store.canFreeze()) {
      recovery.owner().awaitAndRunAll();
      storage.maintain(0, 1_000);
    }
    storage.persist().join();
    storage.close();
    open();
  }

  /** A dropped copy: its end follows in the journal, and storage has let go of it. */
  @Test
  void a_copy_that_storage_let_go_of_is_skipped_up_to_its_end() {
    recovery.start(7, new Position(2, 5), meta(2, 5));
    recovery.batch(7, 2, 6, 1, 6, 0, 1, new byte[] {0}, 0, 1);
    recovery.cut(7, new Position(2, 5));
    recovery.commit(7, 5);
    recovery.end(7);
    recovery.checkCopies();
    assertThat(recovery.replicas(true)).isEmpty();
  }

  /** A copy that ended: the journal needed its entries no more, storage has yet to let go of it. */
  @Test
  void a_copy_whose_entries_went_is_skipped_up_to_its_end_and_storage_may_drop_it() {
    storeUpTo(new Position(2, 4), 2, 1);
    recovery.start(7, new Position(2, 6), meta(2, 6));
    batch(Batches.of(2, 7, 8), 6);
    assertThatThrownBy(() -> recovery.checkCopies())
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("not far enough");
    recovery.end(7);
    recovery.checkCopies();
    assertThat(recovery.replicas(true)).isEmpty();
    assertThat(recovery.strays()).containsExactly(7L);
  }

  /** The journal let go of a segment whose last entries were cut in the next one. */
  @Test
  void a_copy_whose_missing_entries_were_cut_goes_on_from_what_storage_has() {
    storeUpTo(new Position(2, 4), 2, 1);
    recovery.start(7, new Position(2, 6), meta(0, 0));
    batch(Batches.of(2, 7, 8), 4);
    recovery.cut(7, new Position(2, 5));
    assertThatThrownBy(() -> recovery.checkCopies()).isInstanceOf(InvariantViolation.class);
    recovery.cut(7, new Position(2, 4));
    batch(Batches.of(5, 5, 8, 8), 5);
    recovery.checkCopies();
    assertThat(recovery.replicas(true))
        .singleElement()
        .satisfies(
            it -> {
              assertThat(it.recovered().lastIndex()).isEqualTo(6);
              assertThat(it.recovered().commitIndex()).isEqualTo(5);
            });
  }

  /** A full disk: what others had committed was stored, and could not be journaled. */
  @Test
  void a_journal_that_ended_before_storage_did_goes_on_from_there() throws IOException {
    SimulatedDisk disk = new SimulatedDisk(1);
    JournalSettings settings = new JournalSettings(1, 1 << 16, 1 << 13, 20);
    try (Journal journal = Journal.open(disk.hold(), settings, recovery)) {
      journal.appendStart(7, Position.ZERO, meta(0, 0));
      append(journal, Batches.of(2, 1, 8, 8, 8));
    }
    storeUpTo(new Position(2, 4), 2, 1);
    try (Journal journal = Journal.open(disk.hold(), settings, recovery)) {
      assertThat(journal.last(7)).isEqualTo(new Position(2, 3));
      recovery.goOnFromStorage(journal);
      assertThat(journal.last(7)).isEqualTo(new Position(2, 4));
      Recovered recovered = recovery.replicas(true).get(0).recovered();
      assertThat(recovered.lastIndex()).isEqualTo(4);
      assertThat(recovered.counts()).isTrue();
      append(journal, Batches.of(2, 5, 8));
    }
    storage.close();
    open();
    try (Journal journal = Journal.open(disk.hold(), settings, recovery)) {
      recovery.goOnFromStorage(journal);
      assertThat(journal.last(7)).isEqualTo(new Position(2, 5));
      Recovered recovered = recovery.replicas(true).get(0).recovered();
      assertThat(recovered.lastIndex()).isEqualTo(5);
      assertThat(recovered.counts()).isTrue();
    }
  }

  private static void append(Journal journal, EntryBatch batch) {
    byte[] body = batch.body().array();
    journal.appendBatch(
        7, batch.epoch(), batch.firstIndex(), batch.count(), 0, 0, 1, body, 0, body.length);
    journal.write();
    journal.sync();
  }

  @Test
  void a_copy_that_storage_does_not_have_and_that_goes_on_stops_the_node() {
    recovery.start(7, new Position(2, 5), meta(2, 5));
    assertThatThrownBy(() -> recovery.checkCopies())
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("7");
  }
}
