package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.SeenStamps;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.storage.PartitionStore.Found;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The cells of a partition that several origins write, in a store: each is merged with what is
 * there. What is removed stays as a key of type {@link CellType#GONE} until it is purged.
 *
 * <p>A key's record is a {@link Head}, then what only this copy knows, then the {@link MergedKey}:
 *
 * <pre>
 * collection (8) · stored fields (8) · visible fields (varint) · has counters (1) · newest of the
 * fields' stamps ({@link SeenStamps}) · key ({@link MergedKey})
 * </pre>
 *
 * <p>A field's record is its {@link Versions}, under its type (1) and name: fields of both types
 * may have to be kept. What the key's removers had seen of it is hidden when it is read.
 *
 * <p>For the owner's thread, like the store.
 */
public final class MergedStore {
  private static final int SCAN_COUNT = 1_000;

  private final PartitionStore store;
  private final boolean waits;
  private final SeenStamps seen;
  private final ByteSink scratch = new ByteSink();
  private long collectionIndex;
  private int collections;
  private long supersededBy;

  private MergedStore(PartitionStore store, boolean waits, SeenStamps seen) {
    this.store = store;
    this.waits = waits;
    this.seen = seen;
    store.keepsRemovedKeys();
  }

  /**
   * Merges with what the disk has by waiting for it.
   *
   * @param seen is told of all that is merged
   */
  public static MergedStore waiting(PartitionStore store, SeenStamps seen) {
    return new MergedStore(store, true, seen);
  }

  /** Throws {@link CellsNotInMemory} where only the disk knows. */
  public static MergedStore notWaiting(PartitionStore store, SeenStamps seen) {
    return new MergedStore(store, false, seen);
  }

  /** The last stamp of each origin that came here, in whatever cell. */
  public SeenStamps seen() {
    return seen;
  }

  /**
   * The stamp of the write that hides the one merged last, which had the smaller stamp although it
   * may have come later; 0 when it is seen.
   */
  public long supersededBy() {
    return supersededBy;
  }

  /** Looks a key up, be it there or not; good until the store is changed otherwise. */
  public Key open(byte[] key, int offset, int length) {
    Found found = waits ? store.findBlocking(key, offset, length) : store.find(key, offset, length);
    byte[] name = Arrays.copyOfRange(key, offset, offset + length);
    if (found == Found.NOT_IN_MEMORY) {
      throw new CellsNotInMemory(name);
    }
    return new Key(name, found == Found.FOUND ? store.foundValue() : null, store.entryIndex());
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
          if (type == CellType.MERGED) {
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
    private boolean hasCounters;
    private boolean changed;
    private long entryIndex;

    private Key(byte[] name, byte[] stored, long entryIndex) {
      this.name = name;
      this.entryIndex = entryIndex;
      if (stored == null) {
        return;
      }
      collection = Head.collection(stored, 0);
      storedFields = Head.count(stored, 0);
      ByteSource source = new ByteSource(stored, Head.BYTES, stored.length - Head.BYTES);
      visibleFields = source.getVarint();
      hasCounters = source.getByte() != 0;
      newest.read(source);
      state.read(source);
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
      Versions versions = stored(fieldName(type, field, offset, length));
      versions.hide(state.removed());
      return versions;
    }

    private Versions stored(byte[] fieldName) {
      Versions versions = new Versions();
      if (collection == Head.NO_COLLECTION) {
        return versions;
      }
      FieldCells fields = store.fields();
      Found found =
          waits
              ? fields.findBlocking(collection, fieldName, 0, fieldName.length)
              : fields.find(collection, fieldName, 0, fieldName.length);
      if (found == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.field(name, collection, fieldName);
      }
      entryIndex = Math.max(entryIndex, store.entryIndex());
      return found == Found.FOUND ? versions.read(new ByteSource(store.foundValue())) : versions;
    }

    /** Visits the fields of a type that are to be seen. */
    public void forEach(CellType type, FieldVisitor visitor) {
      Versions versions = new Versions();
      for (StoredField each : storedFields()) {
        if (each.type() == type) {
          versions.read(new ByteSource(each.cell()));
          versions.hide(state.removed());
          if (versions.isVisible()) {
            visitor.visit(each.name(), 1, each.name().length - 1, versions);
          }
        }
      }
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
      io.trefoil.cell.Fields.Visitor visitor =
          (field, offset, length, value, valueOffset, valueLength) ->
              all.add(
                  new StoredField(
                      Arrays.copyOfRange(field, offset, offset + length),
                      Arrays.copyOfRange(value, valueOffset, valueOffset + valueLength)));
      if (waits) {
        store.fields().visitBlocking(collection, storedFields, visitor);
      } else if (store.fields().visit(collection, false, storedFields, visitor)
          == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.fields(name, collection);
      }
      entryIndex = Math.max(entryIndex, store.entryIndex());
      return all;
    }

    /** Merges a change, or all that another replica has of the key. */
    public void merge(long index, MergedKey change) {
      Write written = change.string().written();
      change.string().noteIn(seen);
      CellType fieldsBefore = state.fieldsType();
      boolean removedMore = !state.removed().covers(change.removed());
      changed |= state.merge(change);
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
      byte[] fieldName = fieldName(type, field, offset, length);
      Versions versions = stored(fieldName);
      boolean isNew = versions.isEmpty();
      versions.hide(state.removed());
      boolean before = versions.isVisible();
      Write written = change.written();
      change.noteIn(seen);
      if (!versions.merge(change)) {
        supersededBy = 0;
        return;
      }
      versions.hide(state.removed());
      Write now = versions.written();
      supersededBy = written != null && now != null && now.isLaterThan(written) ? now.stamp() : 0;
      if (isNew && versions.isCoveredBy(state.removed())) {
        return; // what the key's removers had seen
      }
      if (collection == Head.NO_COLLECTION) {
        collection = newCollection(index);
      }
      storedFields += isNew ? 1 : 0;
      if (type == state.fieldsType()) {
        visibleFields += (versions.isVisible() ? 1 : 0) - (before ? 1 : 0);
      }
      hasCounters |= versions.isCounter();
      versions.noteIn(newest);
      put(index, fieldName, versions);
      changed = true;
    }

    private void put(long index, byte[] fieldName, Versions versions) {
      scratch.clear();
      versions.write(scratch);
      store
          .fields()
          .put(
              index,
              versions.largestStamp(),
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
        collection = Head.NO_COLLECTION;
        storedFields = 0;
        visibleFields = 0;
        newest.clear();
        return;
      }
      Versions versions = new Versions();
      for (StoredField each : storedFields()) {
        versions.read(new ByteSource(each.cell()));
        if (!versions.hide(state.removed())) {
          continue;
        }
        if (versions.isCoveredBy(state.removed())) {
          byte[] field = each.name();
          long stamp = Math.max(1, versions.largestStamp());
          store.fields().remove(index, stamp, collection, field, 0, field.length);
          storedFields--;
        } else {
          put(index, each.name(), versions);
        }
      }
      countFields();
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
      byte[] head = new byte[Head.BYTES];
      Head.write(head, collection, storedFields);
      scratch.clear();
      scratch.putBytes(head, 0, head.length).putVarint(visibleFields);
      scratch.putByte(hasCounters ? 1 : 0);
      newest.write(scratch);
      state.write(scratch);
      CellType stored = type() == null ? CellType.GONE : CellType.MERGED;
      long stamp = Math.max(1, state.largestStamp());
      store.put(index, stamp, stored, 0, name, 0, name.length, scratch.array(), 0, scratch.size());
    }

    @Override
    public String toString() {
      return Bytes.wrap(name) + " " + type() + " fields=" + visibleFields + "/" + storedFields;
    }
  }

  /** A field's name begins with its type. */
  private record StoredField(byte[] name, byte[] cell) {
    CellType type() {
      return CellType.of(name[0]);
    }
  }

  private static byte[] fieldName(CellType type, byte[] field, int offset, int length) {
    byte[] name = new byte[length + 1];
    name[0] = (byte) type.code();
    System.arraycopy(field, offset, name, 1, length);
    return name;
  }
}
