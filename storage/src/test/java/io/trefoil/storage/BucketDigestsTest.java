package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BucketDigestsTest {
  private static final long TIME = 100;
  private static final long ALL = 1L << 32;

  @TempDir Path folder;
  private TestStore test;

  @BeforeEach
  void open() {
    test = new TestStore(folder, 64 << 20);
  }

  @AfterEach
  void close() {
    test.close();
  }

  @Test
  void bucketsOfEqualCellsAreEqualWhateverTheirHistory() {
    for (int i = 0; i < 2_000; i++) {
      test.put("k" + i, "v" + i);
    }
    test.put("expired", Bytes.utf8("x").array(), TIME);
    BucketDigests first = digests();
    test.store.close();

    test.open(2);
    test.put("removed", "x");
    for (int i = 1_999; i >= 0; i--) {
      test.put("k" + i, "old");
      if (i % 100 == 0) {
        test.flush();
      }
    }
    test.remove("removed");
    for (int i = 0; i < 2_000; i++) {
      test.put("k" + i, "v" + i);
    }
    BucketDigests second = digests();

    assertThat(differing(first, second)).isEmpty();
    assertThat(second.total()).isEqualTo(first.total()).isEqualTo(digest());
    assertThat(first.keyCount()).isEqualTo(second.keyCount()).isEqualTo(2_000);
  }

  @Test
  void whatDiffersIsFoundInItsBucketAlone() {
    for (int i = 0; i < 500; i++) {
      test.put("k" + i, "v");
    }
    BucketDigests before = digests();
    assertDiffersOnlyIn("k7", before, () -> test.put("k7", "w"));
    BucketDigests withW = digests();
    assertDiffersOnlyIn("k8", withW, () -> test.put("k8", Bytes.utf8("v").array(), 5_000));
    BucketDigests withExpiry = digests();
    assertDiffersOnlyIn("k9", withExpiry, () -> test.remove("k9"));
    BucketDigests without = digests();
    assertDiffersOnlyIn("new", without, () -> test.put("new", "v"));
  }

  private void assertDiffersOnlyIn(String key, BucketDigests before, Runnable change) {
    change.run();
    byte[] bytes = Bytes.utf8(key).array();
    int bucket = BucketDigests.bucketOf(HashIndex.hash(bytes, 0, bytes.length));
    assertThat(differing(before, digests())).containsExactly(bucket);
  }

  @Test
  void aListThatIsFullGoesOnWhereItEnded() {
    Set<Bytes> expected = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      test.put("k" + i, "v");
      expected.add(Bytes.utf8("k" + i));
    }
    test.put("expired", Bytes.utf8("x").array(), TIME);
    try (CellSnapshot snapshot = snapshot()) {
      List<Bytes> seen = new ArrayList<>();
      int lists = 0;
      long sum = 0;
      for (long from = 0; from < ALL; lists++) {
        CellList list = snapshot.list(TIME, from, ALL);
        for (CellList.Cell cell : list.cells()) {
          seen.add(cell.shownKey());
          sum += cell.digest();
        }
        assertThat(list.endHash()).isGreaterThan(from);
        from = list.endHash();
      }
      assertThat(lists).isEqualTo(3);
      assertThat(seen).hasSize(10_000);
      assertThat(new HashSet<>(seen)).isEqualTo(expected);
      assertThat(sum).isEqualTo(snapshot.digest(TIME));
    }
  }

  @Test
  void ofALongKeyTheListShowsTheBeginning() {
    String key = "long".repeat(1_000);
    test.put(key, "v");
    try (CellSnapshot snapshot = snapshot()) {
      CellList.Cell cell = snapshot.list(TIME, 0, ALL).cells().get(0);
      assertThat(cell.keyLength()).isEqualTo(4_000);
      assertThat(cell.shownKey()).isEqualTo(Bytes.utf8(key.substring(0, CellList.SHOWN_KEY_BYTES)));
    }
  }

  /** Two copies that took in the same, one of them at another place of its log. */
  @Test
  void ofKeysThatSeveralOriginsWriteAllThatIsSeenCountsAndNothingOfTheCopy() {
    mergeInto(test.store, new MergedState(), 1, "value");
    BucketDigests first = digests();
    assertThat(first.keyCount()).as("what is gone is no key").isEqualTo(2);
    assertThat(test.store.digest(TIME, 0, ALL)).isEqualTo(first.total());

    test.open(2);
    MergedState state = new MergedState();
    state.observe(1_000_000);
    mergeInto(test.store, state, 50, "value");
    assertThat(digests().total()).isEqualTo(first.total());
    assertThat(test.store.digest(TIME, 0, ALL)).isEqualTo(first.total());

    test.open(3);
    mergeInto(test.store, new MergedState(), 1, "other");
    assertThat(digests().total()).isNotEqualTo(first.total());
  }

  /** Each copy forgets what was removed when it comes to it. */
  @Test
  void whatWasRemovedOfKeysThatSeveralOriginsWriteDoesNotCount() {
    MergedState state = new MergedState();
    mergeInto(test.store, state, 1, "value");
    MergedStore merged = MergedStore.waiting(test.store, state);
    MergedStore.Key key = merged.open(new byte[] {'s'}, 0, 1);
    MergedKey overwritten = new MergedKey();
    key.state().string().put(2, 20, new byte[] {'x'}, 0, 1, overwritten.string());
    key.merge(2, overwritten);
    key.save(2);
    Versions dropped = new Versions();
    key = merged.open(new byte[] {'h'}, 0, 1);
    addField(key, 2, 'g', 21);
    key.field(CellType.HASH, new byte[] {'f'}, 0, 1).remove(dropped);
    key.merge(2, CellType.HASH, new byte[] {'f'}, 0, 1, dropped);
    key.save(2);
    test.index = 2;
    test.store.commit(2);
    BucketDigests before = digests();
    long held = state.tree().sum(0, 0);

    merged.purge(100, 0, 1_000);
    BucketDigests after = digests();
    assertThat(state.tree().sum(0, 0)).as("something was forgotten").isNotEqualTo(held);
    assertThat(differing(before, after)).isEmpty();
    try (CellSnapshot snapshot = snapshot()) {
      assertThat(snapshot.list(TIME, 0, ALL).cells())
          .extracting(cell -> cell.shownKey())
          .containsExactlyInAnyOrder(Bytes.utf8("s"), Bytes.utf8("h"));
    }
  }

  private static void addField(MergedStore.Key key, long index, char field, long stamp) {
    Versions versions = new Versions();
    new Versions().put(2, stamp, new byte[] {'y'}, 0, 1, versions);
    key.merge(index, CellType.HASH, new byte[] {(byte) field}, 0, 1, versions);
  }

  /** A string, a hash, and the removal of a third key. */
  private void mergeInto(PartitionStore store, MergedState state, long index, String value) {
    MergedStore merged = MergedStore.waiting(store, state);
    byte[] bytes = Bytes.utf8(value).array();
    MergedKey string = new MergedKey();
    new Versions().put(1, 10, bytes, 0, bytes.length, string.string());
    MergedStore.Key key = merged.open(new byte[] {'s'}, 0, 1);
    key.merge(index, string);
    key.save(index);

    MergedKey hash = new MergedKey();
    hash.putFields(CellType.HASH, 11, 1);
    Versions field = new Versions();
    new Versions().put(1, 12, bytes, 0, bytes.length, field);
    key = merged.open(new byte[] {'h'}, 0, 1);
    key.merge(index, hash);
    key.merge(index, CellType.HASH, new byte[] {'f'}, 0, 1, field);
    key.save(index);

    MergedKey removed = new MergedKey();
    string.string().remove(removed.string());
    key = merged.open(new byte[] {'g'}, 0, 1);
    key.merge(index, removed);
    key.save(index);
    test.index = index;
    store.commit(index);
  }

  @Test
  void aDigestThatIsCancelledEnds() {
    test.put("a", "1");
    try (CellSnapshot snapshot = snapshot()) {
      assertThat(snapshot.bucketDigests(TIME, () -> true)).isEmpty();
    }
  }

  @Test
  void aSnapshotAtAPositionComesBeforeThoseThatTakeAny() {
    List<Position> any = new ArrayList<>();
    test.put("a", "1");
    test.store.requestSnapshot(
        snapshot -> {
          any.add(snapshot.state().position());
          snapshot.close();
        });
    try (CellSnapshot snapshot = snapshot()) {
      assertThat(snapshot.state().position()).isEqualTo(new Position(1, 1));
    }
    assertThat(any).isEmpty();
    test.put("b", "2");
    test.flush();
    test.owner.runUntil(() -> !any.isEmpty());
    assertThat(any).containsExactly(new Position(1, 2));
  }

  private BucketDigests digests() {
    try (CellSnapshot snapshot = snapshot()) {
      return snapshot.bucketDigests(TIME, () -> false).orElseThrow();
    }
  }

  private long digest() {
    try (CellSnapshot snapshot = snapshot()) {
      return snapshot.digest(TIME);
    }
  }

  private CellSnapshot snapshot() {
    test.commit();
    test.settle();
    List<CellSnapshot> taken = new ArrayList<>();
    test.store.freezeAndSnapshot(new Position(1, test.index), Bytes.EMPTY, taken::add);
    test.owner.runUntil(() -> !taken.isEmpty());
    test.settle();
    return taken.get(0);
  }

  private static List<Integer> differing(BucketDigests a, BucketDigests b) {
    return IntStream.range(0, BucketDigests.COUNT)
        .filter(bucket -> a.sum(bucket) != b.sum(bucket))
        .boxed()
        .toList();
  }
}
