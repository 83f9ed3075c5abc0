package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.storage.PartitionStore.Found;
import io.trefoil.storage.StoreModel.Cell;
import io.trefoil.storage.StoreModel.Kind;
import io.trefoil.storage.StoreModel.Write;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.lifecycle.AfterContainer;

/**
 * One store against {@link StoreModel} under random writes, commits, undos, freezes, evictions,
 * collections and crashes: in so little memory that most cells are evicted again and again, or in
 * so much that the table has all again after a crash.
 */
class PartitionStoreModelTest {
  private static final int STEPS = 400;
  private static final long LITTLE_MEMORY = 5 * Arena.CHUNK;
  private static final long MUCH_MEMORY = 1_024 * Arena.CHUNK;
  private static int iterations;
  private static int filledTables;

  @AfterContainer
  static void someIterationsCameToTheirEnd() {
    assertThat(iterations).isPositive();
  }

  @AfterContainer
  static void someTablesHadAllAgain() {
    assertThat(filledTables).isPositive();
  }

  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void aStoreIsItsWrites(@ForAll long seed) throws IOException {
    Path folder = Files.createTempDirectory("trefoil-storage");
    check(new Run(folder, seed, null), folder);
  }

  /** The same on the disk that simulations have. */
  @Property(tries = 20, shrinking = ShrinkingMode.OFF)
  void aStoreInMemoryIsItsWrites(@ForAll long seed) throws IOException {
    Path none = Files.createTempDirectory("trefoil-storage");
    check(new Run(none, seed, new MemoryCellDisk()), none);
  }

  private static void check(Run run, Path folder) throws IOException {
    try {
      for (int i = 0; i < STEPS; i++) {
        run.step();
      }
      run.checkEverything();
    } finally {
      run.storage.closeWithoutPersisting();
      Folders.delete(folder);
    }
  }

  private static final class Run {
    final Random random;
    final Path folder;
    final OwnerThread owner = new OwnerThread();
    final StoreModel model = new StoreModel();
    final int keys;
    final int largestValue;
    final int largestHash;

    /** Null for RocksDB. */
    MemoryCellDisk memoryDisk;

    Storage storage;
    PartitionStore store;
    final long budget;

    /** What was there when the store was opened, while the table lacks some of it; or null. */
    Layer lacking;

    long index;
    long logTime = 1_000;

    /** Of each entry, when it was written: by what is committed, expiry is collected. */
    final TreeMap<Long, Long> logTimes = new TreeMap<>();

    /** Whether entries are said to be committed together, and of several those but the last. */
    final boolean batched;

    final TreeSet<Long> inBatches = new TreeSet<>();

    /** Goes on with its nodes from one write to the next. */
    OrderedFields ordered;

    long collections;
    boolean snapshotUnderWay;

    /** Over the fields of some key; null at first. */
    Iteration iteration;

    Run(Path folder, long seed, MemoryCellDisk memoryDisk) {
      this.folder = folder;
      this.memoryDisk = memoryDisk;
      random = new Random(seed);
      keys = 1 << random.nextInt(12);
      largestValue = 1 << random.nextInt(19);
      largestHash = 1 << random.nextInt(9);
      batched = random.nextBoolean();
      budget = random.nextBoolean() ? LITTLE_MEMORY : MUCH_MEMORY;
      open();
    }

    void open() {
      Consumer<StorageException> onFailure =
          e -> {
            throw e;
          };
      StorageSettings settings = StorageSettings.in(folder).withBlockCacheBytes(64 << 10);
      storage =
          memoryDisk == null
              ? Storage.open(settings, budget, onFailure)
              : Storage.open(memoryDisk, budget, Runnable::run, owner::runSlowly, onFailure);
      store = storage.store(7, 0, owner);
      lacking = store.bottom().incomplete ? store.bottom() : null;
      ordered = new OrderedFields(store, Look.WAITING);
    }

