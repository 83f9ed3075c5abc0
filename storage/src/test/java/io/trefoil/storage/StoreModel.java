package io.trefoil.storage;

import io.trefoil.base.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What a store should hold, kept in the slowest way: the list of all writes, applied again. */
final class StoreModel {
  /**
   * @param fields of a hash; null for a string, which has a value
   * @param collection number of the hash's
   */
  record Cell(
      Bytes value,
      long expireAt,
      long stamp,
      long index,
      TreeMap<Bytes, Bytes> fields,
      long collection) {
    Cell(Bytes value, long expireAt, long stamp, long index) {
      this(value, expireAt, stamp, index, null, 0);
    }

    /** With another field; that of another collection is made anew. */
    Cell with(Write write, long stamp) {
      TreeMap<Bytes, Bytes> changed =
          collection == write.collection() ? new TreeMap<>(fields) : new TreeMap<>();
      if (write.kind() == Kind.FIELD) {
        changed.put(write.field(), write.value());
      } else {
        changed.remove(write.field());
      }
      return new Cell(null, write.expireAt(), stamp, write.index(), changed, write.collection());
    }
  }

  /**
   * A write; {@code key} null is a clear, {@code value} null with no expiry a removal.
   *
   * @param field of a write to a hash, else null
   * @param collection number of the hash's
   * @param count how many fields the hash has after it; 0 when it only overwrites one
   */
  record Write(
      long index,
      Kind kind,
      Bytes key,
      Bytes value,
      long expireAt,
      Bytes field,
      long collection,
      long count) {
    Write(long index, Kind kind, Bytes key, Bytes value, long expireAt) {
      this(index, kind, key, value, expireAt, null, 0, 0);
    }
  }

  enum Kind {
    PUT,
    REMOVE,
    EXPIRE,
    CLEAR,
    FIELD,
    DROP
  }

  private static final Cell NO_CELL = new Cell(null, 0, 0, 0);

  final List<Write> committed = new ArrayList<>();
  final List<Write> uncommitted = new ArrayList<>();
  private final TreeMap<Bytes, Cell> committedCells = new TreeMap<>();
  long committedIndex;

  TreeMap<Bytes, Cell> committedCells() {
    return committedCells;
  }

  TreeMap<Bytes, Cell> newestCells() {
    TreeMap<Bytes, Cell> cells = new TreeMap<>(committedCells);
    uncommitted.forEach(write -> apply(write, cells));
    return cells;
  }

  void commit(long index) {
    while (!uncommitted.isEmpty() && uncommitted.get(0).index() <= index) {
      Write write = uncommitted.remove(0);
      committed.add(write);
      apply(write, committedCells);
    }
    committedIndex = index;
  }

  private static void apply(Write write, TreeMap<Bytes, Cell> cells) {
    switch (write.kind()) {
      case PUT ->
          cells.put(
              write.key(),
              new Cell(write.value(), write.expireAt(), write.index() * 10, write.index()));
      case REMOVE -> cells.remove(write.key());
      case EXPIRE ->
          cells.computeIfPresent(
              write.key(),
              (key, old) ->
                  new Cell(
                      old.value(),
                      write.expireAt(),
                      write.index() * 10,
                      write.index(),
                      old.fields(),
                      old.collection()));
      case CLEAR -> cells.clear();
      case FIELD, DROP -> {
        Cell old = cells.getOrDefault(write.key(), NO_CELL);
        boolean overwrites = write.kind() == Kind.FIELD && write.count() == 0;
        // Overwriting leaves the head as it is.
        cells.put(
            write.key(),
            overwrites
                ? new Cell(
                    null,
                    old.expireAt(),
                    old.stamp(),
                    old.index(),
                    old.with(write, 0).fields(),
                    old.collection())
                : old.with(write, write.index() * 10));
      }
    }
  }
}
