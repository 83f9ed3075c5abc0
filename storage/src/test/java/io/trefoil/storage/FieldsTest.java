package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.storage.PartitionStore.Found;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Keys that have fields; {@link PartitionStoreModelTest} has them in every mixture. */
class FieldsTest {
  private static final int LARGE = 10_000;

  @TempDir Path folder;

  private TestStore open(long budget) {
    return new TestStore(folder, budget);
  }

  private static void putFields(TestStore test, String key, long collection, int from, int to) {
    byte[] value = new byte[20];
    test.index++;
    for (int i = from; i < to; i++) {
      byte[] field = Bytes.utf8("field-" + i).array();
      value[0] = (byte) i;
      test.store
          .fields()
          .put(test.index, test.index, collection, field, 0, field.length, value, 0, value.length);
    }
    head(test, key, collection, to);
  }

  private static void head(TestStore test, String key, long collection, long count) {
    byte[] k = Bytes.utf8(key).array();
    test.store.putHead(test.index, test.index, CellType.HASH, 0, k, 0, k.length, collection, count);
  }

  private static void removeField(TestStore test, long collection, String field) {
    byte[] f = Bytes.utf8(field).array();
    test.store.fields().remove(test.index, test.index, collection, f, 0, f.length);
  }

  private static TreeMap<Bytes, Bytes> visit(TestStore test, long collection, long count) {
    TreeMap<Bytes, Bytes> seen = new TreeMap<>();
    if (visit(test, collection, count, seen) == Found.NOT_IN_MEMORY) {
      seen.clear();
      boolean[] fetched = new boolean[1];
      test.store.fields().fetchAll(collection, () -> fetched[0] = true);
      test.owner.runUntil(() -> fetched[0]);
      assertThat(visit(test, collection, count, seen)).isEqualTo(Found.FOUND);
    }
    return seen;
  }

  private static Found visit(
      TestStore test, long collection, long count, TreeMap<Bytes, Bytes> seen) {
    return test.store
        .fields()
        .visit(
            collection,
            false,
            count,
            (field, at, length, value, valueAt, valueLength) ->
                seen.put(
                    Bytes.copyOf(field, at, length), Bytes.copyOf(value, valueAt, valueLength)));
  }