    void step() {
      int dice = random.nextInt(100);
      if (dice < 35) {
        write(next());
      } else if (dice < 45) {
        batch();
      } else if (dice < 55) {
        commit();
      } else if (dice < 60) {
        undo();
      } else if (dice < 64) {
        undoHalf();
      } else if (dice < 72) {
        freeze();
      } else if (dice < 82) {
        if (random.nextInt(3) == 0) {
          owner.hurry();
        }
        owner.runPending();
        fill();
        storage.maintain(0, random.nextInt(1_000));
      } else if (dice < 86) {
        logTime += random.nextInt(50);
        store.collectExpired(committedTime(), random.nextInt(keys) + 1);
      } else if (dice < 88) {
        storage.persist().join();
      } else if (dice < 89) {
        crash();
      } else if (dice < 90) {
        snapshot();
      } else {
        checkKey();
      }
      checkCount();
      iterate();
    }

    void fill() {
      store.fill();
      if (lacking != null && lacking == store.bottom() && !lacking.incomplete) {
        filledTables++;
        lacking = null;
      }
    }

    // ---- writes

    /** The next entry, which is committed without any other. */
    long next() {
      index++;
      if (batched) {
        store.beginBatch(index);
      }
      return index;
    }

    /** Entries of several commands, of which some are taken back. */
    void batch() {
      long first = next();
      for (int i = random.nextInt(20); i > 0; i--) {
        long mark = store.mark();
        int kept = model.uncommitted.size();
        for (int j = random.nextInt(3); j >= 0; j--) {
          write(index);
        }
        if (random.nextInt(4) == 0) {
          store.undoTo(mark);
          model.uncommitted.subList(kept, model.uncommitted.size()).clear();
        } else if (i > 1) {
          index++;
        }
      }
      for (long each = first; batched && each < index; each++) {
        inBatches.add(each);
      }
    }

    /** Some entry up to which all is committed, or undone: at the end of a batch. */
    long someEntry() {
      long to = model.committedIndex + random.nextInt((int) (index - model.committedIndex) + 1);
      while (inBatches.contains(to)) {
        to++;
      }
      return to;
    }

    long committedTime() {
      Map.Entry<Long, Long> last = logTimes.floorEntry(model.committedIndex);
      return last == null ? 0 : last.getValue();
    }

    void write(long at) {
      logTimes.tailMap(at, true).clear();
      logTimes.put(at, logTime);
      int dice = random.nextInt(100);
      if (random.nextBoolean()) {
        writeField(at);
      } else if (dice < 65) {
        long expireAt = random.nextInt(4) == 0 ? logTime + 1 + random.nextInt(100) : 0;
        write(new Write(at, Kind.PUT, key(), value(), expireAt));
      } else if (dice < 85) {
        write(new Write(at, Kind.REMOVE, key(), null, 0));
      } else if (dice < 98) {
        Bytes key = key();
        Cell cell = model.newestCells().get(key);
        if (cell != null && !StoredCell.expired(cell.expireAt(), logTime)) {
          write(new Write(at, Kind.EXPIRE, key, null, logTime + 1 + random.nextInt(100)));
        }
      } else {
        write(new Write(at, Kind.CLEAR, null, null, 0));
      }
    }

    /** Sets or removes a field, of a key made anew when it holds something else. */
    void writeField(long at) {
      Bytes key = key();
      Cell cell = model.newestCells().get(key);
      boolean there = hasFields(cell);
      Bytes field = Bytes.utf8("f" + random.nextInt(largestHash) + "y".repeat(random.nextInt(9)));
      if (!there) {
        long expireAt = random.nextInt(4) == 0 ? logTime + 1 + random.nextInt(100) : 0;
        long made = ++collections;
        write(new Write(at, Kind.FIELD, key, smallValue(made), expireAt, field, made, 1));
        return;
      }
      int count = cell.fields().size();
      long expireAt = cell.expireAt();
      long collection = cell.collection();
      if (random.nextInt(3) > 0) {
        boolean fresh = !cell.fields().containsKey(field);
        int newCount = fresh ? count + 1 : random.nextBoolean() ? 0 : count;
        Bytes value = smallValue(collection);
        write(new Write(at, Kind.FIELD, key, value, expireAt, field, collection, newCount));
      } else {
        Bytes ceiling = cell.fields().ceilingKey(field);
        Bytes victim = ceiling == null ? cell.fields().firstKey() : ceiling;
        write(
            count == 1
                ? new Write(at, Kind.REMOVE, key, null, 0)
                : new Write(at, Kind.DROP, key, null, expireAt, victim, collection, count - 1));
      }
    }

