package io.trefoil.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import io.trefoil.storage.PartitionStore.Found;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A storage with one store, and short words for what tests do with it. */
final class TestStore implements AutoCloseable {
  final OwnerThread owner = new OwnerThread();
  final List<StorageException> failures = new ArrayList<>();
  final Storage storage;
  PartitionStore store;
  long index;

  TestStore(Path folder, long memoryBytes) {
    StorageSettings settings = StorageSettings.in(folder).withBlockCacheBytes(64 << 10);
    storage = Storage.open(settings, memoryBytes, failures::add);
    open(1);
  }

  /** A storage without files or threads. */
  static Storage inMemory() {
    return Storage.open(
        new MemoryCellDisk(),
        64L << 20,
        Runnable::run,
        Runnable::run,
        broken -> {
          throw broken;
        });
  }

  void open(long copy) {
    store = storage.store(copy, 0, owner);
    index = store.flushedPosition().index();
  }

  void put(String key, String value) {
    put(key, Bytes.utf8(value).array(), 0);
  }

  void put(String key, byte[] value, long expireAt) {
    byte[] k = Bytes.utf8(key).array();
    index++;
    store.put(index, index, CellType.STRING, expireAt, k, 0, k.length, value, 0, value.length);
  }

  void remove(String key) {
    byte[] k = Bytes.utf8(key).array();
    index++;
    store.remove(index, index, k, 0, k.length);
  }

  void commit() {
    store.commit(index);
  }

  /** Commits, freezes, and waits until RocksDB has it. */
  void flush() {
    commit();
    store.freeze(new Position(1, index), Bytes.EMPTY);
    settle();
  }

  void settle() {
    owner.runUntil(() -> !store.isWriting());
    for (int rounds = 0; storage.maintain(0, 1_000); rounds++) {
      if (rounds == 100_000) {
        throw new AssertionError("the budget is too small for what can't be evicted");
      }
    }
  }

  Found find(String key) {
    byte[] k = Bytes.utf8(key).array();
    return store.find(k, 0, k.length);
  }

  /** The value, fetched if need be, or null. */
  String get(String key) {
    if (find(key) == Found.NOT_IN_MEMORY) {
      boolean[] fetched = new boolean[1];
      store.fetch(Bytes.utf8(key).array(), () -> fetched[0] = true);
      owner.runUntil(() -> fetched[0]);
    }
    Found found = find(key);
    assertThat(found).isNotEqualTo(Found.NOT_IN_MEMORY);
    if (found == Found.ABSENT) {
      return null;
    }
    byte[] value = new byte[store.valueLength()];
    store.copyValue(0, value, 0, value.length);
    return Bytes.wrap(value).toString();
  }

  long digest() {
    return store.digest(0, 0, 1L << 32);
  }

  /** Puts and flushes other keys until {@code key} is no longer in the table. */
  void crowdOut(String key) {
    byte[] large = new byte[100_000];
    byte[] k = Bytes.utf8(key).array();
    int hash = HashIndex.hash(k, 0, k.length);
    for (int i = 0; store.isInTable(hash, k); i++) {
      put("crowd" + i % 50, large, 0);
      flush();
    }
  }

  @Override
  public void close() {
    storage.close();
  }
}
