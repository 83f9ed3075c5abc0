package io.trefoil.storage;

import io.trefoil.base.Invariants;
import io.trefoil.cell.Fields;
import io.trefoil.storage.PartitionStore.Found;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/**
 * The fields of a store's collections. They have versions as keys have, in the same order of
 * entries, and are committed, undone, written behind and evicted with them; the store describes
 * what was found last.
 *
 * <p>Who writes a field counts it in the head, by {@link PartitionStore#putHead}: so a head knows
 * how many fields there are, and whether the table has them all.
 *
 * <p>For the owner's thread, like the store.
 */
public final class FieldCells {
  private static final int NONE = 0;

  /** Of a collection's fields on disk, so many are put into the table when all are asked for. */
  private static final int MAX_FETCHED_FIELDS = 4_096;

  private static final int MAX_FETCHED_BYTES = 1 << 20;

  private static final int MAX_FETCHED = 1_000;
  private static final int KEPT_GENERATIONS = 100;

  /** Where a scan may go on; a place is two hashes that follow each other. */
  public static final long PLACES = 1L << 31;

  private static final long HASHES = 1L << 32;
  private static final long HASHES_OF_PLACE = HASHES / PLACES;

  /** So many fields a stretch of hashes has on average, of which one is picked. */
  private static final long PICKED_FROM = 2;

  /** More are hardly ever in a stretch. */
  private static final long MAX_OF_STRETCH = 8;

  private static final int MAX_DRAWS = 100_000;

  /** So often a slot of the index is drawn before another way is taken. */
  private static final int SLOT_DRAWS = 100;

  /** So many fields are read together rather than one of them sought. */
  private static final int FEW = 128;

  private final PartitionStore store;
  private final Arena arena;
  private final CellDisk disk;
  private final Fetches fetches;

  /** Removed collections whose fields are still in the table. */
  private final ArrayDeque<Long> removed = new ArrayDeque<>();

  /**
   * Collections that were read from disk for somebody who visits all their fields, by the number of
   * generations that were written then; the latest come last. A command that visits several runs
   * again for each, and must find those before it still here.
   */
  private final Map<Long, Long> fetched = new LinkedHashMap<>();

  private long newestStamp;

  FieldCells(PartitionStore store, Arena arena, CellDisk disk, Fetches fetches) {
    this.store = store;
    this.arena = arena;
    this.disk = disk;
    this.fetches = fetches;
  }

  // ---- searching

  /** Looks up a field's newest version, as {@link PartitionStore#find} does a key's. */
  public Found find(long collection, byte[] field, int offset, int length) {
    return find(store.top(), false, collection, field, offset, length);
  }

  /** Looks up a field's committed version. */
  public Found findCommitted(long collection, byte[] field, int offset, int length) {
    return find(store.bottom(), true, collection, field, offset, length);
  }

  /** As {@link #find}, but waits for the disk instead of answering NOT_IN_MEMORY. */
  private Found findBlocking(long collection, byte[] field, int offset, int length) {
    Found first = find(collection, field, offset, length);
    if (first != Found.NOT_IN_MEMORY) {
      return first;
    }
    int hash = HashIndex.hash(field, offset, length);
    byte[] diskKey = CellDisk.fieldKey(store.copy(), collection, hash, field, offset, length);
    byte[] key = Records.fieldKey(collection, field, offset, length);
    insertBase(hash, key, disk.get(diskKey));
    return find(collection, field, offset, length);
  }

  Found find(Look look, long collection, byte[] field, int offset, int length) {
    return switch (look) {
      case WAITING -> findBlocking(collection, field, offset, length);
      case NEWEST -> find(collection, field, offset, length);
      case COMMITTED -> findCommitted(collection, field, offset, length);
    };
  }

