package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * The cells of one copy of a partition. Every method is for the owner's thread, and none waits for
 * the disk unless its javadoc says so. A key or value is a range of an array that is not kept.
 *
 * <p><b>Versions.</b> A write makes a new version in front of the key's older one. Commit drops
 * what it supersedes; undo takes the newest off again. So the newest versions are what a leader's
 * commands see, and the committed ones what a follower's readers may. Of entries that are committed
 * together the last version is enough: see {@link #beginBatch}.
 *
 * <p><b>Writing behind.</b> {@link #freeze} takes all that was committed since the last time as one
 * generation, which reaches RocksDB in one batch with its position. Until then its records stay in
 * memory; afterwards they may be evicted.
 *
 * <p><b>Complete and not.</b> While nothing was evicted, and what lay on disk at the start was
 * filled in since ({@link #fill}), a key that the table does not have does not exist. Otherwise
 * RocksDB's memory is asked, and if only the disk can tell, the answer is {@link
 * Found#NOT_IN_MEMORY}: {@link #fetch}, then ask again.
 *
 * <p><b>Fields.</b> A key that has fields holds a {@link Head}: the number of a collection, and how
 * many fields it has. The fields are cells of the collection, with versions like those of keys.
 * When the commit of another version takes the head away, its fields are out of sight at once: the
 * table's are freed bit by bit, the disk's removed by whoever writes the generation.
 *
 * <p><b>Counts.</b> Each version knows whether its key was present before, so counts follow commits
 * and undos. A write to a key of which only the disk knows is counted as a new key, and corrected
 * when its generation is written; until then {@link #keyCount()} is not answered.
 */
public final class PartitionStore implements AutoCloseable {
  /** What is written behind in large pieces wants a core for so long that clients notice. */
  private static final long FREEZE_AFTER_MILLIS = 500;

  private static final int RANDOM_KEY_CANDIDATES = 16;
  private static final int NONE = 0;

  private final Storage storage;
  private final CellDisk disk;
  private final MemoryTable memory;
  private final Arena arena;
  private final long copy;
  private final Executor owner;
  private final int number;

  private final ArrayDeque<Layer> layers = new ArrayDeque<>();
  private Layer top;
  private Layer bottom;
  private final HandleRing uncommitted = new HandleRing();
  private long committedIndex;

  private DirtyCells dirty;
  private long unflushedSinceMillis = Long.MAX_VALUE;
  private Generation generation;
  private long generationsWritten;
  private Position flushed;
  private Position persisted;
  private final Overwrites overwrites;
  private final RemovedCells removed;
  private final Departures departures = new Departures();
  private long replaced;
  private FieldOrder orderUser;

  private final Fetches fetches;
  private final CellSweep expired;

  /** Readers of the disk come by keys, too. */
  private final AtomicLong soonestExpiry = new AtomicLong(Long.MAX_VALUE);

  private final CellSweep purged;

  private final FieldCells fields;
  private boolean holdsClientsBack = true;
  private final TableFill fill;
  private long dropped;

  /** Of the committed keys that several origins write; null when one writes them. */
  private MergedTree tree;

  private final List<Consumer<CellSnapshot>> snapshotRequests = new ArrayList<>();
  private final List<Consumer<CellSnapshot>> snapshotsUnderWay = new ArrayList<>();
  private final List<Runnable> countRequests = new ArrayList<>();
  private boolean countWanted;
  private volatile boolean closed;

  /** To write heads in. */
  private final byte[] head = new byte[Head.BYTES];

  /** The last key of which only the disk knew. */
  private byte[] missed;

  // What the last search found.
  private int found;
  private long foundIndex;

  PartitionStore(Storage storage, MemoryTable memory, long copy, CopyState state, Executor owner) {
    this.storage = storage;
    this.disk = storage.disk();
    this.memory = memory;
    this.arena = memory.arena();
    this.copy = copy;
    this.owner = owner;
    number = memory.add(this);
    dirty = new DirtyCells(arena);
    overwrites = new Overwrites(arena);
    removed = new RemovedCells(this, arena);
    fetches = new Fetches(storage, this);
    expired = new CellSweep(storage, memory, this, arena);
    purged = new CellSweep(storage, memory, this, arena);
    fields = new FieldCells(this, arena, disk, fetches);
    bottom = new Layer(arena, 0);
    top = bottom;
    layers.add(bottom);
    flushed = state == null ? Position.ZERO : state.position();
    persisted = flushed;
    committedIndex = flushed.index();
    if (state != null) {
      bottom.count = state.keyCount();
      bottom.committedCount = state.keyCount();
      bottom.incomplete = state.keyCount() > 0;
      bottom.lacksKeys = bottom.incomplete;
    }
    fill = new TableFill(storage, this, arena);
  }

  /** Answers of a search. */
  public enum Found {
    /** There is such a key, perhaps expired; the store describes it until its next call. */
    FOUND,
    ABSENT,
    /** Only the disk can tell: {@link #fetch} the key and ask again. */
    NOT_IN_MEMORY
  }

  public long copy() {
    return copy;
  }

  Executor owner() {
    return owner;
  }

  Arena arena() {
    return arena;
  }

  /** The cells of keys that have fields. */
  public FieldCells fields() {
    return fields;
  }

  /** The layer of the newest versions. */
  Layer top() {
    return top;
  }

  /** The layer of what is committed. */
  Layer bottom() {
    return bottom;
  }

  /** How many generations have reached the disk. */
  long generationsWritten() {
    return generationsWritten;
  }

  /** Of keys and fields, by the hashes that the index has of them. */
  Departures departures() {
    return departures;
  }

  // ---- searching

  /**
   * Looks up a key's newest version, uncommitted ones included. Whether it is expired is the
   * caller's to judge.
   */
  public Found find(byte[] key, int offset, int length) {
    return find(top, false, key, offset, length);
  }

  /** Looks up a key's committed version. */
  public Found findCommitted(byte[] key, int offset, int length) {
    return find(bottom, true, key, offset, length);
  }

  /** As {@link #find}, but waits for the disk instead of answering NOT_IN_MEMORY. */
  public Found findBlocking(byte[] key, int offset, int length) {
    Found first = find(key, offset, length);
    if (first != Found.NOT_IN_MEMORY) {
      return first;
    }
    int hash = HashIndex.hash(key, offset, length);
    insertBase(hash, key, offset, length, disk.get(CellDisk.key(copy, hash, key, offset, length)));
    return find(key, offset, length);
  }

  private Found find(Layer layer, boolean committedOnly, byte[] key, int offset, int length) {
    int hash = HashIndex.hash(key, offset, length);
    int handle = layer.index.find(hash, key, offset, length);
    if (committedOnly) {
      handle = CellWalk.committed(arena, handle);
    }
    if (handle == NONE && layer.lacksKeys) {
      byte[] stored = peek(CellDisk.key(copy, hash, key, offset, length));
      if (stored == null) {
        found = NONE;
        return Found.NOT_IN_MEMORY;
      }
      if (stored != CellDisk.ABSENT) {
        handle = insertBase(hash, key, offset, length, stored);
      }
    }
    return describe(layer, handle);
  }

  /**
   * As {@link CellDisk#peek}, unless it is likely to be in vain or others do it better: who asks
   * for a key again is about to fetch it, and while reads wait to be handed over to the readers,
   * one more costs less there than here.
   */
  private byte[] peek(byte[] diskKey) {
    if (fetches.hasUnread() || Arrays.equals(diskKey, missed)) {
      return null;
    }
    byte[] stored = disk.peek(diskKey);
    missed = stored == null ? diskKey : missed;
    return stored;
  }

  /** Remembers what a search in a layer has found: a record or none. */
  Found describe(Layer layer, int handle) {
    if (handle == NONE) {
      found = NONE;
      foundIndex = layer.clearIndex;
      return Found.ABSENT;
    }
    arena.use(handle);
    foundIndex = Math.max(arena.index(handle), layer.clearIndex);
    found = arena.is(handle, Records.TOMBSTONE) ? NONE : handle;
    return found == NONE ? Found.ABSENT : Found.FOUND;
  }

  /** Type of the key found. */
  public CellType type() {
    return CellType.ofStored(arena.type(checkedFound()));
  }

  /** When the key found expires, in milliseconds since 1970; 0 when it does not. */
  public long expireAtMillis() {
    return arena.expireAt(checkedFound());
  }

  public int valueLength() {
    return arena.valueLength(checkedFound());
  }

  /** Copies {@code length} bytes of the value found, from byte {@code from}. */
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    arena.copyValue(checkedFound(), from, to, toOffset, length);
  }

  public long stamp() {
    return arena.stamp(checkedFound());
  }

  /**
   * Index of the entry that made the last search's answer what it is, also when the answer was
   * ABSENT; 0 or any index up to the committed one when that entry is committed.
   */
  public long entryIndex() {
    return foundIndex;
  }

  /** The number of the found key's collection, when its type has fields. */
  public long collection() {
    return arena.headCollection(checkedFound());
  }

  /** How many fields the found key has, when its type has fields. */
  public long fieldCount() {
    return arena.headCount(checkedFound());
  }

  /** The store describes nothing until the next search, which some entry decided. */
  void foundNothing(long entryIndex) {
    found = NONE;
    foundIndex = entryIndex;
  }

  /** The found key's value with what is before it, when several origins write the key. */
  byte[] foundValue() {
    return arena.value(checkedFound());
  }

  /**
   * Says that several origins write the keys. There are cells then that don't count as keys: the
   * disk may have some also when it has no keys.
   *
   * @param sums is kept up with the committed versions, from the flushed position on
   */
  void merges(MergedTree sums) {
    Invariants.check(tree == null || tree == sums, "one tree for all who write a copy");
    boolean fromNow = tree == null;
    tree = sums;
    if (fromNow && flushed.index() > 0) {
      lacksSome();
    }
  }

  /** The record that the last search found, or 0. */
  int foundHandle() {
    return found;
  }

  private int checkedFound() {
    Invariants.check(found != NONE, "no key was found");
    return found;
  }

  // ---- fetching

  /**
   * Reads a key from disk on a reader thread and puts it, or the knowledge that it is absent, into
   * the table; then runs the callback on the owner's thread. Searches of one key share one read.
   * The callback is not run when the disk fails or the store is closed first.
   */
  public void fetch(byte[] key, Runnable callback) {
    int hash = HashIndex.hash(key, 0, key.length);
    byte[] diskKey = CellDisk.key(copy, hash, key, 0, key.length);
    fetches.add(
        diskKey,
        new int[] {hash},
        () -> disk.get(diskKey),
        stored -> insertBase(hash, key, 0, key.length, stored),
        callback);
  }

  /**
   * Puts some of what only the disk has into the table, if it was opened lately and memory has
   * room; called again and again. One store of a loop does so at a time.
   */
  public void fill() {
    if (!fill.hasEnded() && memory.mayFill(this)) {
      fill.step();
    }
  }

  boolean isFilling() {
    return !closed && !fill.hasEnded();
  }

  /** Puts what the disk has of a key into the table, unless that knows better. */
  void fillKey(OnDisk key) {
    byte[] diskKey = key.diskKey();
    int at = CellDisk.KEY_HEADER;
    insertBase(CellDisk.hashOf(diskKey), diskKey, at, diskKey.length - at, key.stored());
  }

  /** How many cells were dropped from the table to make room. */
  long dropped() {
    return dropped;
  }

  /** The collections that the disk still has and that were removed. */
  List<Long> removedCollections() {
    List<Long> all = new ArrayList<>(dirty.removedCollections());
    if (generation != null) {
      all.addAll(generation.removedCollections());
    }
    return all;
  }

  /**
   * Says that the table has every key that the disk has. If the disk has silently lost one, fewer
   * than are counted: that is for those to find who compare replicas, and know whose copy is right.
   */
  void hasAllKeys() {
    bottom.lacksKeys = false;
  }

  /** Says that the table has every cell that the disk has. */
  void hasAll() {
    Invariants.check(!bottom.lacksKeys, "a table that has all fields has all keys");
    bottom.incomplete = false;
  }

  /**
   * Puts what the disk has of a key under the key's uncommitted versions, unless the table knows
   * better.
   *
   * @return the committed version
   */
  private int insertBase(int hash, byte[] key, int offset, int length, byte[] stored) {
    int newest = bottom.index.find(hash, key, offset, length);
    int known = CellWalk.committed(arena, newest);
    if (known != NONE) {
      return known;
    }
    int handle = writeBase(0, key, offset, length, stored);
    if (newest == NONE) {
      bottom.index.insert(hash, handle);
    } else {
      putUnder(newest, handle, stored == CellDisk.ABSENT);
    }
    return handle;
  }

  /** Writes a clean record of what the disk has. */
  int writeBase(int flags, byte[] key, int offset, int length, byte[] stored) {
    boolean absent = stored == CellDisk.ABSENT;
    int valueLength = absent ? 0 : StoredCell.valueLength(stored);
    boolean isField = (flags & Records.FIELD) != 0;
    int handle =
        arena.allocate(
            isField
                ? Records.fieldBytes(length, valueLength)
                : Records.keyBytes(length, valueLength));
    arena.write(
        handle,
        0,
        absent ? 0 : StoredCell.stamp(stored),
        absent ? 0 : StoredCell.expireAt(stored),
        Records.CLEAN | flags | (absent ? Records.TOMBSTONE : 0),
        absent ? 0 : StoredCell.type(stored),
        number,
        key,
        offset,
        length,
        stored,
        absent ? 0 : StoredCell.HEADER,
        valueLength);
    arena.mark(handle, Records.FETCHED);
    return handle;
  }

  /** Puts a clean record under the uncommitted versions. */
  void putUnder(int newest, int base, boolean absent) {
    int oldest = newest;
    while (arena.previous(oldest) != NONE) {
      oldest = arena.previous(oldest);
    }
    arena.setPrevious(oldest, base);
    if (arena.is(oldest, Records.BASE_UNKNOWN)) {
      int flags = arena.flags(oldest) & ~Records.BASE_UNKNOWN;
      arena.setFlags(oldest, absent ? flags : flags | Records.PRESENT_BEFORE);
      bottom.unknown--;
      bottom.count -= absent ? 0 : 1;
    }
  }

  // ---- writing

  /** Sets a key as of entry {@code index}, to expire at {@code expireAtMillis} or never (0). */
  public void put(
      long index,
      long stamp,
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    int hash = HashIndex.hash(key, keyOffset, keyLength);
    int current = top.index.find(hash, key, keyOffset, keyLength);
    if (overwrites.takes(current, valueLength) && isAlike(current, type, value, valueOffset)) {
      found = NONE;
      overwrites.write(
          current, index, stamp, expireAtMillis, value, valueOffset, valueLength, 0, valueLength);
      return;
    }
    int before = before(current, hash, key, keyOffset, keyLength);
    int handle = arena.allocate(Records.keyBytes(keyLength, valueLength));
    arena.write(
        handle,
        index,
        stamp,
        expireAtMillis,
        Records.UNCOMMITTED | before,
        type.code(),
        number,
        key,
        keyOffset,
        keyLength,
        value,
        valueOffset,
        valueLength);
    push(index, hash, current, handle);
  }

  /** Whether a head would be of the same collection, and any other value of the same type. */
  private boolean isAlike(int record, CellType type, byte[] value, int valueOffset) {
    return arena.type(record) == type.code()
        && (!arena.isHead(record)
            || arena.headCollection(record) == Head.collection(value, valueOffset));
  }

  /**
   * Writes over a field's newest version if its batch wrote that.
   *
   * @param changed from which byte of the value on it is another one
   * @param same from which byte on it is the same again, if it is as long as before
   * @return whether it did
   */
  boolean overwrites(
      int field,
      long index,
      long stamp,
      byte[] value,
      int valueOffset,
      int valueLength,
      int changed,
      int same) {
    if (!overwrites.takes(field, valueLength)) {
      return false;
    }
    found = NONE;
    overwrites.write(field, index, stamp, 0, value, valueOffset, valueLength, changed, same);
    return true;
  }

  /** Whether {@link #overwrites} would, with a value of so many bytes. */
  boolean wouldOverwrite(int field, int valueLength) {
    return overwrites.takes(field, valueLength);
  }

  /**
   * As {@link #overwrites}, for what commands before the running one changed: it stays when that
   * one is undone.
   */
  void overwriteForEarlier(
      int field, long index, long stamp, byte[] value, int valueLength, int changed, int same) {
    Invariants.check(overwrites.takes(field, valueLength), "can't be written over", index, 0);
    found = NONE;
    overwrites.writeForEarlier(field, index, stamp, value, valueLength, changed, same);
  }

  /** Bytes to take for a version of a field. */
  long room(int before, int keyLength, int valueLength) {
    return overwrites.room(before, Records.fieldBytes(keyLength, valueLength));
  }

  /** Removes a key as of entry {@code index}. Nothing happens when it is known to be absent. */
  public void remove(long index, long stamp, byte[] key, int offset, int length) {
    int hash = HashIndex.hash(key, offset, length);
    int current = top.index.find(hash, key, offset, length);
    int before = before(current, hash, key, offset, length);
    if (before == 0) {
      return;
    }
    int handle = arena.allocate(Records.keyBytes(length, 0));
    int flags = Records.UNCOMMITTED | Records.TOMBSTONE | before;
    arena.write(handle, index, stamp, 0, flags, 0, number, key, offset, length, key, 0, 0);
    push(index, hash, current, handle);
  }

  /**
   * Sets when a key expires, in milliseconds since 1970 or never (0), as of entry {@code index}.
   *
   * @return whether the key was there
   * @throws CellsNotInMemory when only the disk knows the value
   */
  public boolean expire(
      long index, long stamp, long expireAtMillis, byte[] key, int offset, int length) {
    Found there = find(key, offset, length);
    if (there == Found.NOT_IN_MEMORY) {
      throw new CellsNotInMemory(Bytes.copyOf(key, offset, length).array());
    }
    if (there == Found.ABSENT) {
      return false;
    }
    byte[] value = arena.value(found);
    CellType type = type();
    put(index, stamp, type, expireAtMillis, key, offset, length, value, 0, value.length);
    return true;
  }

  /** Lets a key hold a collection of so many fields, as of entry {@code index}. */
  public void putHead(
      long index,
      long stamp,
      CellType type,
      long expireAtMillis,
      byte[] key,
      int offset,
      int length,
      long collection,
      long count) {
    Head.write(head, collection, count);
    put(index, stamp, type, expireAtMillis, key, offset, length, head, 0, Head.BYTES);
  }

  /** Removes every key as of entry {@code index}; takes the same short time however many. */
  public void clear(long index, long stamp) {
    // Entries of before several origins wrote may come when they do already.
    Invariants.check(
        tree == null || tree.isEmpty(), "what several origins write is removed key by key");
    settleOrder();
    int handle = arena.allocate(Records.keyBytes(0, 0));
    int flags = Records.UNCOMMITTED | Records.CLEAR;
    arena.write(
        handle, index, stamp, 0, flags, 0, number, CellDisk.ABSENT, 0, 0, CellDisk.ABSENT, 0, 0);
    remember(index, handle);
    top = new Layer(arena, index);
    layers.addLast(top);
  }

  /** Flags that say whether the key was present before the version about to be written. */
  private int before(int current, int hash, byte[] key, int offset, int length) {
    if (current != NONE) {
      return arena.isPresent(current) ? Records.PRESENT_BEFORE : 0;
    }
    if (!top.lacksKeys) {
      return 0;
    }
    // Somebody waits for an exact count: don't add to what is unknown if memory can tell.
    byte[] stored = countWanted ? disk.peek(CellDisk.key(copy, hash, key, offset, length)) : null;
    if (stored == null || StoredCell.isHead(stored)) {
      return Records.BASE_UNKNOWN; // whoever writes the generation removes a head's fields
    }
    return stored == CellDisk.ABSENT ? 0 : Records.PRESENT_BEFORE;
  }

  private void push(long index, int hash, int current, int handle) {
    remember(index, handle);
    if (current == NONE) {
      top.index.insert(hash, handle);
    } else {
      arena.setPrevious(handle, current);
      top.index.replaceFound(handle);
    }
    top.count += delta(handle);
    top.unknown += arena.is(handle, Records.BASE_UNKNOWN) ? 1 : 0;
  }

  /** Has the tree know that a key's committed version, if any, is followed by another, if any. */
  private void note(int hash, int older, int newer) {
    if (tree != null) {
      long before = older == NONE ? 0 : arena.mergedDigest(older);
      tree.add(hash, (newer == NONE ? 0 : arena.mergedDigest(newer)) - before);
    }
  }

  /** Takes a new version into the uncommitted ones. */
  void remember(long index, int handle) {
    long last = uncommitted.isEmpty() ? committedIndex + 1 : arena.index(uncommitted.peekBack());
    Invariants.check(index >= last, "written out of order", index, last);
    uncommitted.addBack(handle);
    found = NONE;
  }

  /** By how much a version changes the number of keys. */
  private int delta(int handle) {
    if (arena.is(handle, Records.FIELD)) {
      return 0;
    }
    return (arena.isPresent(handle) ? 1 : 0) - (arena.is(handle, Records.PRESENT_BEFORE) ? 1 : 0);
  }

  // ---- batches

  /**
   * Says that entries from this one on are committed together, all until the next call or commit:
   * versions between need not be kept.
   */
  public void beginBatch(long firstIndex) {
    settleOrder();
    overwrites.begin(firstIndex);
  }

  /** Divides the present batch, if any: what came before this entry may be committed without it. */
  public void divideBatch(long firstIndex) {
    settleOrder();
    overwrites.divide(firstIndex);
  }

  /** Whether an entry belongs to the present batch, which is not committed. */
  boolean isOfBatch(long entry) {
    return overwrites.isOfBatch(entry);
  }

  /**
   * Changes when what was read of orders' nodes may be outdated although the records are of the
   * same entries: one was undone, and another took its place; or somebody else uses orders, who may
   * write over a node several times in an entry.
   */
  long replacedCount() {
    return replaced;
  }

  /** Says who looks at the newest nodes of orders, and changes them, from now on. */
  void usesOrders(FieldOrder by) {
    if (orderUser != by) {
      settleOrder();
      orderUser = by;
      replaced++;
    }
  }

  /** Has whoever changes an order write what it still owes. */
  private void settleOrder() {
    if (orderUser != null) {
      orderUser.leave();
    }
  }

  // ---- undo

  /**
   * A place among the uncommitted writes, for {@link #undoTo}. Within a batch a command begins here
   * that writes an entry of its own, and only the last one can be undone by itself.
   */
  public long mark() {
    overwrites.commandBegins();
    if (orderUser != null) {
      orderUser.commandBegins();
    }
    return uncommitted.back();
  }

  /** Undoes what was written since {@link #mark()} returned {@code mark}. */
  public void undoTo(long mark) {
    Invariants.check(mark >= uncommitted.front(), "undo of what is committed", mark, 0);
    overwrites.undoCommand();
    if (orderUser != null) {
      orderUser.commandUndone();
    }
    while (uncommitted.back() > mark) {
      undoNewest();
    }
    replaced++;
    found = NONE;
  }

  /** Undoes what entries after {@code index} wrote; of a batch all or nothing. */
  public void undoAfter(long index) {
    if (orderUser != null) {
      orderUser.batchUndone();
    }
    while (!uncommitted.isEmpty() && arena.index(uncommitted.peekBack()) > index) {
      undoNewest();
    }
    overwrites.undoneAfter(index);
  }

  private void undoNewest() {
    found = NONE;
    replaced++;
    int handle = uncommitted.removeBack();
    int flags = arena.flags(handle);
    if ((flags & Records.CLEAR) != 0) {
      top.release();
      layers.removeLast();
      top = layers.peekLast();
    } else {
      undoVersion(handle);
      top.count -= delta(handle);
      top.unknown -= (flags & Records.BASE_UNKNOWN) != 0 ? 1 : 0;
    }
    arena.free(handle);
  }

  private void undoVersion(int handle) {
    RecordIndex index = top.indexOf(arena, handle);
    Invariants.check(index.findHandle(handle), "undo of a version that is not the newest");
    int older = arena.previous(handle);
    if (older == NONE) {
      index.removeFound();
    } else {
      index.replaceFound(older);
    }
  }

  // ---- commit

  /** Makes what entries up to {@code index} wrote permanent. */
  public void commit(long index) {
    settleOrder();
    found = NONE;
    while (!uncommitted.isEmpty() && arena.index(uncommitted.peekFront()) <= index) {
      int handle = uncommitted.removeFront();
      if (arena.is(handle, Records.CLEAR)) {
        commitClear();
        arena.free(handle);
      } else {
        commitVersion(handle);
      }
    }
    committedIndex = Math.max(committedIndex, index);
    overwrites.committed(index);
  }

  private void commitVersion(int handle) {
    bottom.committedCount += delta(handle);
    int old = arena.previous(handle);
    if (tree != null && !arena.is(handle, Records.FIELD)) {
      note(arena.hash(handle), old, handle);
    }
    arena.setPrevious(handle, NONE);
    if (old == NONE) {
      dirty.add(handle);
    } else {
      supersede(old, handle);
    }
    removed.committed(bottom, handle);
  }

  /** Puts a committed version in the place of the committed one before it. */
  void supersede(int old, int handle) {
    if (arena.isHead(old)) {
      supersedeHead(old, handle);
    }
    if (dirty.holds(old)) {
      dirty.replace(old, handle);
      arena.free(old);
    } else {
      dirty.add(handle);
      discard(old);
    }
  }

  /** The fields of a key go with it, unless the key only counts them anew. */
  private void supersedeHead(int old, int handle) {
    long collection = arena.headCollection(old);
    if (!arena.isHead(handle) || arena.headCollection(handle) != collection) {
      for (long number : arena.headNumbers(old)) {
        dirty.removeCollection(number);
        fields.removed(number);
      }
    }
  }

  private void commitClear() {
    memory.bury(this, layers.removeFirst(), dirty.records());
    bottom = layers.peekFirst();
    dirty = dirty.afterClear();
    fields.cleared();
    expired.startOver();
    purged.startOver();
  }

  /** Frees a committed record that nobody needs any more and that is out of the table. */
  void forget(int handle) {
    if (dirty.holds(handle)) {
      dirty.forget(handle);
      arena.free(handle);
    } else {
      discard(handle);
    }
  }

  /** Frees a record that fell out of the table, now or when the flusher no longer reads it. */
  void discard(int handle) {
    if (generation != null && generation.holds(handle, arena.link(handle))) {
      arena.mark(handle, Records.DETACHED);
    } else {
      arena.free(handle);
    }
  }

  /** Index of the last entry committed. */
  public long committedIndex() {
    return committedIndex;
  }

  // ---- writing behind

  /**
   * Whether to freeze now: a generation is large or old enough, or somebody waits for one, and none
   * is under way.
   *
   * @param monotonicMillis a clock that never goes back
   */
  public boolean wantsFreeze(long monotonicMillis) {
    if (generation != null) {
      return false;
    }
    if (!snapshotRequests.isEmpty()
        || (countWanted && bottom.unknown > 0 && !dirty.isEmpty())
        || dirty.bytes() >= freezeBytes()) {
      return true;
    }
    if (dirty.isEmpty() && committedIndex <= flushed.index()) {
      unflushedSinceMillis = Long.MAX_VALUE;
      return false;
    }
    unflushedSinceMillis = Math.min(unflushedSinceMillis, monotonicMillis);
    return monotonicMillis - unflushedSinceMillis >= FREEZE_AFTER_MILLIS;
  }

  /** Whether somebody waits for the snapshot of the next freeze. */
  public boolean isSnapshotWanted() {
    return !snapshotRequests.isEmpty();
  }

  /** Whether {@link #freeze} may be called: the last generation is written and drained. */
  public boolean canFreeze() {
    return generation == null;
  }

  /**
   * Hands all that was committed since the last freeze to the flusher.
   *
   * <p>RocksDB gets it in one batch, so that it is exactly the state at {@code position} and never
   * half of it. The batch stays small because {@link #wantsFreeze} asks early.
   *
   * @param position of the last entry committed
   * @param meta stored with it, given back by {@link Storage#copies()}
   */
  public void freeze(Position position, Bytes meta) {
    Invariants.check(canFreeze(), "freeze while a generation is under way");
    Invariants.check(
        position.index() >= committedIndex
            && (uncommitted.isEmpty() || arena.index(uncommitted.peekFront()) > position.index()),
        "freeze at another position than the committed one",
        position.index(),
        committedIndex);
    boolean snapshotWanted = !snapshotRequests.isEmpty();
    snapshotsUnderWay.addAll(snapshotRequests);
    snapshotRequests.clear();
    generation = new Generation(copy, position, meta, bottom, dirty, arena.view(), snapshotWanted);
    committedIndex = position.index();
    dirty = dirty.next();
    unflushedSinceMillis = Long.MAX_VALUE;
    storage.write(generation, this);
  }

  /**
   * As {@link #freeze}, and gives the snapshot at just this position, before those that {@link
   * #requestSnapshot} asked for. The receiver gets it on the owner's thread and closes it.
   */
  public void freezeAndSnapshot(Position position, Bytes meta, Consumer<CellSnapshot> receiver) {
    Invariants.check(canFreeze(), "freeze while a generation is under way");
    snapshotRequests.add(0, receiver);
    freeze(position, meta);
  }

  void onWritten(Generation written) {
    written.written = true;
    generationsWritten++;
    fields.onWritten();
    flushed = written.position;
    written.settleCounts();
    if (closed) {
      storage.forget(this);
    }
    if (!snapshotsUnderWay.isEmpty()) {
      List<Consumer<CellSnapshot>> waiting = List.copyOf(snapshotsUnderWay);
      snapshotsUnderWay.clear();
      waiting.get(0).accept(written.snapshot(disk));
      snapshotRequests.addAll(waiting.subList(1, waiting.size()));
    }
    answerCountRequests();
  }

  /** Makes written records clean, and frees those that are out of the table; returns the work. */
  int drain(int steps) {
    answerCountRequests();
    if (generation == null || !generation.written) {
      return 0;
    }
    found = NONE;
    int done = 0;
    while (done < steps && !generation.isDrained()) {
      int handle = generation.drainNext();
      done++;
      if (handle != NONE) {
        drainRecord(handle);
      }
    }
    if (generation.isDrained()) {
      generation = null;
      if (closed) {
        memory.removeIfGone(this);
      }
    }
    return done;
  }

  private void drainRecord(int handle) {
    if (arena.marked(handle, Records.DETACHED)) {
      arena.free(handle);
      return;
    }
    arena.setState(handle, Records.CLEAN);
    if (arena.is(handle, Records.TOMBSTONE) && !closed && takeOut(handle)) {
      arena.free(handle);
    }
  }

  /** Takes a record out of the table if it is the newest of its key or field. */
  boolean takeOut(int handle) {
    RecordIndex index = bottom.indexOf(arena, handle);
    boolean newest = index.findHandle(handle);
    if (newest) {
      departures.note(arena, handle);
      index.removeFound();
    }
    return newest;
  }

  /** The number that the store's records bear. */
  int number() {
    return number;
  }

  boolean isWriting() {
    return generation != null && !generation.written;
  }

  /**
   * Says whether clients wait when what they write is written behind too slowly, so that none waits
   * for long. Those who come to a follower don't: what its leader sends goes on all the same, and
   * they would wait until it has caught up.
   */
  public void holdsClientsBack(boolean does) {
    holdsClientsBack = does;
  }

  /** Whether more must not be committed before the generation under way is written. */
  boolean isTooDirty() {
    boolean soon = bottom.lacksKeys && holdsClientsBack;
    long most = soon ? freezeBytes() : MemoryTable.MAX_DIRTY_BYTES;
    return isWriting() && dirty.bytes() >= most;
  }

  private long freezeBytes() {
    return bottom.lacksKeys ? memory.freezeBytesOfIncomplete() : memory.freezeBytes();
  }

  boolean hasGeneration() {
    return generation != null;
  }

  boolean isClosed() {
    return closed;
  }

  /** The position that RocksDB's memory is at: the last freeze that was written. */
  public Position flushedPosition() {
    return flushed;
  }

  /** The position that RocksDB would have after a crash, at least; see {@link Storage#persist}. */
  public Position persistedPosition() {
    return persisted;
  }

  void onPersisted(Position position) {
    persisted = position;
  }

  /**
   * Asks for a snapshot at the position of the next freeze, which {@link #wantsFreeze} now wants.
   * The receiver gets it on the owner's thread and closes it.
   */
  public void requestSnapshot(Consumer<CellSnapshot> receiver) {
    snapshotRequests.add(receiver);
  }

  /** Whether the table has a record of the key, if only of its absence. */
  boolean isInTable(int hash, byte[] key) {
    return top.index.find(hash, key, 0, key.length) != NONE;
  }

  // ---- eviction, called by the memory table

  /** Drops a clean record unless uncommitted versions build on it. */
  boolean evict(int handle) {
    if (closed || !takeOut(handle)) {
      return false;
    }
    if (!arena.is(handle, Records.TOMBSTONE)) {
      dropped++;
      lacksSome();
    }
    arena.free(handle);
    found = NONE;
    return true;
  }

  /** Some cells are only on disk from now on, or may be. */
  private void lacksSome() {
    bottom.lacksKeys = true;
    if (bottom.incomplete) {
      return;
    }
    bottom.incomplete = true;
    removed.comeBack(bottom, dirty.records(), 0);
    if (generation != null && generation.layer == bottom) {
      removed.comeBack(bottom, generation.records(), generation.drained());
    }
  }

  /** Moves a clean record to another chunk. */
  boolean relocate(int handle) {
    RecordIndex index = bottom.indexOf(arena, handle);
    if (closed || !index.findHandle(handle)) {
      return false;
    }
    int room = arena.allocateElsewhere(handle);
    if (room == NONE) {
      return false;
    }
    arena.copyRecord(handle, room);
    index.replaceFound(room);
    arena.free(handle);
    found = NONE;
    return true;
  }

  // ---- counts

  /**
   * How many keys are present in the newest versions; expired ones count until collected.
   *
   * @throws CellsNotInMemory with no key, when keys were written blindly and the disk has not been
   *     asked about them yet: see {@link #resolveCounts}
   */
  public long keyCount() {
    if (top.unknown > 0) {
      countWanted = true;
      throw new CellsNotInMemory(null);
    }
    countWanted = false;
    return top.count;
  }

  /** As {@link #keyCount()}, without the keys of which only the disk knows whether they are new. */
  public long knownKeyCount() {
    return top.count;
  }

  /**
   * Runs the callback on the owner's thread once {@link #keyCount()} can answer. Until then {@link
   * #wantsFreeze} asks for freezes, since writing a generation settles its counts.
   */
  public void resolveCounts(Runnable callback) {
    countWanted = true;
    countRequests.add(callback);
    owner.execute(this::answerCountRequests);
  }

  private void answerCountRequests() {
    if (top.unknown > 0 || countRequests.isEmpty()) {
      return;
    }
    List<Runnable> waiting = List.copyOf(countRequests);
    countRequests.clear();
    waiting.forEach(Runnable::run);
  }

  // ---- expiry

  /**
   * Removes committed cells that are expired at {@code logTimeMillis}, which never goes back: no
   * entry is needed, because nobody can see them again. Goes on where the last call ended, and lets
   * a reader thread look for those that only the disk has.
   *
   * @param maxSteps how many keys of the table to look at
   * @return how many were removed
   */
  public int collectExpired(long logTimeMillis, int maxSteps) {
    found = NONE;
    soonestExpiry.updateAndGet(soonest -> soonest > logTimeMillis ? soonest : Long.MAX_VALUE);
    return expired.collect(new Expired(logTimeMillis), maxSteps);
  }

  /**
   * When the first key expires, of those that {@link #collectExpired} came by and left: in
   * milliseconds of log time. A key may have been removed since. {@link Long#MAX_VALUE} for never.
   */
  public long soonestExpiryMillis() {
    return soonestExpiry.get();
  }

  private final class Expired implements CellSweep.Collector {
    private final long logTimeMillis;

    Expired(long logTimeMillis) {
      this.logTimeMillis = logTimeMillis;
    }

    @Override
    public boolean collect(int handle) {
      boolean gone = isGone(arena.expireAt(handle));
      if (gone) {
        forgetFound(handle);
      }
      return gone;
    }

    @Override
    public boolean wants(byte[] stored) {
      return isGone(StoredCell.expireAt(stored));
    }

    private boolean isGone(long expireAt) {
      if (expireAt > logTimeMillis && expireAt < soonestExpiry.get()) {
        soonestExpiry.accumulateAndGet(expireAt, Math::min);
      }
      return StoredCell.expired(expireAt, logTimeMillis);
    }
  }

  /** Whether a reader thread is looking for cells to collect. */
  boolean isSweeping() {
    return expired.isSweeping() || purged.isSweeping();
  }

  // ---- collecting, without an entry: nobody can see a difference

  /** As {@link #collectExpired}, of what the collector wants. */
  int purge(CellSweep.Collector collector, int maxSteps) {
    found = NONE;
    return purged.collect(collector, maxSteps);
  }

  /**
   * Puts what the disk has of a key into the table, and has the index stand at it.
   *
   * @return the record, or 0 when the table knows better
   */
  int takeFromDisk(byte[] diskKey, byte[] stored) {
    found = NONE;
    int hash = CellDisk.hashOf(diskKey);
    int at = CellDisk.KEY_HEADER;
    int length = diskKey.length - at;
    if (bottom.index.find(hash, diskKey, at, length) != NONE) {
      return NONE;
    }
    insertBase(hash, diskKey, at, length, stored);
    return bottom.index.find(hash, diskKey, at, length);
  }

  /** Removes the committed record that the index of keys found last. */
  void forgetFound(int handle) {
    byte[] key = arena.key(handle);
    int tombstone = arena.allocate(Records.keyBytes(key.length, 0));
    int flags = Records.UNCOMMITTED | Records.TOMBSTONE;
    long index = arena.index(handle);
    long stamp = arena.stamp(handle);
    arena.write(tombstone, index, stamp, 0, flags, 0, number, key, 0, key.length, key, 0, 0);
    replaceFound(handle, tombstone);
  }

  /** Gives the committed record that the index of keys found last another value, as old as it. */
  void replaceFound(int handle, CellType type, byte[] value, int length) {
    byte[] key = arena.key(handle);
    int newer = arena.allocate(Records.keyBytes(key.length, length));
    arena.write(
        newer,
        arena.index(handle),
        arena.stamp(handle),
        arena.expireAt(handle),
        Records.UNCOMMITTED,
        type.code(),
        number,
        key,
        0,
        key.length,
        value,
        0,
        length);
    replaceFound(handle, newer);
  }

  private void replaceFound(int handle, int newer) {
    int more = (arena.isPresent(newer) ? 1 : 0) - (arena.isPresent(handle) ? 1 : 0);
    bottom.count += more;
    bottom.committedCount += more;
    if (tree != null) {
      note(arena.hash(handle), handle, newer);
    }
    bottom.index.replaceFound(newer);
    supersede(handle, newer);
  }

  // ---- visiting

  /** Receives what {@link #scan} visits. Must not call the store. */
  @FunctionalInterface
  public interface KeyVisitor {
    void visit(byte[] key, int offset, int length, CellType type, long expireAtMillis);
  }

  /**
   * Visits keys of the newest versions in the order of the top 32 bits of their hashes, expired
   * ones included. A key present during a whole iteration is visited, whatever else changes: the
   * order is fixed, and keys of one hash are visited together.
   *
   * <p>When some cells are only on disk this may wait for the disk, for about {@code count} cells
   * that lie next to each other.
   *
   * @param cursor 0 at first, then what the last call returned
   * @param count how many keys to look at before stopping, removed ones included
   * @return the next cursor, below 2^32, or 0 at the end
   */
  public long scan(long cursor, int count, KeyVisitor visitor) {
    found = NONE;
    CellWalk.Visitor keys = new KeysOf(visitor);
    long hash = cursor;
    try (CellWalk walk = walk(top, false, (int) cursor)) {
      do {
        hash = walk.visitNext(hash, keys);
      } while (hash != 0 && walk.examined() < count);
    }
    return hash;
  }

  /** Receives keys that several origins write, be there something to see or not. */
  @FunctionalInterface
  interface MergedVisitor {
    void visit(byte[] key, long digest);
  }

  /** Visits keys that several origins write, of a range of hashes. May wait for the disk. */
  void visitMerged(long fromHash, long toHash, MergedVisitor visitor) {
    found = NONE;
    CellWalk.Visitor digests =
        new CellWalk.Visitor() {
          @Override
          public void inTable(int handle) {
            visitor.visit(arena.key(handle), arena.mergedDigest(handle));
          }

          @Override
          public void onDisk(byte[] diskKey, byte[] stored) {
            int at = CellDisk.KEY_HEADER;
            byte[] key = Bytes.copyOf(diskKey, at, diskKey.length - at).array();
            visitor.visit(key, StoredCell.mergedDigest(stored));
          }
        };
    try (CellWalk walk = walk(bottom, true, (int) fromHash)) {
      walk.visitRange(fromHash, toHash, digests);
    }
  }

  private CellWalk walk(Layer layer, boolean committedOnly, int fromHash) {
    CellDisk.CellIterator cells = layer.lacksKeys ? disk.cells(copy, fromHash, null) : null;
    return new CellWalk(arena, layer.index, committedOnly, cells);
  }

  private final class KeysOf implements CellWalk.Visitor {
    private final KeyVisitor visitor;

    KeysOf(KeyVisitor visitor) {
      this.visitor = visitor;
    }

    @Override
    public void inTable(int handle) {
      byte[] key = arena.key(handle);
      CellType type = CellType.ofStored(arena.type(handle));
      visitor.visit(key, 0, key.length, type, arena.expireAt(handle));
    }

    @Override
    public void onDisk(byte[] diskKey, byte[] stored) {
      visitor.visit(
          diskKey,
          CellDisk.KEY_HEADER,
          diskKey.length - CellDisk.KEY_HEADER,
          CellType.ofStored(StoredCell.type(stored)),
          StoredCell.expireAt(stored));
    }
  }

  /**
   * A key near a random place in hash order, expired or not, or null when there is none. May wait
   * for the disk like {@link #scan}.
   *
   * @param random decides; any number
   */
  public byte[] randomKey(long random) {
    List<byte[]> keys = new ArrayList<>();
    KeyVisitor visitor =
        (key, offset, length, type, expireAt) ->
            keys.add(Bytes.copyOf(key, offset, length).array());
    long start = random >>> 32;
    long cursor = start;
    do {
      cursor = scan(cursor, RANDOM_KEY_CANDIDATES, visitor);
    } while (keys.isEmpty() && cursor != 0);
    while (keys.isEmpty()) {
      cursor = scan(cursor, RANDOM_KEY_CANDIDATES, visitor);
      if (cursor == 0 || cursor > start) {
        break;
      }
    }
    return keys.isEmpty() ? null : keys.get((int) ((random & 0xffffffffL) % keys.size()));
  }

  /**
   * A digest of the committed cells visible at {@code logTimeMillis} whose hashes are in a range:
   * key, type, expiry and value count, the order and what was removed do not. Digests of adjoining
   * ranges add up. Reads all those cells, waiting for the disk if need be; {@link
   * CellSnapshot#digest} does the same off the owner's thread.
   *
   * @param fromHash the first hash, 0 to 2^32 - 1
   * @param toHash the hash after the last, up to 2^32
   */
  public long digest(long logTimeMillis, long fromHash, long toHash) {
    found = NONE;
    CellDigest digest = new CellDigest(arena, logTimeMillis, fields::visitAll);
    try (CellWalk walk = walk(bottom, true, (int) fromHash)) {
      walk.visitRange(fromHash, toHash, digest);
    }
    return digest.sum();
  }

  /** Gives the memory back. What is on disk stays, what is not is lost. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    undoAfter(-1);
    closed = true;
    memory.bury(this, bottom, dirty.records());
    fields.cleared();
    dirty = new DirtyCells(arena);
    fetches.clear();
    if (!isWriting()) {
      storage.forget(this);
    }
  }
}
