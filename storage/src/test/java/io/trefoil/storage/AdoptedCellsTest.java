package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Cells that one leader wrote, in a copy that several origins write from now on. */
class AdoptedCellsTest {
  private static final int OTHER = 35;
  private static final long COLLECTION = 1L << 50;

  private final List<Storage> storages = new ArrayList<>();

  @AfterEach
  void close() {
    storages.forEach(Storage::closeWithoutPersisting);
  }

  /** One copy of a partition, in memory. */
  private final class Copy {
    final PartitionStore store;
    final MergedState state = new MergedState();
    final MergedStore merged;
    long index = 3;

    /** What one leader wrote: a string, a hash of three fields, a set that expires. */
    Copy() {
      Storage storage =
          Storage.open(
              new MemoryCellDisk(), 4 * Arena.CHUNK, Runnable::run, Runnable::run, failure -> {});
      storages.add(storage);
      store = storage.store(1, 0, Runnable::run);
      put(1, 100, CellType.STRING, 0, "s", "value");
      for (String field : List.of("a", "b", "c")) {
        byte[] name = bytes(field);
        store.fields().put(2, 200, COLLECTION, name, 0, 1, name, 0, 1);
      }
      store.putHead(2, 200, CellType.HASH, 0, bytes("h"), 0, 1, COLLECTION, 3);
      store.fields().put(3, 300, COLLECTION + 1, bytes("m"), 0, 1, new byte[0], 0, 0);
      store.putHead(3, 300, CellType.SET, 5_000, bytes("e"), 0, 1, COLLECTION + 1, 1);
      store.commit(3);
      merged = MergedStore.waiting(store, state);
    }

    void put(long at, long stamp, CellType type, long expireAt, String key, String value) {
      byte[] name = bytes(key);
      byte[] of = bytes(value);
      store.put(at, stamp, type, expireAt, name, 0, name.length, of, 0, of.length);
    }

    /** The hash "l". */
    Set<String> putLargeHash() {
      index++;
      Set<String> all = new TreeSet<>();
      for (int i = 0; i < 100; i++) {
        byte[] name = bytes("f" + i);
        all.add("f" + i);
        store.fields().put(index, 350, COLLECTION + 2, name, 0, name.length, name, 0, 1);
      }
      store.putHead(index, 350, CellType.HASH, 0, bytes("l"), 0, 1, COLLECTION + 2, 100);
      store.commit(index);
      return all;
    }

    long scan(String key, long cursor, int count, Set<String> seen) {
      return open(key)
          .scan(
              CellType.HASH,
              cursor,
              count,
              (field, offset, length, versions) -> seen.add(new String(field, offset, length)));
    }

    MergedStore.Key open(String key) {
      return merged.open(bytes(key), 0, key.length());
    }

    void adopt(String key) {
      MergedStore.Key open = open(key);
      open.adopt(++index);
      open.save(index);
      store.commit(index);
    }

    void merge(String key, MergedKey change) {
      MergedStore.Key open = open(key);
      open.merge(++index, change);
      open.save(index);
      store.commit(index);
    }

    Map<String, String> fields(String key) {
      Map<String, String> fields = new TreeMap<>();
      MergedStore.Key open = open(key);
      open.forEach(
          open.type(),
          (field, offset, length, versions) ->
              fields.put(
                  new String(field, offset, length), new String(versions.written().value())));
      return fields;
    }

    List<String> plain() {
      List<String> found = new ArrayList<>();
      merged.scanPlain(0, 100, name -> found.add(new String(name)));
      return found;
    }
  }

  private static byte[] bytes(String text) {
    return Bytes.utf8(text).array();
  }

  private static Versions written(long stamp, String value) {
    Versions change = new Versions();
    new Versions().put(OTHER, stamp, bytes(value), 0, value.length(), change);
    return change;
  }

  @Test
  void theyAreReadAsTheyAre() {
    Copy copy = new Copy();
    assertThat(copy.open("s").type()).isEqualTo(CellType.STRING);
    assertThat(copy.open("s").state().string().written().value()).isEqualTo(bytes("value"));
    assertThat(copy.fields("h")).isEqualTo(Map.of("a", "a", "b", "b", "c", "c"));
    assertThat(copy.open("h").field(CellType.HASH, bytes("b"), 0, 1).isVisible()).isTrue();
    assertThat(copy.open("h").field(CellType.SET, bytes("b"), 0, 1).isVisible()).isFalse();
    assertThat(copy.open("e").state().expireAt(CellType.SET)).isEqualTo(5_000);
    List<String> keys = new ArrayList<>();
    copy.merged.forEachKey(name -> keys.add(new String(name)));
    assertThat(keys).containsExactlyInAnyOrder("s", "h", "e");
    assertThat(copy.plain()).hasSize(3);
  }

