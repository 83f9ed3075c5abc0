package io.trefoil.storage;

import io.trefoil.cell.CellType;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.storage.PartitionStore.Found;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The fields of a key that one leader writes, of a type that {@link CellType#isOrdered is ordered}.
 *
 * <p>Elements of a list are in their {@link FieldOrder} only. Members of a sorted set are fields,
 * with their scores, and are in the order, too, under score and member.
 *
 * <p>For the owner's thread, like the store.
 */
public final class OrderedFields {
  private static final byte[] NOTHING = new byte[0];

  private final PartitionStore store;
  private final Look look;
  private final FieldOrder order;
  private final byte[] score = new byte[Score.BYTES];
  private byte[] place = new byte[64];

  private CellType type;
  private long collection;
  private byte[] key;
  private int keyOffset;
  private int keyLength;
  private long entryIndex;
  private Supplier<Stream<byte[]>> expected = Stream::empty;

  public OrderedFields(PartitionStore store, Look look) {
    this.store = store;
    this.look = look;
    order = new FieldOrder(store, look);
  }

  /**
   * Goes on with the fields of this collection.
   *
   * @param ofKey its key, for whoever fetches what is missing; not kept beyond the next call
   */
  public void open(CellType ofType, long ofCollection, byte[] ofKey, int offset, int length) {
    type = ofType;
    collection = ofCollection;
    key = ofKey;
    keyOffset = offset;
    keyLength = length;
    entryIndex = 0;
    expected = Stream::empty;
    order.open(type, collection, key, offset, length);
  }

  /** As {@link Fields#expect}. */
  public void expect(Supplier<Stream<byte[]>> names, Supplier<Stream<byte[]>> places) {
    expected = names;
    order.expect(
        type == CellType.LIST
            ? names
            : () ->
                Stream.concat(names.get().map(this::placeOf), places.get())
                    .filter(Objects::nonNull));
  }

  /** The place of a field in the order; null when it has none, or it is not in memory. */
  private byte[] placeOf(byte[] field) {
    if (store.fields().find(look, collection, field, 0, field.length) != Found.FOUND) {
      return null;
    }
    byte[] there = new byte[Score.BYTES + field.length];
    store.copyValue(0, there, 0, Score.BYTES);
    System.arraycopy(field, 0, there, Score.BYTES, field.length);
    return there;
  }

  /** The latest entry that decided what was looked at since it was opened. */
  public long entryIndex() {
    return Math.max(entryIndex, order.entryIndex());
  }

  /** The largest stamp of what was looked at in the order. */
  public long newestStamp() {
    return order.newestStamp();
  }

  /** Looks a field up; {@link #valueLength()} and {@link #copyValue} then describe its value. */
  public boolean find(byte[] field, int offset, int length) {
    if (type == CellType.LIST) {
      return order.find(field, offset, length);
    }
    Found found = store.fields().find(look, collection, field, offset, length);
    if (found == Found.NOT_IN_MEMORY) {
      byte[] missing = Arrays.copyOfRange(field, offset, offset + length);
      byte[] ofKey = Arrays.copyOfRange(key, keyOffset, keyOffset + keyLength);
      boolean committed = look == Look.COMMITTED;
      throw CellsNotInMemory.fields(
          ofKey,
          collection,
          store.fields().missing(committed, collection, missing, expected.get()));
    }
    entryIndex = Math.max(entryIndex, store.entryIndex());
    return found == Found.FOUND;
  }

  /** Stamp of the entry that set the field found last, or one near it. */
  public long stamp() {
    return type == CellType.LIST ? order.newestStamp() : store.stamp();
  }

  public int valueLength() {
    return type == CellType.LIST ? order.valueLength() : store.valueLength();
  }

  public void copyValue(int from, byte[] to, int toOffset, int length) {
    if (type == CellType.LIST) {
      order.copyValue(from, to, toOffset, length);
    } else {
      store.copyValue(from, to, toOffset, length);
    }
  }

  /**
   * Sets a field as of an entry.
   *
   * @return whether it is new
   */
  public boolean put(
      long index,
      long stamp,
      byte[] field,
      int fieldOffset,
      int fieldLength,
      byte[] value,
      int valueOffset,
      int valueLength) {
    if (type == CellType.LIST) {
      return order.put(
          index, stamp, field, fieldOffset, fieldLength, value, valueOffset, valueLength);
    }
    boolean there = find(field, fieldOffset, fieldLength);
    boolean moves = true;
    if (there) {
      copyValue(0, score, 0, Score.BYTES);
      moves = !Arrays.equals(score, 0, Score.BYTES, value, valueOffset, valueOffset + Score.BYTES);
    }
    store
        .fields()
        .put(
            index,
            stamp,
            collection,
            field,
            fieldOffset,
            fieldLength,
            value,
            valueOffset,
            valueLength);
    if (there && moves) {
      int length = writePlace(score, 0, field, fieldOffset, fieldLength);
      order.remove(index, stamp, place, 0, length);
    }
    if (moves) {
      int length = writePlace(value, valueOffset, field, fieldOffset, fieldLength);
      order.put(index, stamp, place, 0, length, NOTHING, 0, 0);
    }
    return !there;
  }

  /**
   * Removes a field as of an entry.
   *
   * @return whether it was there
   */
  public boolean remove(long index, long stamp, byte[] field, int offset, int length) {
    if (!find(field, offset, length)) {
      return false;
    }
    removeFound(index, stamp, field, offset, length);
    return true;
  }

  /** As {@link #remove}, of the field that was just found. */
  public void removeFound(long index, long stamp, byte[] field, int offset, int length) {
    if (type == CellType.LIST) {
      order.removeFound(index, stamp);
      return;
    }
    copyValue(0, score, 0, Score.BYTES);
    store.fields().remove(index, stamp, collection, field, offset, length);
    int placeLength = writePlace(score, 0, field, offset, length);
    order.remove(index, stamp, place, 0, placeLength);
  }

  private int writePlace(byte[] scoreBytes, int scoreOffset, byte[] field, int offset, int length) {
    if (place.length < Score.BYTES + length) {
      place = new byte[2 * (Score.BYTES + length)];
    }
    System.arraycopy(scoreBytes, scoreOffset, place, 0, Score.BYTES);
    System.arraycopy(field, offset, place, Score.BYTES, length);
    return Score.BYTES + length;
  }

  /** As {@link Fields#rank}. */
  public long rank(byte[] bound, int offset, int length) {
    return order.rank(bound, offset, length);
  }

  /** As {@link Fields#visit}. */
  public void visit(long rank, long count, boolean backwards, Fields.Visitor visitor) {
    order.visit(rank, count, backwards, visitorOf(type, visitor));
  }

  /** Shows what is in an order of fields of a type as fields. */
  static FieldOrder.Visitor visitorOf(CellType type, Fields.Visitor visitor) {
    if (type == CellType.LIST) {
      return (array, placeOffset, placeLength, valueOffset, valueLength) ->
          visitor.visit(array, placeOffset, placeLength, array, valueOffset, valueLength);
    }
    return (array, placeOffset, placeLength, valueOffset, valueLength) ->
        visitor.visit(
            array,
            placeOffset + Score.BYTES,
            placeLength - Score.BYTES,
            array,
            placeOffset,
            Score.BYTES);
  }
}
