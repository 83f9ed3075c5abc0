package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.storage.PartitionStore.Found;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who says which fields are wanted begins anew a few times, however many are only on disk. */
class FieldsFetchedTogetherTest {
  private static final int MEMBERS = 5_000;
  private static final int WANTED = 500;
  private static final long MEMORY = 64 * Arena.CHUNK;
  private static final byte[] KEY = {'k'};
  private static final long COLLECTION = 7;
  private static final long HASH = 8;
  private static final int LARGE_VALUES = 20;
  private static final int LARGE_BYTES = 300_000;

  @TempDir private Path folder;
  private TestStore test;

  /** Places: scores and members. */
  private final TreeSet<Bytes> expected = new TreeSet<>();

  private List<Bytes> wanted;

  @BeforeEach
  void fill() {
    test = new TestStore(folder, MEMORY);
    Random random = new Random(1);
    OrderedFields fields = opened(Look.WAITING);
    while (expected.size() < MEMBERS) {
      byte[] member = new byte[20 + random.nextInt(300)];
      random.nextBytes(member);
      expected.add(Bytes.wrap(put(fields, member, random.nextInt(100))));
    }
    for (byte i = 0; i < LARGE_VALUES; i++) {
      byte[] name = {i};
      test.index++;
      byte[] value = new byte[LARGE_BYTES];
      test.store.fields().put(test.index, test.index, HASH, name, 0, 1, value, 0, value.length);
    }
    test.store.putHead(test.index, test.index, CellType.ZSET, 0, KEY, 0, 1, COLLECTION, MEMBERS);
    test.flush();
    List<Bytes> shuffled = new ArrayList<>(expected);
    Collections.shuffle(shuffled, random);
    wanted = shuffled.subList(0, WANTED);
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

  private OrderedFields opened(Look look) {
    OrderedFields fields = new OrderedFields(test.store, look);
    fields.open(CellType.ZSET, COLLECTION, KEY, 0, 1);
    return fields;
  }

  /** Returns the member's place. */
  private byte[] put(OrderedFields fields, byte[] member, int score) {
    byte[] place = place(member, score);
    long entry = ++test.index;
    fields.put(entry, entry, member, 0, member.length, place, 0, Score.BYTES);
    return place;
  }

  private static byte[] place(byte[] member, int score) {
    byte[] place = new byte[Score.BYTES + member.length];
    Score.write(score, place, 0);
    System.arraycopy(member, 0, place, Score.BYTES, member.length);
    return place;
  }

  private static byte[] member(Bytes place) {
    return Bytes.copyOf(place.array(), Score.BYTES, place.length() - Score.BYTES).array();
  }

  private Stream<byte[]> members() {
    return wanted.stream().map(FieldsFetchedTogetherTest::member);
  }

  /** Runs something until nothing is missing, as a leader does; returns how often something was. */
  private int rounds(Runnable command) {
    for (int rounds = 0; ; rounds++) {
      long mark = test.store.mark();
      long index = test.index;
      try {
        command.run();
        return rounds;
      } catch (CellsNotInMemory missing) {
        test.store.undoTo(mark);
        test.index = index;
        boolean[] fetched = new boolean[1];
        test.store.fields().fetch(missing.collection(), missing.fields(), () -> fetched[0] = true);
        test.owner.runUntil(() -> fetched[0]);
      }
    }
  }

  private int rounds(Supplier<Stream<byte[]>> places, Consumer<OrderedFields> of) {
    return rounds(
        () -> {
          OrderedFields fields = opened(Look.NEWEST);
          fields.expect(this::members, places);
          of.accept(fields);
        });
  }

  private List<Bytes> visited() {
    List<Bytes> places = new ArrayList<>();
    Fields.Visitor visitor =
        (field, offset, length, value, valueOffset, valueLength) -> {
          byte[] name = Bytes.copyOf(field, offset, length).array();
          places.add(Bytes.wrap(place(name, (int) Score.read(value, valueOffset))));
        };
    rounds(
        () -> {
          places.clear();
          opened(Look.NEWEST).visit(0, Long.MAX_VALUE, false, visitor);
        });
    return places;
  }

  @Test
  void whatIsLookedForIsFetchedAtOnce() {
    int rounds =
        rounds(
            Stream::empty,
            fields -> members().forEach(it -> assertThat(fields.find(it, 0, it.length)).isTrue()));
    assertThat(rounds).isEqualTo(1);
  }

  @Test
  void whatIsRemovedIsFetchedLevelByLevel() {
    int rounds =
        rounds(
            Stream::empty,
            fields ->
                members()
                    .forEach(
                        it -> {
                          long entry = ++test.index;
                          assertThat(fields.remove(entry, entry, it, 0, it.length)).isTrue();
                        }));
    wanted.forEach(expected::remove);
    assertThat(visited().equals(List.copyOf(expected))).isTrue();
    assertThat(rounds).isBetween(2, 20);
  }

  @Test
  void whatGetsAnotherPlaceIsFetchedLevelByLevel() {
    int rounds =
        rounds(
            () -> members().map(it -> place(it, 50)),
            fields -> members().forEach(it -> put(fields, it, 50)));
    wanted.forEach(expected::remove);
    members().forEach(it -> expected.add(Bytes.wrap(place(it, 50))));
    assertThat(visited().equals(List.copyOf(expected))).isTrue();
    assertThat(rounds).isBetween(2, 20);
  }

  @Test
  void ofWhatIsLargeSomeIsFetchedAtATime() {
    List<byte[]> names = new ArrayList<>();
    for (byte i = 0; i < LARGE_VALUES; i++) {
      names.add(new byte[] {i});
    }
    FieldCells fields = test.store.fields();
    int rounds =
        rounds(
            () -> {
              for (byte[] name : names) {
                if (fields.find(HASH, name, 0, 1) == Found.NOT_IN_MEMORY) {
                  List<byte[]> missing = fields.missing(false, HASH, name, names.stream());
                  throw CellsNotInMemory.fields(KEY, HASH, missing);
                }
                assertThat(test.store.valueLength()).isEqualTo(LARGE_BYTES);
              }
            });
    assertThat(rounds).isBetween(2, LARGE_VALUES - 1);
  }
}
