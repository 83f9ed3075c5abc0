package io.trefoil.storage;

import io.trefoil.base.Invariants;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one loop: its arena, the stores that live in it, and the work of keeping it in its
 * budget, done in small steps.
 *
 * <p><b>Eviction</b> goes round the chunks like a clock's hand. In a chunk, clean records that were
 * not looked up since the last round are dropped; the others lose their mark. What is left of the
 * chunk then moves to free slots elsewhere when there are enough, so that the whole chunk becomes
 * free, for any size class.
 */
final class MemoryTable {
  private static final int MAX_STORES = 1 << 16;

  /** Free memory is kept for the writes of a turn: one part in so many of the budget. */
  private static final int RESERVE = 32;

  /** Generations larger than this are not waited for, however much memory there is. */
  private static final long MAX_FREEZE_BYTES = 64L << 20;

  /** A batch that is larger by much would take RocksDB seconds and as much memory again. */
  static final long MAX_DIRTY_BYTES = 4 * MAX_FREEZE_BYTES;

  private static final long MAX_FREEZE_BYTES_OF_INCOMPLETE = 2L << 20;
  private static final long MIN_FREEZE_BYTES_OF_INCOMPLETE = 256L << 10;

  private static final int EVICTION_COST = 4;

  private final Arena arena;
  private final List<PartitionStore> stores = new ArrayList<>();
  private final ArrayDeque<DeadLayer> dead = new ArrayDeque<>();

  private int chunk = 1;
  private int slot;
  private boolean moving;

  /** The store whose table is being filled. */
  private PartitionStore filling;

  MemoryTable(long budgetBytes) {
    arena = new Arena(budgetBytes);
  }

  /** A layer that nobody reads any more, and how far its records have been freed. */
  private static final class DeadLayer {
    final PartitionStore store;
    final Layer layer;

    /** What was to be written, with records that have left the layer's indexes. */
    final IntList unwritten;

    int seenUnwritten;
    long hash;

    DeadLayer(PartitionStore store, Layer layer, IntList unwritten) {
      this.store = store;
      this.layer = layer;
      this.unwritten = unwritten;
    }
  }

  Arena arena() {
    return arena;
  }

  /** Gives a store the number by which its records name it. */
  int add(PartitionStore store) {
    int free = stores.indexOf(null);
    if (free >= 0) {
      stores.set(free, store);
      return free;
    }
    Invariants.check(stores.size() < MAX_STORES, "too many stores in one loop");
    stores.add(store);
    return stores.size() - 1;
  }

  /** Dirty bytes from which a store should freeze: a quarter of its share. */
  long freezeBytes() {
    long share = arena.budgetBytes() / 4 / Math.max(stores.size(), 1);
    return Math.max(Math.min(share, MAX_FREEZE_BYTES), Arena.CHUNK);
  }

  /**
   * The same for a store of which the disk has cells that the table lacks. Before each key that was
   * written blindly is written, the disk is asked for it: a small generation is written within some
   * 50 ms, and nobody waits longer who is held back meanwhile.
   */
  long freezeBytesOfIncomplete() {
    long share = MAX_FREEZE_BYTES_OF_INCOMPLETE / Math.max(stores.size(), 1);
    return Math.min(freezeBytes(), Math.max(share, MIN_FREEZE_BYTES_OF_INCOMPLETE));
  }

  /** Whether a store that wants to fill its table may: one after the other. */
  boolean mayFill(PartitionStore store) {
    if (!isFilling()) {
      filling = store;
    }
    return filling == store;
  }

  /** Whether one of the stores is being filled: then all that they lack may be here soon. */
  boolean isFilling() {
    return filling != null && filling.isFilling();
  }

