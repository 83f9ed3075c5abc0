package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Writes numbered keys at a steady rate over one connection, and after a failover reads back what
 * was acknowledged before. One thread does both, so no write is under way during a check.
 */
final class Writer implements Runnable {
  /** Longer than the server's write timeout: the server should be the first to give up. */
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(3);

  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);
  private static final int CHECK_BATCH = 100;
  private static final long PAUSE_WORTH_TELLING_MILLIS = 300;

  /**
   * Where to write.
   *
   * @param number of the database
   * @param epochs a number that is another one after each change of leader
   * @param hasLeader whether reads can be answered
   * @param ports client ports, the best one first; none when no node runs
   */
  record Target(CommitRule rule, int number, long epochs, boolean hasLeader, List<Integer> ports) {}

  /**
   * How to write.
   *
   * @param perSecond writes a second
   * @param valueBytes size of a value
   * @param keyPrefix what tells this run's keys from those of earlier runs
   */
  record Settings(int perSecond, int valueBytes, String keyPrefix) {
    /** What is written under a number. */
    String value(long number) {
      String digits = Long.toString(number);
      return digits + ".".repeat(Math.max(0, valueBytes - digits.length()));
    }
  }

  private final Settings settings;
  private final Supplier<Target> target;
  private final WriterLedger ledger;
  private final Consumer<String> events;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private long epochsChecked = -1;
  private volatile boolean on = true;
  private volatile String state = "starting";
  private RespClient client;
  private int connectedPort;
  private int selected;
  private long nextNumber = 1;
  private long lastAcknowledgedNanos;
  private CommitRule lastAcknowledgedRule;

  /** The target is asked again before each write; null while none is known. */
  Writer(Settings settings, Supplier<Target> target, WriterLedger ledger, Consumer<String> events) {
    this.settings = settings;
    this.target = target;
    this.ledger = ledger;
    this.events = events;
  }

  /** Switches writing on or off. */
  void toggle() {
    on = !on;
  }

  /** What the writer does, in a few words. */
  String state() {
    return on ? state : "off";
  }

  /** Ends the thread soon. */
  void stop() {
    stopped.countDown();
  }

  @Override
  public void run() {
    long nextNanos = System.nanoTime();
    long intervalNanos = 1_000_000_000L / settings.perSecond();
    try {
      while (!stopped.await(nextNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        turn();
        // After a halt the writer does not catch up: a burst would only blur the picture.
        nextNanos = Math.max(nextNanos + intervalNanos, System.nanoTime() - intervalNanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      disconnect();
    }
  }

  private void turn() throws InterruptedException {
    Target now = target.get();
    if (!on || now == null || now.ports().isEmpty()) {
      state = "waiting for a node and a database";
      // A pause that the user asked for is none of the database's.
      lastAcknowledgedRule = on ? lastAcknowledgedRule : null;
      stopped.await(50, TimeUnit.MILLISECONDS);
      return;
    }
    if (!connect(now)) {
      stopped.await(100, TimeUnit.MILLISECONDS);
      return;
    }
    if (isCheckDue(now)) {
      check(now);
    } else {
      write(now);
    }
  }

  /** Connects to the best node that answers, and selects the database. */
  private boolean connect(Target now) {
    boolean betterPlaced = now.hasLeader() && connectedPort != now.ports().get(0);
    if (client != null && betterPlaced) {
      disconnect();
    }
    for (int port : now.ports()) {
      try {
        if (client == null) {
          client = RespClient.connect("127.0.0.1", port, CONNECT_TIMEOUT, REPLY_TIMEOUT);
          connectedPort = port;
          selected = 0;
        }
        return select(now.number());
      } catch (IOException e) {
        disconnect();
      }
    }
    state = "no node answers";
    return false;
  }

  private boolean select(int number) throws IOException {
    if (selected != number) {
      Reply reply = client.call("SELECT", Integer.toString(number));
      if (reply.bare() instanceof Reply.Failure) {
        state = reply.text();
        return false;
      }
      selected = number;
    }
    return true;
  }

  private void write(Target now) {
    long number = nextNumber++;
    try {
      Reply reply = client.call("SET", key(number), settings.value(number));
      WriterLedger.Outcome outcome = WriterLedger.outcomeOf(reply);
      ledger.record(now.rule(), number, outcome);
      if (outcome == WriterLedger.Outcome.ACKNOWLEDGED) {
        acknowledged(now.rule());
        state = "writing";
      } else {
        state = reply.text();
      }
    } catch (IOException e) {
      // The bytes may have arrived, and been applied, before the connection broke.
      ledger.record(now.rule(), number, WriterLedger.Outcome.UNCERTAIN);
      state = "connection lost: " + e.getMessage();
      disconnect();
    }
  }

  private void acknowledged(CommitRule rule) {
    long now = System.nanoTime();
    long pauseMillis = (now - lastAcknowledgedNanos) / 1_000_000;
    if (lastAcknowledgedRule == rule && pauseMillis >= PAUSE_WORTH_TELLING_MILLIS) {
      events.accept(
          rule.label() + ": no write was acknowledged for " + Quantities.millis(pauseMillis));
    }
    lastAcknowledgedNanos = now;
    lastAcknowledgedRule = rule;
  }

  private boolean isCheckDue(Target now) {
    if (epochsChecked < 0) {
      epochsChecked = now.epochs();
    }
    return now.hasLeader() && epochsChecked != now.epochs();
  }

  /**
   * Reads back all remembered writes, under whichever rule they were acknowledged; when that fails
   * it is due again at the next turn.
   */
  private void check(Target now) throws InterruptedException {
    state = "reading back what was acknowledged";
    for (CommitRule rule : CommitRule.values()) {
      if (!check(rule)) {
        stopped.await(50, TimeUnit.MILLISECONDS);
        return;
      }
    }
    epochsChecked = now.epochs();
  }

  /** False when the reads failed. */
  private boolean check(CommitRule rule) {
    List<Long> numbers = ledger.acknowledged(rule);
    List<Long> missing = new ArrayList<>();
    for (int from = 0; from < numbers.size(); from += CHECK_BATCH) {
      List<Long> batch = numbers.subList(from, Math.min(from + CHECK_BATCH, numbers.size()));
      if (!readBack(batch, missing)) {
        return false;
      }
    }
    ledger.lost(rule, missing);
    if (!numbers.isEmpty()) {
      events.accept(verdict(rule, numbers.size(), missing.size()));
    }
    return true;
  }

  private static String verdict(CommitRule rule, int read, int missing) {
    String checked = rule.label() + ": read back " + read + " acknowledged writes: ";
    return checked + (missing == 0 ? "all are there" : missing + " are LOST");
  }

  /** Adds the missing ones of the batch; false when the read failed. */
  private boolean readBack(List<Long> batch, List<Long> missing) {
    String[] words = new String[batch.size() + 1];
    words[0] = "MGET";
    for (int i = 0; i < batch.size(); i++) {
      words[i + 1] = key(batch.get(i));
    }
    try {
      Reply reply = client.call(words).bare();
      if (!(reply instanceof Reply.Items)
          || ((Reply.Items) reply).values().size() != batch.size()) {
        return false;
      }
      List<Reply> values = ((Reply.Items) reply).values();
      for (int i = 0; i < batch.size(); i++) {
        if (!values.get(i).equals(Reply.BulkString.of(settings.value(batch.get(i))))) {
          missing.add(batch.get(i));
        }
      }
      return true;
    } catch (IOException e) {
      disconnect();
      return false;
    }
  }

  private String key(long number) {
    return settings.keyPrefix() + number;
  }

  private void disconnect() {
    try {
      if (client != null) {
        client.close();
      }
    } catch (IOException e) {
      // It is of no use any more, closed cleanly or not.
      state = "connection lost";
    }
    client = null;
  }
}