    /** What a key with this collection holds. */
    static CellType typeOf(long collection) {
      return List.of(CellType.HASH, CellType.ZSET, CellType.LIST).get((int) (collection % 3));
    }

    Bytes smallValue(long collection) {
      if (typeOf(collection) == CellType.ZSET) {
        byte[] score = new byte[Score.BYTES];
        Score.write(random.nextInt(5) - 2, score, 0);
        return Bytes.wrap(score);
      }
      byte[] value = new byte[random.nextInt(100) == 0 ? 300_000 : random.nextInt(50)];
      random.nextBytes(value);
      return Bytes.wrap(value);
    }

    void write(Write write) {
      model.uncommitted.add(write);
      apply(write);
    }

    void apply(Write write) {
      byte[] key = write.key() == null ? null : write.key().array();
      long stamp = write.index() * 10;
      switch (write.kind()) {
        case PUT -> {
          byte[] value = write.value().array();
          store.put(
              write.index(),
              stamp,
              CellType.STRING,
              write.expireAt(),
              key,
              0,
              key.length,
              value,
              0,
              value.length);
        }
        case REMOVE -> store.remove(write.index(), stamp, key, 0, key.length);
        case EXPIRE -> {
          store.findBlocking(key, 0, key.length);
          assertThat(store.expire(write.index(), stamp, write.expireAt(), key, 0, key.length))
              .isTrue();
        }
        case CLEAR -> store.clear(write.index(), stamp);
        case FIELD, DROP -> applyField(write, stamp);
      }
    }

    void applyField(Write write, long stamp) {
      byte[] key = write.key().array();
      byte[] field = write.field().array();
      long at = write.index();
      CellType type = typeOf(write.collection());
      if (type.isOrdered()) {
        applyOrdered(write, stamp);
      } else if (write.kind() == Kind.FIELD) {
        byte[] value = write.value().array();
        store
            .fields()
            .put(at, stamp, write.collection(), field, 0, field.length, value, 0, value.length);
      } else {
        store.fields().remove(at, stamp, write.collection(), field, 0, field.length);
      }
      if (write.count() > 0) {
        store.putHead(
            at,
            stamp,
            type,
            write.expireAt(),
            key,
            0,
            key.length,
            write.collection(),
            write.count());
      }
    }

    void applyOrdered(Write write, long stamp) {
      byte[] key = write.key().array();
      byte[] field = write.field().array();
      OrderedFields fields = ordered;
      fields.open(typeOf(write.collection()), write.collection(), key, 0, key.length);
      if (write.kind() == Kind.FIELD) {
        byte[] value = write.value().array();
        fields.put(write.index(), stamp, field, 0, field.length, value, 0, value.length);
      } else {
        assertThat(fields.remove(write.index(), stamp, field, 0, field.length)).isTrue();
      }
    }

    Bytes key() {
      int number = random.nextInt(keys);
      // A few keys are longer than a chunk.
      String tail = number % 97 == 96 ? "x".repeat(300_000) : "x".repeat(number % 40);
      return Bytes.utf8(number + tail);
    }

    Bytes value() {
      byte[] value = new byte[random.nextInt(largestValue)];
      random.nextBytes(value);
      return Bytes.wrap(value);
    }

    void commit() {
      long to = someEntry();
      store.commit(to);
      model.commit(to);
    }

