package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.ReplyFields;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Asks for values that merging hid, twice a second, and tells of each once. */
final class ConflictWatch implements Runnable {
  private static final long INTERVAL_MILLIS = 500;

  private final String database;
  private final List<Administrator> regions;
  private final Consumer<String> events;
  private final CountDownLatch stopped = new CountDownLatch(1);
  // Few enough to remember all: one every two seconds.
  private final Set<String> told = new HashSet<>();
  private long sinceMillis = System.currentTimeMillis();

  /**
   * @param regions the first that answers is asked: each tells of what it merged itself
   */
  ConflictWatch(String database, List<Administrator> regions, Consumer<String> events) {
    this.database = database;
    this.regions = regions;
    this.events = events;
  }

  void stop() {
    stopped.countDown();
  }

  /** How many were told of. */
  int count() {
    synchronized (told) {
      return told.size();
    }
  }

  @Override
  public void run() {
    try {
      do {
        look();
      } while (!stopped.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells of what is new now. For one thread at a time. */
  void look() {
    for (Administrator region : regions) {
      try {
        Reply reply = region.ask("CONFLICTS", database, "SINCE", Long.toString(sinceMillis));
        if (reply instanceof Reply.Items) {
          tell(((Reply.Items) reply).values());
          return;
        }
      } catch (IOException | CommandFailed e) {
        // No node of it answers: another region may.
        continue;
      }
    }
  }

  /** They come with the newest first. */
  private void tell(List<Reply> conflicts) {
    for (int i = conflicts.size() - 1; i >= 0; i--) {
      ReplyFields conflict = ReplyFields.of(conflicts.get(i));
      sinceMillis = Math.max(sinceMillis, conflict.number("when_ms"));
      String words = words(conflict);
      synchronized (told) {
        if (told.add(words)) {
          events.accept(words);
        }
      }
    }
  }

  private static String words(ReplyFields conflict) {
    ReplyFields winner = ReplyFields.of(conflict.get("winner"));
    ReplyFields loser = ReplyFields.of(conflict.get("loser"));
    return String.format(
        "conflict in %s: %s of %s is seen, %s of %s is hidden (%s)",
        conflict.text("key"),
        winner.text("value"),
        winner.text("region"),
        loser.text("value"),
        loser.text("region"),
        conflict.text("rule"));
  }
}
