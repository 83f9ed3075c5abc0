package io.trefoil.node;

import io.trefoil.resp.ReplyWriter;
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

/**
 * Replies that wait for their entries and leave when those are committed. It is in this package
 * because the queue is not for others.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 500, timeUnit = TimeUnit.MILLISECONDS)
public class ReplyQueueLoop {
  private static final int PIPELINE = 16;

  private final Leader leader = new Leader();
  private long sent;
  private final ReplyQueue queue =
      new ReplyQueue(new ReplyWriter(), (array, length) -> sent += length);
  private long index;

  @Benchmark
  public long oneReply() {
    return turn(1);
  }

  /** The time is of all of them. */
  @Benchmark
  public long sixteenReplies() {
    return turn(PIPELINE);
  }

  private long turn(int replies) {
    for (int i = 0; i < replies; i++) {
      index++;
      queue.writer().simple("OK");
      queue.of(leader, index, index);
    }
    queue.endTurn();
    leader.committed = index;
    if (queue.release()) {
      throw new IllegalStateException("a reply is kept");
    }
    return sent;
  }

  /** Commits what it is told to, and never loses its lease. */
  private static final class Leader implements ReplyQueue.Answerer {
    private long committed;

    @Override
    public long epoch() {
      return 1;
    }

    @Override
    public long turnNanos() {
      return 0;
    }

    @Override
    public boolean answersFor(long epoch, long waitsFor) {
      return waitsFor <= committed;
    }

    @Override
    public boolean answeredFor(long epoch, long waitsFor, long ranNanos) {
      return false;
    }

    @Override
    public long writeTimeoutNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public String writeId(long epoch, long wrote) {
      return "";
    }

    @Override
    public void countUncertain() {}

    @Override
    public ReplyQueue.Failure lostLeadership() {
      throw new IllegalStateException("it leads for ever");
    }

    @Override
    public ReplyQueue.Failure notConfirmed() {
      throw new IllegalStateException("nothing takes long");
    }
  }
}