  private Found find(
      Layer layer, boolean committedOnly, long collection, byte[] field, int offset, int length) {
    int hash = HashIndex.hash(field, offset, length);
    int handle = layer.fields.find(collection, hash, field, offset, length);
    if (committedOnly) {
      handle = CellWalk.committed(arena, handle);
    }
    if (handle == NONE && layer.incomplete) {
      byte[] stored =
          disk.peek(CellDisk.fieldKey(store.copy(), collection, hash, field, offset, length));
      if (stored == null) {
        store.foundNothing(0);
        return Found.NOT_IN_MEMORY;
      }
      if (stored != CellDisk.ABSENT) {
        handle = insertBase(hash, Records.fieldKey(collection, field, offset, length), stored);
      }
    }
    return store.describe(layer, handle);
  }

  /** As {@link PartitionStore#insertBase}. */
  private int insertBase(int hash, byte[] fieldKey, byte[] stored) {
    FieldIndex index = store.bottom().fields;
    long collection = Records.collection(fieldKey);
    int at = Records.FIELD_AT;
    int newest = index.find(collection, hash, fieldKey, at, fieldKey.length - at);
    int known = CellWalk.committed(arena, newest);
    if (known != NONE) {
      return known;
    }
    int handle = store.writeBase(Records.FIELD, fieldKey, 0, fieldKey.length, stored);
    if (newest == NONE) {
      index.insert(collection, hash, handle);
    } else {
      store.putUnder(newest, handle, stored == CellDisk.ABSENT);
    }
    return handle;
  }

  // ---- writing

  /** Sets a field as of entry {@code index}. */
  public void put(
      long index,
      long stamp,
      long collection,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    write(
        index, stamp, collection, field, fieldOffset, fieldLength, value, valueOffset, valueLength);
  }

  /** As {@link #put}; returns the record. */
  int write(
      long index,
      long stamp,
      long collection,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    int hash = HashIndex.hash(field, fieldOffset, fieldLength);
    int current = store.top().fields.find(collection, hash, field, fieldOffset, fieldLength);
    if (store.overwrites(current, index, stamp, value, valueOffset, valueLength, 0, valueLength)) {
      return current;
    }
    byte[] key = Records.fieldKey(collection, field, fieldOffset, fieldLength);
    int handle = arena.allocate(store.room(current, key.length, valueLength));
    arena.write(
        handle,
        index,
        stamp,
        0,
        Records.UNCOMMITTED | Records.FIELD,
        StoredCell.FIELD,
        store.number(),
        key,
        0,
        key.length,
        value,
        valueOffset,
        valueLength);
    push(index, collection, hash, current, handle);
    return handle;
  }

  /** Removes a field as of entry {@code index}. Nothing happens when it is known to be absent. */
  public void remove(
      long index, long stamp, long collection, byte[] field, int offset, int length) {
    Layer top = store.top();
    int hash = HashIndex.hash(field, offset, length);
    int current = top.fields.find(collection, hash, field, offset, length);
    if (current == NONE ? !top.incomplete : arena.is(current, Records.TOMBSTONE)) {
      return;
    }
    byte[] key = Records.fieldKey(collection, field, offset, length);
    int handle = arena.allocate(Records.fieldBytes(key.length, 0));
    int flags = Records.UNCOMMITTED | Records.FIELD | Records.TOMBSTONE;
    int type = StoredCell.FIELD;
    int number = store.number();
    arena.write(handle, index, stamp, 0, flags, type, number, key, 0, key.length, key, 0, 0);
    push(index, collection, hash, current, handle);
  }

  private void push(long index, long collection, int hash, int current, int handle) {
    store.remember(index, handle);
    FieldIndex fields = store.top().fields;
    if (current == NONE) {
      fields.insert(collection, hash, handle);
    } else {
      arena.setPrevious(handle, current);
      fields.replaceFound(handle);
    }
  }

  // ---- all fields of a collection

  /**
   * Visits the fields of a collection, in the order of their hashes; {@link
   * PartitionStore#entryIndex} is then the largest of theirs.
   *
   * <p>When the table has as many as the head counts, it has all. Otherwise they are to be fetched
   * first: {@link #fetchAll} puts some of them into the table, and for the rest this then reads the
   * disk, whose cache the fetch has filled.
   *
   * @param committedOnly what is committed, otherwise the newest versions
   * @param count what the collection's head says
   * @return NOT_IN_MEMORY, after visiting some of them, when they must be fetched first
   */
  public Found visit(long collection, boolean committedOnly, long count, Fields.Visitor visitor) {
    Layer layer = committedOnly ? store.bottom() : store.top();
    boolean withDisk = layer.incomplete && isFetched(collection);
    return visit(layer, withDisk, collection, committedOnly, count, visitor);
  }

