package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions of one batch, of which the last one is kept. */
class OverwritesTest {
  @TempDir Path folder;
  private TestStore test;

  @BeforeEach
  void open() {
    test = new TestStore(folder, 8 << 20);
  }

  @AfterEach
  void close() {
    test.close();
  }

  private void put(String value) {
    test.put("key", value);
  }

  /** How many versions were written, ever. */
  private long versions() {
    return test.store.mark();
  }

  @Test
  void aBatchKeepsOneVersionOfAKey() {
    put("before");
    test.commit();
    test.store.beginBatch(2);
    for (int i = 0; i < 100; i++) {
      put("value " + i % 10);
    }
    assertThat(versions()).isEqualTo(2);
    assertThat(test.get("key")).isEqualTo("value 9");
    assertThat(test.store.entryIndex()).isEqualTo(101);
    test.commit();
    assertThat(test.get("key")).isEqualTo("value 9");
  }

  @Test
  void batchesAndOtherEntriesHaveTheirOwn() {
    put("a");
    put("b");
    test.store.beginBatch(3);
    put("c");
    test.store.beginBatch(4);
    put("d");
    assertThat(versions()).isEqualTo(4);
    test.store.undoAfter(3);
    assertThat(test.get("key")).isEqualTo("c");
    test.index = 3;
    put("e"); // of no batch
    assertThat(versions()).isEqualTo(4);
    test.store.undoAfter(1);
    assertThat(test.get("key")).isEqualTo("a");
  }

  @Test
  void whatIsLargeOrOfAnotherSizeIsAnotherVersion() {
    test.store.beginBatch(1);
    put("small");
    put("x".repeat(200));
    put("y".repeat(3_000));
    put("z".repeat(3_000));
    assertThat(versions()).isEqualTo(4);
    assertThat(test.get("key")).isEqualTo("z".repeat(3_000));
  }

  @Test
  void theLastCommandIsUndoneAlone() {
    test.store.beginBatch(1);
    put("first");
    long mark = test.store.mark();
    put("other");
    test.store.undoTo(mark);
    assertThat(test.get("key")).isEqualTo("first");
    assertThat(test.store.entryIndex()).isEqualTo(1);
    assertThat(test.store.stamp()).isEqualTo(1);
    test.index = 1;
    put("again");
    test.commit();
    assertThat(test.get("key")).isEqualTo("again");
  }

  @Test
  void aKeyThatIsRemovedBetweenIsCountedRightly() {
    test.store.beginBatch(1);
    put("one");
    test.remove("key");
    assertThat(test.store.keyCount()).isZero();
    put("two");
    put("three");
    assertThat(test.store.keyCount()).isOne();
    assertThat(versions()).isEqualTo(3);
    test.commit();
    assertThat(test.store.keyCount()).isOne();
    assertThat(test.get("key")).isEqualTo("three");
  }

  @Test
  void aBatchIsCommittedAsAWhole() {
    test.store.beginBatch(1);
    put("one");
    put("two");
    assertThatThrownBy(() -> test.store.commit(1))
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("a batch is committed as a whole");
  }

  @Test
  void aBatchIsUndoneAsAWhole() {
    test.store.beginBatch(1);
    put("one");
    put("two");
    assertThatThrownBy(() -> test.store.undoAfter(1))
        .isInstanceOf(InvariantViolation.class)
        .hasMessageContaining("a batch is undone as a whole");
    test.store.undoAfter(0);
    assertThat(test.get("key")).isNull();
  }

  @Test
  void aBatchThatIsDividedIsTwo() {
    test.store.divideBatch(1); // there is none
    put("one");
    put("two");
    test.store.commit(1);
    test.store.beginBatch(3);
    put("three");
    test.store.divideBatch(4);
    put("four");
    test.store.commit(3);
    test.store.undoAfter(3);
    assertThat(test.get("key")).isEqualTo("three");
  }
}
