package io.trefoil.bench.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** What every second of a measurement was like. Threads have a part each, and share the whole. */
public final class Series {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final long NANOS_MAX = TimeUnit.MINUTES.toNanos(10);

  /** Fewer than of the whole measurement: there is one histogram for each second. */
  private static final int DIGITS = 2;

  /**
   * A second: how many requests were answered in it, and how long they had taken.
   *
   * @param second from 0 on
   */
  public record Second(
      int second, long answered, double p50, double p99, double p999, double max) {}

  private final long begin;
  private final List<Histogram> seconds = new ArrayList<>();

  Series(long beginNanos) {
    this.begin = beginNanos;
  }

  /** In their order; one in which nothing was answered is there, too. */
  public synchronized List<Second> seconds() {
    List<Second> all = new ArrayList<>();
    for (int i = 0; i < seconds.size(); i++) {
      Histogram of = seconds.get(i);
      all.add(
          new Second(
              i,
              of.getTotalCount(),
              of.getValueAtPercentile(50) / 1e6,
              of.getValueAtPercentile(99) / 1e6,
              of.getValueAtPercentile(99.9) / 1e6,
              of.getMaxValue() / 1e6));
    }
    return all;
  }

  private synchronized void add(int second, Histogram part) {
    while (seconds.size() <= second) {
      seconds.add(new Histogram(NANOS_MAX, DIGITS));
    }
    seconds.get(second).add(part);
  }

  /** One thread's. */
  final class Part {
    private final Histogram current = new Histogram(NANOS_MAX, DIGITS);
    private int second;

    void add(long now, long took) {
      if (now - begin >= (second + 1) * SECOND) {
        end();
        second = (int) ((now - begin) / SECOND);
      }
      current.recordValue(took);
    }

    void end() {
      Series.this.add(second, current);
      current.reset();
    }
  }
}
