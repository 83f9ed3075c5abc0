package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Hash64;
import io.trefoil.base.Invariants;
import io.trefoil.base.Stamp;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.cell.merge.Hiding;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.SeenStamps;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.storage.PartitionStore.Found;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The cells of a partition that several origins write, in a store: each is merged with what is
 * there. What is removed stays as a key of type {@link CellType#GONE} until it is purged.
 *
 * <p>A key's record is a {@link Head}, then what only this copy knows, then the {@link MergedKey}:
 *
 * <pre>
 * collection (8) · stored fields (8) · digest (8) · flags (1) · visible fields (varint) ·
 * fields with something removed (varint) · sum of the fields' digests (8) · newest of the fields'
 * stamps ({@link SeenStamps}) · key ({@link MergedKey})
 * </pre>
 *
 * <p>A field's record is its {@link Versions}, under its type (1) and name: fields of several types
 * may have to be kept. What the key's removers had seen of it is hidden when it is stored.
 *
 * <p>Fields of a type that is ordered are in a {@link FieldOrder} as long as they are to be seen,
 * whatever the key's type: members of sorted sets under score and member, elements of lists under
 * their names. So whatever changes what is to be seen of a field moves it there, too.
 *
 * <p><b>Digests</b> are of stamps, never of values, and only of what lives: see {@link
 * Versions#digest()}. The key keeps the sum of its fields' digests, so that writing a field costs
 * the same however many there are. The store adds a key's digest to its leaf of the {@link
 * MergedTree} when the version is committed.
 *
 * <p><b>Purging.</b> The stamp of a record is the last that this copy knew when it wrote the
 * record. At or below the horizon, everybody has whatever the record says, also that something was
 * removed; so that can be forgotten.
 *
 * <p><b>Cells that one leader wrote</b> before several origins did are read as if the origin {@link
 * #BEFORE} had written them, under the stamps of their records. The first change of such a key
 * makes it one of these, with all its fields: the same on all replicas, since it is a function of
 * what they have. {@link Key#adopt} does only that.
 *
 * <p>For the owner's thread, like the store.
 */
public final class MergedStore {
  /** The origin of what one leader wrote before: of the first region, in no epoch of a leader. */
  public static final int BEFORE = 1 << 4 | 1;

  private static final int SCAN_COUNT = 1_000;

  /** So many expired keys are noted at a time. */
  private static final int MAX_EXPIRED = 1_000;

  /** So often a field is picked before all are looked at for one that is to be seen. */
  private static final int MAX_PICKS = 100;

  /** Of a type that was forgotten: whatever is told of it is later. */
  private static final long FORGOTTEN_STAMP = 1;

  private final PartitionStore store;
  private static final int COUNTERS = 1;
  private static final byte[] NOTHING = new byte[0];

  private final Look look;
  private final FieldOrder order;
  private final MergedState shared;
  private final ByteSink scratch = new ByteSink();
  private final List<byte[]> expired = new ArrayList<>();
  private long collectionIndex;
  private int collections;
  private long supersededBy;
  private boolean addedWrite;
  private Hiding hiding;

  private MergedStore(PartitionStore store, Look look, MergedState shared) {
    this.store = store;
    this.look = look;
    this.order = new FieldOrder(store, look);
    this.shared = shared;
    store.merges(shared.tree());
  }

  /**
   * Merges with what the disk has by waiting for it.
   *
   * @param shared is told of all that is merged; one for all that write the store
   */
  public static MergedStore waiting(PartitionStore store, MergedState shared) {
    return new MergedStore(store, Look.WAITING, shared);
  }

  /** Throws {@link CellsNotInMemory} where only the disk knows. */
  public static MergedStore notWaiting(PartitionStore store, MergedState shared) {
    return new MergedStore(store, Look.NEWEST, shared);
  }

  /** As {@link #notWaiting}, for reading what is committed only. */
  public static MergedStore committed(PartitionStore store, MergedState shared) {
    return new MergedStore(store, Look.COMMITTED, shared);
  }

  /** What is known of the cells as a whole. */
  public MergedState state() {
    return shared;
  }

  /** The last stamp of each origin that came here, in whatever cell. */
  public SeenStamps seen() {
    return shared.seen();
  }

  /**
   * The stamp of the write that hides the one merged last, which had the smaller stamp although it
   * may have come later; 0 when it is seen.
   */
  public long supersededBy() {
    return supersededBy;
  }

  /** Whether the write that was merged last is live now, and was not here before. */
  public boolean addedWrite() {
    return addedWrite;
  }

  /** The value that is hidden since the last merge, or null: see {@link Hiding#of}. */
  public Hiding hiding() {
    return hiding;
  }

  private void noteHiding(Write before, Write added, Versions now) {
    addedWrite = added != null && now.isLive(added);
    hiding = Hiding.of(before, added, now);
  }

  /** Looks a key up, be it there or not; good until the store is changed otherwise. */
  public Key open(byte[] key, int offset, int length) {
    Found found =
        switch (look) {
          case WAITING -> store.findBlocking(key, offset, length);
          case NEWEST -> store.find(key, offset, length);
          case COMMITTED -> store.findCommitted(key, offset, length);
        };
    byte[] name = Arrays.copyOfRange(key, offset, offset + length);
    if (found == Found.NOT_IN_MEMORY) {
      throw new CellsNotInMemory(name);
    }
    Key opened = new Key(name, store.entryIndex());
    if (found == Found.FOUND && store.type().isMerged()) {
      opened.read(store.foundValue());
    } else if (found == Found.FOUND) {
      opened.readPlain(store.type(), store.stamp(), store.expireAtMillis(), store.foundValue());
    }
    return opened;
  }

  /**
   * As {@link #scan}, of those that nobody has changed since several origins write.
   *
   * @return the next cursor; 0 at the end
   */
  public long scanPlain(long cursor, int count, Consumer<byte[]> visitor) {
    return store.scan(
        cursor,
        count,
        (key, offset, length, type, expireAt) -> {
          if (!type.isMerged()) {
            visitor.accept(Arrays.copyOfRange(key, offset, offset + length));
          }
        });
  }

  /** How many keys there are to see; expired ones count until they are purged. */
  public long keyCount() {
    return store.keyCount();
  }

  /** Visits names of keys, as {@link PartitionStore#scan} does; not those that are gone. */
  public long scan(long cursor, int count, Consumer<byte[]> visitor) {
    return store.scan(
        cursor,
        count,
        (key, offset, length, type, expireAt) -> {
          if (type != CellType.GONE) {
            visitor.accept(Arrays.copyOfRange(key, offset, offset + length));
          }
        });
  }

  /** Visits the names of all keys; not those that are gone. */
  public void forEachKey(Consumer<byte[]> visitor) {
    long cursor = 0;
    do {
      cursor = scan(cursor, SCAN_COUNT, visitor);
    } while (cursor != 0);
  }

  /** A key near a random place, be it gone or not; null when there is none. */
  public byte[] randomKey(long random) {
    return store.randomKey(random);
  }

  /** Receives keys and their digests. */
  @FunctionalInterface
  public interface LeafVisitor {
    void visit(byte[] key, long digest);
  }

  /**
   * Visits all committed keys of a leaf of the {@link MergedTree}, also those of which only what
   * was removed is kept. The digests of a leaf's keys add up to its sum. May wait for the disk.
   *
   * @param leaf 0 to {@link MergedTree#LEAVES} - 1
   */
  public void listLeaf(int leaf, LeafVisitor visitor) {
    store.visitMerged(MergedTree.firstHash(leaf), MergedTree.firstHash(leaf + 1), visitor::visit);
  }

  // Purging.

  /**
   * Forgets what was removed up to the horizon; from now on, merging is with that horizon. Goes
   * round the keys, from where the last call ended; a reader thread looks for those that only the
   * disk has. Needs no entry: nobody can see a difference.
   *
   * <p>May wait for the disk where fields were removed: it reads all fields of their keys.
   *
   * <p>On its way it notes keys that expired: see {@link #takeExpired}.
   *
   * @param horizon every replica has all entries up to this stamp; and of counters, also all that
   *     their origins counted before they had those entries: so better the horizon before the
   *     present one, from when all clocks were below the present one
   * @param nowMillis by which keys expire
   * @param maxSteps how many keys of the table to look at
   * @return from how many keys something went
   */
  public int purge(long horizon, long nowMillis, int maxSteps) {
    shared.reach(horizon);
    return store.purge(new Purge(horizon, nowMillis), maxSteps);
  }

  /**
   * Keys that {@link #purge} found expired before both its horizon and its time, with nothing
   * written since then: to be removed by an entry, if they are still expired, and then forgotten
   * like what else was removed.
   *
   * <p>They can't be forgotten without one. Who has forgotten a key makes it anew without saying
   * that what was there is removed; where that is still kept, it would be seen again with what is
   * new, or take that with it.
   *
   * @return some of them, for this time; the others in a later round
   */
  public List<byte[]> takeExpired() {
    List<byte[]> taken = List.copyOf(expired);
    expired.clear();
    return taken;
  }

  private final class Purge implements CellSweep.Collector {
    private final long horizon;
    private final long expiredMillis;

    Purge(long horizon, long nowMillis) {
      this.horizon = horizon;
      expiredMillis = Math.min(nowMillis, Stamp.millis(horizon));
    }

    @Override
    public boolean collect(int handle) {
      Arena arena = store.arena();
      if (!CellType.ofStored(arena.type(handle)).isMerged()) {
        return false;
      }
      Key key = new Key(arena.key(handle), 0).read(arena.value(handle));
      boolean known = arena.stamp(handle) <= horizon;
      if (known && key.isExpired(expiredMillis) && expired.size() < MAX_EXPIRED) {
        expired.add(key.name);
      }
      return key.mayForget(known) && key.forget(handle, horizon, known);
    }

    @Override
    public boolean wants(byte[] stored) {
      if (!CellType.ofStored(StoredCell.type(stored)).isMerged()) {
        return false;
      }
      byte[] value = Arrays.copyOfRange(stored, StoredCell.HEADER, stored.length);
      Key key = new Key(CellDisk.ABSENT, 0).read(value);
      boolean known = StoredCell.stamp(stored) <= horizon;
      return key.mayForget(known) || known && key.isExpired(expiredMillis);
    }
  }

  /** A number that no other collection of this store has: of the entry that makes it. */
  private long newCollection(long index) {
    collections = index == collectionIndex ? collections + 1 : 0;
    collectionIndex = index;
    Invariants.check(collections < 1 << 20 && index < 1L << 43, "too many collections in an entry");
    return index << 20 | collections;
  }

  /** Receives visible fields; the arrays are only valid during the call. */
  @FunctionalInterface
  public interface FieldVisitor {
    void visit(byte[] field, int offset, int length, Versions versions);
  }

  /** As {@link FieldVisitor}, of all fields, also those that are not to be seen. */
  @FunctionalInterface
  public interface StoredVisitor {
    void visit(CellType type, byte[] field, int offset, int length, Versions versions);
  }

  /** One key, with its fields. Changes reach the store when it is {@link #save saved}. */
  public final class Key {
    private final byte[] name;
    private final MergedKey state = new MergedKey();
    private final SeenStamps newest = new SeenStamps();
    private long collection = Head.NO_COLLECTION;
    private long storedFields;
    private long visibleFields;
    private long fieldsWithRemoved;
    private long fieldsDigest;
    private boolean hasCounters;
    private boolean hasOrder;
    private boolean changed;
    private long entryIndex;

    /** What it was when one leader wrote it, and still is in the store; else null. */
    private CellType plain;

    private long plainStamp;

    private Key(byte[] name, long entryIndex) {
      this.name = name;
      this.entryIndex = entryIndex;
    }

    private Key read(byte[] stored) {
      collection = Head.collection(stored, 0);
      storedFields = Head.count(stored, 0);
      ByteSource source = behindDigest(stored, 0);
      int flags = source.getByte();
      hasCounters = (flags & COUNTERS) != 0;
      hasOrder = (flags & Head.ORDERED) != 0;
      visibleFields = source.getVarint();
      fieldsWithRemoved = source.getVarint();
      fieldsDigest = source.getLong();
      newest.read(source);
      state.read(source);
      return this;
    }

    private void readPlain(CellType type, long stamp, long expireAt, byte[] stored) {
      plain = type;
      plainStamp = stamp;
      if (type == CellType.STRING) {
        state.string().merge(plainVersions(stored));
      } else {
        state.putFields(type, stamp, BEFORE);
        collection = Head.collection(stored, 0);
        storedFields = Head.count(stored, 0);
        visibleFields = storedFields;
      }
      if (expireAt != 0) {
        state.putExpiry(expireAt, stamp, BEFORE);
      }
      state.noteIn(shared.seen()); // so that who removes it hides it
      shared.observe(stamp);
    }

    /** Fields that were overwritten are no older than their key here: nothing else was written. */
    private Versions plainVersions(byte[] value) {
      Versions versions = new Versions();
      new Versions().put(BEFORE, plainStamp, value, 0, value.length, versions);
      return versions;
    }

    /** Whether nobody has changed it since several origins write. */
    public boolean isPlain() {
      return plain != null;
    }

    /**
     * Makes a key that one leader wrote before one of these, as of an entry, with all its fields.
     */
    public void adopt(long index) {
      if (plain == null) {
        return;
      }
      List<StoredField> fields = storedFields();
      plain = null;
      changed = true;
      collection = Head.NO_COLLECTION;
      countNone();
      if (fields.isEmpty()) {
        return;
      }
      collection = newCollection(index);
      Versions versions = new Versions();
      for (StoredField each : fields) {
        versions.read(new ByteSource(each.cell()));
        count(each.name(), versions, 1);
        versions.noteIn(newest);
        put(index, each.name(), versions);
        move(index, each.name(), null, placeOf(each.name(), versions));
      }
    }

    public byte[] name() {
      return name;
    }

    public MergedKey state() {
      return state;
    }

    /** What the key is to see, expired or not; null when it is not there. */
    public CellType type() {
      return state.type(visibleFields);
    }

    /** The same wherever the same is held of the key and its fields; 0 of nothing. */
    public long digest() {
      long held = state.digest() + fieldsDigest;
      return held == 0 ? 0 : Hash64.combine(Hash64.of(name), held);
    }

    /**
     * The same wherever the same is to be seen of the key and its fields, whatever of what was
     * removed is held; 0 when nothing is. May wait for the disk.
     *
     * @param nowMillis by which the key may have expired
     */
    public long visibleDigest(long nowMillis) {
      CellType type = type();
      if (type == null || isExpired(nowMillis)) {
        return 0;
      }
      long[] seen = {Hash64.combine(state.expireAt(type), type.code())};
      if (type == CellType.STRING) {
        seen[0] += state.string().visibleDigest();
      } else {
        forEach(
            type,
            (field, offset, length, versions) ->
                seen[0] +=
                    Hash64.combine(Hash64.of(field, offset, length), versions.visibleDigest()));
      }
      return seen[0];
    }

    /** How many fields of {@link MergedKey#fieldsType()} there are to see. */
    public long visibleFields() {
      return visibleFields;
    }

    /** Whether some field is, or was, a counter. */
    public boolean hasCounters() {
      return hasCounters;
    }

    /** Whether fields are stored, seen or not. */
    public boolean hasFields() {
      return storedFields > 0;
    }

    /** Index of the latest entry that decided what was looked at. */
    public long entryIndex() {
      return entryIndex;
    }

    /** A field as its readers see it; empty when it is not there. */
    public Versions field(CellType type, byte[] field, int offset, int length) {
      Versions versions = stored(storedName(type, field, offset, length));
      versions.hide(state.removed());
      return versions;
    }

    private Versions stored(byte[] fieldName) {
      Versions versions = new Versions();
      if (collection == Head.NO_COLLECTION) {
        return versions;
      }
      FieldCells fields = store.fields();
      int from = plain == null ? 0 : 1; // one leader's fields have no type before their names
      int length = fieldName.length - from;
      if (plain != null && fieldName[0] != (byte) plain.code()) {
        return versions;
      }
      if (plain == CellType.LIST) {
        return plainElement(fieldName);
      }
      Found found = fields.find(look, collection, fieldName, from, length);
      if (found == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.field(
            name, collection, Arrays.copyOfRange(fieldName, from, fieldName.length));
      }
      entryIndex = Math.max(entryIndex, store.entryIndex());
      if (plain != null && found == Found.FOUND) {
        return plainVersions(store.foundValue());
      }
      return found == Found.FOUND ? versions.read(new ByteSource(store.foundValue())) : versions;
    }

    /** Elements of one leader's lists are in their order only. */
    private Versions plainElement(byte[] fieldName) {
      openOrder(CellType.LIST);
      boolean there = order.find(fieldName, 1, fieldName.length - 1);
      entryIndex = Math.max(entryIndex, order.entryIndex());
      if (!there) {
        return new Versions();
      }
      byte[] value = new byte[order.valueLength()];
      order.copyValue(0, value, 0, value.length);
      return plainVersions(value);
    }

    // The order of those that are to be seen.

    private void openOrder(CellType type) {
      order.open(type, collection, name, 0, name.length);
    }

    private boolean isOrdered() {
      return hasOrder || plain != null && plain.isOrdered();
    }

    /** How many fields of a type come before a place; see {@link Fields#rank}. */
    public long rank(CellType type, byte[] place, int offset, int length) {
      if (!isOrdered()) {
        return 0;
      }
      openOrder(type);
      long rank = order.rank(place, offset, length);
      entryIndex = Math.max(entryIndex, order.entryIndex());
      return rank;
    }

    /** Visits fields of a type in their order; see {@link Fields#visit}. */
    public void visit(
        CellType type, long rank, long count, boolean backwards, Fields.Visitor visitor) {
      if (!isOrdered()) {
        return;
      }
      List<byte[]> elements = new ArrayList<>();
      boolean apart = type == CellType.LIST && plain == null; // their values are elsewhere
      Fields.Visitor noting =
          (field, offset, length, value, valueOffset, valueLength) ->
              elements.add(Arrays.copyOfRange(field, offset, offset + length));
      openOrder(type);
      order.visit(rank, count, backwards, OrderedFields.visitorOf(type, apart ? noting : visitor));
      entryIndex = Math.max(entryIndex, order.entryIndex());
      for (byte[] element : elements) {
        byte[] value = field(type, element, 0, element.length).written().value();
        visitor.visit(element, 0, element.length, value, 0, value.length);
      }
    }

    /** Where a field is in its order; null when it is not to be seen, or its type has no order. */
    private byte[] placeOf(byte[] fieldName, Versions versions) {
      CellType type = CellType.of(fieldName[0]);
      if (!type.isOrdered() || !versions.isVisible()) {
        return null;
      }
      int length = fieldName.length - 1;
      if (type == CellType.LIST) {
        return Arrays.copyOfRange(fieldName, 1, fieldName.length);
      }
      byte[] place = Arrays.copyOf(scoreOf(versions), Score.BYTES + length);
      System.arraycopy(fieldName, 1, place, Score.BYTES, length);
      return place;
    }

    /** A field is in another place now, or is none; null for none. */
    private void move(long index, byte[] fieldName, byte[] before, byte[] now) {
      if (Arrays.equals(before, now)) {
        return;
      }
      hasOrder = true;
      openOrder(CellType.of(fieldName[0]));
      long stamp = Math.max(1, shared.lastStamp());
      if (before != null) {
        order.remove(index, stamp, before, 0, before.length);
      }
      if (now != null) {
        order.put(index, stamp, now, 0, now.length, NOTHING, 0, 0);
      }
    }

    /** Visits the fields of a type that are to be seen. */
    public void forEach(CellType type, FieldVisitor visitor) {
      show(type, storedFields(), visitor);
    }

    /** Visits those that are to be seen; returns how many. */
    private int show(CellType type, List<StoredField> fields, FieldVisitor visitor) {
      int shown = 0;
      Versions versions = new Versions();
      for (StoredField each : fields) {
        if (each.type() == type) {
          versions.read(new ByteSource(each.cell()));
          versions.hide(state.removed());
          if (versions.isVisible()) {
            visitor.visit(each.name(), 1, each.name().length - 1, versions);
            shown++;
          }
        }
      }
      return shown;
    }

    /**
     * Visits some fields of a type that are to be seen, as {@link FieldCells#scan} does. It begins
     * anew when the key was adopted since the last call: its fields have another order then.
     *
     * @param cursor 0 at first, then what the last call returned
     * @return the next cursor, below 2^32, or 0 at the end
     */
    public long scan(CellType type, long cursor, int count, FieldVisitor visitor) {
      if (collection == Head.NO_COLLECTION) {
        return 0;
      }
      long order = plain == null ? FieldCells.PLACES : 0;
      long place = cursor - order;
      boolean ofThisOrder = place >= 0 && place < FieldCells.PLACES;
      List<StoredField> some = new ArrayList<>();
      boolean committedOnly = look == Look.COMMITTED;
      long next =
          store
              .fields()
              .scan(collection, committedOnly, ofThisOrder ? place : 0, count, into(some));
      entryIndex = Math.max(entryIndex, store.entryIndex());
      show(type, some, visitor);
      return next == 0 ? 0 : order + next;
    }

    /**
     * Visits a field of a type that is to be seen, picked at random, each as likely as any other;
     * nothing when there is none. May wait for the disk, as {@link FieldCells#pick} does.
     *
     * @param random draws numbers
     */
    public void pick(CellType type, LongSupplier random, FieldVisitor visitor) {
      for (int i = 0; i < MAX_PICKS && storedFields > 0; i++) {
        if (show(type, List.of(pickStored(random)), visitor) > 0) {
          return;
        }
      }
      // Hardly any of what is stored is to be seen.
      List<StoredField> shown = new ArrayList<>();
      for (StoredField each : storedFields()) {
        if (show(type, List.of(each), (field, offset, length, versions) -> {}) > 0) {
          shown.add(each);
        }
      }
      if (!shown.isEmpty()) {
        int number = (int) Long.remainderUnsigned(random.getAsLong(), shown.size());
        show(type, List.of(shown.get(number)), visitor);
      }
    }

    private StoredField pickStored(LongSupplier random) {
      List<StoredField> picked = new ArrayList<>();
      FieldCells fields = store.fields();
      if (look == Look.WAITING) {
        fields.pickBlocking(collection, storedFields, random, into(picked));
      } else if (fields.pick(collection, look == Look.COMMITTED, storedFields, random, into(picked))
          == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.fields(name, collection);
      }
      entryIndex = Math.max(entryIndex, store.entryIndex());
      return picked.get(0);
    }

    /** Visits all fields, of both types, also what is left of those that were removed. */
    public void forEachStored(StoredVisitor visitor) {
      Versions versions = new Versions();
      for (StoredField each : storedFields()) {
        versions.read(new ByteSource(each.cell()));
        versions.hide(state.removed());
        visitor.visit(each.type(), each.name(), 1, each.name().length - 1, versions);
      }
    }

    /** All fields as they are stored, of both types, also those that are not to be seen. */
    private List<StoredField> storedFields() {
      List<StoredField> all = new ArrayList<>();
      if (collection == Head.NO_COLLECTION) {
        return all;
      }
      Fields.Visitor visitor = into(all);
      if (plain == CellType.LIST) {
        visit(plain, 0, storedFields, false, visitor);
      } else if (look == Look.WAITING) {
        store.fields().visitBlocking(collection, storedFields, visitor);
      } else if (store.fields().visit(collection, look == Look.COMMITTED, storedFields, visitor)
          == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.fields(name, collection);
      }
      entryIndex = Math.max(entryIndex, store.entryIndex());
      return all;
    }

    private Fields.Visitor into(List<StoredField> all) {
      return (field, offset, length, value, valueOffset, valueLength) ->
          all.add(
              storedField(
                  Arrays.copyOfRange(field, offset, offset + length),
                  Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength)));
    }

    private StoredField storedField(byte[] field, byte[] value) {
      return plain == null
          ? new StoredField(field, value)
          : new StoredField(
              storedName(plain, field, 0, field.length), bytesOf(plainVersions(value)));
    }

    /**
     * Merges all that another copy holds of the key into this one, which forgot: however old that
     * is, and what was purged there goes here, too.
     *
     * @param told all that the other copy holds of it, but for its fields
     * @param fields all of its fields; their names begin with their type
     * @param purged up to this stamp the other copy lacks nothing but what it has purged; 0 for
     *     none
     */
    public void fill(long index, MergedKey told, SortedMap<Bytes, Versions> fields, long purged) {
      adopt(index);
      if (purged > 0) {
        dropUntold(index, told, fields, purged);
      }
      merge(index, told, 0);
      fields.forEach(
          (name, versions) ->
              merge(
                  index,
                  CellType.of(name.array()[0]),
                  name.array(),
                  1,
                  name.length() - 1,
                  versions,
                  0));
    }

    private void dropUntold(
        long index, MergedKey told, SortedMap<Bytes, Versions> fields, long purged) {
      changed |= state.dropUntold(told, purged);
      if (storedFields == 0) {
        return;
      }
      List<StoredField> all = storedFields();
      countNone();
      newest.clear();
      hasCounters = false;
      Versions none = new Versions();
      Versions versions = new Versions();
      for (StoredField each : all) {
        versions.read(new ByteSource(each.cell()));
        Versions toldOf = fields.getOrDefault(Bytes.wrap(each.name()), none);
        byte[] place = placeOf(each.name(), versions);
        if (versions.dropUntold(toldOf, purged)) {
          changed = true;
          putOrRemove(index, each.name(), versions);
          move(index, each.name(), place, placeOf(each.name(), versions));
        }
        count(each.name(), versions, 1);
        hasCounters |= versions.isCounter();
        versions.noteIn(newest);
      }
      if (storedFields == 0) {
        leaveCollection();
      }
    }

    private void putOrRemove(long index, byte[] fieldName, Versions versions) {
      if (versions.isEmpty()) {
        long stamp = Math.max(1, shared.lastStamp());
        store.fields().remove(index, stamp, collection, fieldName, 0, fieldName.length);
      } else {
        put(index, fieldName, versions);
      }
    }

    /** Merges a change, or all that another replica has of the key. */
    public void merge(long index, MergedKey change) {
      merge(index, change, shared.horizon());
    }

    private void merge(long index, MergedKey change, long horizon) {
      adopt(index);
      Write written = change.string().written();
      change.string().noteIn(shared.seen());
      shared.observe(Math.max(change.largestStamp(), change.removed().largest()));
      CellType fieldsBefore = state.fieldsType();
      boolean removedMore = !state.removed().covers(change.removed());
      Write before = state.string().written();
      Write added = written == null || state.string().isLive(written) ? null : written;
      changed |= state.merge(change, horizon);
      noteHiding(before, added, state.string());
      Write now = state.string().written();
      boolean hidden = written != null && now != null && now.isLaterThan(written);
      supersededBy = Math.max(hidden ? now.stamp() : 0, state.laterExpiry(change));
      if (removedMore && storedFields > 0) {
        hideFields(index);
      } else if (state.fieldsType() != fieldsBefore && storedFields > 0) {
        countFields();
      }
    }

    /** Merges a change, or all that another replica has, of a field. */
    public void merge(
        long index, CellType type, byte[] field, int offset, int length, Versions change) {
      merge(index, type, field, offset, length, change, shared.horizon());
    }

    private void merge(
        long index,
        CellType type,
        byte[] field,
        int offset,
        int length,
        Versions change,
        long horizon) {
      adopt(index);
      byte[] fieldName = storedName(type, field, offset, length);
      Versions versions = stored(fieldName);
      boolean isNew = versions.isEmpty();
      Write written = change.written();
      change.noteIn(shared.seen());
      shared.observe(change.largestStamp());
      count(fieldName, versions, -1);
      Write before = versions.written();
      byte[] place = placeOf(fieldName, versions);
      Write added = written == null || versions.isLive(written) ? null : written;
      if (!versions.merge(change, horizon)) {
        count(fieldName, versions, 1);
        supersededBy = 0;
        noteHiding(null, null, versions);
        return;
      }
      versions.hide(state.removed());
      noteHiding(before, added, versions);
      Write now = versions.written();
      supersededBy = written != null && now != null && now.isLaterThan(written) ? now.stamp() : 0;
      if (isNew && versions.isCoveredBy(state.removed())) {
        return; // what the key's removers had seen
      }
      if (collection == Head.NO_COLLECTION) {
        collection = newCollection(index);
      }
      count(fieldName, versions, 1);
      hasCounters |= versions.isCounter();
      versions.noteIn(newest);
      put(index, fieldName, versions);
      move(index, fieldName, place, placeOf(fieldName, versions));
      nameForgottenType(type); // it counts what is stored
      changed = true;
    }

    /**
     * A type is told when the first field is written. If it was forgotten here with the key, while
     * somebody else who had not heard that all fields were removed went on with them, then the
     * fields are seen nevertheless, until the type is told again.
     */
    private void nameForgottenType(CellType type) {
      if (state.fieldsType() == null && shared.horizon() > 0) {
        state.putFields(type, FORGOTTEN_STAMP, 0);
        if (storedFields > 0) {
          countFields();
        }
      }
    }

    /** Adds a stored field to what the key says of its fields, or takes it off. */
    private void count(byte[] fieldName, Versions versions, int sign) {
      if (versions.isEmpty()) {
        return; // not stored
      }
      storedFields += sign;
      fieldsWithRemoved += versions.hasRemoved() ? sign : 0;
      fieldsDigest += sign * Hash64.combine(Hash64.of(fieldName), versions.digest());
      if (versions.isVisible()) {
        visibleFields += CellType.of(fieldName[0]) == state.fieldsType() ? sign : 0;
      }
    }

    private void put(long index, byte[] fieldName, Versions versions) {
      scratch.clear();
      versions.write(scratch);
      store
          .fields()
          .put(
              index,
              Math.max(1, shared.lastStamp()),
              collection,
              fieldName,
              0,
              fieldName.length,
              scratch.array(),
              0,
              scratch.size());
    }

    /**
     * The key was removed as others had seen it. Mostly that is all there is here, and the whole
     * collection goes at once.
     */
    private void hideFields(long index) {
      if (!hasCounters && state.removed().covers(newest)) {
        leaveCollection();
        return;
      }
      List<StoredField> all = storedFields();
      countNone();
      Versions versions = new Versions();
      for (StoredField each : all) {
        versions.read(new ByteSource(each.cell()));
        byte[] place = placeOf(each.name(), versions);
        boolean hidden = versions.hide(state.removed());
        move(index, each.name(), place, placeOf(each.name(), versions));
        // Hidden now or removed before: where it comes only later, it is not stored either.
        if (versions.isCoveredBy(state.removed())) {
          byte[] field = each.name();
          long stamp = Math.max(1, shared.lastStamp());
          store.fields().remove(index, stamp, collection, field, 0, field.length);
          continue;
        }
        count(each.name(), versions, 1);
        if (hidden) {
          put(index, each.name(), versions);
        }
      }
    }

    private void leaveCollection() {
      collection = Head.NO_COLLECTION;
      hasCounters = false;
      hasOrder = false;
      newest.clear();
      countNone();
    }

    private void countNone() {
      storedFields = 0;
      visibleFields = 0;
      fieldsWithRemoved = 0;
      fieldsDigest = 0;
    }

    private void countFields() {
      visibleFields = 0;
      forEach(state.fieldsType(), (field, offset, length, versions) -> visibleFields++);
    }

    /** Puts the key back into the store if something has changed, as of an entry. */
    public void save(long index) {
      if (!changed) {
        return;
      }
      changed = false;
      write();
      long stamp = Math.max(1, shared.lastStamp());
      store.put(
          index, stamp, storedType(), 0, name, 0, name.length, scratch.array(), 0, scratch.size());
    }

    private CellType storedType() {
      return type() == null ? CellType.GONE : CellType.MERGED;
    }

    private void write() {
      scratch.clear();
      scratch.putLong(collection).putLong(storedFields).putLong(digest());
      scratch.putByte((hasCounters ? COUNTERS : 0) | (hasOrder ? Head.ORDERED : 0));
      scratch.putVarint(visibleFields).putVarint(fieldsWithRemoved).putLong(fieldsDigest);
      newest.write(scratch);
      state.write(scratch);
    }

    // Purging: of a committed key that has no uncommitted version.

    /** Whether it may have something to forget; of fields, they must be looked at to know. */
    private boolean mayForget(boolean known) {
      return fieldsWithRemoved > 0 || known && (type() == null || state.hasRemoved());
    }

    private boolean isExpired(long atMillis) {
      CellType type = type();
      return type != null && StoredCell.expired(state.expireAt(type), atMillis);
    }

    /**
     * Forgets what is known to all replicas.
     *
     * @param handle the key's record, at which the store's index stands
     * @param known whether that is all that the key says; otherwise only fields may be older
     * @return whether something went
     */
    private boolean forget(int handle, long horizon, boolean known) {
      boolean gone = fieldsWithRemoved > 0 && forgetFields(horizon);
      gone |= known && state.purge(horizon);
      if (known && type() == null && storedFields == 0) {
        store.forgetFound(handle);
        return true;
      }
      if (gone) {
        write();
        store.replaceFound(handle, storedType(), scratch.array(), scratch.size());
      }
      return gone;
    }

    private boolean forgetFields(long horizon) {
      List<CommittedField> all = new ArrayList<>();
      store
          .fields()
          .visitCommitted(
              collection, (field, stamp, cell) -> all.add(new CommittedField(field, stamp, cell)));
      Invariants.check(
          all.size() == storedFields, "a key counts its fields", all.size(), storedFields);
      countNone();
      newest.clear();
      hasCounters = false;
      boolean gone = false;
      for (CommittedField each : all) {
        Versions versions = new Versions().read(new ByteSource(each.cell()));
        if (each.stamp() <= horizon && versions.purge(horizon)) {
          gone = true;
          store.fields().replaceCommitted(collection, each.name(), each.stamp(), bytesOf(versions));
        }
        count(each.name(), versions, 1);
        hasCounters |= versions.isCounter();
        versions.noteIn(newest);
      }
      if (storedFields == 0) {
        leaveCollection();
      }
      return gone;
    }

    /** Null when nothing is left. */
    private byte[] bytesOf(Versions versions) {
      scratch.clear();
      versions.write(scratch);
      return versions.isEmpty() ? null : scratch.toArray();
    }

    @Override
    public String toString() {
      return Bytes.wrap(name) + " " + type() + " fields=" + visibleFields + "/" + storedFields;
    }
  }

  /** A member's score: what was written, and what was added to it. */
  public static byte[] scoreOf(Versions versions) {
    Write written = versions.written();
    if (!versions.hasCounter()) {
      return written.value();
    }
    double score = written == null ? 0 : Score.read(written.value(), 0);
    byte[] bytes = new byte[Score.BYTES];
    Score.write(score + versions.counterSum(), bytes, 0);
    return bytes;
  }

  private static ByteSource behindDigest(byte[] array, int record) {
    int at = record + Head.DIGEST_AT + Long.BYTES;
    return new ByteSource(array, at, array.length - at);
  }

  /** Where the {@link MergedKey} is in the record of a key, to whose end it reaches. */
  static int stateAt(byte[] array, int record) {
    ByteSource source = behindDigest(array, record);
    source.getByte();
    source.getVarint();
    source.getVarint();
    source.getLong();
    new SeenStamps().read(source);
    return source.position();
  }

  private record CommittedField(byte[] name, long stamp, byte[] cell) {}

  /** A field's name begins with its type. */
  private record StoredField(byte[] name, byte[] cell) {
    CellType type() {
      return CellType.of(name[0]);
    }
  }

  /** Under which a field is told to {@link Key#fill}. */
  public static Bytes fieldName(CellType type, byte[] field, int offset, int length) {
    return Bytes.wrap(storedName(type, field, offset, length));
  }

  private static byte[] storedName(CellType type, byte[] field, int offset, int length) {
    byte[] name = new byte[length + 1];
    name[0] = (byte) type.code();
    System.arraycopy(field, offset, name, 1, length);
    return name;
  }
}