    void undo() {
      long to = someEntry();
      store.undoAfter(to);
      inBatches.tailSet(to).clear();
      model.uncommitted.removeIf(write -> write.index() > to);
      index = to;
    }

    /** Half of one entry's changes are undone, where versions of an entry are kept. */
    void undoHalf() {
      if (batched) {
        return;
      }
      write(next());
      long mark = store.mark();
      int kept = model.uncommitted.size();
      for (int i = random.nextInt(4); i >= 0; i--) {
        write(index);
      }
      store.undoTo(mark);
      model.uncommitted.subList(kept, model.uncommitted.size()).clear();
    }

    void freeze() {
      if (store.canFreeze()) {
        store.freeze(
            new Position(1, model.committedIndex), Bytes.utf8("meta " + model.committedIndex));
      }
    }

    void settle() {
      owner.runUntil(() -> !store.isWriting());
      while (!store.canFreeze()) {
        storage.maintain(0, 1_000);
      }
    }

    /** Reopens at what RocksDB has, and applies what the journal would have kept. */
    void crash() {
      Position durable = store.persistedPosition();
      storage.closeWithoutPersisting();
      owner.runPending();
      memoryDisk = memoryDisk == null ? null : memoryDisk.afterCrash();
      open();
      long from = store.flushedPosition().index();
      assertThat(from).isGreaterThanOrEqualTo(durable.index());
      if (from > 0) {
        assertThat(storage.copies().get(0).meta()).isEqualTo(Bytes.utf8("meta " + from));
      }
      for (Write write : model.committed) {
        store.commit(write.index() - 1);
        if (write.index() > from && (write.kind() != Kind.EXPIRE || stillThere(write))) {
          apply(write);
        }
      }
      store.commit(model.committedIndex);
      model.uncommitted.clear();
      inBatches.clear();
      index = model.committedIndex;
      if (random.nextBoolean()) {
        fillForLong();
      }
    }

    /** So that the table may have all before the next crash. */
    void fillForLong() {
      for (int turns = 0; turns < 30; turns++) {
        owner.runPending();
        fill();
      }
    }

    /** An expired cell may have been collected before the crash: it stays so. */
    boolean stillThere(Write write) {
      byte[] key = write.key().array();
      return store.findBlocking(key, 0, key.length) == Found.FOUND;
    }

    void snapshot() {
      settle();
      Map<Bytes, Cell> expected = visible(model.committedCells());
      CellSnapshot[] taken = new CellSnapshot[1];
      store.requestSnapshot(snapshot -> taken[0] = snapshot);
      assertThat(store.wantsFreeze(0)).isTrue();
      freeze();
      // Later writes must not be seen.
      write(next());
      owner.runUntil(() -> taken[0] != null);
      try (CellSnapshot snapshot = taken[0]) {
        assertThat(snapshot.digest(logTime)).isEqualTo(store.digest(logTime, 0, 1L << 32));
        assertThat(Snapshots.visible(snapshot, logTime)).isEqualTo(values(expected));
      }
    }

    // ---- checks

    void checkKey() {
      Bytes key = key();
      check(key, model.newestCells().get(key), find(key, false));
      checkFields(model.newestCells().get(key), find(key, false), false);
      check(key, model.committedCells().get(key), find(key, true));
      checkFields(model.committedCells().get(key), find(key, true), true);
    }

    /** Each field is found, others are not, and a visit sees them all. */
    void checkFields(Cell expected, Found found, boolean committed) {
      if (!hasFields(expected)) {
        return;
      }
      assertThat(found).isEqualTo(Found.FOUND);
      long collection = store.collection();
      long count = store.fieldCount();
      assertThat(collection).isEqualTo(expected.collection());
      assertThat(count).isEqualTo(expected.fields().size());
      if (typeOf(collection).isOrdered()) {
        checkOrder(collection, expected.fields(), committed);
        return;
      }
      for (int i = 0; i < 3; i++) {
        Bytes field = Bytes.utf8("f" + random.nextInt(largestHash));
        checkField(collection, field, expected.fields().get(field), committed);
      }
      Bytes some = expected.fields().firstKey();
      checkField(collection, some, expected.fields().get(some), committed);
      switch (random.nextInt(4)) {
        case 0, 1 -> assertThat(visit(collection, count, committed)).isEqualTo(expected.fields());
        case 2 -> assertThat(scan(collection, committed)).isEqualTo(expected.fields());
        default -> checkPick(collection, new TreeMap<>(expected.fields()), committed);
      }
    }

