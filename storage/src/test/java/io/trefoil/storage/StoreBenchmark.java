package io.trefoil.storage;

import io.trefoil.base.Bytes;
import io.trefoil.base.Position;
import io.trefoil.cell.CellType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * Prints what a put with its commit and a find cost with a million keys of 16 bytes and values of
 * 64 bytes, while generations are written behind. A few seconds; run by hand, as a main.
 */
public final class StoreBenchmark {
  private static final int KEYS = 1_000_000;
  private static final int OPERATIONS = 2_000_000;

  private final OwnerThread owner = new OwnerThread();
  private final Storage storage;
  private final PartitionStore store;
  private final byte[] key = new byte[16];
  private final byte[] value = new byte[64];
  private long index;
  private long longestTurnNanos;

  private StoreBenchmark(Storage storage) {
    this.storage = storage;
    store = storage.store(1, 0, owner);
  }

  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createTempDirectory("trefoil-benchmark");
    StorageSettings settings = StorageSettings.in(folder);
    try (Storage storage =
        Storage.open(
            settings,
            failure -> {
              throw failure;
            })) {
      new StoreBenchmark(storage).run();
    }
    Folders.delete(folder);
  }

  private void run() {
    Random random = new Random(1);
    report("put + commit, new keys", KEYS, i -> put(i));
    report("put + commit, random keys", OPERATIONS, i -> put(random.nextInt(KEYS)));
    report("find + copy, random keys", OPERATIONS, i -> find(random.nextInt(KEYS)));
    report("find, absent keys", OPERATIONS, i -> find(KEYS + random.nextInt(KEYS)));
    owner.runUntil(() -> !store.isWriting());
    while (!store.canFreeze()) {
      endTurn();
    }
    System.out.printf(
        "memory %d bytes a key%n", storage.memoryBytes(0) / Math.max(store.keyCount(), 1));
  }

  private interface Operation {
    void run(int i);
  }

  private void report(String what, int count, Operation operation) {
    longestTurnNanos = 0;
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long cpuStart = threads.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    long turn = start;
    for (int i = 0; i < count; i++) {
      operation.run(i);
      if (i % 256 == 255) {
        endTurn();
        long now = System.nanoTime();
        longestTurnNanos = Math.max(longestTurnNanos, now - turn);
        turn = now;
      }
    }
    long nanos = (System.nanoTime() - start) / count;
    long cpu = (threads.getCurrentThreadCpuTime() - cpuStart) / count;
    System.out.printf(
        "%-28s %4d ns, %4d ns of cpu, longest turn of 256: %d us%n",
        what, nanos, cpu, longestTurnNanos / 1000);
  }

  private void put(int number) {
    keyOf(number);
    index++;
    store.put(index, index, CellType.STRING, 0, key, 0, 16, value, 0, 64);
    store.commit(index);
  }

  private void find(int number) {
    keyOf(number);
    if (store.find(key, 0, 16) == PartitionStore.Found.FOUND) {
      store.copyValue(0, value, 0, store.valueLength());
    }
  }

  private void keyOf(int number) {
    int rest = number;
    for (int i = 15; i >= 0; i--) {
      key[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  private void endTurn() {
    owner.runPending();
    storage.maintain(0, 2_000);
    if (store.wantsFreeze(System.nanoTime() / 1_000_000)) {
      store.freeze(new Position(1, index), Bytes.EMPTY);
    }
  }
}
