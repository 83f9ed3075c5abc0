package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Score;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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

  /** So many elements have an order of several levels. */
  private static final int ELEMENTS = 400;

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
    long index = 5;

    /**
     * What one leader wrote: a string, a hash of three fields, a set that expires; a list and a
     * sorted set of many elements, whose scores are not in the order of its members.
     */
    Copy() {
      Storage storage =
          Storage.open(
              new MemoryCellDisk(), 6 * Arena.CHUNK, Runnable::run, Runnable::run, failure -> {});
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
      putList();
      putSortedSet();
      store.commit(5);
      merged = MergedStore.waiting(store, state);
    }

    private void putList() {
      OrderedFields list = new OrderedFields(store, Look.WAITING);
      list.open(CellType.LIST, COLLECTION + 2, bytes("l"), 0, 1);
      for (int i = 0; i < ELEMENTS; i++) {
        byte[] place = place(i);
        byte[] element = bytes("e" + i);
        list.put(4, 400, place, 0, place.length, element, 0, element.length);
      }
      store.putHead(4, 400, CellType.LIST, 0, bytes("l"), 0, 1, COLLECTION + 2, ELEMENTS);
    }

    private void putSortedSet() {
      OrderedFields members = new OrderedFields(store, Look.WAITING);
      members.open(CellType.ZSET, COLLECTION + 3, bytes("z"), 0, 1);
      for (int i = 0; i < ELEMENTS; i++) {
        byte[] member = bytes("m" + i * 7 % ELEMENTS);
        members.put(5, 500, member, 0, member.length, score(i), 0, Score.BYTES);
      }
      store.putHead(5, 500, CellType.ZSET, 0, bytes("z"), 0, 1, COLLECTION + 3, ELEMENTS);
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

    void merge(String key, CellType type, byte[] field, Versions change) {
      MergedStore.Key open = open(key);
      open.merge(++index, type, field, 0, field.length, change);
      open.save(index);
      store.commit(index);
    }

    /** A member with its score, or an element, in their order. */
    List<String> ordered(String key) {
      MergedStore.Key open = open(key);
      return open.type() == null ? List.of() : ordered(open, open.type(), 0, ELEMENTS + 10, false);
    }

    List<String> ordered(
        MergedStore.Key open, CellType type, long rank, long count, boolean backwards) {
      List<String> found = new ArrayList<>();
      open.visit(
          type,
          rank,
          count,
          backwards,
          (field, offset, length, value, valueOffset, valueLength) ->
              found.add(
                  type == CellType.LIST
                      ? new String(value, valueOffset, valueLength)
                      : new String(field, offset, length) + " " + Score.read(value, valueOffset)));
      return found;
    }

    void assertSameTree(Copy other) {
      for (int leaf = 0; leaf < MergedTree.LEAVES; leaf++) {
        assertThat(state.tree().sum(MergedTree.LEAF_LEVEL, leaf))
            .isEqualTo(other.state.tree().sum(MergedTree.LEAF_LEVEL, leaf));
      }
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

  /** The place of an element of the list: as it was pushed last. */
  private static byte[] place(int number) {
    byte[] place = ListPlaces.between(null, null);
    for (int i = 0; i < number; i++) {
      place = ListPlaces.between(place, null);
    }
    return place;
  }

  private static byte[] score(double score) {
    byte[] bytes = new byte[Score.BYTES];
    Score.write(score, bytes, 0);
    return bytes;
  }

  private static byte[] scorePlace(double score, String member) {
    byte[] place = Arrays.copyOf(score(score), Score.BYTES + member.length());
    System.arraycopy(bytes(member), 0, place, Score.BYTES, member.length());
    return place;
  }

  private static List<String> elements() {
    List<String> elements = new ArrayList<>();
    for (int i = 0; i < ELEMENTS; i++) {
      elements.add("e" + i);
    }
    return elements;
  }

  private static List<String> members() {
    List<String> members = new ArrayList<>();
    for (int i = 0; i < ELEMENTS; i++) {
      members.add("m" + i * 7 % ELEMENTS + " " + (double) i);
    }
    return members;
  }

  private static List<String> reversed(List<String> list) {
    List<String> reversed = new ArrayList<>(list);
    Collections.reverse(reversed);
    return reversed;
  }

  private static byte[] bytes(String text) {
    return Bytes.utf8(text).array();
  }

  private static Versions written(long stamp, String value) {
    return written(stamp, bytes(value));
  }

  private static Versions written(long stamp, byte[] value) {
    Versions change = new Versions();
    new Versions().put(OTHER, stamp, value, 0, value.length, change);
    return change;
  }

  /** What is there of a field is removed. */
  private static Versions removed(Copy copy, String key, CellType type, byte[] field) {
    Versions change = new Versions();
    copy.open(key).field(type, field, 0, field.length).remove(change);
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
    assertThat(keys).containsExactlyInAnyOrder("s", "h", "e", "l", "z");
    assertThat(copy.plain()).hasSize(5);
  }

  @Test
  void listsAndSortedSetsAreReadInTheirOrder() {
    Copy copy = new Copy();
    assertThat(copy.ordered("l")).isEqualTo(elements());
    assertThat(copy.ordered("z")).isEqualTo(members());
    MergedStore.Key list = copy.open("l");
    MergedStore.Key sorted = copy.open("z");
    assertThat(list.isPlain()).isTrue();
    assertThat(sorted.isPlain()).isTrue();
    assertThat(copy.ordered(list, CellType.LIST, ELEMENTS - 1, ELEMENTS, true))
        .isEqualTo(reversed(elements()));
    assertThat(copy.ordered(sorted, CellType.ZSET, 200, 3, true))
        .containsExactlyElementsOf(reversed(members().subList(198, 201)));
    for (int rank : new int[] {0, 1, 77, ELEMENTS - 1}) {
      byte[] place = place(rank);
      assertThat(list.rank(CellType.LIST, place, 0, place.length)).isEqualTo(rank);
      Versions element = list.field(CellType.LIST, place, 0, place.length);
      assertThat(element.written().value()).isEqualTo(bytes("e" + rank));
      byte[] behind = scorePlace(rank, "n"); // behind every member of that score
      assertThat(sorted.rank(CellType.ZSET, behind, 0, behind.length)).isEqualTo(rank + 1);
    }
    byte[] none = place(ELEMENTS);
    assertThat(list.field(CellType.LIST, none, 0, none.length).isVisible()).isFalse();
    assertThat(copy.ordered(list, CellType.ZSET, 0, ELEMENTS, false)).as("of the type").isEmpty();
    assertThat(copy.ordered(sorted, CellType.LIST, 0, ELEMENTS, false)).isEmpty();
    assertThat(sorted.rank(CellType.LIST, none, 0, none.length)).isZero();
  }

  @Test
  void adoptedTheyLookTheSameAndAreTheSameEverywhere() {
    Copy first = new Copy();
    Copy second = new Copy();
    for (String key : List.of("s", "h", "e", "l", "z")) {
      long seen = first.open(key).visibleDigest(0);
      first.adopt(key);
      assertThat(first.open(key).visibleDigest(0)).as(key).isEqualTo(seen);
      assertThat(first.open(key).isPlain()).isFalse();
    }
    // In another order, and one by what changes it.
    second.adopt("e");
    second.merge("h", new MergedKey());
    second.adopt("z");
    second.adopt("s");
    second.merge("l", new MergedKey());
    assertThat(first.plain()).isEmpty();
    assertThat(second.plain()).isEmpty();
    assertThat(first.fields("h")).isEqualTo(second.fields("h")).hasSize(3);
    assertThat(first.ordered("l")).isEqualTo(second.ordered("l")).isEqualTo(elements());
    assertThat(first.ordered("z")).isEqualTo(second.ordered("z")).isEqualTo(members());
    assertThat(first.state.tree().isEmpty()).isFalse();
    first.assertSameTree(second);
  }

  /** One copy has adopted the keys when it hears of the changes, the other adopts them by these. */
  @Test
  void changesOfListsAndSortedSetsMoveWhatWasThere() {
    Copy first = new Copy();
    Copy second = new Copy();
    first.adopt("l");
    first.adopt("z");
    byte[] between = ListPlaces.between(place(10), place(11));
    Versions cut = removed(first, "l", CellType.LIST, place(5));
    Versions gone = removed(first, "z", CellType.ZSET, bytes("m0"));
    Versions added = new Versions();
    new Versions().add(OTHER, 905, 1_000, added);
    List<Change> changes =
        List.of(
            copy -> copy.merge("l", CellType.LIST, between, written(901, "inserted")),
            copy -> copy.merge("l", CellType.LIST, place(20), written(902, "set")),
            copy -> copy.merge("l", CellType.LIST, place(5), cut),
            copy -> copy.merge("z", CellType.ZSET, bytes("m7"), written(903, score(9_000))),
            copy -> copy.merge("z", CellType.ZSET, bytes("m0"), gone),
            copy -> copy.merge("z", CellType.ZSET, bytes("new"), written(904, score(-1))),
            copy -> copy.merge("z", CellType.ZSET, bytes("m14"), added));
    changes.forEach(each -> each.make(first));
    for (int i = changes.size() - 1; i >= 0; i--) {
      changes.get(i).make(second);
    }

    List<String> elements = elements();
    elements.set(20, "set");
    elements.add(11, "inserted");
    elements.remove(5);
    List<String> members = members();
    members.removeAll(List.of("m0 0.0", "m7 1.0", "m14 2.0"));
    members.add(0, "new -1.0");
    members.addAll(List.of("m14 1002.0", "m7 9000.0"));
    for (Copy copy : List.of(first, second)) {
      assertThat(copy.ordered("l")).isEqualTo(elements);
      assertThat(copy.ordered("z")).isEqualTo(members);
      assertThat(copy.open("l").visibleFields()).isEqualTo(ELEMENTS);
      assertThat(copy.open("z").visibleFields()).isEqualTo(ELEMENTS);
      byte[] moved = scorePlace(9_000, "m7");
      assertThat(copy.open("z").rank(CellType.ZSET, moved, 0, moved.length))
          .isEqualTo(ELEMENTS - 1);
    }
    first.assertSameTree(second);
  }

  private interface Change {
    void make(Copy copy);
  }

  @Test
  void aListOrSortedSetThatIsRemovedLeavesNothingInItsOrder() {
    Copy copy = new Copy();
    MergedKey removal = new MergedKey();
    for (String key : List.of("l", "z")) {
      copy.open(key); // it is read before it is removed, and so known to its remover
    }
    removal.removed().merge(copy.merged.seen());
    for (String key : List.of("l", "z")) {
      copy.merge(key, removal);
      assertThat(copy.open(key).type()).isNull();
      assertThat(copy.ordered(key)).isEmpty();
    }
    MergedKey list = new MergedKey();
    list.putFields(CellType.LIST, 900, OTHER);
    copy.merge("l", list);
    copy.merge("l", CellType.LIST, place(3), written(901, "later"));
    MergedKey sorted = new MergedKey();
    sorted.putFields(CellType.ZSET, 902, OTHER);
    copy.merge("z", sorted);
    copy.merge("z", CellType.ZSET, bytes("m7"), written(903, score(3)));
    assertThat(copy.ordered("l")).containsExactly("later");
    assertThat(copy.ordered("z")).containsExactly("m7 3.0");
    assertThat(copy.open("l").rank(CellType.LIST, place(9), 0, 8)).isEqualTo(1);
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
    for (String key : List.of("h", "l", "z")) {
      MergedStore.Key open = copy.open(key);
      open.adopt(++copy.index);
      open.save(copy.index);
    }
    copy.store.undoTo(mark);
    for (String key : List.of("h", "l", "z")) {
      assertThat(copy.open(key).isPlain()).isTrue();
    }
    assertThat(copy.fields("h")).hasSize(3);
    assertThat(copy.ordered("l")).isEqualTo(elements());
    assertThat(copy.ordered("z")).isEqualTo(members());
  }

  @Test
  void anEntryOfBeforeMayStillRemoveAllKeys() {
    Copy copy = new Copy();
    copy.store.clear(6, 600);
    copy.store.commit(6);
    assertThat(copy.open("s").type()).isNull();
    assertThat(copy.plain()).isEmpty();
  }
}
