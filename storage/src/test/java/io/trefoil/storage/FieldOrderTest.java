package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A tree of several levels against a sorted map. */
class FieldOrderTest {
  private static final byte[] KEY = {'k'};

  private final Storage storage = TestStore.inMemory();
  private final PartitionStore store = storage.store(7, 0, Runnable::run);
  private final FieldOrder order = new FieldOrder(store, Look.NEWEST);
  private final TreeMap<Bytes, Bytes> expected = new TreeMap<>();
  private long index = 1;

  FieldOrderTest() {
    order.open(CellType.LIST, 1, KEY, 0, 1);
  }

  @AfterEach
  void close() {
    storage.closeWithoutPersisting();
  }

  private void put(byte[] place, byte[] value) {
    boolean fresh = order.put(index, index, place, 0, place.length, value, 0, value.length);
    boolean wasFresh = expected.put(Bytes.wrap(place), Bytes.wrap(value)) == null;
    assertThat(fresh).isEqualTo(wasFresh);
    next();
  }

  private void remove(byte[] place) {
    boolean removed = order.remove(index, index, place, 0, place.length);
    assertThat(removed).isEqualTo(expected.remove(Bytes.wrap(place)) != null);
    next();
  }

  private void next() {
    if (++index % 64 == 0) {
      store.commit(index - 1);
      store.beginBatch(index);
    }
  }

