package io.trefoil.node;

import io.trefoil.base.Invariants;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Opened;
import io.trefoil.storage.FieldCells;
import io.trefoil.storage.Look;
import io.trefoil.storage.OrderedFields;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.PartitionStore.Found;
import java.util.Arrays;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A replica's cells as one command sees them: on the leader the newest, on a follower the committed
 * ones. It notes the largest uncommitted entry that the command looked at, which its reply waits
 * for.
 */
final class PartitionCells implements ReplicaCells, Cells {
  /** Keys of a partition that are looked at each tick. */
  private static final int COLLECT_STEPS = 200;

  private final PartitionReplica replica;
  private final OpenedFields opened = new OpenedFields();
  private final PartitionStore store;
  private final OrderedFields newestOrder;
  private final OrderedFields committedOrder;
  private boolean leading;
  private long now;
  private long heldIndex;
  private boolean judgedExpired;

  PartitionCells(PartitionReplica replica, PartitionStore store) {
    this.replica = replica;
    this.store = store;
    newestOrder = new OrderedFields(store, Look.NEWEST);
    committedOrder = new OrderedFields(store, Look.COMMITTED);
  }

  @Override
  public Cells begin(boolean onLeader, long nowMillis) {
    leading = onLeader;
    now = nowMillis;
    heldIndex = 0;
    judgedExpired = false;
    return this;
  }

  @Override
  public long heldIndex() {
    return heldIndex;
  }

  @Override
  public boolean judgedExpired() {
    return judgedExpired;
  }

  @Override
  public void collect(long untilMillis) {
    store.collectExpired(untilMillis, COLLECT_STEPS);
  }

  @Override
  public boolean find(byte[] key, int offset, int length) {
    Found found =
        leading ? store.find(key, offset, length) : store.findCommitted(key, offset, length);
    if (found == Found.NOT_IN_MEMORY) {
      throw new CellsNotInMemory(Arrays.copyOfRange(key, offset, offset + length));
    }
    heldIndex = Math.max(heldIndex, store.entryIndex());
    return found == Found.FOUND && !isExpired();
  }

  @Override
  public Fields fields(CellType type, byte[] key, int offset, int length) {
    boolean there = find(key, offset, length);
    if (there && store.type() != type) {
      return null;
    }
    opened.begin(type, key, offset, length, there);
    return opened;
  }

  private boolean isExpired() {
    long expireAt = store.expireAtMillis();
    if (expireAt == NEVER || expireAt > now) {
      return false;
    }
    if (leading && expireAt > replica.carriedTimeMillis()) {
      judgedExpired = true;
    } else if (leading) {
      heldIndex = Math.max(heldIndex, replica.carriedIndex());
    }
    return true;
  }

  @Override
  public CellType type() {
    return store.type();
  }

  @Override
  public long expireAtMillis() {
    return store.expireAtMillis();
  }

  @Override
  public long stamp() {
    return store.stamp();
  }

  @Override
  public int valueLength() {
    return store.valueLength();
  }

