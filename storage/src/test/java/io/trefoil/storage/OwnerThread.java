package io.trefoil.storage;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The test's own thread as the owner of stores: tasks wait until the test runs them. */
final class OwnerThread implements Executor {
  private final LinkedBlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

  /** What a slow thread gave, that has not come yet. */
  private final Queue<Runnable> late = new ArrayDeque<>();

  private boolean isSlow;

  @Override
  public void execute(Runnable task) {
    if (isSlow) {
      late.add(task);
    } else {
      tasks.add(task);
    }
  }

  /** Runs a task as a slow thread would: what it gives to the owner comes later. */
  void runSlowly(Runnable task) {
    isSlow = true;
    task.run();
    isSlow = false;
  }

  /** What slow threads gave comes now. */
  void hurry() {
    tasks.addAll(late);
    late.clear();
  }

  void runPending() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  /** Runs tasks as they come until the condition holds. */
  void runUntil(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      take().run();
    }
  }

  /** The next task, not run. */
  Runnable take() {
    if (tasks.isEmpty()) {
      hurry();
    }
    try {
      Runnable task = tasks.poll(20, TimeUnit.SECONDS);
      if (task == null) {
        throw new AssertionError("nothing happened for 20 s");
      }
      return task;
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
