package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.base.Position;
import io.trefoil.base.Stamp;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.storage.MergedStore.Key;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/**
 * One copy that three origins write, against the obvious account of it, under commands, late
 * duplicates, undos, freezes, evictions, crashes and purges, in so little memory that most cells
 * are evicted again and again.
 */
class MergedStoreTest {
  private static final int STEPS = 500;
  private static final long BUDGET = 5 * Arena.CHUNK;

  @Property(tries = 15, shrinking = ShrinkingMode.OFF)
  void aCopyShowsWhatWasWrittenWhateverIsForgotten(@ForAll long seed) throws IOException {
    Path folder = Files.createTempDirectory("trefoil-merged");
    Run run = new Run(folder, seed);
    try {
      for (int i = 0; i < STEPS; i++) {
        run.step();
      }
      run.commit();
      run.checkEverything();
      run.forgetEverything();
    } finally {
      run.storage.closeWithoutPersisting();
      Folders.delete(folder);
    }
  }

  /** Its fields came without it, and one comes again after it may have been forgotten. */
  @Test
  void aTypeThatWasForgottenIsNamedByAFieldThatIsThereAlready() throws IOException {
    Path folder = Files.createTempDirectory("trefoil-merged");
    Run run = new Run(folder, 1);
    try {
      byte[] key = {'k'};
      Key open = run.merged.open(key, 0, 1);
      for (byte field = 'a'; field <= 'c'; field++) {
        mergeField(open, 1, field, 100 + field);
      }
      open.save(1);
      assertThat(run.merged.open(key, 0, 1).type()).isNull();
      run.state.reach(1_000);
      open = run.merged.open(key, 0, 1);
      mergeField(open, 2, (byte) 'a', 2_000);
      open.save(2);
      assertThat(run.merged.open(key, 0, 1).type()).isEqualTo(CellType.HASH);
      assertThat(run.merged.open(key, 0, 1).visibleFields()).isEqualTo(3);
    } finally {
      run.storage.closeWithoutPersisting();
      Folders.delete(folder);
    }
  }

  private static void mergeField(Key key, long index, byte field, long stamp) {
    Versions change = new Versions();
    new Versions().put(7, stamp, new byte[] {'v'}, 0, 1, change);
    key.merge(index, CellType.HASH, new byte[] {field}, 0, 1, change);
  }

  /** A value and what was added to it; of a string or a field. */
  private record Value(String written, long sum) {
    static Value of(Versions versions) {
      String written = versions.written() == null ? "" : new String(versions.written().value());
      return new Value(written, versions.counterSum());
    }
  }

  /** A key as it is seen: a string, or fields. */
  private record Shown(Value string, TreeMap<String, Value> fields, long expireAt, long changed) {
    Shown changedAt(long stamp) {
      return new Shown(string, fields == null ? null : new TreeMap<>(fields), expireAt, stamp);
    }
  }

  /** A change as it travels: of a key, then of its fields. */
  private record Sent(long index, String key, byte[] change, List<SentField> fields) {}

  private record SentField(String field, byte[] change) {}

  private static final class Run {
    final Random random;
    final Path folder;
    final OwnerThread owner = new OwnerThread();
    final int keys;
    final int fields;
    final int largestValue;

    /** Of the keys that have fields. */
    final CellType type;

    Storage storage;
    PartitionStore store;
    MergedState state = new MergedState();
    MergedStore merged;
    long index;
    long clock = 1_000;
    long horizon;
    long purgedUntil;

    TreeMap<String, Shown> model = new TreeMap<>();
    List<Sent> sent = new ArrayList<>();

    Run(Path folder, long seed) {
      this.folder = folder;
      random = new Random(seed);
      keys = 1 << random.nextInt(9);
      fields = 1 << random.nextInt(7);
      largestValue = 1 << random.nextInt(14);
      type = List.of(CellType.HASH, CellType.ZSET, CellType.LIST).get(random.nextInt(3));
      open();
    }

    void open() {
      StorageSettings settings = StorageSettings.in(folder).withBlockCacheBytes(64 << 10);
      storage =
          Storage.open(
              settings,
              BUDGET,
              e -> {
                throw e;
              });
      store = storage.store(7, 0, owner);
      merged = MergedStore.waiting(store, state);
    }