    /** Fields are where they should be, and those between two ranks are what should be there. */
    void checkOrder(long collection, TreeMap<Bytes, Bytes> expected, boolean committed) {
      CellType type = typeOf(collection);
      TreeMap<Bytes, Bytes> places = new TreeMap<>();
      expected.forEach((name, value) -> places.put(placeOf(type, name, value), name));
      List<Bytes> ordered = List.copyOf(places.values());
      Look look = committed ? Look.COMMITTED : Look.NEWEST;
      OrderedFields fields = new OrderedFields(store, look);
      int rank = random.nextInt(ordered.size());
      Bytes name = ordered.get(rank);
      Bytes value = expected.get(name);
      Bytes place = placeOf(type, name, value);
      fetching(
          collection,
          fields,
          () -> {
            assertThat(fields.rank(place.array(), 0, place.length())).isEqualTo(rank);
            assertThat(fields.find(name.array(), 0, name.length())).isTrue();
            byte[] there = new byte[fields.valueLength()];
            fields.copyValue(0, there, 0, there.length);
            assertThat(Bytes.wrap(there)).isEqualTo(value);
            Bytes other = Bytes.utf8("x" + random.nextInt(9));
            assertThat(fields.find(other.array(), 0, other.length())).isFalse();
          });
      boolean backwards = random.nextBoolean();
      int count = random.nextInt(ordered.size() + 1);
      List<Bytes> seen = new ArrayList<>();
      fetching(
          collection,
          fields,
          () -> {
            seen.clear();
            fields.visit(
                rank,
                count,
                backwards,
                (field, at, length, bytes, valueAt, valueLength) -> {
                  Bytes shown = Bytes.copyOf(field, at, length);
                  seen.add(shown);
                  assertThat(Bytes.copyOf(bytes, valueAt, valueLength))
                      .isEqualTo(expected.get(shown));
                });
          });
      List<Bytes> part =
          new ArrayList<>(
              backwards
                  ? ordered.subList(Math.max(0, rank + 1 - count), rank + 1)
                  : ordered.subList(rank, Math.min(ordered.size(), rank + count)));
      if (backwards) {
        Collections.reverse(part);
      }
      assertThat(seen).isEqualTo(part);
    }

    static Bytes placeOf(CellType type, Bytes name, Bytes value) {
      if (type == CellType.LIST) {
        return name;
      }
      byte[] place = Arrays.copyOf(value.array(), value.length() + name.length());
      System.arraycopy(name.array(), 0, place, value.length(), name.length());
      return Bytes.wrap(place);
    }

    /** Looks at a key's order, again whenever something of it was fetched. */
    void fetching(long collection, OrderedFields fields, Runnable looking) {
      byte[] key = {1};
      while (true) {
        fields.open(typeOf(collection), collection, key, 0, key.length);
        try {
          looking.run();
          return;
        } catch (CellsNotInMemory missing) {
          boolean[] fetched = new boolean[1];
          store.fields().fetch(missing.collection(), missing.fields(), () -> fetched[0] = true);
          owner.runUntil(() -> fetched[0]);
        }
      }
    }

