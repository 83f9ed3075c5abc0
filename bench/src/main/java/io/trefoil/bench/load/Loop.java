package io.trefoil.bench.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One thread's connections. A request is sent when it is due and a connection has room for it;
 * until then it waits in a queue, and its time counts from when it was due (no coordinated
 * omission, see Tene's "How not to measure latency"). Without a pace a request is due when a
 * connection has room.
 */
final class Loop implements Replies {
  /** So many requests that are due wait to be sent, at most. */
  private static final int BACKLOG_MAX = 1 << 16;

  private static final long SELECT_MILLIS_MAX = 1_000;
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  /**
   * A selector waits in milliseconds. For less the thread sleeps, and looks at replies so often.
   */
  private static final long LOOK_NANOS = 20_000;

  /** A server that has said nothing for so long is taken for dead. */
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  private final Selector selector = Selector.open();
  private final List<Connection> connections = new ArrayList<>();
  private final Consumer<SelectionKey> onReady = this::onReady;
  private final LongRing backlog = new LongRing(BACKLOG_MAX);
  private Requests requests;
  private Tally tally;
  private int pipeline;
  private int next;
  private Connection current;
  private int inFlight;

  /** Whether the next request is drawn, and had no room. */
  private boolean isDrawn;

  /** Whether a connection that has room gets the next request at once, until the end. */
  private boolean isClosed;

  private long closedEnd;
  private long lastReply;

  Loop() throws IOException {}

  void add(Connection connection) throws IOException {
    connections.add(connection);
    connection.register(selector);
  }

  /**
   * Sends requests and waits for the replies of all that were sent.
   *
   * @param arrivals when they are due, or null: when there is room
   * @param end none is sent after it
   */
  void run(Requests given, Arrivals arrivals, int pipelineOfEach, long end, Tally into)
      throws IOException {
    requests = given;
    pipeline = pipelineOfEach;
    tally = into;
    lastReply = System.nanoTime();
    isDrawn = false;
    try {
      if (arrivals == null) {
        runClosed(end);
      } else {
        runOpen(arrivals, end);
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    tally.end();
  }

  // --- as fast as replies come

  private void runClosed(long end) throws IOException {
    isClosed = true;
    closedEnd = end;
    for (Connection connection : connections) {
      fill(connection);
    }
    while (inFlight > 0) {
      await(SELECT_MILLIS_MAX);
    }
    isClosed = false;
  }

  private void fill(Connection connection) throws IOException {
    long now = System.nanoTime();
    while (now - closedEnd < 0
        && hasRequest()
        && connection.hasRoom(pipeline, requests.valueSize())) {
      send(connection, now);
    }
    connection.flush();
  }

  // --- when they are due

  private void runOpen(Arrivals arrivals, long end) throws IOException {
    TimerSlack.none();
    for (long now = System.nanoTime(); now - end < 0; now = System.nanoTime()) {
      for (; arrivals.due() - now <= 0; arrivals.advance()) {
        tally.addUnsent(backlog.offer(arrivals.due()) ? 0 : 1);
      }
      tally.seeBacklog(backlog.count());
      sendBacklog();
      awaitNanos(Math.min(arrivals.due(), end) - System.nanoTime());
    }
    tally.addUnsent(backlog.count());
    while (backlog.count() > 0) {
      backlog.remove();
    }
    while (inFlight > 0) {
      await(SELECT_MILLIS_MAX);
    }
  }

  private void sendBacklog() throws IOException {
    int refused = 0;
    while (backlog.count() > 0 && refused < connections.size() && hasRequest()) {
      Connection connection = connections.get(next);
      next = (next + 1) % connections.size();
      if (connection.hasRoom(pipeline, requests.valueSize())) {
        send(connection, backlog.remove());
        refused = 0;
      } else {
        refused++;
      }
    }
    for (Connection connection : connections) {
      connection.flush();
    }
  }

  private void awaitNanos(long nanos) throws IOException {
    if (nanos >= MILLISECOND) {
      await(nanos / MILLISECOND);
    } else {
      if (nanos > 0) {
        LockSupport.parkNanos(Math.min(nanos, LOOK_NANOS));
      }
      selector.selectNow(onReady);
    }
  }

  // --- both

  /** Whether there is a next request: one that had no room stays the next. */
  private boolean hasRequest() {
    isDrawn = isDrawn || requests.advance();
    return isDrawn;
  }

  private void send(Connection connection, long due) {
    connection.add(requests, due);
    isDrawn = false;
    inFlight++;
  }

  private void await(long millis) throws IOException {
    if (selector.select(onReady, millis) == 0 && System.nanoTime() - lastReply > PATIENCE) {
      throw new IOException(silent() + " has not answered for a minute");
    }
  }

  private String silent() {
    return connections.stream()
        .filter(connection -> connection.inFlight() > 0)
        .findFirst()
        .orElse(connections.get(0))
        .node();
  }

  private void onReady(SelectionKey key) {
    Connection connection = (Connection) key.attachment();
    try {
      if (key.isWritable()) {
        connection.write();
      }
      if (key.isReadable()) {
        current = connection;
        connection.receive(this);
      }
      if (isClosed) {
        fill(connection);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void on(int slot, Outcome outcome) {
    long due = done(slot);
    if (outcome == Outcome.GOOD) {
      tally.addGood(due, lastReply);
    } else {
      tally.addMissing();
    }
  }

  @Override
  public void onError(int slot, String text) {
    done(slot);
    tally.addError(text);
  }

  private long done(int slot) {
    inFlight--;
    lastReply = System.nanoTime();
    return current.done(slot);
  }
}
