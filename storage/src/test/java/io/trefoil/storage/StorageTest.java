package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

class StorageTest {
  private static final long BUDGET = 16L << 20;

  @TempDir Path folder;

  private TestStore open() {
    return new TestStore(folder, BUDGET);
  }

  @Test
  void whatWasNotPersistedMayBeLostButNeverHalf() {
    TestStore test = open();
    test.put("a", "1");
    test.flush();
    assertThat(test.storage.persist().join()).containsEntry(1L, new Position(1, 1));
    test.owner.runPending();
    assertThat(test.store.persistedPosition()).isEqualTo(new Position(1, 1));
    test.put("b", "2");
    test.flush();
    assertThat(test.store.flushedPosition()).isEqualTo(new Position(1, 2));
    assertThat(test.store.persistedPosition()).isEqualTo(new Position(1, 1));
    test.storage.closeWithoutPersisting();

    TestStore again = open();
    assertThat(again.storage.copies())
        .containsExactly(new CopyState(1, new Position(1, 1), 1, Bytes.EMPTY));
    assertThat(again.get("a")).isEqualTo("1");
    assertThat(again.get("b")).isNull();
    again.close();
  }

  /** Format 1 had strings only, and its strings are as they are now. */
  @Test
  void theFormatBeforeIsReadAndOneOfTomorrowRefusedByName() throws RocksDBException {
    try (TestStore test = open()) {
      test.put("a", "1");
      test.flush();
      test.storage.persist().join();
    }
    writeMetaFormat(1);
    try (TestStore test = open()) {
      assertThat(test.get("a")).isEqualTo("1");
    }
    writeMetaFormat(3);
    assertThatThrownBy(this::open)
        .isInstanceOf(StorageException.class)
        .hasMessage("storage format 3 is not known to this version");
  }

  private void writeMetaFormat(int format) throws RocksDBException {
    List<ColumnFamilyDescriptor> families =
        List.of(
            new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
            new ColumnFamilyDescriptor(Bytes.utf8("cells").array()));
    List<ColumnFamilyHandle> handles = new ArrayList<>();
    byte[] copy = CellDisk.copyPrefix(1);
    try (RocksDB db = RocksDB.open(folder.toString(), families, handles)) {
      byte[] meta = db.get(handles.get(0), copy);
      meta[0] = (byte) format;
      db.put(handles.get(0), copy, meta);
      handles.forEach(ColumnFamilyHandle::close);
    }
  }

  @Test
  void aFolderInUseIsRefused() {
    try (TestStore test = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("in use by another process");
      assertThat(test.failures).isEmpty();
    }
  }

