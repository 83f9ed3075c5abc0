package io.trefoil.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Prints what a database's partitions commit, each from its position on, and goes on over failovers
 * and at other nodes. A position is noted in the file when the lines before it have left. One
 * thread's, but for {@link #stop}.
 */
final class Tail {
  /** What clients retry: nothing is wrong with what was asked. */
  private static final Set<String> RETRIED = Set.of("CLUSTERDOWN", "TRYAGAIN", "LOADING");

  private static final int COUNT = 1_000;
  private static final long PAUSE_MILLIS = 100;
  private static final long SAID_AFTER_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Settings settings;
  private final NodesInTurn nodes;
  private final TailPositions positions;
  private final PrintStream out;
  private final PrintStream err;
  private final CountDownLatch stopped = new CountDownLatch(1);

  /** Up to which index each partition is read, when that is not for ever. */
  private final SortedMap<Integer, Long> ends = new TreeMap<>();

  /** Since when partitions have given nothing, by the monotonic clock. */
  private final SortedMap<Integer, Long> stuckSince = new TreeMap<>();

  /** Partitions of which no position is known any more. */
  private final Set<Integer> fromStart = new HashSet<>();

  private boolean moved;
  private boolean troubleSaid;

  /**
   * What to print.
   *
   * @param from where partitions begin of which no position is known: {@code START} or {@code END}
   * @param follows whether to go on when all is read that was committed
   * @param goesBack whether to go on from where the histories parted when one left
   * @param file for positions; null for none
   */
  record Settings(
      String database,
      List<Integer> partitions,
      String from,
      boolean follows,
      boolean goesBack,
      Path file) {}

  Tail(Settings settings, NodesInTurn nodes, TailPositions positions, Stdio stdio) {
    this.settings = settings;
    this.nodes = nodes;
    this.positions = positions;
    this.out = stdio.out();
    this.err = stdio.err();
  }

  /** Ends it when what is being printed is. Any thread. */
  void stop() {
    stopped.countDown();
  }

  /**
   * Prints until it is stopped, nobody reads any more, or all is read.
   *
   * @throws CommandFailed when it can't go on
   */
  void run() throws InterruptedException {
    List<Integer> left = new ArrayList<>(settings.partitions());
    while (!left.isEmpty() && stopped.getCount() > 0) {
      boolean news = false;
      for (int partition : left) {
        news |= stopped.getCount() > 0 && pull(partition);
      }
      out.flush();
      if (out.checkError()) {
        return; // as when a pipe's reader has enough
      }
      notePositions();
      if (!settings.follows()) {
        left.removeIf(this::isAtEnd);
      }
      if (!news && !left.isEmpty()) {
        stopped.await(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
      }
    }
  }

  private boolean isAtEnd(int partition) {
    String last = positions.last(partition);
    return last != null
        && TailPositions.index(last) >= ends.getOrDefault(partition, Long.MAX_VALUE);
  }

  /** Returns whether there may be more at once. */
  private boolean pull(int partition) {
    Reply reply;
    try {
      String count = Integer.toString(COUNT);
      String number = Integer.toString(partition);
      reply =
          nodes.call(
              "TAIL",
              settings.database(),
              "PARTITION",
              number,
              "FROM",
              from(partition),
              "COUNT",
              count);
    } catch (CommandFailed e) {
      trouble(partition, e.getMessage());
      return false;
    }
    if (reply instanceof Reply.Failure && RETRIED.contains(((Reply.Failure) reply).prefix())) {
      trouble(partition, reply.text());
      return false;
    }
    endTrouble(partition);
    return reply instanceof Reply.Failure
        ? goBack(partition, (Reply.Failure) reply)
        : print(partition, ((Reply.Items) reply).values());
  }

  private String from(int partition) {
    String last = positions.last(partition);
    return last != null ? last : fromStart.contains(partition) ? "START" : settings.from();
  }

  private boolean print(int partition, List<Reply> page) {
    String next = page.get(0).text();
    List<Reply> lines = ((Reply.Items) page.get(2)).values();
    for (Reply line : lines) {
      byte[] bytes = ((Reply.BulkString) line).bytes();
      out.write(bytes, 0, bytes.length);
      out.write('\n');
    }
    ends.putIfAbsent(partition, TailPositions.index(page.get(1).text()));
    boolean further = !next.equals(positions.last(partition));
    if (further) {
      positions.reached(partition, next);
      moved = true;
    }
    return further;
  }

  /**
   * Goes on from where the histories parted. The leader knows that when the last epoch that was
   * read is in its history. Else it may be before what it tells, and the last position of the epoch
   * before is tried.
   */
  private boolean goBack(int partition, Reply.Failure failure) {
    String last = positions.last(partition);
    if (!failure.prefix().equals("DIVERGED") || !settings.goesBack() || last == null) {
      throw new CommandFailed(failure.message());
    }
    String parted = failure.message().split(" ")[1];
    positions.forgetLast(partition);
    if (TailPositions.epoch(parted) == TailPositions.epoch(last)) {
      positions.reached(partition, parted);
    }
    if (positions.last(partition) == null) {
      fromStart.add(partition);
    }
    err.println("trefoil: " + failure.message() + "; goes on from " + from(partition));
    moved = true;
    return true;
  }

  private void notePositions() {
    if (moved && settings.file() != null) {
      try {
        positions.write(settings.file());
      } catch (IOException e) {
        throw new CommandFailed("the position file " + settings.file() + " can't be written: " + e);
      }
    }
    moved = false;
  }

  /** Says once that it does not go on, and gives up in the end when it does not follow. */
  private void trouble(int partition, String problem) {
    long now = System.nanoTime();
    long stuckNanos = now - stuckSince.computeIfAbsent(partition, number -> now);
    if (!settings.follows() && stuckNanos > PATIENCE_NANOS) {
      throw new CommandFailed(problem);
    }
    if (!troubleSaid && stuckNanos > SAID_AFTER_NANOS) {
      err.println("trefoil: " + problem + "; tries again");
      troubleSaid = true;
    }
  }

  private void endTrouble(int partition) {
    stuckSince.remove(partition);
    if (troubleSaid && stuckSince.isEmpty()) {
      err.println("trefoil: goes on");
      troubleSaid = false;
    }
  }
}
