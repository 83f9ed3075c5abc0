package io.trefoil.storage;

import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The storage of a node: one RocksDB, the memory of each loop, a flusher thread that alone writes,
 * and reader threads that fetch what only the disk has.
 *
 * <p>Thread-safe, except {@link #maintain} and {@link #overBudget}, which belong to the thread of
 * the loop that is named.
 *
 * <p>A read or write that RocksDB fails is not tried again: the listener is told once, nothing is
 * written from then on, and every future and every later call that needs the disk fails. The node
 * stops its replicas and recovers from disk.
 */
public final class Storage implements AutoCloseable {
  private static final long CLOSE_SECONDS = 60;

  private final CellDisk disk;
  private final MemoryTable[] memory;
  private final Executor flusher;
  private final Executor readers;

  /** Those of {@code flusher} and {@code readers} that end with this storage. */
  private final List<ExecutorService> own;

  private final Consumer<StorageException> failureListener;

  /** What RocksDB holds of each whole copy. */
  private final Map<Long, CopyState> states = new ConcurrentHashMap<>();

  private final Map<Long, PartitionStore> stores = new ConcurrentHashMap<>();
  private volatile StorageException failure;

  private Storage(
      CellDisk disk,
      int loops,
      long memoryBytesPerLoop,
      Executor flusher,
      Executor readers,
      List<ExecutorService> own,
      Consumer<StorageException> failureListener) {
    this.disk = disk;
    this.flusher = flusher;
    this.readers = readers;
    this.own = own;
    this.failureListener = failureListener;
    memory = new MemoryTable[loops];
    for (int i = 0; i < memory.length; i++) {
      memory[i] = new MemoryTable(memoryBytesPerLoop);
    }
  }

  /**
   * Opens the storage in a folder, created when missing. Copies that were never finished are
   * dropped.
   *
   * @param failureListener told once, from any thread, when the disk has failed
   * @throws StorageException when the folder is in use, not writable, or its content damaged
   */
  public static Storage open(StorageSettings settings, Consumer<StorageException> failureListener) {
    return open(settings, settings.memoryTableBytes() / settings.loops(), failureListener);
  }

  /** As {@link #open}, with less memory than the settings allow. */
  static Storage open(
      StorageSettings settings,
      long memoryBytesPerLoop,
      Consumer<StorageException> failureListener) {
    CellDisk disk = new RocksDisk(settings);
    ExecutorService flusher =
        Executors.newSingleThreadExecutor(task -> new Thread(task, "storage-flusher"));
    ExecutorService readers =
        Executors.newFixedThreadPool(
            settings.readers(), task -> new Thread(task, "storage-reader"));
    return recover(
        new Storage(
            disk,
            settings.loops(),
            memoryBytesPerLoop,
            flusher,
            readers,
            List.of(readers, flusher),
            failureListener));
  }

  /**
   * Opens the storage on any disk, with one loop.
   *
   * @param flusher runs one task after the other, in order
   * @param readers run what fetches from the disk; both belong to the caller, and so does the disk
   */
  public static Storage open(
      CellDisk disk,
      long memoryBytes,
      Executor flusher,
      Executor readers,
      Consumer<StorageException> failureListener) {
    return recover(new Storage(disk, 1, memoryBytes, flusher, readers, List.of(), failureListener));
  }

  private static Storage recover(Storage storage) {
    try {
      for (CopyState state : storage.disk.copies()) {
        storage.states.put(state.copy(), state);
      }
      for (long copy : storage.disk.unfinishedCopies()) {
        storage.disk.write("drop an unfinished copy", batch -> batch.drop(copy));
      }
      return storage;
    } catch (StorageException e) {
      storage.closeWithoutPersisting();
      throw e;
    }
  }

  /** What RocksDB holds now of each whole copy, by copy id. */
  public List<CopyState> copies() {
    List<CopyState> sorted = new ArrayList<>(states.values());
    sorted.sort(Comparator.comparingLong(CopyState::copy));
    return sorted;
  }

  /**
   * Opens the store of a copy, new or listed by {@link #copies()}. Its table begins empty, at the
   * position that RocksDB has. A store that was closed while it was writing can be opened again
   * when that is done.
   *
   * @param loop which of the settings' loops owns it, from 0
   * @param owner runs tasks on the owner's thread, in the order they are given
   */
  public PartitionStore store(long copy, int loop, Executor owner) {
    CopyState state = states.get(copy);
    PartitionStore store = new PartitionStore(this, memory[loop], copy, state, owner);
    Invariants.check(stores.putIfAbsent(copy, store) == null, "copy opened twice", copy, loop);
    return store;
  }

  void forget(PartitionStore store) {
    stores.remove(store.copy(), store);
  }

  /**
   * Begins to fill a new copy from a snapshot.
   *
   * @param copy an id that was never used
   */
  public SnapshotLoader load(long copy) {
    Invariants.check(
        !states.containsKey(copy) && !stores.containsKey(copy), "copy id used before", copy, 0);
    SnapshotLoader loader = new SnapshotLoader(this, copy);
    loader.begin();
    return loader;
  }

  void finishCopy(CopyState state) {
    disk.write("finish a copy", batch -> batch.ready(state));
    disk.flush();
    states.put(state.copy(), state);
  }

  /** Removes a copy from the disk. Its store must have been closed. */
  public CompletableFuture<Void> drop(long copy) {
    PartitionStore open = stores.get(copy);
    Invariants.check(open == null || open.isClosed(), "drop of an open copy", copy, 0);
    return onFlusher(
        () -> {
          states.remove(copy);
          disk.write("drop a copy", batch -> batch.drop(copy));
        });
  }

  /**
   * Makes all that was written to RocksDB durable, for all copies at once.
   *
   * @return the position of each copy that is durable then; completes on the flusher thread, after
   *     each open store was told through its owner
   */
  public CompletableFuture<Map<Long, Position>> persist() {
    Map<Long, Position> durable = new HashMap<>();
    return onFlusher(
            () -> {
              states.forEach((copy, state) -> durable.put(copy, state.position()));
              disk.flush();
              stores.forEach(
                  (copy, store) -> {
                    Position position = durable.get(copy);
                    if (position != null) {
                      store.owner().execute(() -> store.onPersisted(position));
                    }
                  });
            })
        .thenApply(done -> durable);
  }

  /**
   * Does background work in the memory of a loop: frees what is no longer needed and evicts while
   * over budget. Called once a turn by the loop's thread.
   *
   * @param steps how many records to look at, at most; a step takes about 0.1 µs
   * @return whether more is left to do
   */
  public boolean maintain(int loop, int steps) {
    return memory[loop].maintain(steps);
  }

  /**
   * Whether the loop should hold writes back: its memory is used up, and what would free it is
   * still being written.
   */
  public boolean overBudget(int loop) {
    return memory[loop].overBudget();
  }

  /**
   * Others found that what is here is not what they have: no later process serves it.
   *
   * @param why in words
   * @return what to stop with
   */
  public StorageDamaged foundDamaged(String why) {
    return disk.foundDamaged(why, null);
  }

  /** Bytes of memory that the loop's table takes. */
  public long memoryBytes(int loop) {
    return memory[loop].arena().usedBytes();
  }

  CellDisk disk() {
    return disk;
  }

  // ---- threads

  /** Runs a task on the flusher thread; tasks run in order. */
  CompletableFuture<Void> onFlusher(Runnable task) {
    return CompletableFuture.runAsync(() -> guarded(task), flusher);
  }

  /** Writes a generation, then tells the store. */
  void write(Generation generation, PartitionStore store) {
    onFlusher(
        () -> {
          states.put(generation.copy, generation.write(disk));
          store.owner().execute(() -> store.onWritten(generation));
        });
  }

  void onReader(Runnable task) {
    readers.execute(() -> guarded(task));
  }

  private void guarded(Runnable task) {
    checkUsable();
    try {
      task.run();
    } catch (MalformedBytesException e) {
      // Bytes from elsewhere were wrong, not this disk.
      throw e;
    } catch (StorageException e) {
      fail(e);
      throw e;
    } catch (RuntimeException e) {
      StorageException failed = new StorageException("storage stopped: " + e, e);
      fail(failed);
      throw failed;
    }
  }

  private void checkUsable() {
    StorageException earlier = failure;
    if (earlier != null) {
      throw earlier;
    }
  }

  private void fail(StorageException e) {
    synchronized (this) {
      if (failure != null) {
        return;
      }
      failure = e;
    }
    failureListener.accept(e);
  }

  /** Writes out what the stores have frozen, makes it durable, and closes. */
  @Override
  public void close() {
    if (failure == null) {
      persist().exceptionally(e -> Map.of()).join();
    }
    closeWithoutPersisting();
  }

  /** Closes as a crash would: what was not persisted may be lost. */
  void closeWithoutPersisting() {
    own.forEach(Storage::stop);
    disk.close();
  }

  private static void stop(ExecutorService threads) {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        throw new StorageException("storage is still busy after " + CLOSE_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException("interrupted while storage was closing", e);
    }
  }
}
