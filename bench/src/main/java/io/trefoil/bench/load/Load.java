package io.trefoil.bench.load;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** A client of one side: connections that are spread over its nodes, and threads that use them. */
public final class Load implements Closeable {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /**
   * How large it is.
   *
   * @param pipelineMax so many requests are in flight on a connection at most
   * @param valueMax no value is larger, in bytes
   */
  public record Size(int connections, int threads, int pipelineMax, int valueMax) {}

  /**
   * What a run came to.
   *
   * @param seconds how long it took, to the last reply
   * @param series null when nobody asked for it
   */
  public record Result(Tally tally, double seconds, Series series) {}

  private interface Work {
    void run(Loop loop, int thread, Tally tally) throws IOException;
  }

  private final List<Connection> connections = new ArrayList<>();
  private final List<Loop> loops = new ArrayList<>();
  private final ExecutorService threads;
  private final SplittableRandom random;
  private final int pipelineMax;

  private Load(Size size, long seed) {
    this.random = new SplittableRandom(seed);
    this.pipelineMax = size.pipelineMax();
    this.threads =
        Executors.newFixedThreadPool(
            size.threads(),
            work -> {
              Thread made = new Thread(work, "load");
              made.setDaemon(true);
              return made;
            });
  }

  /**
   * Connects to the nodes in turn.
   *
   * @param protocol makes one for each connection
   * @param seed of keys, values and gaps between requests
   */
  public static Load connect(
      List<InetSocketAddress> nodes, Supplier<Protocol> protocol, Size size, long seed)
      throws IOException {
    Load load = new Load(size, seed);
    try {
      for (int i = 0; i < size.threads(); i++) {
        load.loops.add(new Loop());
      }
      for (int i = 0; i < size.connections(); i++) {
        Connection connection =
            Connection.open(
                nodes.get(i % nodes.size()), protocol.get(), size.pipelineMax(), size.valueMax());
        load.connections.add(connection);
        load.loops.get(i % size.threads()).add(connection);
      }
      return load;
    } catch (IOException | RuntimeException e) {
      load.close();
      throw e;
    }
  }

  /** Writes each key once, so that reads find them. */
  public Result fill(Workload workload) throws IOException, InterruptedException {
    AtomicLong next = new AtomicLong();
    long end = System.nanoTime() + Long.MAX_VALUE / 2;
    return run(
        null,
        (loop, thread, tally) ->
            loop.run(Requests.each(workload, draw(), next), null, pipelineMax, end, tally));
  }

  /**
   * Sends requests for so long.
   *
   * @param pipeline so many are in flight on a connection at most
   * @param wantsSeries whether each second is to be told of, too
   */
  public Result run(Workload workload, Pace pace, int pipeline, int seconds, boolean wantsSeries)
      throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Series series = wantsSeries ? new Series(begin) : null;
    return run(
        series,
        (loop, thread, tally) ->
            loop.run(
                Requests.drawn(workload, draw()),
                arrivals(pace, begin, thread),
                pipeline,
                begin + seconds * SECOND,
                tally));
  }

  /** Of one of the threads; all of them together keep the pace. */
  private Arrivals arrivals(Pace pace, long begin, int thread) {
    if (pace.isMax()) {
      return null;
    }
    double perSecond = pace.perSecond() / loops.size();
    long shift = (long) (SECOND / pace.perSecond() * thread);
    return new Arrivals(perSecond, begin + shift, pace.isExponential() ? draw() : null);
  }

  private synchronized SplittableRandom draw() {
    return random.split();
  }

  private Result run(Series series, Work work) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    List<Tally> tallies = new ArrayList<>();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < loops.size(); i++) {
      int thread = i;
      Tally tally = new Tally(series == null ? null : series.new Part());
      tallies.add(tally);
      running.add(
          threads.submit(
              () -> {
                work.run(loops.get(thread), thread, tally);
                return null;
              }));
    }
    for (Future<?> loop : running) {
      await(loop);
    }
    return new Result(Tally.sum(tallies), (System.nanoTime() - begin) / 1e9, series);
  }

  private static void await(Future<?> loop) throws IOException, InterruptedException {
    try {
      loop.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException) {
        throw (IOException) e.getCause();
      }
      throw new IllegalStateException("a thread of the client failed", e.getCause());
    }
  }

  @Override
  public void close() throws IOException {
    threads.shutdownNow();
    for (Connection connection : connections) {
      connection.close();
    }
  }
}
