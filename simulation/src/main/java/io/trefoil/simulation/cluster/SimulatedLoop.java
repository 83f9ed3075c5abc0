package io.trefoil.simulation.cluster;

import io.trefoil.node.Loop;
import io.trefoil.simulation.Schedule;
import java.util.ArrayDeque;

/** A loop of a simulated process: its tasks run one by one, and not while the process is paused. */
final class SimulatedLoop implements Loop {
  private static final long TASK_MICROS = 2;

  private final SimulatedProcess process;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private boolean awake;

  SimulatedLoop(SimulatedProcess process) {
    this.process = process;
  }

  @Override
  public void execute(Runnable task) {
    if (process.isDead()) {
      return;
    }
    tasks.add(task);
    wake();
  }

  private void wake() {
    if (!awake) {
      awake = true;
      process.after(TASK_MICROS, this::runOne);
    }
  }

  private void runOne() {
    awake = false;
    Runnable task = tasks.poll();
    process.run(task);
    if (!tasks.isEmpty()) {
      wake();
    }
  }

  @Override
  public void schedule(long delayMillis, Runnable task) {
    process.after(delayMillis * Schedule.MILLIS, () -> execute(task));
  }

  @Override
  public void every(long firstMillis, long periodMillis, Runnable task) {
    process.after(
        firstMillis * Schedule.MILLIS,
        () -> {
          execute(task);
          every(periodMillis, periodMillis, task);
        });
  }

  @Override
  public boolean isStopping() {
    return process.isDead();
  }
}
