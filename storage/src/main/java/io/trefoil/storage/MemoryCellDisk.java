package io.trefoil.storage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * A disk that is memory, for simulations: the same every time, and what a crash leaves of it can be
 * had. Used by one thread.
 */
public final class MemoryCellDisk extends CellDisk {
  private final TreeMap<byte[], byte[]> cells;
  private final TreeMap<Long, Meta> metas;
  private TreeMap<byte[], byte[]> flushedCells;
  private TreeMap<Long, Meta> flushedMetas;
  private boolean unflushed;

  /** The key on disk of a cell that can't be read as it was written; null for none. */
  private byte[] damaged;

  /** The last change that no checksum shows; null for none. */
  private Silent silent;

  /** Whether a process has read it: none serves from then on. */
  private boolean foundDamaged;

  /** State of a copy; null while it is not whole. */
  private record Meta(CopyState state) {}

  /**
   * A cell is another one than was written.
   *
   * @param stored what is there instead; null for nothing
   */
  private record Silent(byte[] key, byte[] stored) {}

  private record Moment(TreeMap<byte[], byte[]> cells) implements View {}

  public MemoryCellDisk() {
    this(new TreeMap<>(Arrays::compareUnsigned), new TreeMap<>());
  }

  private MemoryCellDisk(TreeMap<byte[], byte[]> cells, TreeMap<Long, Meta> metas) {
    this.cells = new TreeMap<>(cells);
    this.metas = new TreeMap<>(metas);
    this.flushedCells = cells;
    this.flushedMetas = metas;
  }

  /**
   * What a killed process leaves: what the last flush made durable. RocksDB may have made more
   * durable by then, by itself.
   */
  public MemoryCellDisk afterCrash() {
    MemoryCellDisk left = new MemoryCellDisk(flushedCells, flushedMetas);
    left.foundDamaged = foundDamaged;
    left.silent = silent;
    if (damaged != null && left.cells.containsKey(damaged)) {
      left.damaged = damaged;
    }
    return left;
  }

  /**
   * One of the cells can't be read from now on, until it is overwritten or removed.
   *
   * @param draw which; any number
   */
  public void damage(long draw) {
    if (!flushedCells.isEmpty()) {
      List<byte[]> keys = new ArrayList<>(flushedCells.keySet());
      damaged = keys.get(Math.floorMod(draw, keys.size()));
    }
  }

  /**
   * A key's cell is another one from now on, or gone, and no checksum shows it: what is read is
   * what is there.
   *
   * @param key of the latest copy that has it
   * @return false when none has
   */
  public boolean damageSilently(byte[] key, boolean vanishes) {
    byte[] found = null;
    for (byte[] diskKey : cells.keySet()) {
      int length = diskKey.length - KEY_HEADER;
      boolean isIt =
          !isOfField(diskKey)
              && Arrays.equals(diskKey, KEY_HEADER, KEY_HEADER + length, key, 0, key.length)
              && isWhole(diskKey);
      found = isIt ? diskKey : found;
    }
    if (found == null) {
      return false;
    }
    byte[] stored = null;
    if (vanishes) {
      cells.remove(found);
      flushedCells.remove(found);
    } else {
      stored = cells.get(found).clone();
      stored[stored.length - 1] ^= 1;
      cells.put(found, stored);
      if (flushedCells.containsKey(found)) {
        flushedCells.put(found, stored);
      }
    }
    silent = new Silent(found, stored);
    return true;
  }

  private static boolean isOfField(byte[] diskKey) {
    return diskKey[0] < 0;
  }

  private boolean isWhole(byte[] diskKey) {
    Meta meta = metas.get(ByteBuffer.wrap(diskKey).getLong());
    return meta != null && meta.state() != null;
  }

  /** Whether what no checksum shows is still there: nothing was written over it. */
  public boolean isSilentlyDamaged() {
    return silent != null && isWhole(silent.key()) && cells.get(silent.key()) == silent.stored();
  }

  /** Whether some cell can't be read, or one could not be once. */
  public boolean isDamaged() {
    return damaged != null || foundDamaged;
  }

  /** As if nothing had been damaged that a checksum shows. */
  public void repair() {
    damaged = null;
    foundDamaged = false;
  }

  private void check(byte[] diskKey) {
    if (isDamaged(diskKey)) {
      throw foundDamaged("a cell is damaged", null);
    }
  }

