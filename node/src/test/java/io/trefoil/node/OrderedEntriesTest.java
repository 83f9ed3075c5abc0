package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Opened;
import io.trefoil.cell.Score;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.storage.Look;
import io.trefoil.storage.OrderedFields;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import io.trefoil.storage.StorageSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Lists and sorted sets as a leader writes them, and as their entries make them elsewhere: the same
 * elements in the same order, and equal digests.
 */
class OrderedEntriesTest {
  private static final int COMMANDS = 600;
  private static final byte[] KEY = {'k'};
  private static final long ALL_HASHES = 1L << 32;

  @TempDir private Path folder;
  private final EntryBuilder builder = new EntryBuilder();
  private final List<Storage> storages = new ArrayList<>();
  private Random random;
  private PartitionStore leader;
  private PartitionStore follower;
  private EntryApplier applier;
  private OrderedFields fields;
  private long index;
  private long stamp;

  private Opened of;
  private long count;

  /** Of a list, in the order of its places; of a sorted set, of its members. */
  private final TreeMap<Bytes, Bytes> model = new TreeMap<>();

  private record Element(Bytes field, Bytes value) {}

  @BeforeEach
  void openStores() {
    leader = open("leader");
    follower = open("follower");
    applier = new EntryApplier(follower, 0, EntryApplier.Marks.IGNORED);
    fields = new OrderedFields(leader, Look.NEWEST);
  }

  private PartitionStore open(String name) {
    Storage storage =
        Storage.open(
            StorageSettings.in(folder.resolve(name))
                .withMemoryTableBytes(StorageSettings.MIN_MEMORY_TABLE_BYTES)
                .withBlockCacheBytes(1 << 20),
            broken -> {
              throw broken;
            });
    storages.add(storage);
    return storage.store(1, 0, Runnable::run);
  }

