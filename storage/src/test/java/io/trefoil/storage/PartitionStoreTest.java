package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.InvariantViolation;
import io.trefoil.base.Position;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.storage.PartitionStore.Found;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionStoreTest {
  private static final long BUDGET = 8L * Arena.CHUNK;

  @TempDir Path folder;
  private TestStore test;

  @BeforeEach
  void open() {
    test = new TestStore(folder, BUDGET);
  }

  @AfterEach
  void close() {
    assertThat(test.failures).isEmpty();
    test.close();
  }

  private void reopen() {
    test.storage.persist().join();
    test.close();
    test = new TestStore(folder, BUDGET);
  }

  @Test
  void aReaderOfCommittedCellsDoesNotSeeWhatMayBeUndone() {
    byte[] key = Bytes.utf8("k").array();
    test.put("k", "old");
    test.commit();
    test.put("k", "new");
    assertThat(test.get("k")).isEqualTo("new");
    assertThat(test.store.entryIndex()).isEqualTo(2);
    assertThat(test.store.findCommitted(key, 0, 1)).isEqualTo(Found.FOUND);
    assertThat(test.store.entryIndex()).isEqualTo(1);
    test.store.undoAfter(1);
    assertThat(test.get("k")).isEqualTo("old");
  }

  @Test
  void anAbsenceThatIsNotCommittedNamesTheEntryToWaitFor() {
    test.put("k", "v");
    test.commit();
    test.remove("k");
    assertThat(test.find("k")).isEqualTo(Found.ABSENT);
    assertThat(test.store.entryIndex()).isEqualTo(2);
    test.store.clear(3, 3);
    assertThat(test.find("never there")).isEqualTo(Found.ABSENT);
    assertThat(test.store.entryIndex()).isEqualTo(3);
  }

  @Test
  void anUndoneClearLosesNothing() {
    test.put("k", "v");
    test.commit();
    long mark = test.store.mark();
    test.store.clear(2, 2);
    assertThat(test.store.keyCount()).isZero();
    test.store.undoTo(mark);
    assertThat(test.get("k")).isEqualTo("v");
    assertThat(test.store.keyCount()).isEqualTo(1);
  }

  @Test
  void aClearReachesTheDiskAndTheMemory() {
    for (int i = 0; i < 50_000; i++) {
      test.put("k" + i, "v");
    }
    test.flush();
    long full = test.storage.memoryBytes(0);
    test.store.clear(++test.index, 1);
    test.put("after", "v");
    test.flush();
    assertThat(test.storage.memoryBytes(0)).isLessThan(full / 2);
    reopen();
    assertThat(test.store.keyCount()).isEqualTo(1);
    assertThat(test.get("k1")).isNull();
    assertThat(test.get("after")).isEqualTo("v");
  }

  @Test
  void memoryPerSmallKeyIsSmall() {
    byte[] value = new byte[64];
    for (int i = 0; i < 10_000; i++) {
      test.put(String.format("key:%012d", i), value, 0);
    }
    assertThat(test.storage.memoryBytes(0) / 10_000).isLessThanOrEqualTo(160);
  }

  /** Asks for a key that is on disk; the task that brings what was read, not run. */
  private Runnable fetchOnItsWay(String key, boolean[] fetched) {
    test.put(key, "old");
    test.flush();
    reopen();
    test.store.fetch(Bytes.utf8(key).array(), () -> fetched[0] = true);
    test.owner.take().run(); // hands it over to a reader
    return test.owner.take();
  }

  @Test
  void aFetchedValueThatWasOvertakenIsReadAgain() {
    boolean[] fetched = new boolean[1];
    Runnable late = fetchOnItsWay("k", fetched);
    // While the old value is on its way, a new one is written, flushed and evicted.
    test.put("k", "new");
    test.flush();
    test.crowdOut("k");
    late.run();
    assertThat(fetched[0]).isFalse();
    test.owner.runUntil(() -> fetched[0]);
    assertThat(test.get("k")).isEqualTo("new");
  }

  @Test
  void aFetchedValueOfAKeyThatWasRemovedMeanwhileIsReadAgain() {
    boolean[] fetched = new boolean[1];
    Runnable late = fetchOnItsWay("k", fetched);
    test.remove("k");
    test.flush();
    late.run();
    assertThat(fetched[0]).isFalse();
    test.owner.runUntil(() -> fetched[0]);
    assertThat(test.get("k")).isNull();
  }

  @Test
  void aFetchedValueIsNotReadAgainBecauseOtherKeysWereWritten() {
    boolean[] fetched = new boolean[1];
    Runnable late = fetchOnItsWay("k", fetched);
    test.put("other", "v");
    test.flush();
    late.run();
    assertThat(fetched[0]).isTrue();
    assertThat(test.get("k")).isEqualTo("old");
  }

  @Test
  void aFetchedValueThatComesWhenTheTableHasAllIsNotTaken() {
    boolean[] fetched = new boolean[1];
    Runnable late = fetchOnItsWay("k", fetched);
    while (test.store.bottom().incomplete) {
      test.store.fill();
      test.owner.take().run();
    }
    // Its removal is on its way to the disk, which still has the old value.
    test.remove("k");
    test.commit();
    late.run();
    test.owner.runUntil(() -> fetched[0]);
    assertThat(test.get("k")).isNull();
    assertThat(test.store.keyCount()).isZero();
  }

  @Test
  void aTableIsFilledAfterAStart() {
    for (int i = 0; i < 3_000; i++) {
      test.put("k" + i, "v" + i);
    }
    test.flush();
    reopen();
    assertThat(test.find("k1")).isEqualTo(Found.NOT_IN_MEMORY);
    test.put("k2", "newer");
    test.remove("k3");
    while (test.store.bottom().incomplete) {
      test.store.fill();
      test.owner.take().run();
      test.store.undoAfter(test.index - 1); // k3 is there again
    }
    for (int i = 0; i < 3_000; i++) {
      assertThat(test.find("k" + i)).isEqualTo(Found.FOUND);
    }
    assertThat(test.find("never there")).isEqualTo(Found.ABSENT);
    assertThat(test.get("k2")).isEqualTo("newer");
    assertThat(test.store.keyCount()).isEqualTo(3_000);
  }

  @Test
  void aFetchedAbsenceIsRememberedSoThatACommandIsNotRunForEver() {
    test.put("k", "v");
    test.flush();
    reopen();
    boolean[] fetched = new boolean[1];
    test.store.fetch(Bytes.utf8("absent").array(), () -> fetched[0] = true);
    test.owner.runUntil(() -> fetched[0]);
    byte[] absent = Bytes.utf8("absent").array();
    assertThat(test.store.isInTable(HashIndex.hash(absent, 0, 6), absent)).isTrue();
    assertThat(test.find("absent")).isEqualTo(Found.ABSENT);
    assertThat(test.store.keyCount()).isEqualTo(1);
  }

  @Test
  void keysWrittenBlindlyAreCountedOnceTheDiskWasAsked() {
    test.put("on disk", "v");
    test.put("on disk too", "v");
    test.flush();
    reopen();
    test.put("on disk", "w");
    test.put("new", "v");
    test.remove("on disk too");
    test.remove("never there");
    test.commit();
    assertThatThrownBy(test.store::keyCount).isInstanceOf(CellsNotInMemory.class);
    long[] count = {-1};
    test.store.resolveCounts(() -> count[0] = test.store.keyCount());
    test.owner.runPending();
    assertThat(count[0]).isEqualTo(-1);
    assertThat(test.store.wantsFreeze(0)).isTrue();
    test.flush();
    assertThat(count[0]).isEqualTo(2);
  }

  @Test
  void aBlindWriteThatIsUndoneLeavesTheCountKnown() {
    test.put("on disk", "v");
    test.flush();
    reopen();
    test.put("on disk", "w");
    test.store.undoAfter(test.index - 1);
    assertThat(test.store.keyCount()).isEqualTo(1);
  }

  @Test
  void aFreezeIsWantedForSizeOrAge() {
    assertThat(test.store.wantsFreeze(1_000)).isFalse();
    test.put("k", "v");
    test.commit();
    assertThat(test.store.wantsFreeze(1_000)).isFalse();
    assertThat(test.store.wantsFreeze(1_499)).isFalse();
    assertThat(test.store.wantsFreeze(1_500)).isTrue();
    test.flush();
    assertThat(test.store.wantsFreeze(9_000)).isFalse();
    for (int i = 0; i < 6; i++) {
      test.put("large" + i, new byte[100_000], 0);
    }
    test.commit();
    assertThat(test.store.wantsFreeze(9_000)).isTrue();
  }

  @Test
  void aFreezeWithUncommittedWritesBelowItsPositionIsRefused() {
    test.put("k", "v");
    assertThatThrownBy(() -> test.store.freeze(new Position(1, 1), Bytes.EMPTY))
        .isInstanceOf(InvariantViolation.class);
  }

  @Test
  void clientsOfAFollowerDontWaitForWhatItsLeaderSends() {
    test.put("on disk", "v");
    test.flush();
    reopen();
    test.put("k", "v");
    test.commit();
    test.store.freeze(new Position(1, test.index), Bytes.EMPTY);
    test.put("large", new byte[300_000], 0);
    test.commit();
    assertThat(test.storage.overBudget(0)).isTrue();
    test.store.holdsClientsBack(false);
    assertThat(test.storage.overBudget(0)).isFalse();
  }

  @Test
  void writersAreHeldBackOnlyWhileMemoryIsFullAndBeingWritten() {
    byte[] large = new byte[200_000];
    for (int i = 0; i < 10; i++) {
      test.put("k" + i, large, 0);
    }
    test.commit();
    assertThat(test.storage.overBudget(0)).isFalse();
    test.store.freeze(new Position(1, test.index), Bytes.EMPTY);
    assertThat(test.storage.overBudget(0)).isTrue();
    test.settle();
    assertThat(test.storage.overBudget(0)).isFalse();
    assertThat(test.storage.memoryBytes(0)).isLessThan(BUDGET);
  }

  @Test
  void recordsOfManySizesStayWithinTheBudgetAndAreAllFoundAgain() {
    Random random = new Random(5);
    int keys = 1_500;
    for (int i = 0; i < keys; i++) {
      int size = 1 << random.nextInt(15);
      test.put("k" + i, "x".repeat(size + random.nextInt(size)));
      if (i % 100 == 99) {
        test.flush();
        test.storage.persist().join();
        assertThat(test.storage.memoryBytes(0)).isLessThanOrEqualTo(BUDGET);
      }
    }
    assertThat(test.store.keyCount()).isEqualTo(keys);
    int onlyOnDisk = 0;
    for (int i = 0; i < keys; i++) {
      onlyOnDisk += test.find("k" + i) == Found.NOT_IN_MEMORY ? 1 : 0;
      assertThat(test.get("k" + i)).isNotNull();
      test.storage.maintain(0, 10_000);
    }
    assertThat(onlyOnDisk).isPositive();
    assertThat(test.store.keyCount()).isEqualTo(keys);
  }

  @Test
  void hotRecordsSurviveEviction() {
    test.put("hot", "v");
    test.flush();
    byte[] hot = Bytes.utf8("hot").array();
    for (int i = 0; i < 100; i++) {
      test.put("cold" + i, new byte[60_000], 0);
      test.flush();
      assertThat(test.store.isInTable(HashIndex.hash(hot, 0, 3), hot)).isTrue();
      assertThat(test.get("hot")).isEqualTo("v");
    }
  }

  @Test
  void aScanVisitsEveryKeyThatStaysWhateverElseChanges() {
    Set<String> staying = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      staying.add("stays" + i);
      test.put("stays" + i, "v".repeat(i % 3_000));
    }
    test.flush();
    Set<String> seen = new HashSet<>();
    Random random = new Random(9);
    long cursor = 0;
    do {
      cursor =
          test.store.scan(
              cursor,
              37,
              (key, offset, length, type, expireAt) ->
                  seen.add(Bytes.copyOf(key, offset, length).toString()));
      for (int i = 0; i < 50; i++) {
        test.put("moves" + random.nextInt(3_000), "v".repeat(500));
        test.remove("moves" + random.nextInt(3_000));
        test.put("stays" + random.nextInt(2_000), "w");
      }
      test.flush();
    } while (cursor != 0);
    assertThat(seen).containsAll(staying);
  }

  @Test
  void randomKeysComeFromEverywhere() {
    for (int i = 0; i < 100; i++) {
      test.put("k" + i, "v");
    }
    test.flush();
    Random random = new Random(3);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 3_000; i++) {
      seen.add(Bytes.wrap(test.store.randomKey(random.nextLong())).toString());
    }
    assertThat(seen).hasSize(100);
    test.store.clear(++test.index, 1);
    assertThat(test.store.randomKey(random.nextLong())).isNull();
  }

  @Test
  void digestsOfEqualCellsAreEqualWhateverTheirHistory() {
    test.put("a", "1");
    test.put("b", Bytes.utf8("2").array(), 500);
    test.put("expired", Bytes.utf8("3").array(), 90);
    test.flush();
    long digest = test.store.digest(100, 0, 1L << 32);
    test.store.close();
    test.open(2);
    test.put("b", "other");
    test.put("c", "removed");
    test.put("b", Bytes.utf8("2").array(), 500);
    test.flush();
    test.remove("c");
    test.put("a", "1");
    test.commit();
    test.put("a", "uncommitted");
    assertThat(test.store.digest(100, 0, 1L << 32)).isEqualTo(digest).isNotZero();
    long half = 1L << 31;
    assertThat(test.store.digest(100, 0, half) + test.store.digest(100, half, 1L << 32))
        .isEqualTo(digest);
    assertThat(test.store.digest(600, 0, 1L << 32)).isNotEqualTo(digest);
  }

  @Test
  void expiredCellsAreCollectedInMemoryAndOnDisk() {
    for (int i = 0; i < 3_000; i++) {
      test.put("k" + i, Bytes.utf8("v").array(), i % 3 == 0 ? 100 : 0);
    }
    test.flush();
    reopen();
    test.get("k0");
    test.put("k3", Bytes.utf8("uncommitted").array(), 100);
    assertThat(test.store.collectExpired(99, 10_000)).isZero();
    assertThat(test.store.soonestExpiryMillis()).isEqualTo(100);
    test.owner.runUntil(() -> !test.store.isSweeping());
    assertThat(test.store.collectExpired(100, 10_000)).isEqualTo(1);
    test.owner.runUntil(() -> !test.store.isSweeping());
    test.store.undoAfter(test.index - 1);
    for (int round = 0; round < 4; round++) {
      test.store.collectExpired(100, 10_000);
      test.owner.runUntil(() -> !test.store.isSweeping());
    }
    assertThat(test.store.keyCount()).isEqualTo(2_000);
    test.index--;
    test.flush();
    reopen();
    assertThat(test.store.keyCount()).isEqualTo(2_000);
    assertThat(test.get("k0")).isNull();
    assertThat(test.get("k3")).isNull();
    assertThat(test.get("k1")).isEqualTo("v");
  }
}
