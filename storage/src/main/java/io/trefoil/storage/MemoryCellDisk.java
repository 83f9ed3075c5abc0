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

  /** State of a copy; null while it is not whole. */
  private record Meta(CopyState state) {}

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
    return new MemoryCellDisk(flushedCells, flushedMetas);
  }

  @Override
  byte[] peek(byte[] diskKey) {
    return get(diskKey);
  }

  @Override
  byte[] get(byte[] diskKey) {
    return cells.getOrDefault(diskKey, ABSENT);
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
      changes.add(() -> cells.put(diskKey, stored));
    }

    @Override
    void delete(ByteBuffer diskKey) {
      byte[] key = bytes(diskKey);
      changes.add(() -> cells.remove(key));
    }

    @Override
    void delete(byte[] diskKey) {
      changes.add(() -> cells.remove(diskKey));
    }

    @Override
    void deleteRange(byte[] from, byte[] end) {
      changes.add(() -> cells.subMap(from, end).clear());
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
  private static final class Walk extends CellIterator {
    private final TreeMap<byte[], byte[]> cells;
    private final byte[] end;
    private byte[] at;

    Walk(TreeMap<byte[], byte[]> cells, byte[] from, byte[] end, int header) {
      super(header);
      this.cells = cells;
      this.end = end;
      this.at = cells.ceilingKey(from);
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
      return cells.getOrDefault(at, ABSENT);
    }

    @Override
    void next() {
      at = cells.higherKey(at);
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
