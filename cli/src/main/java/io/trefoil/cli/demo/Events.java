package io.trefoil.cli.demo;

import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** The newest things that happened, each with its time. Thread-safe. */
final class Events {
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");

  private static final int KEPT_MAX = 200;

  private final ArrayDeque<String> kept = new ArrayDeque<>();
  private long total;

  synchronized void add(String event) {
    // A node's words come into the terminal here: control characters must not.
    String clean = event.replaceAll("\\p{Cntrl}", " ");
    kept.addLast(TIME.format(LocalTime.now()) + " " + clean);
    total++;
    if (kept.size() > KEPT_MAX) {
      kept.removeFirst();
    }
  }

  /** All that are kept, oldest first. */
  synchronized List<String> all() {
    return new ArrayList<>(kept);
  }

  /** How many there were since the start. */
  synchronized long total() {
    return total;
  }

  /** Those after the first {@code seen} ones, as far as they are kept. */
  synchronized List<String> since(long seen) {
    List<String> all = all();
    int fresh = (int) Math.min(all.size(), total - seen);
    return all.subList(all.size() - fresh, all.size());
  }
}
