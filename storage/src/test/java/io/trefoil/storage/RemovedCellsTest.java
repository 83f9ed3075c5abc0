package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What was removed, of which the disk has not heard. */
class RemovedCellsTest {
  @TempDir Path folder;
  private TestStore test;

  @BeforeEach
  void aKeyOnDisk() {
    test = new TestStore(folder, 4 << 20);
    test.put("gone", "value");
    test.put("old", "value");
    test.flush();
    test.remove("gone");
    test.commit();
  }

  @AfterEach
  void close() {
    test.close();
  }

  private boolean isInTable(String key) {
    byte[] bytes = Bytes.utf8(key).array();
    return test.store.isInTable(HashIndex.hash(bytes, 0, bytes.length), bytes);
  }

  /** Something is only on disk from now on, while nothing more is written there. */
  private void evictOld() {
    byte[] large = new byte[100_000];
    for (int i = 0; isInTable("old"); i++) {
      test.put("crowd" + i, large, 0);
      test.commit();
      test.storage.maintain(0, 1_000);
    }
  }

  @Test
  void itLeavesTheTableWhileThatHasAll() {
    assertThat(isInTable("gone")).isFalse();
    assertThat(test.get("gone")).isNull();
    test.flush();
    evictOld();
    assertThat(isInTable("gone")).isFalse();
    assertThat(test.get("gone")).isNull();
  }

  @Test
  void itIsBackWhenTheDiskIsToBeAsked() {
    evictOld();
    assertThat(isInTable("gone")).isTrue();
    assertThat(test.get("gone")).isNull();
    test.flush();
    assertThat(test.get("gone")).isNull();
  }

  @Test
  void itIsBackThoughItIsOnItsWay() {
    test.store.freeze(new Position(1, test.index), Bytes.EMPTY);
    evictOld();
    assertThat(isInTable("gone")).isTrue();
    test.settle();
    assertThat(isInTable("gone")).isFalse();
    assertThat(test.get("gone")).isNull();
  }

  @Test
  void itIsUnderWhatIsNotCommitted() {
    long before = test.index;
    test.put("gone", "again");
    byte[] large = new byte[100_000];
    for (int i = 0; isInTable("old"); i++) {
      test.put("crowd" + i, large, 0);
      test.storage.maintain(0, 1_000);
    }
    assertThat(test.get("gone")).isEqualTo("again");
    test.store.undoAfter(before);
    test.index = before;
    assertThat(isInTable("gone")).isTrue();
    assertThat(test.get("gone")).isNull();
  }

  @Test
  void theLastOfSeveralIsBack() {
    test.put("gone", "again");
    test.commit();
    test.remove("gone");
    test.commit();
    evictOld();
    test.put("gone", "there");
    test.flush();
    test.crowdOut("gone");
    assertThat(test.get("gone")).isEqualTo("there");
  }

  @Test
  void whatWasWrittenSinceStays() {
    test.put("gone", "again");
    test.commit();
    evictOld();
    assertThat(test.get("gone")).isEqualTo("again");
    test.flush();
    test.crowdOut("gone");
    assertThat(test.get("gone")).isEqualTo("again");
  }

  @Test
  void itsMemoryIsFreedWhenAllIsCleared() {
    test.flush();
    test.settle();
    for (int i = 0; i < 1_000; i++) {
      test.put("k" + i, "v");
    }
    test.commit();
    for (int i = 0; i < 1_000; i++) {
      test.remove("k" + i);
    }
    test.commit();
    test.index++;
    test.store.clear(test.index, test.index);
    test.flush();
    assertThat(test.store.keyCount()).isZero();
    // The index has a chunk, and the records have none.
    assertThat(test.store.arena().usedBytes()).isLessThan(Arena.CHUNK + 1_024);
  }
}