    void step() {
      int dice = random.nextInt(100);
      if (dice < 60) {
        command();
      } else if (dice < 66) {
        hearAgain();
      } else if (dice < 72) {
        commit();
      } else if (dice < 78) {
        undone();
      } else if (dice < 84) {
        freezeBehind();
      } else if (dice < 90) {
        runPending();
        storage.maintain(0, random.nextInt(1_000));
      } else if (dice < 96) {
        purge();
      } else if (dice < 97) {
        crash();
      } else {
        check(key());
        checkTree();
      }
    }

    // ---- writing

    String key() {
      return "k" + random.nextInt(keys);
    }

    long nextStamp() {
      clock += 1 + random.nextInt(3);
      state.observe(Stamp.of(clock, 0));
      return Stamp.of(clock, 0);
    }

    void command() {
      index++;
      String name = key();
      Shown there = model.get(name);
      boolean hash = there != null && there.fields != null;
      switch (random.nextInt(8)) {
        case 0, 1 -> set(name);
        case 2 -> {
          if (!hash) {
            add(name, there);
          }
        }
        case 3 -> remove(name);
        case 4 -> expire(name, there);
        default -> setField(name, there, random.nextInt(3));
      }
    }

    String value() {
      return "v" + clock + "x".repeat(random.nextInt(largestValue));
    }

    Key open(String name) {
      return merged.open(Bytes.utf8(name).array(), 0, name.length());
    }

    int origin() {
      return 1 + random.nextInt(3);
    }

    void set(String name) {
      Key key = open(name);
      MergedKey change = new MergedKey();
      List<SentField> uncounted = hide(key, change);
      long stamp = nextStamp();
      String value = value();
      byte[] bytes = value.getBytes();
      key.state().string().put(origin(), stamp, bytes, 0, bytes.length, change.string());
      take(key, name, change, uncounted);
      model.put(name, new Shown(new Value(value, 0), null, 0, stamp));
    }

    void add(String name, Shown there) {
      Key key = open(name);
      MergedKey change = new MergedKey();
      long stamp = nextStamp();
      key.state().string().add(origin(), stamp, 5, change.string());
      take(key, name, change, List.of());
      Value before = there == null ? new Value("", 0) : there.string;
      Value sum = new Value(before.written, before.sum + 5);
      model.put(name, new Shown(sum, null, there == null ? 0 : there.expireAt, stamp));
    }

    void remove(String name) {
      Key key = open(name);
      MergedKey change = new MergedKey();
      nextStamp();
      List<SentField> uncounted = hide(key, change);
      key.state().string().remove(change.string());
      if (!change.isEmpty()) {
        take(key, name, change, uncounted);
      }
      model.remove(name);
    }

    List<SentField> hide(Key key, MergedKey change) {
      List<SentField> uncounted = new ArrayList<>();
      if (key.hasFields()) {
        change.removed().merge(merged.seen());
        key.forEach(
            type,
            (field, offset, length, versions) -> {
              if (versions.hasCounter()) {
                Versions remove = new Versions();
                versions.remove(remove);
                uncounted.add(
                    new SentField(new String(field, offset, length), bytes(remove::write)));
              }
            });
      }
      return uncounted;
    }

    void expire(String name, Shown there) {
      if (there == null) {
        return;
      }
      MergedKey change = new MergedKey();
      long stamp = nextStamp();
      long expireAt = random.nextInt(4) == 0 ? 0 : clock + random.nextInt(300);
      change.putExpiry(expireAt, stamp, origin());
      take(open(name), name, change, List.of());
      model.put(name, new Shown(there.string, there.fields, expireAt, stamp));
    }