    void checkField(long collection, Bytes field, Bytes expected, boolean committed) {
      Found found = findField(collection, field, committed);
      if (found == Found.NOT_IN_MEMORY) {
        boolean[] fetched = new boolean[1];
        store.fields().fetch(collection, List.of(field.array()), () -> fetched[0] = true);
        owner.runUntil(() -> fetched[0]);
        found = findField(collection, field, committed);
      }
      assertThat(found).isEqualTo(expected == null ? Found.ABSENT : Found.FOUND);
      if (expected != null) {
        byte[] value = new byte[store.valueLength()];
        store.copyValue(0, value, 0, value.length);
        assertThat(Bytes.wrap(value)).isEqualTo(expected);
      }
    }

    Found findField(long collection, Bytes field, boolean committed) {
      return committed
          ? store.fields().findCommitted(collection, field.array(), 0, field.length())
          : store.fields().find(collection, field.array(), 0, field.length());
    }

    /** A scan that goes on while everything changes. */
    static final class Iteration {
      final Bytes key;
      final long collection;

      /** The fields that were there all the time. */
      final TreeSet<Bytes> there;

      final TreeSet<Bytes> seen = new TreeSet<>();
      long place;

      Iteration(Bytes key, Cell cell) {
        this.key = key;
        collection = cell.collection();
        there = new TreeSet<>(cell.fields().keySet());
      }
    }

    void iterate() {
      Map<Bytes, Cell> cells = model.newestCells();
      Cell cell = iteration == null ? null : cells.get(iteration.key);
      if (!hasFields(cell) || cell.collection() != iteration.collection) {
        iteration = begin(cells);
        return;
      }
      iteration.there.retainAll(cell.fields().keySet());
      if (random.nextInt(4) > 0) {
        return;
      }
      iteration.place =
          store
              .fields()
              .scan(
                  iteration.collection,
                  false,
                  iteration.place,
                  1 + random.nextInt(20),
                  (field, at, length, value, valueAt, valueLength) ->
                      iteration.seen.add(Bytes.copyOf(field, at, length)));
      if (iteration.place == 0) {
        assertThat(iteration.seen).containsAll(iteration.there);
        iterations++;
        iteration = null;
      }
    }

    /** Of a key that has fields, if the first one that comes along has. */
    Iteration begin(Map<Bytes, Cell> cells) {
      Bytes key = key();
      Cell cell = cells.get(key);
      boolean scanned = hasFields(cell) && typeOf(cell.collection()) != CellType.LIST;
      return scanned ? new Iteration(key, cell) : null;
    }

    boolean hasFields(Cell cell) {
      return cell != null && cell.fields() != null && !StoredCell.expired(cell.expireAt(), logTime);
    }

    TreeMap<Bytes, Bytes> scan(long collection, boolean committed) {
      TreeMap<Bytes, Bytes> seen = new TreeMap<>();
      long place = 0;
      do {
        place =
            store.fields().scan(collection, committed, place, 1 + random.nextInt(9), into(seen));
        assertThat(place).isBetween(0L, FieldCells.PLACES - 1);
      } while (place != 0);
      return seen;
    }

    void checkPick(long collection, TreeMap<Bytes, Bytes> expected, boolean committed) {
      TreeMap<Bytes, Bytes> picked = new TreeMap<>();
      int count = expected.size();
      FieldCells fields = store.fields();
      Found found = fields.pick(collection, committed, count, random::nextLong, into(picked));
      if (found == Found.NOT_IN_MEMORY) {
        fetchAll(collection);
        found = fields.pick(collection, committed, count, random::nextLong, into(picked));
      }
      assertThat(found).isEqualTo(Found.FOUND);
      assertThat(picked).hasSize(1);
      assertThat(expected.entrySet()).contains(picked.firstEntry());
    }

    /** Each field once. */
    static Fields.Visitor into(TreeMap<Bytes, Bytes> seen) {
      return (field, at, length, value, valueAt, valueLength) ->
          assertThat(
                  seen.put(
                      Bytes.copyOf(field, at, length), Bytes.copyOf(value, valueAt, valueLength)))
              .isNull();
    }

    void fetchAll(long collection) {
      boolean[] fetched = new boolean[1];
      store.fields().fetchAll(collection, () -> fetched[0] = true);
      owner.runUntil(() -> fetched[0]);
    }

