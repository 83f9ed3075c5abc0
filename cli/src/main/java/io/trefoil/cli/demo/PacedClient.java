package io.trefoil.cli.demo;

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
import java.util.function.Supplier;

/** Sends requests at a steady rate, one after the other, to nodes that may come and go. */
abstract class PacedClient implements Runnable {
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
  private final Supplier<Target> target;
  private final BooleanSupplier on;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Map<Integer, RespClient> connections = new TreeMap<>();
  private int turns;

  /**
   * @param target is asked before each request; null while none is known
   * @param on whether to send any
   */
  PacedClient(int perSecond, Supplier<Target> target, BooleanSupplier on) {
    this.perSecond = perSecond;
    this.target = target;
    this.on = on;
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

  /** Sends one request to the node with that port, to which there is a connection. */
  final Reply call(int port, String... words) throws IOException {
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
}