    /** Sets, adds to or removes a field. */
    void setField(String name, Shown there, int how) {
      Key key = open(name);
      MergedKey change = new MergedKey();
      Shown shown = there;
      List<SentField> changes = new ArrayList<>();
      if (there == null || there.fields == null) {
        changes.addAll(hide(key, change));
        key.state().string().remove(change.string());
        change.putFields(type, nextStamp(), origin());
        shown = new Shown(null, new TreeMap<>(), 0, 0);
      }
      long stamp = nextStamp();
      shown = shown.changedAt(stamp);
      String field = "f" + random.nextInt(fields);
      Versions old = key.field(type, field.getBytes(), 0, field.length());
      old.hide(change.removed());
      changes.forEach(
          each -> {
            if (each.field.equals(field)) {
              old.merge(new Versions().read(new ByteSource(each.change)));
            }
          });
      Value before = shown.fields.getOrDefault(field, new Value("", 0));
      Versions made = new Versions();
      // Eight bytes, as a score has; some are equal.
      String written = "w" + (1_000_000 + stamp % 7);
      byte[] value = written.getBytes();
      switch (type == CellType.LIST && how == 1 ? 0 : how) {
        case 0 -> {
          old.put(origin(), stamp, value, 0, value.length, made);
          shown.fields.put(field, new Value(written, 0));
        }
        case 1 -> {
          old.add(origin(), stamp, 3, made);
          shown.fields.put(field, new Value(before.written, before.sum + 3));
        }
        default -> {
          old.remove(made);
          shown.fields.remove(field);
        }
      }
      changes.add(new SentField(field, bytes(made::write)));
      take(key, name, change, changes);
      if (shown.fields.isEmpty()) {
        model.remove(name);
      } else {
        model.put(name, shown);
      }
    }

    /** The parts of counters that a removal takes come first; a new field comes last. */
    void take(Key key, String name, MergedKey change, List<SentField> parts) {
      Sent made = new Sent(index, name, bytes(change::write), parts);
      sent.add(made);
      apply(made, index);
    }

    void apply(Sent change, long at) {
      Key key = open(change.key);
      int last = change.fields.size() - 1;
      for (int i = 0; i < last; i++) {
        part(key, change.fields.get(i), at);
      }
      boolean hides = last >= 0 && change.fields.get(last).change.length > 0 && isRemoval(change);
      if (hides) {
        part(key, change.fields.get(last), at);
      }
      key.merge(at, new MergedKey().read(new ByteSource(change.change)));
      if (last >= 0 && !hides) {
        part(key, change.fields.get(last), at);
      }
      key.save(at);
    }

    /** Whether a change only removes: then all of its fields are counters that it takes. */
    private static boolean isRemoval(Sent change) {
      MergedKey read = new MergedKey().read(new ByteSource(change.change));
      return !read.removed().isEmpty() && read.fieldsType() == null;
    }

    private void part(Key key, SentField part, long at) {
      byte[] field = part.field.getBytes();
      Versions change = new Versions().read(new ByteSource(part.change));
      key.merge(at, type, field, 0, field.length, change);
    }

    /** Something that came before comes once more. */
    void hearAgain() {
      if (!sent.isEmpty()) {
        index++;
        Sent again = sent.get(random.nextInt(sent.size()));
        apply(again, index);
        check(again.key);
      }
    }

    void commit() {
      store.commit(index);
    }

    /** Commands that are taken back, one by one or several entries at once. */
    void undone() {
      TreeMap<String, Shown> before = new TreeMap<>(model);
      int sentBefore = sent.size();
      long indexBefore = index;
      long mark = store.mark();
      long sum = state.tree().sum(0, 0);
      for (int i = random.nextInt(4); i >= 0; i--) {
        command();
      }
      if (random.nextBoolean()) {
        store.undoTo(mark);
      } else {
        store.undoAfter(indexBefore);
      }
      index = indexBefore;
      model = before;
      sent.subList(sentBefore, sent.size()).clear();
      assertThat(state.tree().sum(0, 0)).isEqualTo(sum);
    }

    // ---- disk

    void freeze() {
      commit();
      freezeAt(index);
    }

    /** Of what is committed; what came since stays in front. */
    void freezeBehind() {
      commit();
      long committed = index;
      for (int i = random.nextInt(3); i > 0; i--) {
        command();
      }
      freezeAt(committed);
    }

    private void freezeAt(long committed) {
      if (store.canFreeze()) {
        store.freeze(new Position(1, committed), Bytes.wrap(bytes(state::write)));
      }
    }

    void settle() {
      owner.runUntil(() -> !store.isWriting());
      while (!store.canFreeze()) {
        storage.maintain(0, 1_000);
      }
    }

    /** Goes on from what the disk has, and what the journal would have kept. */
    void crash() {
      commit();
      store.close();
      storage.closeWithoutPersisting();
      owner.runPending();
      state = new MergedState();
      boolean stored = store.persistedPosition().index() > 0 || store.flushedPosition().index() > 0;
      open();
      if (stored && !storage.copies().isEmpty()) {
        state.read(new ByteSource(storage.copies().get(0).meta().array()));
      }
      long from = store.flushedPosition().index();
      for (Sent each : List.copyOf(sent)) {
        if (each.index > from) {
          apply(each, each.index);
        }
      }
      index = Math.max(index, from);
      commit();
      state.observe(Stamp.of(clock, 0));
    }