  @Test
  void adoptedTheyLookTheSameAndAreTheSameEverywhere() {
    Copy first = new Copy();
    Copy second = new Copy();
    for (String key : List.of("s", "h", "e")) {
      long seen = first.open(key).visibleDigest(0);
      first.adopt(key);
      assertThat(first.open(key).visibleDigest(0)).as(key).isEqualTo(seen);
      assertThat(first.open(key).isPlain()).isFalse();
    }
    // In another order, and one by what changes it.
    second.adopt("e");
    second.merge("h", new MergedKey());
    second.adopt("s");
    assertThat(first.plain()).isEmpty();
    assertThat(second.plain()).isEmpty();
    assertThat(first.fields("h")).isEqualTo(second.fields("h")).hasSize(3);
    assertThat(first.state.tree().isEmpty()).isFalse();
    for (int leaf = 0; leaf < MergedTree.LEAVES; leaf++) {
      assertThat(first.state.tree().sum(MergedTree.LEAF_LEVEL, leaf))
          .isEqualTo(second.state.tree().sum(MergedTree.LEAF_LEVEL, leaf));
    }
  }

  /** A large hash; adopting it gives its fields another order. */
  @Test
  void aScanOverThemVisitsAllAlsoWhenTheyAreAdoptedMeanwhile() {
    for (int adoptedAfter = 0; adoptedAfter < 12; adoptedAfter++) {
      Copy copy = new Copy();
      Set<String> all = copy.putLargeHash();
      Set<String> seen = new TreeSet<>();
      long cursor = 0;
      int steps = 0;
      do {
        if (steps++ == adoptedAfter) {
          copy.adopt("l");
        }
        cursor = copy.scan("l", cursor, 10, seen);
        assertThat(cursor).isBetween(0L, (1L << 32) - 1);
      } while (cursor != 0);
      assertThat(seen).as("adopted after %d", adoptedAfter).isEqualTo(all);
    }
  }

  @Test
  void aCursorOfBeforeGoesOnWhileTheyAreAsTheyWere() {
    Copy copy = new Copy();
    Set<String> all = copy.putLargeHash();
    Set<String> seen = new TreeSet<>();
    // The first half of the fields, as who asked one leader's copy got it.
    byte[] name = bytes("l");
    copy.store.findBlocking(name, 0, name.length);
    long place =
        copy.store
            .fields()
            .scan(
                copy.store.collection(),
                false,
                0,
                50,
                (field, at, length, value, valueAt, valueLength) ->
                    seen.add(new String(field, at, length)));
    assertThat(seen).hasSize(50);
    Set<String> rest = new TreeSet<>();
    for (long cursor = place; cursor != 0; ) {
      cursor = copy.scan("l", cursor, 10, rest);
    }
    assertThat(rest).hasSize(50);
    seen.addAll(rest);
    assertThat(seen).isEqualTo(all);
  }

  @Test
  void eachOfThemMayBePicked() {
    Copy copy = new Copy();
    Random random = new Random(1);
    for (int round = 0; round < 2; round++) {
      Set<String> picked = new TreeSet<>();
      for (int i = 0; i < 100; i++) {
        copy.open("h")
            .pick(
                CellType.HASH,
                random::nextLong,
                (field, offset, length, versions) -> picked.add(new String(field, offset, length)));
      }
      assertThat(picked).containsExactly("a", "b", "c");
      copy.adopt("h");
    }
  }

  @Test
  void whoRemovesOneHidesItWithAllItsFields() {
    Copy copy = new Copy();
    MergedStore.Key open = copy.open("h");
    MergedKey removal = new MergedKey();
    removal.removed().merge(copy.merged.seen());
    assertThat(open.hasFields()).isTrue();
    copy.merge("h", removal);
    assertThat(copy.open("h").type()).isNull();
    // It comes again from another copy: that is what was removed.
    Copy other = new Copy();
    other.adopt("h");
    copy.merge("h", other.open("h").state());
    assertThat(copy.open("h").type()).isNull();
    MergedKey string = new MergedKey();
    copy.open("s").state().string().remove(string.string());
    copy.merge("s", string);
    assertThat(copy.open("s").type()).isNull();
  }

  @Test
  void whatIsWrittenLaterCountsAndTheRestStays() {
    Copy copy = new Copy();
    MergedStore.Key open = copy.open("h");
    open.merge(++copy.index, CellType.HASH, bytes("b"), 0, 1, written(900, "later"));
    open.save(copy.index);
    copy.store.commit(copy.index);
    assertThat(copy.fields("h")).isEqualTo(Map.of("a", "a", "b", "later", "c", "c"));
    MergedKey change = new MergedKey();
    change.string().merge(written(901, "new"));
    copy.merge("s", change);
    assertThat(copy.open("s").state().string().written().value()).isEqualTo(bytes("new"));
  }

  @Test
  void whatIsUndoneIsPlainAgain() {
    Copy copy = new Copy();
    long mark = copy.store.mark();
    MergedStore.Key open = copy.open("h");
    open.adopt(++copy.index);
    open.save(copy.index);
    copy.store.undoTo(mark);
    assertThat(copy.open("h").isPlain()).isTrue();
    assertThat(copy.fields("h")).hasSize(3);
  }

  @Test
  void anEntryOfBeforeMayStillRemoveAllKeys() {
    Copy copy = new Copy();
    copy.store.clear(4, 400);
    copy.store.commit(4);
    assertThat(copy.open("s").type()).isNull();
    assertThat(copy.plain()).isEmpty();
  }
}