    TreeMap<Bytes, Bytes> visit(long collection, long count, boolean committed) {
      TreeMap<Bytes, Bytes> seen = new TreeMap<>();
      Found found = visitOnce(collection, count, committed, seen);
      if (found == Found.NOT_IN_MEMORY) {
        fetchAll(collection);
        seen.clear();
        found = visitOnce(collection, count, committed, seen);
      }
      assertThat(found).isEqualTo(Found.FOUND);
      return seen;
    }

    Found visitOnce(long collection, long count, boolean committed, TreeMap<Bytes, Bytes> seen) {
      return store.fields().visit(collection, committed, count, into(seen));
    }

    Found find(Bytes key, boolean committed) {
      Found found = findOnce(key, committed);
      if (found == Found.NOT_IN_MEMORY) {
        boolean[] fetched = new boolean[1];
        store.fetch(key.array(), () -> fetched[0] = true);
        owner.runUntil(() -> fetched[0]);
        found = findOnce(key, committed);
      }
      assertThat(found).isNotEqualTo(Found.NOT_IN_MEMORY);
      return found;
    }

    Found findOnce(Bytes key, boolean committed) {
      return committed
          ? store.findCommitted(key.array(), 0, key.length())
          : store.find(key.array(), 0, key.length());
    }

    void check(Bytes key, Cell expected, Found found) {
      if (expected != null && StoredCell.expired(expected.expireAt(), logTime)) {
        if (found == Found.FOUND) {
          assertThat(store.expireAtMillis()).isEqualTo(expected.expireAt());
        }
        return;
      }
      assertThat(found).isEqualTo(expected == null ? Found.ABSENT : Found.FOUND);
      if (expected == null) {
        return;
      }
      if (expected.fields() == null) {
        byte[] value = new byte[store.valueLength()];
        store.copyValue(0, value, 0, value.length);
        assertThat(Bytes.wrap(value)).isEqualTo(expected.value());
      }
      assertThat(store.type())
          .isEqualTo(expected.fields() == null ? CellType.STRING : typeOf(expected.collection()));
      assertThat(store.expireAtMillis()).isEqualTo(expected.expireAt());
      assertThat(store.stamp()).isEqualTo(expected.stamp());
      if (expected.index() > store.flushedPosition().index()) {
        assertThat(store.entryIndex()).isEqualTo(expected.index());
      }
    }

    /** The count is what a scan finds, whenever it is given at all. */
    void checkCount() {
      if (random.nextInt(10) != 0) {
        return;
      }
      try {
        assertThat(store.keyCount()).isEqualTo(scan().size());
      } catch (CellsNotInMemory unknown) {
        assertThat(unknown.key()).isNull();
      }
    }

    TreeMap<Bytes, Long> scan() {
      TreeMap<Bytes, Long> seen = new TreeMap<>();
      long cursor = 0;
      do {
        cursor =
            store.scan(
                cursor,
                1 + random.nextInt(50),
                (key, offset, length, type, expireAt) ->
                    assertThat(seen.put(Bytes.copyOf(key, offset, length), expireAt)).isNull());
      } while (cursor != 0);
      return seen;
    }

    TreeMap<Bytes, Cell> visible(Map<Bytes, Cell> cells) {
      TreeMap<Bytes, Cell> visible = new TreeMap<>(cells);
      visible.values().removeIf(cell -> StoredCell.expired(cell.expireAt(), logTime));
      return visible;
    }

    static TreeMap<Bytes, Object> values(Map<Bytes, Cell> cells) {
      TreeMap<Bytes, Object> values = new TreeMap<>();
      cells.forEach(
          (key, cell) -> values.put(key, cell.fields() == null ? cell.value() : cell.fields()));
      return values;
    }