    // ---- purging

    /** What the present horizon lets go; all replicas are here. */
    void purge() {
      commit();
      horizon = Math.max(horizon, Stamp.of(clock - random.nextInt(100), 0));
      purgedUntil = Math.max(purgedUntil, clock - 50 + random.nextInt(100));
      merged.purge(horizon, purgedUntil, random.nextInt(keys) + 1);
      runPending();
    }

    /**
     * What readers found on disk comes in; which expired keys are among it is asked at once: of a
     * key that was found earlier, somebody may have changed the expiry since.
     */
    void runPending() {
      owner.runPending();
      for (byte[] each : merged.takeExpired()) {
        checkExpired(new String(each), Math.min(purgedUntil, Stamp.millis(horizon)));
      }
    }

    /** A key that was found expired is. */
    void checkExpired(String name, long untilMillis) {
      Shown shown = model.get(name);
      if (shown != null && shown.changed <= horizon) {
        assertThat(shown.expireAt).isBetween(1L, untilMillis);
        index++;
        remove(name);
      }
    }

    int purgeAll() {
      int gone = 0;
      for (int round = 0; round < 10; round++) {
        gone += merged.purge(horizon, Stamp.millis(horizon), 1 << 20);
        owner.runUntil(() -> !store.isSweeping());
      }
      return gone + merged.purge(horizon, Stamp.millis(horizon), 1 << 20);
    }

    /** Only what is seen is left in the end, in memory and on disk. */
    void forgetEverything() {
      horizon = Stamp.of(clock + 1_000, 0);
      long shown = store.digest(0, 0, 1L << 32);
      purgeAll();
      assertThat(store.digest(0, 0, 1L << 32)).isEqualTo(shown);
      checkEverything();
      assertThat(records()).isEqualTo(model.size());
      settle();
      freeze();
      settle();
      storage.persist().join();
      crash();
      checkEverything();
      assertThat(records()).isEqualTo(model.size());
      assertThat(fieldsOnDisk()).isEqualTo(fieldsShown());
      assertThat(purgeAll()).isZero();
      for (Sent each : List.copyOf(sent)) {
        index++;
        apply(each, index);
      }
      checkEverything();
    }

    /** Those that a key may be in. */
    Set<Integer> leaves() {
      Set<Integer> leaves = new TreeSet<>();
      for (int i = 0; i < keys; i++) {
        byte[] key = Bytes.utf8("k" + i).array();
        leaves.add(MergedTree.leafOf(HashIndex.hash(key, 0, key.length)));
      }
      return leaves;
    }

    int records() {
      int[] count = {0};
      for (int leaf : leaves()) {
        merged.listLeaf(leaf, (key, digest) -> count[0]++);
      }
      return count[0];
    }

    int fieldsShown() {
      return model.values().stream()
          .mapToInt(each -> each.fields == null ? 0 : each.fields.size())
          .sum();
    }

    int fieldsOnDisk() {
      int count = 0;
      byte[] from = CellDisk.fieldsPrefix(7, 0);
      byte[] end = CellDisk.fieldsPrefix(7, Long.MAX_VALUE);
      try (CellDisk.CellIterator all =
          storage.disk().range(from, end, CellDisk.FIELD_HEADER, null)) {
        for (; all.isValid(); all.next()) {
          count++;
        }
      }
      return count;
    }

    // ---- checks

    void check(String name) {
      Shown expected = model.get(name);
      Key key = open(name);
      if (expected == null) {
        assertThat(key.type()).isNull();
        return;
      }
      assertThat(key.state().expireAt(key.type())).isEqualTo(expected.expireAt);
      if (expected.fields == null) {
        assertThat(key.type()).isEqualTo(CellType.STRING);
        assertThat(Value.of(key.state().string())).isEqualTo(expected.string);
        return;
      }
      assertThat(key.type()).isEqualTo(type);
      assertThat(key.visibleFields()).isEqualTo(expected.fields.size());
      TreeMap<String, Value> shown = new TreeMap<>();
      key.forEach(type, into(shown));
      assertThat(shown).isEqualTo(expected.fields);
      checkSome(key, expected.fields);
      if (type.isOrdered()) {
        checkOrder(key);
      }
    }