  @Test
  void aFileInPlaceOfTheFolderIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    assertThatThrownBy(() -> new TestStore(file, BUDGET))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("can't be created");
  }

  @Test
  void aDamagedFolderIsRefused() throws IOException {
    try (TestStore test = open()) {
      test.put("a", "1");
      test.flush();
    }
    Files.writeString(folder.resolve("CURRENT"), "MANIFEST-none\n");
    assertThatThrownBy(this::open)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("damaged");
  }

  @Test
  void aDiskThatFailsIsToldOnceAndNothingIsWrittenAfterwards() throws IOException {
    TestStore test = open();
    test.put("a", "1");
    test.flush();
    Folders.delete(folder);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> test.storage.persist().join())
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(StorageException.class);
    }
    assertThat(test.failures).hasSize(1);
    assertThat(test.failures.get(0)).hasMessageContaining("storage can't make cells durable");
    test.storage.closeWithoutPersisting();
    Files.createDirectories(folder);
  }

  @Test
  void aDroppedCopyIsGone() {
    try (TestStore test = open()) {
      test.put("a", "1");
      test.flush();
      test.store.close();
      test.storage.drop(1).join();
      assertThat(test.storage.copies()).isEmpty();
      test.open(1);
      assertThat(test.get("a")).isNull();
      assertThat(test.store.keyCount()).isZero();
    }
  }

  @Test
  void aStoreClosedWhileItIsWrittenGivesItsMemoryBack() {
    try (TestStore test = open()) {
      for (int i = 0; i < 1_000; i++) {
        test.put("k" + i, "v");
      }
      test.commit();
      test.store.freeze(new Position(1, test.index), Bytes.EMPTY);
      test.put("k1", "superseding what is frozen");
      test.commit();
      test.put("k2", "uncommitted");
      test.store.close();
      while (test.storage.maintain(0, 100)) {
        // Frees what can be freed before the generation is written.
      }
      test.settle();
      assertThat(test.storage.memoryBytes(0)).isZero();
      test.open(1);
      assertThat(test.get("k1")).isEqualTo("v");
    }
  }

  // ---- snapshots

  private static CellSnapshot snapshot(TestStore test) {
    CellSnapshot[] taken = new CellSnapshot[1];
    test.store.requestSnapshot(snapshot -> taken[0] = snapshot);
    test.commit();
    test.store.freeze(new Position(3, test.index), Bytes.utf8("meta"));
    test.owner.runUntil(() -> taken[0] != null);
    test.settle();
    return taken[0];
  }

  private static List<byte[]> chunks(CellSnapshot snapshot, int maxBytes) {
    List<byte[]> chunks = new ArrayList<>();
    for (byte[] chunk = snapshot.nextChunk(maxBytes);
        chunk != null;
        chunk = snapshot.nextChunk(maxBytes)) {
      assertThat(chunk.length).isBetween(1, maxBytes);
      chunks.add(chunk);
    }
    return chunks;
  }

  @Test
  void aSnapshotTakenWhileWritesGoOnBecomesACopyThatReplaces() {
    TestStore test = open();
    for (int i = 0; i < 2_000; i++) {
      test.put("k" + i, "v".repeat(i));
    }
    test.commit();
    long digest = test.digest();
    try (CellSnapshot snapshot = snapshot(test)) {
      CopyState state = snapshot.state();
      assertThat(state)
          .isEqualTo(new CopyState(1, new Position(3, 2_000), 2_000, Bytes.utf8("meta")));
      test.put("later", "x");
      test.remove("k7");
      test.flush();
      assertThat(test.digest()).isNotEqualTo(digest);

      SnapshotLoader loader = test.storage.load(2);
      chunks(snapshot, 999).forEach(chunk -> loader.addChunk(chunk).join());
      loader.finish(state.position(), state.keyCount(), state.meta()).join();
    }
    test.store.close();
    test.settle();
    test.storage.drop(1).join();
    test.open(2);
    assertThat(test.digest()).isEqualTo(digest);
    assertThat(test.store.keyCount()).isEqualTo(2_000);
    // Finished means durable: a crash now loses nothing.
    test.storage.closeWithoutPersisting();
    try (TestStore again = open()) {
      again.store.close();
      again.open(2);
      assertThat(again.store.flushedPosition()).isEqualTo(new Position(3, 2_000));
      assertThat(again.digest()).isEqualTo(digest);
    }
  }

  @Test
  void aCopyThatWasNeverFinishedIsDroppedAtTheNextStart() {
    try (TestStore test = open()) {
      test.put("a", "1");
      try (CellSnapshot snapshot = snapshot(test)) {
        SnapshotLoader loader = test.storage.load(2);
        chunks(snapshot, 1_000).forEach(chunk -> loader.addChunk(chunk).join());
      }
    }
    try (TestStore again = open()) {
      assertThat(again.storage.copies()).extracting(CopyState::copy).containsExactly(1L);
      again.store.close();
      again.open(2);
      assertThat(again.digest()).isZero();
    }
  }

  @Test
  void aSnapshotThatLacksCellsIsRefusedWithoutHarm() {
    try (TestStore test = open()) {
      test.put("a", "1");
      SnapshotLoader loader = test.storage.load(2);
      assertThatThrownBy(() -> loader.finish(new Position(1, 1), 1, Bytes.EMPTY).join())
          .hasCauseInstanceOf(MalformedBytesException.class);
      loader.abandon().join();
      test.flush();
      assertThat(test.failures).isEmpty();
      assertThat(test.storage.copies()).extracting(CopyState::copy).containsExactly(1L);
    }
  }

  @Test
  void bytesThatAreNoSnapshotAreRefusedBeforeMemoryIsTaken() {
    try (TestStore test = open()) {
      SnapshotLoader loader = test.storage.load(2);
      byte[] absurd = {-1, -1, -1, 127, 17, 0, 0, 0};
      assertThatThrownBy(() -> loader.addChunk(absurd).join())
          .hasCauseInstanceOf(MalformedBytesException.class);
      assertThat(test.failures).isEmpty();
    }
  }
}
