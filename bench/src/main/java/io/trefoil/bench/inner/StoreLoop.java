package io.trefoil.bench.inner;

import io.trefoil.cell.CellType;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Cells in memory: nothing is written behind, and nothing is only on disk. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class StoreLoop {
  private static final int KEYS = 100_000;

  private final SplittableRandom random = new SplittableRandom(1);
  private final byte[] key = new byte[16];
  private final byte[] value = new byte[64];
  private Storage storage;
  private PartitionStore store;
  private long index;

  @Setup
  public void open() {
    storage = InMemory.storage();
    store = storage.store(1, 0, Runnable::run);
    for (int i = 0; i < KEYS; i++) {
      put(i);
    }
  }

  @TearDown
  public void close() {
    storage.close();
  }

  private void name(int number) {
    ByteBuffer.wrap(key).putInt(12, number);
  }

  private void put(int number) {
    name(number);
    index++;
    store.put(index, index, CellType.STRING, 0, key, 0, key.length, value, 0, value.length);
    store.commit(index);
  }

  @Benchmark
  public long putAndCommit() {
    put(random.nextInt(KEYS));
    return index;
  }

  @Benchmark
  public int findAndCopy() {
    name(random.nextInt(KEYS));
    if (store.find(key, 0, key.length) != PartitionStore.Found.FOUND) {
      throw new IllegalStateException("a key is missing");
    }
    store.copyValue(0, value, 0, value.length);
    return value[0];
  }

  @Benchmark
  public PartitionStore.Found findAbsent() {
    name(KEYS + random.nextInt(KEYS));
    return store.find(key, 0, key.length);
  }
}
