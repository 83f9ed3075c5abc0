package io.trefoil.storage;

import java.util.ArrayList;
import java.util.List;

/**
 * What was committed in a store since its last freeze. From then on it belongs to a {@link
 * Generation}, and does not change; {@link #next()} takes its place.
 */
final class DirtyCells {
  private final Arena arena;

  /** The state of these records: the next ones have the other. */
  private final int state;

  /** Whether all that was there before is removed. */
  private final boolean cleared;

  private final IntList records = new IntList();
  private final List<Long> removedCollections = new ArrayList<>();
  private long bytes;

  DirtyCells(Arena arena) {
    this(arena, Records.DIRTY_EVEN, false);
  }

  private DirtyCells(Arena arena, int state, boolean cleared) {
    this.arena = arena;
    this.state = state;
    this.cleared = cleared;
  }

  DirtyCells next() {
    return new DirtyCells(arena, state ^ Records.DIRTY_EVEN ^ Records.DIRTY_ODD, false);
  }

  /** In the place of these when everything was removed. */
  DirtyCells afterClear() {
    return new DirtyCells(arena, state, true);
  }

  boolean holds(int handle) {
    return arena.state(handle) == state;
  }

  void add(int handle) {
    arena.setState(handle, state);
    arena.setLink(handle, records.add(handle));
    bytes += arena.footprint(handle);
  }

  /** Puts a record in the place of the one that it follows. */
  void replace(int old, int handle) {
    int place = arena.link(old);
    records.set(place, handle);
    arena.setLink(handle, place);
    int inherited = arena.flags(old) & Records.BASE_UNKNOWN;
    arena.setFlags(handle, arena.flags(handle) & ~Records.STATE | state | inherited);
    bytes += arena.footprint(handle) - arena.footprint(old);
  }

  /** Takes a record out that nobody needs any more. */
  void forget(int handle) {
    records.set(arena.link(handle), 0);
    bytes -= arena.footprint(handle);
  }

  /** The fields of a collection need not be written, and those on disk are rubbish. */
  void removeCollection(long collection) {
    removedCollections.add(collection);
  }

  boolean isEmpty() {
    return records.size() == 0 && !cleared;
  }

  boolean cleared() {
    return cleared;
  }

  /** The records, 0 where one was taken out. */
  IntList records() {
    return records;
  }

  List<Long> removedCollections() {
    return removedCollections;
  }

  /** The memory that the records take. */
  long bytes() {
    return bytes;
  }
}
