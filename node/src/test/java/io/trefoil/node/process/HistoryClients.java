package io.trefoil.node.process;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Clients that read and write the same few keys at once, and note what they asked, when, and what
 * they were told.
 */
final class HistoryClients implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 4_000;
  private static final int PER_NODE = 2;
  private static final int KEYS = 4;

  /** Between two calls and between two tries to connect: the nodes have other things to do. */
  private static final long PAUSE_NANOS = 2_000_000;

  private final Queue<Invocation> history = new ConcurrentLinkedQueue<>();
  private final AtomicInteger acknowledged = new AtomicInteger();
  private final AtomicInteger nextValue = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  /** Starts two clients of each node. */
  static HistoryClients start(List<NodeProcess> nodes, int database) {
    HistoryClients clients = new HistoryClients();
    for (NodeProcess node : nodes) {
      for (int i = 0; i < PER_NODE; i++) {
        String name = node.name() + "-" + i;
        Thread thread = new Thread(() -> clients.run(node, database, name), "client " + name);
        thread.setDaemon(true);
        clients.threads.add(thread);
        thread.start();
      }
    }
    return clients;
  }

  private void run(NodeProcess node, int database, String name) {
    Random random = new Random(name.hashCode());
    while (!stopping) {
      try (Jedis client = ClusterProcesses.client(node, database, TIMEOUT_MILLIS)) {
        while (!stopping) {
          int key = random.nextInt(KEYS);
          boolean counts = random.nextInt(3) == 0;
          call(
              client,
              name,
              (counts ? "counter-" : "text-") + key,
              counts ? counterCall(random) : textCall(random));
          LockSupport.parkNanos(PAUSE_NANOS);
        }
      } catch (JedisConnectionException | JedisDataException e) {
        LockSupport.parkNanos(10 * PAUSE_NANOS); // the node is away, or lets nobody in yet
      }
    }
  }

  private static Call counterCall(Random random) {
    return random.nextInt(3) == 0 ? Call.get() : Call.increment();
  }

  private Call textCall(Random random) {
    String value = "v" + nextValue.incrementAndGet();
    return switch (random.nextInt(8)) {
      case 0, 1 -> Call.set(value);
      case 2, 3 -> Call.append(value);
      case 4 -> Call.compareAndSet(null, value);
      case 5 -> Call.delete();
      default -> Call.get();
    };
  }

  private void call(Jedis client, String name, String key, Call call) {
    long start = System.nanoTime();
    try {
      String result = execute(client, key, call);
      history.add(Invocation.acknowledged(name, key, call, start, System.nanoTime(), result));
      acknowledged.incrementAndGet();
    } catch (JedisConnectionException e) {
      history.add(Invocation.uncertain(name, key, call, start));
      throw e;
    } catch (JedisDataException e) {
      history.add(
          e.getMessage().startsWith("UNCERTAIN")
              ? Invocation.uncertain(name, key, call, start)
              : Invocation.refused(name, key, call, start));
    }
  }

  private static String execute(Jedis client, String key, Call call) {
    return switch (call.kind()) {
      case GET -> client.get(key);
      case SET -> client.set(key, call.argument());
      case APPEND -> Long.toString(client.append(key, call.argument()));
      case INCREMENT -> Long.toString(client.incr(key));
      case COMPARE_AND_SET -> Long.toString(client.setnx(key, call.argument()));
      case DELETE -> Long.toString(client.del(key));
      default -> throw new IllegalArgumentException("nobody asks to " + call);
    };
  }

  /** Waits until so many more calls were acknowledged than are by now. */
  void awaitAcknowledged(int more) {
    int before = acknowledged.get();
    ClusterProcesses.await(
        more + " more acknowledged calls", () -> acknowledged.get() >= before + more);
  }

  /** What happened, when the clients are closed. */
  List<Invocation> history() {
    return List.copyOf(history);
  }

  @Override
  public void close() {
    stopping = true;
    try {
      for (Thread thread : threads) {
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
