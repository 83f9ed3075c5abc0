package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cell.CellType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands of a batch that change one leaf after each other, as pushes and pops do: what the nodes
 * above are owed is never lost, nor paid twice, whoever looks, and whatever is undone.
 */
class StayingPathTest {
  private static final byte[] KEY = {'k'};
  private static final long MIDDLE = 1L << 40;

  private final Storage storage = TestStore.inMemory();
  private final PartitionStore store = storage.store(7, 0, Runnable::run);
  private final FieldOrder order = new FieldOrder(store, Look.NEWEST);

  /** What commands, batches and the commit index left there; the last is what is there now. */
  private TreeSet<Long> committed = new TreeSet<>();

  private TreeSet<Long> places = new TreeSet<>();
  private long index = 1;

  @AfterEach
  void close() {
    storage.closeWithoutPersisting();
  }

  private FieldOrder opened(FieldOrder each) {
    each.open(CellType.LIST, 1, KEY, 0, 1);
    return each;
  }

  private static byte[] bytes(long number) {
    return ByteBuffer.allocate(8).putLong(number).array();
  }

  private void put(long place) {
    byte[] bytes = bytes(place);
    boolean fresh = order.put(index, index, bytes, 0, 8, new byte[20], 0, 20);
    assertThat(fresh).isEqualTo(places.add(place));
  }

  private void remove(long place) {
    assertThat(order.remove(index, index, bytes(place), 0, 8)).isEqualTo(places.remove(place));
  }

  /** A change as commands make them: mostly at the same end. */
  private void change(Random random, boolean atEnd, boolean pushes) {
    int kind = random.nextInt(30);
    if (places.isEmpty()) {
      put(MIDDLE);
    } else if (kind == 0) {
      put(places.first() + random.nextLong(places.last() - places.first() + 1));
    } else if (kind == 1) {
      Long some =
          places.floor(places.first() + random.nextLong(places.last() + 1 - places.first()));
      remove(some);
    } else if (kind == 2) {
      put(atEnd ? places.last() : places.first()); // another value in its place
    } else if (pushes) {
      put(atEnd ? places.last() + 1_000 : places.first() - 1_000);
    } else {
      remove(atEnd ? places.last() : places.first());
    }
  }

  private static List<Long> visited(FieldOrder order, long rank, long count, boolean backwards) {
    List<Long> all = new ArrayList<>();
    order.visit(
        rank,
        count,
        backwards,
        (array, placeAt, placeLength, valueAt, valueLength) ->
            all.add(ByteBuffer.wrap(array, placeAt, placeLength).getLong()));
    return all;
  }

  /** By rank, so that every node's counts matter. */
  private static void check(FieldOrder seen, TreeSet<Long> expected, Random random) {
    List<Long> sorted = List.copyOf(expected);
    for (int i = 0; i < 4 && !sorted.isEmpty(); i++) {
      int rank = i == 0 ? 0 : i == 1 ? sorted.size() - 1 : random.nextInt(sorted.size());
      boolean backwards = random.nextBoolean();
      assertThat(visited(seen, rank, 1, backwards)).containsExactly(sorted.get(rank));
      assertThat(seen.rank(bytes(sorted.get(rank)), 0, 8)).isEqualTo(rank);
    }
    assertThat(visited(seen, sorted.size(), 1, false)).isEmpty();
  }

  private void checkAll(Random random) {
    check(opened(new FieldOrder(store, Look.NEWEST)), places, random);
    check(opened(new FieldOrder(store, Look.COMMITTED)), committed, random);
    assertThat(visited(opened(new FieldOrder(store, Look.COMMITTED)), 0, 1_000_000, false))
        .isEqualTo(List.copyOf(committed));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void countsAreAsIfEachCommandHadWrittenThem(long seed) {
    Random random = new Random(seed);
    opened(order);
    for (int batch = 0; batch < 600; batch++) {
      store.beginBatch(index);
      boolean atEnd = random.nextBoolean();
      boolean pushes = random.nextInt(100) < (batch < 300 ? 65 : 35);
      int commands = 1 + random.nextInt(60);
      for (int command = 0; command < commands; command++) {
        runCommand(random, atEnd, pushes);
      }
      if (random.nextInt(4) == 0) {
        check(opened(new FieldOrder(store, Look.NEWEST)), places, random);
        opened(order);
      }
      boolean undone = random.nextInt(6) == 0;
      if (undone) {
        store.undoAfter(store.committedIndex());
        places = new TreeSet<>(committed);
        index = store.committedIndex() + 1;
      } else {
        store.commit(index - 1);
        committed = new TreeSet<>(places);
      }
      if (batch % 10 == 0) {
        checkAll(random);
        opened(order);
      }
    }
  }

  private void runCommand(Random random, boolean atEnd, boolean pushes) {
    TreeSet<Long> before = new TreeSet<>(places);
    long mark = store.mark();
    for (int i = random.nextInt(8) == 0 ? random.nextInt(5) : 1; i > 0; i--) {
      change(random, random.nextInt(20) == 0 ? !atEnd : atEnd, pushes);
    }
    if (random.nextInt(10) == 0) {
      check(order, places, random);
    }
    if (random.nextInt(8) == 0) {
      store.undoTo(mark);
      places = before;
    } else {
      index++;
    }
    if (random.nextInt(10) == 0) {
      check(order, places, random);
    }
  }
}