  /** As {@link #visit}, of the newest versions, but waits for the disk. */
  void visitBlocking(long collection, long count, Fields.Visitor visitor) {
    visit(store.top(), store.top().incomplete, collection, false, count, visitor);
  }

  private Found visit(
      Layer layer,
      boolean withDisk,
      long collection,
      boolean committedOnly,
      long count,
      Fields.Visitor visitor) {
    Visit visit = new Visit(visitor);
    try (CellWalk walk = walk(layer, committedOnly, collection, 0, withDisk)) {
      walk.visitAll(visit);
    }
    store.foundNothing(visit.index);
    newestStamp = visit.stamp;
    if (visit.visited < count && !withDisk && layer.incomplete) {
      return Found.NOT_IN_MEMORY;
    }
    Invariants.check(visit.visited == count, "a head counts its fields", visit.visited, count);
    return Found.FOUND;
  }

  /** The largest stamp of the fields that {@link #visit} visited last; 0 of none. */
  public long newestStamp() {
    return newestStamp;
  }

  private CellWalk walk(
      Layer layer, boolean committedOnly, long collection, long fromHash, boolean withDisk) {
    CellDisk.CellIterator cells =
        withDisk ? disk.fields(store.copy(), collection, (int) fromHash, null) : null;
    return new CellWalk(arena, layer.fields.of(collection), committedOnly, cells);
  }

  private final class Visit implements CellWalk.Visitor {
    private final Fields.Visitor visitor;
    private long visited;
    private long index;
    private long stamp;

    Visit(Fields.Visitor visitor) {
      this.visitor = visitor;
    }

    @Override
    public void inTable(int handle) {
      arena.use(handle);
      index = Math.max(index, arena.index(handle));
      stamp = Math.max(stamp, arena.stamp(handle));
      byte[] key = arena.key(handle);
      byte[] value = arena.value(handle);
      int at = Records.FIELD_AT;
      visitor.visit(key, at, key.length - at, value, 0, value.length);
      visited++;
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      stamp = Math.max(stamp, StoredCell.stamp(stored));
      int at = CellDisk.FIELD_HEADER;
      int valueAt = StoredCell.HEADER;
      visitor.visit(diskKey, at, diskKey.length - at, stored, valueAt, stored.length - valueAt);
      visited++;
    }
  }

  // ---- some fields of a collection

  /**
   * Visits some fields of a collection, in the order of their hashes; {@link
   * PartitionStore#entryIndex} is then the largest of theirs. A field that is there during a whole
   * iteration is visited, whatever else changes.
   *
   * <p>When some cells are only on disk this may wait for the disk, for about {@code count} fields
   * that lie next to each other.
   *
   * @param place 0 at first, then what the last call returned
   * @param count how many fields to look at before stopping, removed ones included
   * @return the next place, below {@link #PLACES}, or 0 at the end
   */
  public long scan(
      long collection, boolean committedOnly, long place, int count, Fields.Visitor visitor) {
    Layer layer = committedOnly ? store.bottom() : store.top();
    Visit visit = new Visit(visitor);
    long hash = place * HASHES_OF_PLACE;
    try (CellWalk walk = walk(layer, committedOnly, collection, hash, layer.incomplete)) {
      do {
        hash = walk.visitNext(hash, visit);
      } while (hash != 0 && walk.examined() < count);
      if (hash % HASHES_OF_PLACE != 0) {
        walk.visitRange(hash, hash + 1, visit); // the other half of the place
        hash = (hash + 1) % HASHES;
      }
    }
    store.foundNothing(visit.index);
    return hash / HASHES_OF_PLACE;
  }

