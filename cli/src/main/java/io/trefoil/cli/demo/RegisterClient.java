package io.trefoil.cli.demo;

import io.trefoil.cli.Quantities;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Writes to a {@link Register} or reads it, at a steady rate, one request after the other. */
abstract class RegisterClient implements Runnable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofMillis(500);

  /** Longer than the server's write timeout: the server should be the first to give up. */
  private static final Duration REPLY_TIMEOUT = Duration.ofSeconds(3);

  /** Between attempts when no node can be asked. */
  private static final long RETRY_MILLIS = 20;

  /**
   * Where to ask.
   *
   * @param database its number
   * @param ports client ports of the nodes to ask in turn; none when no node runs
   */
  record Target(int database, List<Integer> ports) {}

  private final int perSecond;
  private final String key;
  private final Register register;
  private final Supplier<Target> target;
  private final BooleanSupplier on;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Map<Integer, RespClient> connections = new TreeMap<>();
  private int turns;

  private RegisterClient(
      int perSecond, String key, Register register, Supplier<Target> target, BooleanSupplier on) {
    this.perSecond = perSecond;
    this.key = key;
    this.register = register;
    this.target = target;
    this.on = on;
  }

  /**
   * @param target is asked before each write; null while none is known
   * @param on whether to write
   */
  static RegisterClient writer(
      Writer.Settings settings,
      Register register,
      Supplier<Target> target,
      BooleanSupplier on,
      Consumer<String> events) {
    return new Writing(settings, register, target, on, events);
  }

  /** As {@link #writer}. */
  static RegisterClient reader(
      Writer.Settings settings, Register register, Supplier<Target> target, BooleanSupplier on) {
    return new Reading(settings, register, target, on);
  }

  private static String key(Writer.Settings settings) {
    return settings.keyPrefix() + "register";
  }

  /** Ends the thread soon. */
  void stop() {
    stopped.countDown();
  }

  @Override
  public void run() {
    long intervalNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
    long nextNanos = System.nanoTime();
    try {
      while (!stopped.await(nextNanos - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        if (!turn()) {
          stopped.await(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
        nextNanos = Math.max(nextNanos + intervalNanos, System.nanoTime() - intervalNanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      List.copyOf(connections.keySet()).forEach(this::disconnect);
    }
  }

  /** Asks one node; false when there is none. */
  private boolean turn() {
    if (!on.getAsBoolean()) {
      idle();
      return false;
    }
    Target now = target.get();
    if (now == null || now.ports().isEmpty()) {
      return false;
    }
    int port = now.ports().get(Math.floorMod(turns++, now.ports().size()));
    try {
      connect(port, now.database());
    } catch (IOException e) {
      // A node that starts or was just killed. Nothing was asked, so nothing is to be counted.
      disconnect(port);
      return false;
    }
    ask(port);
    return true;
  }

  private void connect(int port, int database) throws IOException {
    if (connections.containsKey(port)) {
      return;
    }
    RespClient client = RespClient.connect("127.0.0.1", port, CONNECT_TIMEOUT, REPLY_TIMEOUT);
    connections.put(port, client);
    Reply reply = client.call("SELECT", Integer.toString(database)).bare();
    if (reply instanceof Reply.Failure) {
      throw new IOException(reply.text());
    }
  }

  private void disconnect(int port) {
    RespClient client = connections.remove(port);
    if (client == null) {
      return;
    }
    try {
      client.close();
    } catch (IOException e) {
      // It is of no use any more, closed cleanly or not.
      return;
    }
  }

  final Register register() {
    return register;
  }

  /** Sends one request about the key. */
  final Reply call(int port, String command, String... more) throws IOException {
    String[] words = new String[more.length + 2];
    words[0] = command;
    words[1] = key;
    System.arraycopy(more, 0, words, 2, more.length);
    try {
      return connections.get(port).call(words);
    } catch (IOException e) {
      disconnect(port);
      throw e;
    }
  }

  /** One request to the node with that port, to which there is a connection. */
  abstract void ask(int port);

  /** The user wants no requests now. */
  abstract void idle();

  private static final class Writing extends RegisterClient {
    private static final long PAUSE_WORTH_TELLING_MILLIS = 1_000;

    private final Consumer<String> events;
    private long lastNanos;
    private boolean wrote;

    private Writing(
        Writer.Settings settings,
        Register register,
        Supplier<Target> target,
        BooleanSupplier on,
        Consumer<String> events) {
      super(settings.perSecond(), key(settings), register, target, on);
      this.events = events;
    }

    @Override
    void ask(int port) {
      long number = register().next();
      try {
        Reply reply = call(port, "SET", register().value(number));
        WriterLedger.Outcome outcome = WriterLedger.outcomeOf(reply);
        register().wrote(number, outcome);
        if (outcome == WriterLedger.Outcome.ACKNOWLEDGED) {
          acknowledged();
        }
      } catch (IOException e) {
        // The bytes may have arrived, and been applied, before the connection broke.
        register().wrote(number, WriterLedger.Outcome.UNCERTAIN);
      }
    }

    private void acknowledged() {
      long now = System.nanoTime();
      long pauseMillis = TimeUnit.NANOSECONDS.toMillis(now - lastNanos);
      if (wrote && pauseMillis >= PAUSE_WORTH_TELLING_MILLIS) {
        events.accept("no write was acknowledged for " + Quantities.millis(pauseMillis));
      }
      lastNanos = now;
      wrote = true;
    }

    /** A pause that the user asked for is none of the database's. */
    @Override
    void idle() {
      wrote = false;
    }
  }

  private static final class Reading extends RegisterClient {
    private Reading(
        Writer.Settings settings, Register register, Supplier<Target> target, BooleanSupplier on) {
      super(settings.perSecond(), key(settings), register, target, on);
    }

    @Override
    void ask(int port) {
      long before = register().acknowledged();
      try {
        register().read(before, call(port, "GET"));
      } catch (IOException e) {
        // Without an answer a read says nothing, and the next one asks again.
        return;
      }
    }

    @Override
    void idle() {}
  }
}