  @Test
  void aFieldOfALargeHashIsASmallWriteAndSoIsItsRemovalAsAWhole() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, LARGE);
      test.flush();
      long mark = test.store.mark();
      putFields(test, "h", 7, LARGE, LARGE + 1);
      assertThat(test.store.mark() - mark).as("the field and the head").isEqualTo(2);
      mark = test.store.mark();
      test.remove("h");
      assertThat(test.store.mark() - mark).isEqualTo(1);
      test.commit();
      assertThat(test.find("h")).isEqualTo(Found.ABSENT);
    }
  }

  @Test
  void theFieldsOfARemovedKeyAreCollectedFromMemoryAndDisk() {
    try (TestStore test = open(64L << 20)) {
      long before = test.storage.memoryBytes(0);
      putFields(test, "large", 7, 0, LARGE);
      putFields(test, "small", 8, 0, 10);
      test.flush();
      assertThat(fieldsOnDisk(test)).isEqualTo(LARGE + 10);
      test.remove("large");
      test.put("small", "a string now");
      test.flush();
      assertThat(fieldsOnDisk(test)).isZero();
      // A chunk for each size of record that is left, and the index of keys.
      assertThat(test.storage.memoryBytes(0) - before).isLessThan(4 * Arena.CHUNK);
    }
  }

  /** So many that two threads look them up, and one key that is longer than their buffers. */
  @Test
  void manyKeysWrittenBlindlyAreCountedAndLeaveNoFields() {
    String longKey = "long".repeat(1_000);
    try (TestStore test = open(64L << 20)) {
      for (int i = 0; i < 1_000; i++) {
        if (i % 10 == 0) {
          putFields(test, "key-" + i, 1 + i, 0, 3);
        } else {
          test.put("key-" + i, "v".repeat(200));
        }
      }
      putFields(test, longKey, 5_000, 0, 3);
      test.flush();
      test.storage.persist().join();
    }
    try (TestStore test = open(64L << 20)) {
      assertThat(fieldsOnDisk(test)).isEqualTo(303);
      for (int i = 500; i < 1_500; i++) {
        test.put("key-" + i, "w");
      }
      test.put(longKey, "w");
      test.flush();
      assertThat(test.store.keyCount()).isEqualTo(1_501);
      assertThat(fieldsOnDisk(test)).isEqualTo(150);
    }
  }

  @Test
  void aStoreClosesWhileFieldsOfRemovedKeysAreStillInTheTable() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, LARGE);
      test.commit();
      test.remove("h");
      test.commit();
      test.store.close();
      for (int i = 0; i < LARGE; i++) {
        test.storage.maintain(0, 10);
      }
      assertThat(test.failures).isEmpty();
    }
  }

  @Test
  void aHashThatWasNeverOnDiskLeavesNothingThere() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, 1_000);
      test.commit();
      test.remove("h");
      test.put("other", "1");
      test.flush();
      assertThat(fieldsOnDisk(test)).isZero();
      putFields(test, "h", 9, 0, 3);
      test.flush();
      assertThat(visit(test, 9, 3)).hasSize(3);
    }
  }

  private static int fieldsOnDisk(TestStore test) {
    int fields = 0;
    byte[] from = CellDisk.fieldsPrefix(1, 0);
    byte[] end = CellDisk.fieldsPrefix(1, Long.MAX_VALUE);
    try (CellDisk.CellIterator all =
        test.storage.disk().range(from, end, CellDisk.FIELD_HEADER, null)) {
      for (; all.isValid(); all.next()) {
        fields++;
      }
    }
    return fields;
  }

  @Test
  void aHashLargerThanMemoryIsVisitedWhole() {
    try (TestStore test = open(5L * Arena.CHUNK)) {
      for (int from = 0; from < LARGE; from += 1_000) {
        putFields(test, "h", 7, from, from + 1_000);
        test.flush();
      }
      long newest = test.index;
      test.index++;
      removeField(test, 7, "field-5");
      removeField(test, 7, "field-" + (LARGE - 1));
      head(test, "h", 7, LARGE - 2);
      TreeMap<Bytes, Bytes> seen = visit(test, 7, LARGE - 2);
      assertThat(seen).hasSize(LARGE - 2).doesNotContainKey(Bytes.utf8("field-5"));
      assertThat(seen.get(Bytes.utf8("field-77")).array()[0]).isEqualTo((byte) 77);
      test.settle();
      assertThat(test.storage.memoryBytes(0)).isLessThanOrEqualTo(5L * Arena.CHUNK);
      // Without the uncommitted removals.
      test.store.undoAfter(test.index - 1);
      assertThat(visit(test, 7, LARGE)).hasSize(LARGE);
      assertThat(test.store.fields().newestStamp()).isEqualTo(newest);
    }
  }

  /** Each time one is missing, the command that visits them runs again from the first. */
  @Test
  void severalCollectionsThatAreOnlyOnDiskAreFetchedOneAfterTheOther() {
    try (TestStore test = open(5L * Arena.CHUNK)) {
      for (int key = 0; key < 3; key++) {
        putFields(test, "h" + key, 7 + key, 0, LARGE);
        test.flush();
      }
      List<Long> fetched = new ArrayList<>();
      long missing = firstMissing(test);
      while (missing != 0) {
        fetched.add(missing);
        boolean[] there = new boolean[1];
        test.store.fields().fetchAll(missing, () -> there[0] = true);
        test.owner.runUntil(() -> there[0]);
        test.put("other", "value " + missing);
        test.flush();
        missing = firstMissing(test);
      }
      assertThat(fetched).doesNotHaveDuplicates().hasSizeGreaterThan(1);
    }
  }

  private static long firstMissing(TestStore test) {
    for (long collection = 7; collection < 10; collection++) {
      // Twice: a command may name a key twice.
      for (int i = 0; i < 2; i++) {
        if (visit(test, collection, LARGE, new TreeMap<>()) == Found.NOT_IN_MEMORY) {
          return collection;
        }
      }
    }
    return 0;
  }

  /** Two hashes that follow each other are one place to go on from. */
  @Test
  void fieldsOfOnePlaceAreVisitedTogether() {
    Map<Integer, String> byPlace = new HashMap<>();
    List<String> together = new ArrayList<>();
    for (int i = 0; together.isEmpty(); i++) {
      byte[] name = Bytes.utf8("field-" + i).array();
      int hash = HashIndex.hash(name, 0, name.length);
      String other = byPlace.put(hash >>> 1, "field-" + i);
      if (other != null && hash != HashIndex.hash(Bytes.utf8(other).array(), 0, other.length())) {
        together.addAll(List.of(other, "field-" + i));
      }
    }
    try (TestStore test = open(64L << 20)) {
      test.index++;
      for (String field : together) {
        byte[] name = Bytes.utf8(field).array();
        test.store.fields().put(test.index, 1, 7, name, 0, name.length, name, 0, 1);
      }
      head(test, "h", 7, 2);
      List<String> seen = new ArrayList<>();
      long place =
          test.store
              .fields()
              .scan(
                  7,
                  false,
                  0,
                  1,
                  (field, at, length, value, valueAt, valueLength) ->
                      seen.add(Bytes.copyOf(field, at, length).toString()));
      assertThat(seen).containsExactlyInAnyOrderElementsOf(together);
      assertThat(place).isPositive();
    }
  }

  /** Of 30,000 picks, each of 500 fields should have 60, give or take 8. */
  @Test
  void everyFieldIsPickedAsOftenAsAnyOther() {
    try (TestStore test = open(5L * Arena.CHUNK)) {
      putFields(test, "h", 7, 0, 500);
      assertPickedAlike(test, 7, 500);
      test.flush();
      putFields(test, "few", 8, 0, 5);
      assertPickedAlike(test, 8, 5);
      putFields(test, "one", 9, 0, 1);
      assertPickedAlike(test, 9, 1);
      test.crowdOut("h");
      assertPickedAlike(test, 7, 500);
      assertPickedAlike(test, 8, 5);
    }
  }

  private static void assertPickedAlike(TestStore test, long collection, int count) {
    Random random = new Random(collection);
    TreeMap<Bytes, Integer> picked = new TreeMap<>();
    for (int i = 0; i < 60 * count; i++) {
      Found found =
          test.store
              .fields()
              .pick(
                  collection,
                  false,
                  count,
                  random::nextLong,
                  (field, at, length, value, valueAt, valueLength) ->
                      picked.merge(Bytes.copyOf(field, at, length), 1, Integer::sum));
      if (found == Found.NOT_IN_MEMORY) {
        boolean[] fetched = new boolean[1];
        test.store.fields().fetchAll(collection, () -> fetched[0] = true);
        test.owner.runUntil(() -> fetched[0]);
      }
    }
    assertThat(picked).hasSize(count);
    double distance = 0;
    for (int times : picked.values()) {
      distance += (times - 60.0) * (times - 60.0) / 60;
    }
    // Chi-squared: its mean is about the count, its deviation the root of twice that.
    assertThat(distance).isLessThan(count + 4 * Math.sqrt(2.0 * count));
  }

  @Test
  void whoPicksWaitsForTheEntryOfWhatWasPicked() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, 1);
      test.store.fields().pick(7, false, 1, () -> 5, (f, at, length, v, valueAt, n) -> {});
      assertThat(test.store.entryIndex()).isEqualTo(test.index);
      test.commit();
      putFields(test, "h", 7, 0, 1);
      test.store.fields().pick(7, true, 1, () -> 5, (f, at, length, v, valueAt, n) -> {});
      assertThat(test.store.entryIndex()).isEqualTo(test.index - 1);
      test.store.fields().scan(7, false, 0, 10, (f, at, length, v, valueAt, n) -> {});
      assertThat(test.store.entryIndex()).isEqualTo(test.index);
      test.store.fields().scan(7, true, 0, 10, (f, at, length, v, valueAt, n) -> {});
      assertThat(test.store.entryIndex()).isEqualTo(test.index - 1);
    }
  }

  @Test
  void aDigestIsOfFieldsAndValuesAndNotOfTheirHistory() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, 100);
      test.commit();
      long digest = test.digest();
      test.remove("h");
      test.commit();
      assertThat(test.digest()).isZero();

      putFields(test, "h", 8, 0, 100);
      test.index++;
      removeField(test, 8, "field-3");
      head(test, "h", 8, 99);
      test.commit();
      assertThat(test.digest()).isNotEqualTo(digest);
      test.index++;
      byte[] field = Bytes.utf8("field-3").array();
      test.store.fields().put(test.index, 1, 8, field, 0, field.length, new byte[] {4}, 0, 1);
      head(test, "h", 8, 100);
      test.commit();
      assertThat(test.digest()).as("another value").isNotEqualTo(digest);
      test.index++;
      byte[] value = new byte[20];
      value[0] = 3;
      test.store.fields().put(test.index, 1, 8, field, 0, field.length, value, 0, value.length);
      test.commit();
      assertThat(test.digest()).isEqualTo(digest);
      test.flush();
      assertThat(test.digest()).isEqualTo(digest);

      test.put("h", "a string");
      putFields(test, "i", 9, 0, 100);
      test.commit();
      assertThat(test.digest()).as("of another key").isNotEqualTo(digest);
    }
  }

  @Test
  void aSnapshotCarriesFieldsAndRefusesToBeIncomplete() {
    try (TestStore test = open(64L << 20)) {
      putFields(test, "h", 7, 0, LARGE);
      putFields(test, "i", 8, 0, 1);
      test.put("s", "string");
      test.flush();
      long digest = test.digest();
      List<byte[]> chunks = new ArrayList<>();
      CellSnapshot[] taken = new CellSnapshot[1];
      test.store.requestSnapshot(snapshot -> taken[0] = snapshot);
      test.put("later", "1");
      test.flush();
      test.remove("h"); // which the snapshot still shows
      test.flush();
      try (CellSnapshot snapshot = taken[0]) {
        for (byte[] c = snapshot.nextChunk(999); c != null; c = snapshot.nextChunk(999)) {
          chunks.add(c);
        }
        assertThat(snapshot.bucketDigests(0, () -> false).orElseThrow().total())
            .isEqualTo(snapshot.digest(0));
        assertThat(snapshot.list(0, 0, 1L << 32).cells()).hasSize(4);
        assertThat(
                snapshot.list(0, 0, 1L << 32).cells().stream()
                    .mapToLong(CellList.Cell::digest)
                    .sum())
            .isEqualTo(snapshot.digest(0));
      }
      SnapshotLoader loader = test.storage.load(2);
      chunks.forEach(chunk -> loader.addChunk(chunk).join());
      loader.finish(new Position(1, 4), 4, Bytes.EMPTY).join();

      byte[] last = chunks.get(chunks.size() - 1);
      SnapshotLoader cutOff = test.storage.load(3);
      chunks.subList(0, chunks.size() / 2).forEach(chunk -> cutOff.addChunk(chunk).join());
      assertThatThrownBy(() -> cutOff.finish(new Position(1, 4), 4, Bytes.EMPTY).join())
          .hasCauseInstanceOf(MalformedBytesException.class);
      assertThat(last).isNotEmpty();

      test.store.close();
      test.settle();
      test.storage.drop(1).join();
      test.open(2);
      test.remove("later");
      test.commit();
      assertThat(test.digest()).isEqualTo(digest);
      assertThat(visit(test, 7, LARGE)).hasSize(LARGE);
    }
  }

  @Test
  void aFieldWithoutAKeyBeforeItIsNoSnapshot() {
    try (TestStore test = open(64L << 20)) {
      SnapshotLoader loader = test.storage.load(2);
      byte[] field = new byte[8 + 1 + StoredCell.HEADER];
      field[0] = 1;
      field[3] = (byte) 0x80;
      field[4] = StoredCell.HEADER;
      loader.addChunk(field).join();
      assertThatThrownBy(() -> loader.finish(new Position(1, 1), 0, Bytes.EMPTY).join())
          .hasCauseInstanceOf(MalformedBytesException.class);
    }
  }
}