  @AfterEach
  void closeStores() {
    leader.close();
    follower.close();
    storages.forEach(Storage::close);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void listsAreTheSameWhereTheirEntriesArrive(int seed) {
    random = new Random(seed);
    run(CellType.LIST, this::changeList);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void sortedSetsAreTheSameWhereTheirEntriesArrive(int seed) {
    random = new Random(seed);
    run(CellType.ZSET, this::changeSortedSet);
  }

  /** Some commands are undone, and some batches have several entries. */
  private void run(CellType type, Runnable change) {
    long first = 1;
    for (int i = 0; i < COMMANDS; i++) {
      command(type, change, random.nextInt(10) == 0);
      if (random.nextInt(3) == 0 && builder.count() > 0) {
        applier.put(new EntryBatch(1, first, builder.count(), 1_000, 1, builder.take()));
        leader.commit(index);
        follower.commit(index);
        first = index + 1;
        assertSame(type);
      }
    }
    assertThat(model).hasSizeGreaterThan(50);
  }

  private void command(CellType type, Runnable change, boolean isUndone) {
    TreeMap<Bytes, Bytes> before = new TreeMap<>(model);
    Opened ofBefore = of;
    long countBefore = count;
    long mark = leader.mark();
    builder.beginCommand(++index);
    builder.open(++stamp);
    if (of == null) {
      of = new Opened(type, ++stamp, KEY, 0, KEY.length);
    }
    fields.open(type, of.collection(), KEY, 0, KEY.length);
    int changes = random.nextInt(50) == 0 ? 200 : 1 + random.nextInt(8);
    for (int i = 0; i < changes; i++) {
      change.run();
    }
    save(type);
    if (!isUndone) {
      builder.endCommand();
      return;
    }
    builder.undoCommand();
    leader.undoTo(mark);
    model.clear();
    model.putAll(before);
    of = ofBefore;
    count = countBefore;
    index--;
  }

  private void save(CellType type) {
    if (count == 0) {
      builder.remove(KEY, 0, KEY.length);
      leader.remove(index, builder.stamp(), KEY, 0, KEY.length);
      of = null;
      return;
    }
    builder.head(of, Cells.NEVER, count);
    leader.putHead(
        index, builder.stamp(), type, Cells.NEVER, KEY, 0, KEY.length, of.collection(), count);
  }

  private void put(byte[] field, byte[] value) {
    builder.field(of, field, 0, field.length, value, 0, value.length);
    boolean fresh =
        fields.put(index, builder.stamp(), field, 0, field.length, value, 0, value.length);
    assertThat(fresh).isEqualTo(model.put(Bytes.wrap(field), Bytes.wrap(value)) == null);
    count += fresh ? 1 : 0;
  }

  private void drop(byte[] field) {
    assertThat(fields.find(field, 0, field.length)).isTrue();
    builder.drop(of, field, 0, field.length);
    assertThat(fields.remove(index, builder.stamp(), field, 0, field.length)).isTrue();
    model.remove(Bytes.wrap(field));
    count--;
  }

  /** Pushes at both ends, inserts, sets, removes; sometimes all. */
  private void changeList() {
    List<Bytes> places = List.copyOf(model.keySet());
    int at = places.isEmpty() ? 0 : random.nextInt(places.size());
    byte[] value = ("v" + random.nextInt(1 << random.nextInt(20))).getBytes(UTF_8);
    switch (random.nextInt(8)) {
      case 0, 1 -> put(ListPlaces.between(null, places.isEmpty() ? null : at(places, 0)), value);
      case 2, 3 ->
          put(
              ListPlaces.between(places.isEmpty() ? null : at(places, places.size() - 1), null),
              value);
      case 4 -> {
        if (at > 0) {
          put(ListPlaces.between(at(places, at - 1), at(places, at)), value);
        }
      }
      case 5 -> {
        if (!places.isEmpty()) {
          put(at(places, at), value);
        }
      }
      default -> dropSome(places, at);
    }
  }

  private static byte[] at(List<Bytes> places, int number) {
    return places.get(number).toArray();
  }

  private void dropSome(List<Bytes> names, int at) {
    if (names.isEmpty()) {
      return;
    }
    if (random.nextInt(400) == 0) {
      names.forEach(each -> drop(each.toArray()));
    } else {
      drop(at(names, at));
    }
  }

  private void changeSortedSet() {
    List<Bytes> members = List.copyOf(model.keySet());
    if (!members.isEmpty() && random.nextInt(3) == 0) {
      dropSome(members, random.nextInt(members.size()));
      return;
    }
    byte[] score = new byte[Score.BYTES];
    double[] some = {0, -1, 1e300, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 0.5};
    boolean odd = random.nextInt(4) == 0;
    Score.write(odd ? some[random.nextInt(some.length)] : random.nextInt(100), score, 0);
    put(("m" + random.nextInt(300)).getBytes(UTF_8), score);
  }

  private void assertSame(CellType type) {
    assertThat(follower.digest(0, 0, ALL_HASHES)).isEqualTo(leader.digest(0, 0, ALL_HASHES));
    List<Element> expected = expected(type);
    for (PartitionStore store : List.of(leader, follower)) {
      boolean there = store.findCommitted(KEY, 0, KEY.length) == PartitionStore.Found.FOUND;
      assertThat(there).isEqualTo(!model.isEmpty());
      if (there) {
        assertThat(store.fieldCount()).isEqualTo(model.size());
        assertThat(elements(type, store)).isEqualTo(expected);
      }
    }
  }

  private static List<Element> elements(CellType type, PartitionStore store) {
    OrderedFields seen = new OrderedFields(store, Look.COMMITTED);
    seen.open(type, store.collection(), KEY, 0, KEY.length);
    List<Element> elements = new ArrayList<>();
    seen.visit(
        0,
        Long.MAX_VALUE,
        false,
        (field, offset, length, value, valueOffset, valueLength) ->
            elements.add(
                new Element(
                    Bytes.copyOf(field, offset, length),
                    Bytes.copyOf(value, valueOffset, valueLength))));
    return elements;
  }

  private List<Element> expected(CellType type) {
    Comparator<Element> byName = Comparator.comparing(Element::field);
    Comparator<Element> byScore = Comparator.comparing(Element::value);
    return model.entrySet().stream()
        .map(each -> new Element(each.getKey(), each.getValue()))
        .sorted(type == CellType.LIST ? byName : byScore.thenComparing(byName))
        .toList();
  }
}
