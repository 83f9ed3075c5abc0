package io.trefoil.node;

import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.EntryReader;
import io.trefoil.cell.Opened;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.Versions;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.multileader.CommonHorizon;
import io.trefoil.storage.Look;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.OrderedFields;
import io.trefoil.storage.PartitionStore;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Puts entries that came from a leader or the journal into a store, exactly as their leader did.
 */
final class EntryApplier implements EntryReader.Changes {
  private final PartitionStore store;
  private final OrderedFields ordered;
  private final Marks marks;
  private final ByteSource body = new ByteSource(new byte[0]);
  private final ByteSource entry = new ByteSource(new byte[0]);
  private final Origins origins;
  private final SiblingCount siblings;
  private final ConflictFinder conflicts = new ConflictFinder();
  private final MergedKey keyChange = new MergedKey();
  private final Versions fieldChange = new Versions();
  private final ByteSource change = new ByteSource(new byte[0]);
  private MergedStore merged;
  private final SortedMap<Long, Long> superseded = new TreeMap<>();
  private MergedStore.Key open;

  /**
   * Whether whole keys are told to a copy that forgot, and what was purged where they come from.
   */
  private boolean fills;

  /** Whether what is read was written elsewhere: its marks are of another log. */
  private boolean wrapped;

  private int wrappedOrigin;
  private long wrappedIndex;
  private long wrappedStamp;
  private long purged;

  /** What is told of the open key, while it fills. */
  private MergedKey told;

  private final SortedMap<Bytes, Versions> toldFields = new TreeMap<>();
  private long keysMerged;
  private long originsEntry;
  private long index;
  private long stamp;
  private long lastStamp;

  /** Is told of the marks among the entries put. */
  @FunctionalInterface
  interface Marks {
    /** Nobody compares at them any more. */
    Marks IGNORED = (index, id, timeMillis) -> {};

    void put(long index, long id, long timeMillis);
  }

  /** Is told how many live writes a key's string had before a merge, and has now. */
  @FunctionalInterface
  interface SiblingCount {
    /** Nobody counts. */
    SiblingCount IGNORED = (key, before, now) -> {};

    /** The key is not kept. */
    void merged(byte[] key, int before, int now);
  }

  EntryApplier(PartitionStore store, long lastStamp, Marks marks) {
    this(store, lastStamp, marks, new Origins());
  }

  /**
   * @param origins is told of what several nodes wrote
   */
  EntryApplier(PartitionStore store, long lastStamp, Marks marks, Origins origins) {
    this(store, lastStamp, marks, origins, SiblingCount.IGNORED);
  }

  EntryApplier(
      PartitionStore store, long lastStamp, Marks marks, Origins origins, SiblingCount siblings) {
    this.siblings = siblings;
    this.store = store;
    this.ordered = new OrderedFields(store, Look.WAITING);
    this.marks = marks;
    this.lastStamp = lastStamp;
    this.origins = origins;
    origins.state().observe(lastStamp);
  }

  Origins origins() {
    return origins;
  }

  /** The values that were hidden by merging what other regions wrote. */
  ConflictFinder conflicts() {
    return conflicts;
  }

  /** Puts the batch's entries in front, uncommitted. */
  void put(EntryBatch batch) {
    body.reset(batch.body().array(), 0, batch.body().length());
    index = batch.firstIndex();
    for (int i = 0; i < batch.count(); i++) {
      int length = body.getBlockLength();
      entry.reset(body.array(), body.skip(length), length);
      stamp = EntryReader.stamp(entry);
      observeStamp(stamp);
      begin();
      EntryReader.changes(entry, this);
      endEntry();
      index++;
    }
  }

  /** Puts changes as they are in an entry, as of entry {@code atIndex}. */
  void put(long atIndex, Bytes changes) {
    index = atIndex;
    begin();
    entry.reset(changes.array(), 0, changes.length());
    EntryReader.changes(entry, this);
    endEntry();
  }

  private void endEntry() {
    saveOpen();
    hearWrapped();
  }

  /** What an origin wrote is read to its end. */
  private void hearWrapped() {
    if (wrapped && wrappedOrigin > 0) {
      origins.hearIn(index, wrappedOrigin, wrappedIndex, wrappedStamp);
    }
    wrapped = false;
  }

  private void begin() {
    fills = false;
    wrapped = false;
    conflicts.begin(index);
  }

  /** The largest stamp put so far; numbers of collections are such. */
  long lastStamp() {
    return lastStamp;
  }

  void observeStamp(long other) {
    lastStamp = Math.max(lastStamp, other);
    origins.state().observe(other);
  }

  @Override
  public void put(
      CellType type,
      long expireAtMillis,
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    store.put(
        index,
        stamp,
        type,
        expireAtMillis,
        key,
        keyOffset,
        keyLength,
        value,
        valueOffset,
        valueLength);
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    store.remove(index, stamp, key, offset, length);
  }

  @Override
  public void expire(long expireAtMillis, byte[] key, int offset, int length) {
    store.findBlocking(key, offset, length); // the value, which the leader had in memory
    store.expire(index, stamp, expireAtMillis, key, offset, length);
  }

  @Override
  public void clear() {
    store.clear(index, stamp);
  }

