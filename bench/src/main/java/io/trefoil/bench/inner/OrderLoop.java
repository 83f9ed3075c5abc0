package io.trefoil.bench.inner;

import io.trefoil.cell.CellType;
import io.trefoil.storage.FieldOrder;
import io.trefoil.storage.Look;
import io.trefoil.storage.PartitionStore;
import io.trefoil.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Arrays;
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

/** The order of a sorted set with a hundred thousand members, in memory. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class OrderLoop {
  private static final int MEMBERS = 100_000;
  private static final int TURN = 64;

  private final SplittableRandom random = new SplittableRandom(1);
  private final byte[] place = new byte[24];
  private final byte[] first = new byte[24];
  private final byte[] none = new byte[0];
  private Storage storage;
  private PartitionStore store;
  private FieldOrder order;
  private long index = 1;

  @Setup
  public void open() {
    storage = InMemory.storage();
    store = storage.store(1, 0, Runnable::run);
    order = new FieldOrder(store, Look.NEWEST);
    order.open(CellType.ZSET, 1, new byte[] {'k'}, 0, 1);
    for (int i = 0; i < MEMBERS; i++) {
      insert();
    }
  }

  @TearDown
  public void close() {
    storage.close();
  }

  private void insert() {
    ByteBuffer.wrap(place).putLong(random.nextLong()).putLong(random.nextLong());
    order.put(index, index, place, 0, place.length, none, 0, 0);
    next();
  }

  private void next() {
    if (++index % TURN == 0) {
      store.commit(index - 1);
      store.beginBatch(index);
    }
  }

  /** One comes in anywhere, and the first one goes. */
  @Benchmark
  public long insertAndPop() {
    insert();
    order.visit(
        0,
        1,
        false,
        (array, placeAt, placeLength, valueAt, valueLength) ->
            System.arraycopy(array, placeAt, first, 0, placeLength));
    if (!order.remove(index, index, first, 0, first.length)) {
      throw new IllegalStateException("the first is missing: " + Arrays.toString(first));
    }
    next();
    return index;
  }

  @Benchmark
  public long rank() {
    ByteBuffer.wrap(place).putLong(random.nextLong());
    return order.rank(place, 0, place.length);
  }
}
