package io.trefoil.storage;

import io.trefoil.base.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What a store should hold, kept in the slowest way: the list of all writes, applied again. */
final class StoreModel {
  record Cell(Bytes value, long expireAt, long stamp, long index) {}

  /** A write; {@code key} null is a clear, {@code value} null with no expiry a removal. */
  record Write(long index, Kind kind, Bytes key, Bytes value, long expireAt) {}

  enum Kind {
    PUT,
    REMOVE,
    EXPIRE,
    CLEAR
  }

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
                  new Cell(old.value(), write.expireAt(), write.index() * 10, write.index()));
      case CLEAR -> cells.clear();
    }
  }
}