  @Override
  public void field(
      Opened of,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    observeStamp(of.collection());
    if (of.type().isOrdered()) {
      ordered(of)
          .put(index, stamp, field, fieldOffset, fieldLength, value, valueOffset, valueLength);
      return;
    }
    store
        .fields()
        .put(
            index,
            stamp,
            of.collection(),
            field,
            fieldOffset,
            fieldLength,
            value,
            valueOffset,
            valueLength);
  }

  /** May wait for the disk: where in the order a field is can't be known without looking. */
  private OrderedFields ordered(Opened of) {
    ordered.open(of.type(), of.collection(), of.array(), of.offset(), of.length());
    return ordered;
  }

  @Override
  public void drop(Opened of, byte[] field, int offset, int length) {
    if (of.type().isOrdered()) {
      ordered(of).remove(index, stamp, field, offset, length);
      return;
    }
    store.fields().remove(index, stamp, of.collection(), field, offset, length);
  }

  @Override
  public void head(Opened of, long expireAtMillis, long count) {
    observeStamp(of.collection());
    store.putHead(
        index,
        stamp,
        of.type(),
        expireAtMillis,
        of.array(),
        of.offset(),
        of.length(),
        of.collection(),
        count);
  }

  @Override
  public void mark(long id, long timeMillis) {
    if (!wrapped) {
      marks.put(index, id, timeMillis);
      store.divideBatch(index + 1);
    }
  }

  // What several nodes write.

  @Override
  public void from(int origin, long originIndex, int count) {
    hearWrapped();
    wrapped = true;
    wrappedOrigin = origin;
    wrappedIndex = originIndex;
    wrappedStamp = 0; // of a snapshot no stamp is known up to which all came
    originsEntry = originIndex - count;
  }

  @Override
  public void told(int region, byte[] what, int offset, int length) {
    ByteSource source = new ByteSource(what, offset, length);
    long toldStamp = wrapped ? wrappedStamp : stamp;
    origins.toldIn(index, region, CommonHorizon.Told.read(source), toldStamp);
    source.expectEnd();
  }

  @Override
  public void reached(int region, long epoch, long upTo) {
    origins.reachIn(index, region, new Position(epoch, upTo));
    conflicts.ofAnotherRegion();
  }

  @Override
  public void adopt(byte[] key, int offset, int length) {
    saveOpen();
    MergedStore.Key adopted = merged().open(key, offset, length);
    adopted.adopt(index);
    adopted.save(index);
  }

  @Override
  public void adopted() {
    origins.adoptedIn(index);
  }

  private MergedStore merged() {
    if (merged == null) {
      merged = MergedStore.waiting(store, origins.state());
    }
    return merged;
  }

  @Override
  public void entry(long entryStamp) {
    saveOpen();
    fills = false;
    observeStamp(entryStamp);
    wrappedStamp = entryStamp;
    originsEntry++;
  }

  @Override
  public void fill(long purgedUpTo) {
    saveOpen();
    fills = true;
    purged = purgedUpTo;
  }

  @Override
  public void merge(byte[] key, int offset, int length, byte[] bytes, int at, int changeLength) {
    saveOpen();
    origins.changed(lastStamp);
    change.reset(bytes, at, changeLength);
    open = merged().open(key, offset, length);
    keysMerged++;
    if (fills) {
      told = new MergedKey().read(change);
      observeStamp(told.largestStamp());
    } else {
      keyChange.read(change);
      int before = open.state().string().siblings();
      conflicts.opened(open);
      open.merge(index, keyChange);
      conflicts.merged(merged, keyChange.string().written());
      siblings.merged(open.name(), before, open.state().string().siblings());
      noteSuperseded();
      observeStamp(keyChange.largestStamp());
    }
    change.expectEnd();
  }

  @Override
  public void part(
      CellType type,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] bytes,
      int at,
      int changeLength) {
    if (open == null) {
      throw new MalformedBytesException("a change of a field whose key is not named");
    }
    change.reset(bytes, at, changeLength);
    if (fills) {
      Versions versions = new Versions().read(change);
      toldFields.put(MergedStore.fieldName(type, field, fieldOffset, fieldLength), versions);
      observeStamp(versions.largestStamp());
    } else {
      fieldChange.read(change);
      open.merge(index, type, field, fieldOffset, fieldLength, fieldChange);
      conflicts.mergedField(merged, type, field, fieldOffset, fieldLength, fieldChange.written());
      if (type != CellType.SET) {
        noteSuperseded(); // a member is there whoever wrote it last
      }
      observeStamp(fieldChange.largestStamp());
    }
    change.expectEnd();
  }

  private void noteSuperseded() {
    if (merged.supersededBy() > 0) {
      superseded.merge(originsEntry, merged.supersededBy(), Math::max);
    }
  }

  /**
   * Entries of the origin whose entries were put last that nobody will see, as what was there has
   * larger stamps, with the largest of these. Forgets them.
   */
  SortedMap<Long, Long> takeSuperseded() {
    SortedMap<Long, Long> taken = new TreeMap<>(superseded);
    superseded.clear();
    return taken;
  }

  /** How many keys were merged so far; for people. */
  long keysMerged() {
    return keysMerged;
  }

  private void saveOpen() {
    if (open == null) {
      return;
    }
    if (told != null) {
      open.fill(index, told, toldFields, purged);
      told = null;
      toldFields.clear();
    } else {
      conflicts.closed(open);
    }
    open.save(index);
    open = null;
  }
}
