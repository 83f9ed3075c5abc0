package io.trefoil.storage;

import java.nio.file.Path;

/**
 * How a node's storage is set up.
 *
 * @param folder where RocksDB lives; created when missing
 * @param memoryTableBytes the bound of the memory tables of all loops together, 16 MiB at least
 * @param blockCacheBytes the bound of RocksDB's cache of uncompressed blocks
 * @param memtableBytes when RocksDB writes a memtable out by itself
 * @param loops how many threads own stores; each gets an equal share of the memory
 * @param readers how many threads fetch cells that only the disk has
 */
public record StorageSettings(
    Path folder,
    long memoryTableBytes,
    long blockCacheBytes,
    long memtableBytes,
    int loops,
    int readers) {
  /** Less memory than this per loop leaves too few chunks for the size classes. */
  public static final long MIN_MEMORY_TABLE_BYTES = 16L << 20;

  public StorageSettings {
    if (loops < 1 || readers < 1) {
      throw new IllegalArgumentException("storage needs a loop and a reader at least");
    }
    if (memoryTableBytes / loops < MIN_MEMORY_TABLE_BYTES) {
      throw new IllegalArgumentException(
          "memory.table is "
              + memoryTableBytes
              + " bytes, "
              + MIN_MEMORY_TABLE_BYTES
              + " per event loop are needed at least");
    }
    if (memoryTableBytes / loops > Arena.MAX_BYTES) {
      throw new IllegalArgumentException(
          "memory.table can't exceed " + Arena.MAX_BYTES + " bytes per event loop");
    }
  }

  /** The defaults: 256 MiB of memory table, 64 MiB of block cache, one loop, two readers. */
  public static StorageSettings in(Path folder) {
    return new StorageSettings(folder, 256L << 20, 64L << 20, 16L << 20, 1, 2);
  }

  public StorageSettings withMemoryTableBytes(long bytes) {
    return new StorageSettings(folder, bytes, blockCacheBytes, memtableBytes, loops, readers);
  }

  public StorageSettings withBlockCacheBytes(long bytes) {
    return new StorageSettings(folder, memoryTableBytes, bytes, memtableBytes, loops, readers);
  }

  public StorageSettings withLoops(int count) {
    return new StorageSettings(
        folder, memoryTableBytes, blockCacheBytes, memtableBytes, count, readers);
  }
}
