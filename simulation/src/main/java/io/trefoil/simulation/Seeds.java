package io.trefoil.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Runs many worlds, one on each core at a time; none of them knows of another. */
final class Seeds {
  /** Runs one world; called from several threads. */
  interface One {
    void run(long seed);
  }

  /** A world in which a promise broke. */
  record Failed(long seed, SimulationFailure failure) {}

  private final One one;
  private final long end;
  private final AtomicLong next;
  private Failed failed;

  private Seeds(long first, long count, One one) {
    this.one = one;
    this.next = new AtomicLong(first);
    this.end = first + count;
  }

  /**
   * Runs the worlds of {@code count} seeds, until one fails.
   *
   * @param threads how many at a time; with one they come in the order of their seeds
   * @return the lowest seed that failed, whatever order they ended in
   */
  static Optional<Failed> run(long first, long count, int threads, One one) {
    Seeds seeds = new Seeds(first, count, one);
    List<Thread> running = new ArrayList<>();
    for (int i = 1; i < Math.min(threads, count); i++) {
      Thread thread = new Thread(seeds::work, "seeds-" + i);
      thread.start();
      running.add(thread);
    }
    seeds.work();
    try {
      for (Thread thread : running) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    return Optional.ofNullable(seeds.failed);
  }

  /** Lower seeds than one that failed are run all the same: a failure then names the first. */
  private void work() {
    for (long seed = next.getAndIncrement(); seed < end && !isAfterFailed(seed); ) {
      try {
        one.run(seed);
      } catch (SimulationFailure failure) {
        fail(new Failed(seed, failure));
      } catch (RuntimeException | Error e) {
        fail(new Failed(seed, new SimulationFailure("seed " + seed + ": " + e, e)));
      }
      seed = next.getAndIncrement();
    }
  }

  private synchronized boolean isAfterFailed(long seed) {
    return failed != null && failed.seed() < seed;
  }

  private synchronized void fail(Failed now) {
    if (failed == null || now.seed() < failed.seed()) {
      failed = now;
    }
  }
}