    /** What is to be seen is in its order, and nothing else is. */
    void checkOrder(Key key) {
      TreeMap<Bytes, Bytes> places = new TreeMap<>();
      key.forEach(
          type,
          (field, offset, length, versions) -> {
            Bytes name = Bytes.copyOf(field, offset, length);
            byte[] score = type == CellType.ZSET ? MergedStore.scoreOf(versions) : new byte[0];
            byte[] place = Arrays.copyOf(score, score.length + length);
            System.arraycopy(field, offset, place, score.length, length);
            places.put(Bytes.wrap(place), name);
          });
      List<Bytes> ordered = List.copyOf(places.values());
      List<Bytes> seen = new ArrayList<>();
      io.trefoil.cell.Fields.Visitor visitor =
          (field, offset, length, value, valueOffset, valueLength) ->
              seen.add(Bytes.copyOf(field, offset, length));
      key.visit(type, 0, Long.MAX_VALUE, false, visitor);
      assertThat(seen).isEqualTo(ordered);
      int rank = random.nextInt(ordered.size());
      Bytes place = List.copyOf(places.keySet()).get(rank);
      assertThat(key.rank(type, place.array(), 0, place.length())).isEqualTo(rank);
      seen.clear();
      key.visit(type, rank, 1, true, visitor);
      assertThat(seen).isEqualTo(List.of(ordered.get(rank)));
    }

    /** Whoever asks for some fields, and goes on, gets them all; and who asks for any, gets one. */
    void checkSome(Key key, TreeMap<String, Value> expected) {
      TreeMap<String, Value> shown = new TreeMap<>();
      long cursor = 0;
      do {
        cursor = key.scan(type, cursor, 1 + random.nextInt(9), into(shown));
        assertThat(cursor).isBetween(0L, (1L << 32) - 1);
      } while (cursor != 0);
      assertThat(shown).isEqualTo(expected);
      shown.clear();
      key.pick(type, random::nextLong, into(shown));
      assertThat(shown).hasSize(1);
      assertThat(expected.entrySet()).contains(shown.firstEntry());
    }

    private static MergedStore.FieldVisitor into(TreeMap<String, Value> shown) {
      return (field, offset, length, versions) ->
          shown.put(new String(field, offset, length), Value.of(versions));
    }

    void checkEverything() {
      for (int i = 0; i < keys; i++) {
        check("k" + i);
      }
      checkTree();
    }

    /** The tree is what a walk over all keys finds, and keys are counted. */
    void checkTree() {
      commit();
      long shown = 0;
      long root = 0;
      for (int leaf : leaves()) {
        TreeMap<Bytes, Long> listed = new TreeMap<>();
        merged.listLeaf(leaf, (key, digest) -> listed.put(Bytes.wrap(key), digest));
        long sum = 0;
        for (Map.Entry<Bytes, Long> each : listed.entrySet()) {
          long digest = digest(each.getKey());
          assertThat(each.getValue()).isEqualTo(digest);
          sum += digest;
          byte[] key = each.getKey().array();
          shown += merged.open(key, 0, key.length).type() == null ? 0 : 1;
        }
        assertThat(state.tree().sum(MergedTree.LEAF_LEVEL, leaf)).isEqualTo(sum);
        root += sum;
      }
      assertThat(state.tree().sum(0, 0)).isEqualTo(root);
      try {
        assertThat(merged.keyCount()).isEqualTo(shown);
      } catch (CellsNotInMemory unknown) {
        assertThat(unknown.key()).isNull();
      }
    }

    long digest(Bytes name) {
      Key key = merged.open(name.array(), 0, name.length());
      long[] sum = {key.state().digest()};
      key.forEachStored(
          (type, field, offset, length, versions) -> {
            byte[] typed = new byte[length + 1];
            typed[0] = (byte) type.code();
            System.arraycopy(field, offset, typed, 1, length);
            sum[0] += Hash64.combine(Hash64.of(typed), versions.digest());
          });
      return sum[0] == 0 ? 0 : Hash64.combine(Hash64.of(name.array()), sum[0]);
    }
  }

  private interface Writer {
    void write(ByteSink sink);
  }

  private static byte[] bytes(Writer writer) {
    ByteSink sink = new ByteSink();
    writer.write(sink);
    return sink.toArray();
  }
}
