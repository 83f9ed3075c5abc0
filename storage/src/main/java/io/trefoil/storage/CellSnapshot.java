package io.trefoil.storage;

import io.trefoil.base.ByteSink;
import java.util.Arrays;
import org.rocksdb.Snapshot;

/**
 * All cells of a copy at one position, while writes go on. Used by one thread at a time, any
 * thread; holds back RocksDB's clean-up until closed.
 *
 * <p>Chunks are pieces of one stream of cells, cut anywhere: key length (4), stored length (4),
 * key, stored cell, again and again.
 */
public final class CellSnapshot implements AutoCloseable {
  private final Disk disk;
  private final Snapshot snapshot;
  private final CopyState state;
  private final ByteSink pending = new ByteSink();
  private Disk.CellIterator cells;
  private int sent;

  CellSnapshot(Disk disk, Snapshot snapshot, CopyState state) {
    this.disk = disk;
    this.snapshot = snapshot;
    this.state = state;
  }

  /** The copy's position, count and caller's bytes as of this snapshot. */
  public CopyState state() {
    return state;
  }

  /**
   * The next piece of the stream, of {@code maxBytes} at most, or null at its end. May wait for the
   * disk.
   */
  public byte[] nextChunk(int maxBytes) {
    if (cells == null) {
      cells = disk.cells(state.copy(), 0, snapshot);
    }
    if (sent == pending.size()) {
      fill(maxBytes);
    }
    if (pending.size() == 0) {
      return null;
    }
    int end = Math.min(pending.size(), sent + maxBytes);
    byte[] chunk = Arrays.copyOfRange(pending.array(), sent, end);
    sent = end;
    return chunk;
  }

  private void fill(int maxBytes) {
    pending.clear();
    sent = 0;
    while (pending.size() < maxBytes && cells.isValid()) {
      byte[] key = cells.diskKey();
      byte[] stored = cells.stored();
      pending.putInt(key.length - Disk.KEY_HEADER).putInt(stored.length);
      pending.putBytes(key, Disk.KEY_HEADER, key.length - Disk.KEY_HEADER);
      pending.putBytes(stored, 0, stored.length);
      cells.next();
    }
  }

  /** The digest of the cells visible at {@code logTimeMillis}; reads them all. */
  public long digest(long logTimeMillis) {
    CellDigest digest = new CellDigest(null, logTimeMillis);
    try (Disk.CellIterator all = disk.cells(state.copy(), 0, snapshot)) {
      for (; all.isValid(); all.next()) {
        digest.onDisk(all.diskKey(), all.stored());
      }
    }
    return digest.sum();
  }

  @Override
  public void close() {
    if (cells != null) {
      cells.close();
    }
    disk.release(snapshot);
  }
}
