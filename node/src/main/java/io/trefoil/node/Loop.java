package io.trefoil.node;

import java.util.concurrent.Executor;

/**
 * The port to a thread that runs tasks one after the other, in the order in which they came. A
 * node's state belongs to its loops, so that it needs no locks. {@link #execute} is for any thread.
 */
public interface Loop extends Executor {
  /**
   * Runs a task after all that were given before it.
   *
   * @throws java.util.concurrent.RejectedExecutionException once the loop is stopped
   */
  @Override
  void execute(Runnable task);

  /** Runs a task once, after a while. */
  void schedule(long delayMillis, Runnable task);

  /** Runs a task again and again. */
  void every(long firstMillis, long periodMillis, Runnable task);

  /** Whether the loop takes no tasks any more, or will soon not. */
  boolean isStopping();
}