  /**
   * Visits one field of a collection, picked at random, each as likely as any other; {@link
   * PartitionStore#entryIndex} is then its.
   *
   * <p>When the table has all fields, slots of its index are drawn until there is one in one of
   * them. Otherwise a stretch of hashes is drawn that has two fields on average, and a number: if
   * it has so many fields, that one is picked, otherwise another stretch is drawn.
   *
   * <p>This may wait for the disk, unless the collection is small.
   *
   * @param count what the collection's head says; not 0
   * @param random draws numbers
   * @return NOT_IN_MEMORY when all fields, which are few, must be fetched first
   */
  public Found pick(
      long collection,
      boolean committedOnly,
      long count,
      LongSupplier random,
      Fields.Visitor visitor) {
    Layer layer = committedOnly ? store.bottom() : store.top();
    if (!layer.incomplete && draw(layer, committedOnly, collection, random, visitor)) {
      return Found.FOUND;
    }
    boolean withDisk = layer.incomplete && !hasAll(layer, committedOnly, collection, count);
    if (withDisk && count <= FEW && !isFetched(collection)) {
      store.foundNothing(0);
      return Found.NOT_IN_MEMORY;
    }
    pick(layer, withDisk, collection, committedOnly, count, random, visitor);
    return Found.FOUND;
  }

  /**
   * Visits one field of a collection that the table has whole; false when some draws found none:
   * most were removed a moment ago.
   */
  private boolean draw(
      Layer layer,
      boolean committedOnly,
      long collection,
      LongSupplier random,
      Fields.Visitor visitor) {
    for (int draws = 0; draws < SLOT_DRAWS; draws++) {
      int newest = layer.fields.draw(collection, random.getAsLong());
      int handle = committedOnly ? CellWalk.committed(arena, newest) : newest;
      if (handle != NONE && !arena.is(handle, Records.TOMBSTONE)) {
        Visit visit = new Visit(visitor);
        visit.inTable(handle);
        store.foundNothing(visit.index);
        return true;
      }
    }
    return false;
  }

  /** As {@link #pick}, of the newest versions, but waits for the disk. */
  void pickBlocking(long collection, long count, LongSupplier random, Fields.Visitor visitor) {
    Layer top = store.top();
    pick(top, top.incomplete, collection, false, count, random, visitor);
  }

  private void pick(
      Layer layer,
      boolean withDisk,
      long collection,
      boolean committedOnly,
      long count,
      LongSupplier random,
      Fields.Visitor visitor) {
    long most = Math.min(count, MAX_OF_STRETCH);
    long stretch = count == most ? HASHES : PICKED_FROM * HASHES / count;
    Visit visit = new Visit(visitor);
    for (int draws = 0; visit.visited == 0; draws++) {
      Invariants.check(draws < MAX_DRAWS, "a head counts its fields", draws, count);
      long draw = random.getAsLong();
      long from = draw & HASHES - 1;
      Nth nth = new Nth((draw >>> Integer.SIZE) % most, visit);
      visit(layer, committedOnly, collection, withDisk, from, from + stretch, nth);
    }
    store.foundNothing(visit.index);
  }

  /** Visits a stretch of hashes, which may go on from the first after the last. */
  private void visit(
      Layer layer,
      boolean committedOnly,
      long collection,
      boolean withDisk,
      long from,
      long to,
      CellWalk.Visitor visitor) {
    try (CellWalk walk = walk(layer, committedOnly, collection, from, withDisk)) {
      walk.visitRange(from, Math.min(to, HASHES), visitor);
    }
    if (to > HASHES) {
      visit(layer, committedOnly, collection, withDisk, 0, to - HASHES, visitor);
    }
  }

  /** Whether the table has all fields of a collection; of a large one nobody counts them. */
  private boolean hasAll(Layer layer, boolean committedOnly, long collection, long count) {
    if (count > FEW) {
      return false;
    }
    Nth beyond = new Nth(Long.MAX_VALUE, null);
    try (CellWalk walk = walk(layer, committedOnly, collection, 0, false)) {
      walk.visitAll(beyond);
    }
    return beyond.passed == count;
  }

  /** Passes on one of what it receives, counted from 0. */
  private static final class Nth implements CellWalk.Visitor {
    private final long number;
    private final CellWalk.Visitor visitor;
    private long passed;

    Nth(long number, CellWalk.Visitor visitor) {
      this.number = number;
      this.visitor = visitor;
    }