  boolean overBudget() {
    boolean full = arena.usedBytes() >= arena.budgetBytes();
    for (PartitionStore store : stores) {
      if (store != null && (full ? store.isWriting() : store.isTooDirty())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Takes over the records of a layer, to be freed in steps.
   *
   * @param unwritten those that were to be written next
   */
  void bury(PartitionStore store, Layer layer, IntList unwritten) {
    dead.add(new DeadLayer(store, layer, unwritten));
  }

  boolean maintain(int steps) {
    int left = steps;
    for (int i = 0; i < stores.size() && left > 0; i++) {
      PartitionStore store = stores.get(i);
      if (store != null) {
        left -= store.drain(left);
        left -= store.fields().collectRemoved(left);
      }
    }
    left -= freeDead(left);
    left -= evict(left);
    return left <= 0;
  }

  private int freeDead(int steps) {
    int done = 0;
    while (done < steps && !dead.isEmpty()) {
      DeadLayer layer = dead.peek();
      int freed = freeRemoved(layer, steps - done);
      freed += freed == 0 ? freeFields(layer) : 0;
      freed += freed == 0 ? freeKeys(layer) : 0;
      if (freed == 0) {
        finish(dead.remove());
      }
      done += freed;
    }
    return done;
  }

  /**
   * Frees {@link RemovedCells}: first, while all records of which the list tells are there. Returns
   * how many it looked at.
   */
  private int freeRemoved(DeadLayer layer, int steps) {
    int from = layer.seenUnwritten;
    int to = Math.min(from + steps, layer.unwritten.size());
    for (int i = from; i < to; i++) {
      int handle = layer.unwritten.get(i);
      if (handle != 0 && arena.marked(handle, Records.DETACHED)) {
        arena.free(handle);
      }
    }
    layer.seenUnwritten = to;
    return to - from;
  }

  private static int freeFields(DeadLayer layer) {
    int[] some = layer.layer.fields.takeSome();
    for (int handle : some) {
      layer.store.discard(handle);
    }
    return some.length;
  }

  /** Frees the keys of the next hash; returns how many, none at the end. */
  private static int freeKeys(DeadLayer layer) {
    HashIndex index = layer.layer.index;
    long entry = layer.hash == 1L << 32 ? 0 : index.firstFrom((int) layer.hash);
    int freed = 0;
    for (long each = entry; each != 0; each = index.nextOfSameHash()) {
      layer.store.discard((int) each);
      freed++;
    }
    layer.hash = (entry >>> 32) + 1;
    return freed;
  }

  private void finish(DeadLayer layer) {
    layer.layer.release();
    removeIfGone(layer.store);
  }

  /** Forgets a closed store once none of its records are left. */
  void removeIfGone(PartitionStore store) {
    if (store.isClosed() && !store.hasGeneration() && !hasDeadLayer(store)) {
      stores.set(stores.indexOf(store), null);
    }
  }

  private boolean hasDeadLayer(PartitionStore store) {
    for (DeadLayer each : dead) {
      if (each.store == store) {
        return true;
      }
    }
    return false;
  }

  // ---- eviction

  private boolean wantsRoom() {
    return arena.usedBytes() > arena.budgetBytes() - arena.budgetBytes() / RESERVE;
  }

  private int evict(int steps) {
    int done = 0;
    long usedBefore = arena.usedBytes();
    // Two rounds that free nothing: the first may only have taken marks off. What is left is dirty.
    int passes = 4 * arena.chunkLimit();
    while (done < steps && (moving || wantsRoom())) {
      if (!arena.holdsRecords(chunk) || slot >= arena.slotsUsed(chunk)) {
        done++;
        endPass();
        if (--passes == 0 && arena.usedBytes() >= usedBefore) {
          return done;
        }
        continue;
      }
      int handle = arena.handleAt(chunk, slot++);
      done++;
      if (arena.state(handle) == Records.CLEAN && visit(handle)) {
        done += EVICTION_COST;
      }
    }
    return done;
  }

  private boolean visit(int handle) {
    PartitionStore store = stores.get(arena.store(handle));
    if (moving) {
      return store.relocate(handle);
    }
    if (arena.marked(handle, Records.REFERENCED)) {
      arena.unmark(handle, Records.REFERENCED);
      return false;
    }
    return store.evict(handle);
  }

  /** From dropping to moving what is left, or on to the next chunk. */
  private void endPass() {
    slot = 0;
    if (!moving && arena.holdsRecords(chunk) && arena.roomElsewhere(chunk) >= arena.liveIn(chunk)) {
      moving = true;
      return;
    }
    moving = false;
    chunk = chunk + 1 < arena.chunkLimit() ? chunk + 1 : 1;
  }
}