  private static byte[] number(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  private List<Map.Entry<Bytes, Bytes>> visited(long rank, long count, boolean backwards) {
    List<Map.Entry<Bytes, Bytes>> all = new ArrayList<>();
    order.visit(
        rank,
        count,
        backwards,
        (array, placeAt, placeLength, valueAt, valueLength) ->
            all.add(
                Map.entry(
                    Bytes.copyOf(array, placeAt, placeLength),
                    Bytes.copyOf(array, valueAt, valueLength))));
    return all;
  }

  private void check(Random random) {
    assertThat(visited(0, Long.MAX_VALUE, false)).isEqualTo(List.copyOf(expected.entrySet()));
    List<Bytes> places = List.copyOf(expected.keySet());
    for (int i = 0; i < 100 && !places.isEmpty(); i++) {
      int rank = random.nextInt(places.size());
      Bytes place = places.get(rank);
      assertThat(order.rank(place.array(), 0, place.length())).isEqualTo(rank);
      assertThat(order.find(place.array(), 0, place.length())).isTrue();
      assertThat(visited(rank, 1, random.nextBoolean()).get(0).getKey()).isEqualTo(place);
      byte[] after = Arrays.copyOf(place.array(), place.length() + 1);
      assertThat(order.rank(after, 0, after.length)).isEqualTo(rank + 1);
    }
    byte[] end = new byte[20];
    Arrays.fill(end, (byte) 255);
    assertThat(order.rank(end, 0, end.length)).isEqualTo(places.size());
  }

  private long nodes() {
    store.commit(index);
    int[] nodes = new int[1];
    CellWalk.Visitor counting =
        new CellWalk.Visitor() {
          @Override
          public void inTable(int handle) {
            nodes[0]++;
          }

          @Override
          public void onDisk(byte[] diskKey, byte[] stored) {
            nodes[0]++;
          }
        };
    store.fields().visitAll(FieldOrder.number(CellType.LIST, 1), counting);
    return nodes[0];
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void aTreeIsAMap(long seed) {
    Random random = new Random(seed);
    int range = 1 << 4 + random.nextInt(13);
    int longest = 1 << random.nextInt(6);
    for (int round = 0; round < 4; round++) {
      int putShare = random.nextInt(10);
      for (int i = 0; i < 4_000; i++) {
        byte[] place = Arrays.copyOf(number(random.nextInt(range)), 8 + random.nextInt(longest));
        if (random.nextInt(10) <= putShare) {
          byte[] value = new byte[random.nextInt(500) == 0 ? 5_000 : random.nextInt(30)];
          random.nextBytes(value);
          put(place, value);
        } else {
          Bytes near = expected.ceilingKey(Bytes.wrap(place));
          remove(random.nextInt(10) == 0 || near == null ? place : near.toArray());
        }
      }
      check(random);
    }
    List.copyOf(expected.keySet()).forEach(place -> remove(place.toArray()));
    assertThat(nodes()).isZero();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatIsOnlyPushedIsPackedTight(boolean right) {
    for (int i = 0; i < 20_000; i++) {
      put(number(right ? i : 1_000_000 - i), number(i));
    }
    check(new Random(1));
    long bytes = 20_000 * 18;
    assertThat(nodes()).isLessThan(bytes * 5 / 4 / FieldOrder.MAX_NODE_BYTES);
  }

  @Test
  void aQueueTakesNoMoreThanWhatIsInIt() {
    for (int i = 0; i < 50_000; i++) {
      put(number(i), number(i));
      if (i >= 1_000) {
        remove(number(i - 1_000));
      }
    }
    check(new Random(1));
    assertThat(nodes()).isLessThan(40);
  }

  @Test
  void whatIsRemovedAtRandomIsJoined() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      put(number(i), number(i));
    }
    List<Bytes> places = new ArrayList<>(expected.keySet());
    Collections.shuffle(places, random);
    places.subList(0, 19_000).forEach(place -> remove(place.toArray()));
    check(random);
    assertThat(nodes()).isLessThan(150);
  }

  @Test
  void anOverwrittenValueThatGrowsSplitsItsLeaf() {
    for (int i = 0; i < 1_000; i++) {
      put(number(i), number(i));
    }
    for (int i = 0; i < 1_000; i += 7) {
      put(number(i), new byte[900]);
    }
    for (int i = 0; i < 1_000; i += 11) {
      put(number(10 * i), new byte[3]);
    }
    check(new Random(1));
  }

  /** The record of a node that was undone, and the next one of the same entry, are in one place. */
  @Test
  void whatAnotherWritesInPlaceOfWhatWasUndoneIsSeen() {
    byte[] first = number(1);
    put(first, first);
    store.commit(index - 1);
    long mark = store.mark();
    byte[] undone = number(2);
    order.put(index, index, undone, 0, undone.length, undone, 0, undone.length);
    store.undoTo(mark);

    byte[] told = number(3);
    FieldOrder another = new FieldOrder(store, Look.NEWEST);
    another.open(CellType.LIST, 1, KEY, 0, 1);
    another.put(index, index, told, 0, told.length, told, 0, told.length);

    expected.put(Bytes.wrap(told), Bytes.wrap(told));
    assertThat(order.find(undone, 0, undone.length)).isFalse();
    assertThat(visited(0, Long.MAX_VALUE, false)).isEqualTo(List.copyOf(expected.entrySet()));
  }

  /** Places that are longer than a node, and alike for long or not at all. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1_500})
  void longPlacesMakeNoHighTree(int alike) {
    Random random = new Random(1);
    byte[] large = new byte[4_000];
    for (int i = 0; i < 2_000; i++) {
      byte[] place = Arrays.copyOf(large, alike + 8 + random.nextInt(2_000));
      System.arraycopy(number(random.nextLong()), 0, place, alike, 8);
      put(place, number(i));
    }
    check(random);
    assertThat(nodes()).isLessThan(2_000 * 3 / 2);
    index++;
    List<Bytes> places = new ArrayList<>(expected.keySet());
    Collections.shuffle(places, random);
    places.subList(0, 1_900).forEach(place -> remove(place.toArray()));
    check(random);
    List.copyOf(expected.keySet()).forEach(place -> remove(place.toArray()));
    assertThat(nodes()).isZero();
  }

  @Test
  void undoneChangesLeaveNoTrace() {
    for (int i = 0; i < 500; i++) {
      put(number(i), number(i));
    }
    store.commit(index);
    TreeMap<Bytes, Bytes> before = new TreeMap<>(expected);
    long mark = store.mark();
    long entry = index + 1;
    for (int i = 0; i < 500; i++) {
      byte[] old = number(i);
      byte[] fresh = number(1_000 + i);
      order.remove(entry, entry, old, 0, old.length);
      order.put(entry, entry, fresh, 0, fresh.length, old, 0, old.length);
      expected.remove(Bytes.wrap(old));
      expected.put(Bytes.wrap(fresh), Bytes.wrap(old));
    }
    check(new Random(1));
    store.undoTo(mark);
    expected.clear();
    expected.putAll(before);
    check(new Random(1));
  }
}