    @Override
    public void inTable(int handle) {
      if (passed++ == number) {
        visitor.inTable(handle);
      }
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      if (passed++ == number) {
        visitor.onDisk(diskKey, stored);
      }
    }
  }

  /** Receives a committed field; the arrays are its own. */
  @FunctionalInterface
  interface CommittedVisitor {
    void visit(byte[] field, long stamp, byte[] value);
  }

  /** Visits the committed fields of a collection; waits for the disk if need be. */
  void visitCommitted(long collection, CommittedVisitor visitor) {
    Layer bottom = store.bottom();
    CellWalk.Visitor committed =
        new CellWalk.Visitor() {
          @Override
          public void inTable(int handle) {
            byte[] key = arena.key(handle);
            byte[] field = Arrays.copyOfRange(key, Records.FIELD_AT, key.length);
            visitor.visit(field, arena.stamp(handle), arena.value(handle));
          }

          @Override
          public void onDisk(byte[] diskKey, byte[] stored) {
            visitor.visit(
                Arrays.copyOfRange(diskKey, CellDisk.FIELD_HEADER, diskKey.length),
                StoredCell.stamp(stored),
                Arrays.copyOfRange(stored, StoredCell.HEADER, stored.length));
          }
        };
    try (CellWalk walk = walk(bottom, true, collection, 0, bottom.incomplete)) {
      walk.visitAll(committed);
    }
  }

  /**
   * Gives a committed field that has no uncommitted version another value, or removes it, as of the
   * entry that wrote it: nobody can see a difference.
   *
   * @param value null to remove the field
   */
  void replaceCommitted(long collection, byte[] field, long stamp, byte[] value) {
    int hash = HashIndex.hash(field, 0, field.length);
    byte[] key = Records.fieldKey(collection, field, 0, field.length);
    FieldIndex index = store.bottom().fields;
    if (index.find(collection, hash, field, 0, field.length) == NONE) {
      byte[] diskKey = CellDisk.fieldKey(store.copy(), collection, hash, field, 0, field.length);
      insertBase(hash, key, disk.get(diskKey));
    }
    int old = index.find(collection, hash, field, 0, field.length);
    int flags = Records.UNCOMMITTED | Records.FIELD | (value == null ? Records.TOMBSTONE : 0);
    byte[] bytes = value == null ? CellDisk.ABSENT : value;
    int handle = arena.allocate(Records.fieldBytes(key.length, bytes.length));
    arena.write(
        handle,
        arena.index(old),
        stamp,
        0,
        flags,
        StoredCell.FIELD,
        store.number(),
        key,
        0,
        key.length,
        bytes,
        0,
        bytes.length);
    index.find(collection, hash, field, 0, field.length);
    index.replaceFound(handle);
    store.supersede(old, handle);
  }

  /** Visits a collection's committed fields; waits for the disk if need be. */
  void visitAll(long collection, CellWalk.Visitor visitor) {
    Layer bottom = store.bottom();
    try (CellWalk walk = walk(bottom, true, collection, 0, bottom.incomplete)) {
      walk.visitAll(visitor);
    }
  }

  // ---- fetching

  /**
   * Fields that must be fetched: one, and others that are not in memory either.
   *
   * @param expected of which some may be
   */
  public List<byte[]> missing(
      boolean committedOnly, long collection, byte[] field, Stream<byte[]> expected) {
    List<byte[]> missing = new ArrayList<>(List.of(field));
    Iterator<byte[]> names = expected.iterator();
    while (names.hasNext() && missing.size() < MAX_FETCHED_FIELDS) {
      byte[] name = names.next();
      Layer layer = committedOnly ? store.bottom() : store.top();
      if (!Arrays.equals(name, field)
          && find(layer, committedOnly, collection, name, 0, name.length) == Found.NOT_IN_MEMORY) {
        missing.add(name);
      }
    }
    return missing;
  }

