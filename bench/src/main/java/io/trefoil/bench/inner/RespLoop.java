package io.trefoil.bench.inner;

import io.trefoil.resp.RespLimits;
import io.trefoil.resp.RespParser;
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

/** A client's bytes become commands. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class RespLoop {
  private static final int PIPELINE = 16;
  private static final String SET =
      "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000007\r\n$64\r\n" + "v".repeat(64) + "\r\n";
  private static final String GET = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000007\r\n";

  private final RespParser parser = new RespParser(RespLimits.DEFAULT);
  private final byte[] set = bytes(SET);
  private final byte[] get = bytes(GET);
  private final byte[] sets = bytes(SET.repeat(PIPELINE));

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Benchmark
  public int set() {
    return parse(set);
  }

  @Benchmark
  public int get() {
    return parse(get);
  }

  /** Sixteen that came together: the time is of all of them. */
  @Benchmark
  public int sixteenSets() {
    return parse(sets);
  }

  private int parse(byte[] bytes) {
    int words = 0;
    for (int from = 0; from < bytes.length; from += parser.consumed()) {
      if (parser.parse(bytes, from, bytes.length) != RespParser.Outcome.COMMAND) {
        throw new IllegalStateException(parser.error());
      }
      words += parser.args().count();
    }
    return words;
  }
}
