package io.trefoil.simulation;

import java.util.PriorityQueue;

/** Simulated time: what happens next, in order of time and then of scheduling. */
public final class Schedule {
  public static final long MILLIS = 1_000; // microseconds

  private record Task(long atMicros, long number, Runnable action) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(atMicros, other.atMicros);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private long nowMicros;
  private long scheduled;
  private long run;

  public long nowMicros() {
    return nowMicros;
  }

  /** How many tasks have run. */
  public long run() {
    return run;
  }

  /** When the next task runs; never, when there is none. */
  public long nextMicros() {
    return tasks.isEmpty() ? Long.MAX_VALUE : tasks.peek().atMicros();
  }

  /** Runs {@code action} after a while. */
  public void after(long delayMicros, Runnable action) {
    tasks.add(new Task(nowMicros + delayMicros, scheduled++, action));
  }

  /** Runs the next task. False when there is none. */
  public boolean runNext() {
    Task task = tasks.poll();
    if (task == null) {
      return false;
    }
    nowMicros = task.atMicros();
    run++;
    task.action().run();
    return true;
  }
}
