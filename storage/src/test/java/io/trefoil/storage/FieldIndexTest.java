package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class FieldIndexTest {
  private final Arena arena = new Arena(64 << 20);

  /** Collections of one field and of thousands. */
  @Property(tries = 30)
  void eachCollectionIsASetInTheOrderOfHashes(@ForAll long seed) {
    Random random = new Random(seed);
    long indexBytes = arena.usedBytes();
    FieldIndex index = new FieldIndex(arena);
    List<Map<Bytes, Integer>> model = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(200); i++) {
      model.add(new TreeMap<>());
    }
    int fields = 1 + random.nextInt(3_000);
    for (int i = 0; i < 8_000; i++) {
      int number = random.nextInt(1 + random.nextInt(model.size()));
      Bytes field = Bytes.utf8("f" + random.nextInt(fields));
      Map<Bytes, Integer> collection = model.get(number);
      int handle = find(index, number, field);
      assertThat(handle).isEqualTo(collection.getOrDefault(field, 0));
      if (handle == 0) {
        collection.put(field, insert(index, number, field));
      } else if (random.nextInt(3) > 0) {
        assertThat(index.findHandle(handle)).isTrue();
        index.removeFound();
        assertThat(index.findHandle(handle)).isFalse();
        collection.remove(field);
      }
    }
    for (int number = 0; number < model.size(); number++) {
      assertThat(walk(index, number))
          .containsExactlyInAnyOrderElementsOf(model.get(number).values());
    }
    Map<Bytes, Integer> first = model.get(0);
    for (int handle = index.findAny(1); handle != 0; handle = index.findAny(1)) {
      assertThat(first.values().remove(handle)).isTrue();
      index.removeFound();
    }
    assertThat(first).isEmpty();
    int taken = 0;
    for (int[] some = index.takeSome(); some.length > 0; some = index.takeSome()) {
      taken += some.length;
    }
    assertThat(taken).isEqualTo(model.stream().mapToInt(Map::size).sum());
    // What the records take is the same with an index and without.
    long withRecords = arena.usedBytes();
    index.release();
    assertThat(arena.usedBytes()).isEqualTo(withRecords);
    assertThat(arena.usedBytes() % Arena.CHUNK).isEqualTo(indexBytes % Arena.CHUNK);
  }

  /** So many that there are several branches of leaves. */
  @Test
  void largeCollectionsAreSetsToo() {
    Random random = new Random(1);
    FieldIndex index = new FieldIndex(arena);
    List<List<Integer>> model = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < 120_000; i++) {
      int number = random.nextInt(3);
      model.get(number).add(insert(index, number, Bytes.utf8("f" + i)));
    }
    for (int number = 0; number < 3; number++) {
      assertThat(new HashSet<>(walk(index, number))).isEqualTo(new HashSet<>(model.get(number)));
      Collections.shuffle(model.get(number), random);
    }
    for (int number = 0; number < 3; number++) {
      List<Integer> handles = model.get(number);
      while (handles.size() > (number == 1 ? 30_000 : 0)) {
        assertThat(index.findHandle(handles.remove(handles.size() - 1))).isTrue();
        index.removeFound();
      }
    }
    assertThat(walk(index, 0)).isEmpty();
    assertThat(walk(index, 1)).hasSize(30_000);
    assertThat(new HashSet<>(walk(index, 1))).isEqualTo(new HashSet<>(model.get(1)));
    assertThat(walk(index, 2)).isEmpty();
  }

  /**
   * Chi-squared of 20 draws of each: its mean is the count, its deviation the root of twice that.
   */
  @Test
  void ofALargeCollectionEachRecordIsDrawnAsOftenAsAnyOther() {
    Random random = new Random(2);
    FieldIndex index = new FieldIndex(arena);
    int count = 40_000;
    for (int i = 0; i < count; i++) {
      insert(index, 1, Bytes.utf8("f" + i));
      insert(index, 2 + i % 500, Bytes.utf8("other" + i));
    }
    Map<Integer, Integer> drawn = new HashMap<>();
    int draws = 0;
    for (int found = 0; found < 20 * count; draws++) {
      int handle = index.draw(2, random.nextLong());
      if (handle != 0) {
        drawn.merge(handle, 1, Integer::sum);
        found++;
      }
    }
    assertThat(drawn).hasSize(count);
    double distance = 0;
    for (int times : drawn.values()) {
      distance += (times - 20.0) * (times - 20.0) / 20;
    }
    assertThat(distance).isLessThan(count + 4 * Math.sqrt(2.0 * count));
    assertThat(draws).isLessThan(100 * count);
  }

  /** Leaves that are nearly empty are joined, so that a draw goes on finding something. */
  @Test
  void ofWhatIsLeftOfALargeCollectionARecordIsFoundSoon() {
    Random random = new Random(3);
    FieldIndex index = new FieldIndex(arena);
    List<Integer> handles = new ArrayList<>();
    for (int i = 0; i < 120_000; i++) {
      handles.add(insert(index, 1, Bytes.utf8("f" + i)));
    }
    Collections.shuffle(handles, random);
    while (handles.size() > 1_000) {
      assertThat(index.findHandle(handles.remove(handles.size() - 1))).isTrue();
      index.removeFound();
    }
    int found = 0;
    for (int draws = 0; draws < 10_000; draws++) {
      found += index.draw(2, random.nextLong()) != 0 ? 1 : 0;
    }
    assertThat(found).isGreaterThan(1_000);
    assertThat(walk(index, 1)).hasSize(1_000);
  }

  private static int find(FieldIndex index, int number, Bytes field) {
    int hash = HashIndex.hash(field.array(), 0, field.length());
    return index.find(number + 1, hash, field.array(), 0, field.length());
  }

  private int insert(FieldIndex index, int number, Bytes field) {
    byte[] key = Records.fieldKey(number + 1, field.array(), 0, field.length());
    int handle = arena.allocate(Records.fieldBytes(key.length, 0));
    int flags = Records.CLEAN | Records.FIELD;
    arena.write(handle, 0, 0, 0, flags, 0, 0, key, 0, key.length, key, 0, 0);
    index.insert(number + 1, HashIndex.hash(field.array(), 0, field.length()), handle);
    return handle;
  }

  private static List<Integer> walk(FieldIndex index, int number) {
    List<Integer> seen = new ArrayList<>();
    HashOrder order = index.of(number + 1);
    long hash = 0;
    do {
      long first = order.firstFrom((int) hash);
      for (long each = first; each != 0; each = order.nextOfSameHash()) {
        assertThat(each >>> 32).isEqualTo(first >>> 32).isGreaterThanOrEqualTo(hash);
        seen.add((int) each);
      }
      hash = first == 0 ? 0 : (first >>> 32) + 1 & 0xffffffffL;
    } while (hash != 0);
    return seen;
  }
}
