package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageSettings;
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

  @Test
  void a_copy_that_storage_does_not_have_and_that_goes_on_stops_the_node() {
    recovery.start(7, new Position(2, 5), meta(2, 5));
    assertThatThrownBy(() -> recovery.checkCopies())
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("7");
  }
}
