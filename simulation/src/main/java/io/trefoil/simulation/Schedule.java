package io.trefoil.simulation;

import java.util.PriorityQueue;

/** Simulated time: what happens next, in order of time and then of scheduling. */
final class Schedule {
  static final long MILLIS = 1_000; // microseconds

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

  long nowMicros() {
    return nowMicros;
  }

  /** How many tasks have run. */
  long run() {
    return run;
  }

  /** When the next task runs; never, when there is none. */
  long nextMicros() {
    return tasks.isEmpty() ? Long.MAX_VALUE : tasks.peek().atMicros();
  }

  void after(long delayMicros, Runnable action) {
    tasks.add(new Task(nowMicros + delayMicros, scheduled++, action));
  }

  /** Runs the next task. False when there is none. */
  boolean runNext() {
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
