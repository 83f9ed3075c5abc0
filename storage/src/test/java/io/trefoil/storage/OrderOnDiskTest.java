package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An order of which only the disk has most: how often who looks at it has to begin anew. */
class OrderOnDiskTest {
  private static final int PLACES = 5_000;
  private static final long MEMORY = 32 * Arena.CHUNK;
  private static final byte[] KEY = {'k'};
  private static final long COLLECTION = 7;

  @TempDir private Path folder;
  private TestStore test;
  private final List<Bytes> expected = new ArrayList<>();

  @BeforeEach
  void fill() {
    test = new TestStore(folder, MEMORY);
    Random random = new Random(1);
    TreeSet<Bytes> all = new TreeSet<>();
    OrderedFields fields = new OrderedFields(test.store, Look.WAITING);
    while (all.size() < PLACES) {
      byte[] name = new byte[1 + random.nextInt(300)];
      random.nextBytes(name);
      test.index++;
      fields.open(CellType.LIST, COLLECTION, KEY, 0, 1);
      fields.put(test.index, test.index, name, 0, name.length, name, 0, 1);
      all.add(Bytes.wrap(name));
    }
    test.store.putHead(test.index, test.index, CellType.LIST, 0, KEY, 0, 1, COLLECTION, all.size());
    test.flush();
    expected.addAll(all);
    startAgain();
  }

  /** With nothing in memory. */
  private void startAgain() {
    test.storage.persist().join();
    test.close();
    test = new TestStore(folder, MEMORY);
  }

  @AfterEach
  void close() {
    test.close();
  }

  /** Looks until nothing is missing; returns how often something was. */
  private int rounds(Runnable looking) {
    for (int rounds = 0; ; rounds++) {
      try {
        looking.run();
        return rounds;
      } catch (CellsNotInMemory missing) {
        boolean[] fetched = new boolean[1];
        test.store.fields().fetch(missing.collection(), missing.fields(), () -> fetched[0] = true);
        test.owner.runUntil(() -> fetched[0]);
      }
    }
  }

  private int visit(long rank, long count, boolean backwards, List<Bytes> seen) {
    return visit(COLLECTION, rank, count, backwards, seen);
  }

  private int visit(long collection, long rank, long count, boolean backwards, List<Bytes> seen) {
    OrderedFields fields = new OrderedFields(test.store, Look.NEWEST);
    Fields.Visitor visitor =
        (field, offset, length, value, valueOffset, valueLength) ->
            seen.add(Bytes.copyOf(field, offset, length));
    return rounds(
        () -> {
          seen.clear();
          fields.open(CellType.LIST, collection, KEY, 0, 1);
          fields.visit(rank, count, backwards, visitor);
        });
  }

  @Test
  void aVisitOfAllBeginsAnewForHundredsOfNodes() {
    List<Bytes> seen = new ArrayList<>();
    int rounds = visit(0, Long.MAX_VALUE, false, seen);
    assertThat(seen).isEqualTo(expected);
    assertThat(rounds).isBetween(1, 16);
    assertThat(visit(0, Long.MAX_VALUE, false, seen)).isZero();
  }

  /** More nodes than are looked for at a time. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aVisitOfAVeryLongOrderIsNoSlower(boolean backwards) {
    test.close();
    test = new TestStore(folder, MEMORY);
    OrderedFields fields = new OrderedFields(test.store, Look.WAITING);
    expected.clear();
    for (int i = 0; i < 10_000; i++) {
      byte[] name = new byte[600];
      name[0] = (byte) (i >> 8);
      name[1] = (byte) i;
      test.index++;
      fields.open(CellType.LIST, COLLECTION + 1, KEY, 0, 1);
      fields.put(test.index, test.index, name, 0, name.length, name, 0, 1);
      expected.add(Bytes.wrap(name));
    }
    test.flush();
    startAgain();
    List<Bytes> seen = new ArrayList<>();
    int rounds = visit(COLLECTION + 1, backwards ? 9_999 : 0, 10_000, backwards, seen);
    if (backwards) {
      Collections.reverse(expected);
    }
    assertThat(seen).isEqualTo(expected);
    assertThat(rounds).isBetween(8, 24);
  }

  @Test
  void aVisitOfSomeBeginsAnewForEachLevel() {
    List<Bytes> seen = new ArrayList<>();
    int rounds = visit(4_000, 300, true, seen);
    List<Bytes> part = new ArrayList<>(expected.subList(3_701, 4_001));
    Collections.reverse(part);
    assertThat(seen).isEqualTo(part);
    assertThat(rounds).isBetween(1, 5);
  }

  @Test
  void aRankBeginsAnewForEachLevel() {
    OrderedFields fields = new OrderedFields(test.store, Look.NEWEST);
    byte[] place = expected.get(2_500).array();
    int rounds =
        rounds(
            () -> {
              fields.open(CellType.LIST, COLLECTION, KEY, 0, 1);
              assertThat(fields.rank(place, 0, place.length)).isEqualTo(2_500);
            });
    assertThat(rounds).isBetween(1, 5);
  }
}