  /**
   * As {@link PartitionStore#fetch}, for some fields, at least one. When they are large, only the
   * first ones are fetched.
   */
  public void fetch(long collection, List<byte[]> names, Runnable callback) {
    List<byte[]> diskKeys = names.stream().map(name -> diskKey(collection, name)).toList();
    int[] hashes = names.stream().mapToInt(it -> HashIndex.hash(it, 0, it.length)).toArray();
    fetches.add(
        diskKeys.get(0),
        hashes,
        () -> read(diskKeys),
        stored -> {
          for (int i = 0; i < stored.size(); i++) {
            byte[] name = names.get(i);
            byte[] key = Records.fieldKey(collection, name, 0, name.length);
            insertBase(hashes[i], key, stored.get(i));
          }
        },
        callback);
  }

  /** What the disk has of the first of some fields. */
  private List<byte[]> read(List<byte[]> diskKeys) {
    List<byte[]> stored = new ArrayList<>();
    long bytes = 0;
    for (int i = 0; i < diskKeys.size() && bytes < MAX_FETCHED_BYTES; i++) {
      stored.add(disk.get(diskKeys.get(i)));
      bytes += diskKeys.get(i).length + stored.get(i).length;
    }
    return stored;
  }

  private byte[] diskKey(long collection, byte[] field) {
    int hash = HashIndex.hash(field, 0, field.length);
    return CellDisk.fieldKey(store.copy(), collection, hash, field, 0, field.length);
  }

  /** As {@link PartitionStore#fetch}, so that {@link #visit} can visit all fields. */
  public void fetchAll(long collection, Runnable callback) {
    fetches.addLong(
        CellDisk.fieldsPrefix(store.copy(), collection),
        () -> read(collection),
        fields -> {
          fields.forEach(it -> fill(collection, it));
          noteFetched(collection);
        },
        () -> noteFetched(collection),
        callback);
  }

  /** Reads all fields, which fills the disk's cache, and returns the first of them. */
  private List<OnDisk> read(long collection) {
    List<OnDisk> first = new ArrayList<>();
    long bytes = 0;
    try (CellDisk.CellIterator fields = disk.fields(store.copy(), collection, null)) {
      for (; fields.isValid(); fields.next()) {
        if (first.size() < MAX_FETCHED_FIELDS && bytes < MAX_FETCHED_BYTES) {
          OnDisk field = new OnDisk(fields.diskKey(), fields.stored());
          first.add(field);
          bytes += field.diskKey().length + field.stored().length;
        }
      }
    }
    return first;
  }

  /** Puts what the disk has of a field into the table, unless that knows better. */
  void fill(long collection, OnDisk field) {
    byte[] diskKey = field.diskKey();
    int at = CellDisk.FIELD_HEADER;
    int length = diskKey.length - at;
    int hash = HashIndex.hash(diskKey, at, length);
    insertBase(hash, Records.fieldKey(collection, diskKey, at, length), field.stored());
  }

  private void noteFetched(long collection) {
    fetched.remove(collection);
    fetched.put(collection, store.generationsWritten());
    if (fetched.size() > MAX_FETCHED) {
      fetched.remove(fetched.keySet().iterator().next());
    }
  }

  private boolean isFetched(long collection) {
    return fetched.containsKey(collection);
  }

  /** The disk has changed: what was fetched long ago may not be in its cache any more. */
  void onWritten() {
    long oldest = store.generationsWritten() - KEPT_GENERATIONS;
    fetched.values().removeIf(generations -> generations < oldest);
  }

  // ---- removed collections

  /** The commit of an entry took the collection's head away. */
  void removed(long collection) {
    removed.add(collection);
  }

  /** All that was removed went with its layer. */
  void cleared() {
    removed.clear();
  }

  /**
   * Frees fields of removed collections, which nobody can see any more.
   *
   * @return how much was done, in steps
   */
  int collectRemoved(int steps) {
    int done = 0;
    while (done < steps && !removed.isEmpty()) {
      store.foundNothing(0);
      done++;
      FieldIndex fields = store.bottom().fields;
      int handle = fields.findAny(removed.peek());
      if (handle == NONE) {
        removed.remove();
        continue;
      }
      Invariants.check(
          arena.state(handle) != Records.UNCOMMITTED, "a change of a field without a key");
      fields.removeFound();
      store.forget(handle);
    }
    return done;
  }
}