  @Override
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    store.copyValue(from, to, toOffset, length);
  }

  @Override
  public void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] value,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    EntryBuilder entry = replica.entry();
    replica.changes(key, keyOffset, keyLength);
    entry.put(
        CellType.STRING,
        expireAtMillis,
        key,
        keyOffset,
        keyLength,
        value,
        valueOffset,
        valueLength);
    store.put(
        entry.index(),
        entry.stamp(),
        CellType.STRING,
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
    EntryBuilder entry = replica.entry();
    replica.changes(key, offset, length);
    entry.remove(key, offset, length);
    store.remove(entry.index(), entry.stamp(), key, offset, length);
  }

  @Override
  public void setExpiry(byte[] key, int offset, int length, long expireAtMillis) {
    EntryBuilder entry = replica.entry();
    replica.changes(key, offset, length);
    entry.expire(expireAtMillis, key, offset, length);
    store.expire(entry.index(), entry.stamp(), expireAtMillis, key, offset, length);
  }

  /** Nobody who watches a key needs to hear: one that was there is gone. */
  @Override
  public void clear() {
    EntryBuilder entry = replica.entry();
    entry.clear();
    store.clear(entry.index(), entry.stamp());
  }

  /** What is read after this, by a session too, is to show all that is before it. */
  @Override
  public Position watch() {
    Invariants.check(leading, "keys are watched where they are written");
    lookedAtAll();
    return replica.watch();
  }

  @Override
  public boolean isUnchanged(Position since, byte[] key, int offset, int length) {
    Invariants.check(leading, "keys are watched where they are written");
    return replica.isUnchanged(since, key, offset, length);
  }

  @Override
  public long keyCount() {
    lookedAtAll();
    return store.keyCount();
  }

  @Override
  public long scan(long cursor, int count, KeyVisitor visitor) {
    lookedAtAll();
    return store.scan(
        cursor,
        count,
        (key, offset, length, type, expireAt) -> {
          if (expireAt == NEVER || expireAt > now) {
            visitor.visit(key, offset, length, type);
          }
        });
  }

  @Override
  public byte[] randomKey() {
    lookedAtAll();
    // A few tries: an expired key that is not collected yet is no answer.
    for (int attempt = 0; attempt < 100; attempt++) {
      byte[] key = store.randomKey(random());
      if (key == null || find(key, 0, key.length)) {
        return key;
      }
    }
    return null;
  }

  /** The fields of the key that was opened last. */
  private final class OpenedFields implements Fields {
    private CellType type;
    private byte[] key;
    private int keyOffset;
    private int keyLength;

    /** Null while the key has no field. */
    private Opened of;

    private long expireAt;
    private long headStamp;
    private long countBefore;
    private long count;

    /** Where the fields are looked for, when their type has an order. */
    private OrderedFields ordered;

    private Supplier<Stream<byte[]>> expected = Stream::empty;

    void begin(CellType newType, byte[] newKey, int offset, int length, boolean there) {
      type = newType;
      key = newKey;
      keyOffset = offset;
      keyLength = length;
      of = there ? new Opened(type, store.collection(), key, offset, length) : null;
      expireAt = there ? store.expireAtMillis() : NEVER;
      headStamp = there ? store.stamp() : 0;
      countBefore = there ? store.fieldCount() : 0;
      count = countBefore;
      ordered = type.isOrdered() ? openedOrder() : null;
      expected = Stream::empty;
    }

    private OrderedFields openedOrder() {
      OrderedFields fields = leading ? newestOrder : committedOrder;
      if (of != null) {
        fields.open(type, of.collection(), key, keyOffset, keyLength);
      }
      return fields;
    }

    @Override
    public long count() {
      return count;
    }

    @Override
    public void expect(Supplier<Stream<byte[]>> names, Supplier<Stream<byte[]>> places) {
      expected = names;
      if (ordered != null && of != null) {
        ordered.expect(names, places);
      }
    }

    @Override
    public boolean find(byte[] field, int offset, int length) {
      if (of == null) {
        return false;
      }
      if (ordered != null) {
        boolean there = ordered.find(field, offset, length);
        heldIndex = Math.max(heldIndex, ordered.entryIndex());
        return there;
      }
      long collection = of.collection();
      Found found =
          leading
              ? store.fields().find(collection, field, offset, length)
              : store.fields().findCommitted(collection, field, offset, length);
      if (found == Found.NOT_IN_MEMORY) {
        byte[] missing = Arrays.copyOfRange(field, offset, offset + length);
        throw CellsNotInMemory.fields(
            keyBytes(),
            collection,
            store.fields().missing(!leading, collection, missing, expected.get()));
      }
      heldIndex = Math.max(heldIndex, store.entryIndex());
      return found == Found.FOUND;
    }

    private byte[] keyBytes() {
      return Arrays.copyOfRange(key, keyOffset, keyOffset + keyLength);
    }

    @Override
    public long stamp() {
      return ordered == null ? store.stamp() : ordered.stamp();
    }

    /** A removed field is counted in the head, which has a new stamp then. */
    @Override
    public long newestStamp() {
      forEach((field, offset, length, value, valueOffset, valueLength) -> {});
      long ofFields = ordered == null ? store.fields().newestStamp() : ordered.newestStamp();
      return Math.max(headStamp, ofFields);
    }

    @Override
    public int valueLength() {
      return ordered == null ? store.valueLength() : ordered.valueLength();
    }

    @Override
    public void copyValue(int from, byte[] to, int toOffset, int length) {
      if (ordered == null) {
        store.copyValue(from, to, toOffset, length);
      } else {
        ordered.copyValue(from, to, toOffset, length);
      }
    }

    @Override
    public boolean put(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] value,
        int valueOffset,
        int valueLength) {
      boolean fresh = ordered == null && !find(field, fieldOffset, fieldLength);
      EntryBuilder entry = replica.entry();
      replica.changes(key, keyOffset, keyLength);
      if (of == null) {
        of = new Opened(type, replica.newCollection(), key, keyOffset, keyLength);
        ordered = type.isOrdered() ? openedOrder() : null;
      }
      entry.field(of, field, fieldOffset, fieldLength, value, valueOffset, valueLength);
      if (ordered != null) {
        fresh =
            ordered.put(
                entry.index(),
                entry.stamp(),
                field,
                fieldOffset,
                fieldLength,
                value,
                valueOffset,
                valueLength);
        heldIndex = Math.max(heldIndex, ordered.entryIndex());
        count += fresh ? 1 : 0;
        return fresh;
      }
      store
          .fields()
          .put(
              entry.index(),
              entry.stamp(),
              of.collection(),
              field,
              fieldOffset,
              fieldLength,
              value,
              valueOffset,
              valueLength);
      count += fresh ? 1 : 0;
      return fresh;
    }

    @Override
    public boolean remove(byte[] field, int offset, int length) {
      if (!find(field, offset, length)) {
        return false;
      }
      EntryBuilder entry = replica.entry();
      replica.changes(key, keyOffset, keyLength);
      entry.drop(of, field, offset, length);
      if (ordered == null) {
        store.fields().remove(entry.index(), entry.stamp(), of.collection(), field, offset, length);
      } else {
        ordered.removeFound(entry.index(), entry.stamp(), field, offset, length);
      }
      count--;
      return true;
    }

    /** A field that was only overwritten leaves the head as it is. */
    @Override
    public void save() {
      if (count == countBefore) {
        return;
      }
      if (count == 0) {
        PartitionCells.this.remove(key, keyOffset, keyLength);
        return;
      }
      replica.puts(type, key, keyOffset, keyLength);
      EntryBuilder entry = replica.entry();
      entry.head(of, expireAt, count);
      store.putHead(
          entry.index(),
          entry.stamp(),
          type,
          expireAt,
          key,
          keyOffset,
          keyLength,
          of.collection(),
          count);
    }

    @Override
    public long scan(long cursor, int limit, Visitor visitor) {
      if (of == null) {
        return 0;
      }
      // A cursor of when several nodes wrote the key is of another order: it begins anew.
      long place = cursor < FieldCells.PLACES ? cursor : 0;
      long next = store.fields().scan(of.collection(), !leading, place, limit, visitor);
      heldIndex = Math.max(heldIndex, store.entryIndex());
      return next;
    }

    @Override
    public void pick(Visitor visitor) {
      if (of == null || count == 0) {
        return;
      }
      Found found =
          store
              .fields()
              .pick(of.collection(), !leading, count, PartitionCells.this::random, visitor);
      if (found == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.fields(keyBytes(), of.collection());
      }
      heldIndex = Math.max(heldIndex, store.entryIndex());
    }

    @Override
    public long rank(byte[] place, int offset, int length) {
      if (of == null) {
        return 0;
      }
      long rank = ordered.rank(place, offset, length);
      heldIndex = Math.max(heldIndex, ordered.entryIndex());
      return rank;
    }

    @Override
    public void visit(long rank, long toVisit, boolean backwards, Visitor visitor) {
      if (of != null) {
        ordered.visit(rank, toVisit, backwards, visitor);
        heldIndex = Math.max(heldIndex, ordered.entryIndex());
      }
    }

    @Override
    public byte[] placeBetween(byte[] lower, byte[] upper) {
      return ListPlaces.between(lower, upper);
    }

    @Override
    public void forEach(Visitor visitor) {
      if (of == null) {
        return;
      }
      if (ordered != null) {
        visit(0, count, false, visitor);
        return;
      }
      Found found = store.fields().visit(of.collection(), !leading, count, visitor);
      if (found == Found.NOT_IN_MEMORY) {
        throw CellsNotInMemory.fields(keyBytes(), of.collection());
      }
      heldIndex = Math.max(heldIndex, store.entryIndex());
    }
  }

  /** A command on the whole partition depends on every entry so far. */
  private void lookedAtAll() {
    if (leading) {
      heldIndex = Math.max(heldIndex, replica.lastIndex());
    }
  }

  @Override
  public long random() {
    return replica.loop().random();
  }

  @Override
  public long nowMillis() {
    return now;
  }
}
