package io.trefoil.bench.inner;

import io.trefoil.storage.MemoryCellDisk;
import io.trefoil.storage.Storage;

/** Storage whose disk is memory and whose threads are the caller's. */
final class InMemory {
  private static final long MEMORY_BYTES = 256L << 20;

  private InMemory() {}

  static Storage storage() {
    return Storage.open(
        new MemoryCellDisk(),
        MEMORY_BYTES,
        Runnable::run,
        Runnable::run,
        failure -> {
          throw failure;
        });
  }
}