    void checkEverything() {
      Map<Bytes, Cell> newest = model.newestCells();
      for (int i = 0; i < 50; i++) {
        checkKey();
      }
      TreeMap<Bytes, Long> seen = scan();
      seen.values().removeIf(expireAt -> StoredCell.expired(expireAt, logTime));
      assertThat(seen.keySet()).isEqualTo(visible(newest).keySet());
      store.commit(index);
      model.commit(index);
      settle();
      owner.runUntil(() -> !store.isSweeping());
      freeze();
      settle();
      while (storage.maintain(0, 10_000)) {
        // Until nothing is left to free or evict.
      }
      assertThat(storage.memoryBytes(0)).isLessThanOrEqualTo(budget);
      assertThat(store.keyCount()).isEqualTo(scan().size());
      assertThat(storage.copies().get(0).keyCount()).isEqualTo(store.keyCount());
      owner.hurry();
      owner.runPending();
      checkNoRubbish();
      checkTable();
    }

    /** The table has no fields of collections that are gone; and everything, if it says so. */
    void checkTable() {
      Layer table = store.bottom();
      Set<Long> there = new HashSet<>();
      try (CellDisk.CellIterator cells = storage.disk().cells(7, 0, null)) {
        for (; cells.isValid(); cells.next()) {
          byte[] stored = cells.stored();
          if (StoredCell.isHead(stored)) {
            there.add(StoredCell.collection(stored));
          }
          byte[] diskKey = cells.diskKey();
          byte[] key = Arrays.copyOfRange(diskKey, CellDisk.KEY_HEADER, diskKey.length);
          int hash = CellDisk.hashOf(diskKey);
          assertThat(table.lacksKeys || store.isInTable(hash, key)).isTrue();
        }
      }
      for (long number = 1; number <= collections; number++) {
        assertThat(there.contains(number) || table.fields.findAny(number) == 0).isTrue();
      }
      byte[] first = CellDisk.fieldsPrefix(7, 0);
      byte[] end = CellDisk.fieldsEnd(7);
      try (CellDisk.CellIterator all =
          storage.disk().range(first, end, CellDisk.FIELD_HEADER, null)) {
        for (; all.isValid(); all.next()) {
          byte[] key = all.diskKey();
          int at = CellDisk.FIELD_HEADER;
          int hash = HashIndex.hash(key, at, key.length - at);
          long number = CellDisk.collectionOf(key);
          int field = table.fields.find(number, hash, key, at, key.length - at);
          assertThat(table.incomplete || field != 0).isTrue();
        }
      }
    }

    /** The disk has as many fields as the heads on it count, and no others. */
    void checkNoRubbish() {
      long counted = 0;
      long nodes = 0;
      try (CellDisk.CellIterator cells = storage.disk().cells(7, 0, null)) {
        for (; cells.isValid(); cells.next()) {
          byte[] stored = cells.stored();
          boolean counts =
              StoredCell.isHead(stored) && typeOf(StoredCell.collection(stored)) != CellType.LIST;
          counted += counts ? Head.count(stored, StoredCell.HEADER) : 0;
          nodes += StoredCell.isHead(stored) ? countNodes(StoredCell.numbers(stored)) : 0;
        }
      }
      assertThat(fieldsOnDisk(0, Long.MAX_VALUE)).isEqualTo(counted);
      assertThat(fieldsOnDisk(Long.MIN_VALUE, -1)).isEqualTo(nodes);
    }

    private long countNodes(long[] numbers) {
      long nodes = 0;
      for (long number : numbers) {
        nodes += FieldOrder.isOrder(number) ? fieldsOnDisk(number, number + 1) : 0;
      }
      return nodes;
    }

    /** How many there are of collections from one number to before another. */
    private long fieldsOnDisk(long from, long to) {
      long fields = 0;
      byte[] first = CellDisk.fieldsPrefix(7, from);
      byte[] end = CellDisk.fieldsPrefix(7, to);
      try (CellDisk.CellIterator all =
          storage.disk().range(first, end, CellDisk.FIELD_HEADER, null)) {
        for (; all.isValid(); all.next()) {
          fields++;
        }
      }
      return fields;
    }
  }
}
