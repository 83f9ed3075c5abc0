package io.trefoil.bench.inner;

import io.trefoil.partition.Slots;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Where a key belongs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class SlotLoop {
  private final byte[] key = "key:000000000007".getBytes(StandardCharsets.US_ASCII);
  private final byte[] tagged = "{user:7}:orders".getBytes(StandardCharsets.US_ASCII);

  @Benchmark
  public int slot() {
    return Slots.slot(key);
  }

  @Benchmark
  public int slotOfATag() {
    return Slots.slot(tagged);
  }
}