  @Override
  StorageDamaged foundDamaged(String text, Exception cause) {
    foundDamaged = true;
    return new StorageDamaged(text, cause);
  }

  private boolean isDamaged(byte[] diskKey) {
    return damaged != null && Arrays.equals(damaged, diskKey);
  }

  @Override
  byte[] peek(byte[] diskKey) {
    return isDamaged(diskKey) ? null : get(diskKey);
  }

  @Override
  byte[] get(byte[] diskKey) {
    check(diskKey);
    return cells.getOrDefault(diskKey, ABSENT);
  }

  @Override
  List<byte[]> heads(List<byte[]> diskKeys) {
    return diskKeys.stream().map(this::get).toList();
  }

  @Override
  CellIterator range(byte[] from, byte[] end, int header, View view) {
    return new Walk(view == null ? cells : ((Moment) view).cells(), from, end, header);
  }

  @Override
  View view() {
    return new Moment(new TreeMap<>(cells));
  }

  @Override
  void release(View view) {
    // The collector takes it.
  }

  @Override
  List<CopyState> copies() {
    if (foundDamaged) {
      throw new StorageDamaged("a cell was found damaged", null);
    }
    return metas.values().stream().filter(it -> it.state() != null).map(Meta::state).toList();
  }

  @Override
  public List<Long> unfinishedCopies() {
    List<Long> unfinished = new ArrayList<>();
    metas.forEach(
        (copy, meta) -> {
          if (meta.state() == null) {
            unfinished.add(copy);
          }
        });
    return unfinished;
  }

  @Override
  void write(String what, Change change) {
    MemoryBatch batch = new MemoryBatch();
    change.addTo(batch); // all or nothing: it may throw
    unflushed = true;
    batch.changes.forEach(Runnable::run);
  }

  @Override
  void flush() {
    if (unflushed) {
      unflushed = false;
      flushedCells = new TreeMap<>(cells);
      flushedMetas = new TreeMap<>(metas);
    }
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  private final class MemoryBatch extends Batch {
    private final List<Runnable> changes = new ArrayList<>();

    @Override
    ByteBuffer buffer(int bytes) {
      return ByteBuffer.allocate(bytes);
    }

    @Override
    void put(ByteBuffer diskKey, ByteBuffer stored) {
      put(bytes(diskKey), bytes(stored));
    }

    private byte[] bytes(ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      return bytes;
    }

    @Override
    void put(byte[] diskKey, byte[] stored) {
      changes.add(
          () -> {
            cells.put(diskKey, stored);
            mend(diskKey);
          });
    }

    @Override
    void delete(ByteBuffer diskKey) {
      delete(bytes(diskKey));
    }

    @Override
    void delete(byte[] diskKey) {
      changes.add(
          () -> {
            cells.remove(diskKey);
            mend(diskKey);
          });
    }

    /** Nothing is left of the damage. */
    private void mend(byte[] diskKey) {
      if (isDamaged(diskKey)) {
        damaged = null;
      }
    }

    @Override
    void deleteRange(byte[] from, byte[] end) {
      changes.add(
          () -> {
            cells.subMap(from, end).clear();
            if (damaged != null && !cells.containsKey(damaged)) {
              damaged = null;
            }
          });
    }

    @Override
    void forget(long copy) {
      changes.add(() -> metas.remove(copy));
    }

    @Override
    void ready(CopyState state) {
      changes.add(() -> metas.put(state.copy(), new Meta(state)));
    }

    @Override
    void loading(long copy) {
      changes.add(() -> metas.put(copy, new Meta(null)));
    }
  }

  /** Finds its next cell anew each time, so that writes may go on. */
  private final class Walk extends CellIterator {
    private final TreeMap<byte[], byte[]> walked;
    private final byte[] end;
    private byte[] at;

    Walk(TreeMap<byte[], byte[]> walked, byte[] from, byte[] end, int header) {
      super(header);
      this.walked = walked;
      this.end = end;
      this.at = walked.ceilingKey(from);
    }

    @Override
    boolean isValid() {
      return at != null && Arrays.compareUnsigned(at, end) < 0;
    }

    @Override
    byte[] diskKey() {
      return at;
    }

    @Override
    byte[] stored() {
      check(at);
      return walked.getOrDefault(at, ABSENT);
    }

    @Override
    void next() {
      at = walked.higherKey(at);
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
