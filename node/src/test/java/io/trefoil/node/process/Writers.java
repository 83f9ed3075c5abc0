package io.trefoil.node.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * Clients that write, one after the other, keys that nobody wrote before, and keep account of what
 * they were told. The value of a key is the key.
 */
final class Writers implements AutoCloseable {
  /** A little less than what stands still in a test, so that a client gives up and goes on. */
  private static final int TIMEOUT_MILLIS = 4_000;

  /** Between two tries to connect, so that they cost the nodes no time. */
  private static final long RECONNECT_NANOS = 20_000_000;

  private static final int PER_NODE = 2;

  final Set<String> acknowledged = ConcurrentHashMap.newKeySet();
  final Set<String> refused = ConcurrentHashMap.newKeySet();
  final Set<String> uncertain = ConcurrentHashMap.newKeySet();

  private volatile String lastError = "";

  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean stopping;

  /** Starts two writers to each node. */
  static Writers start(List<NodeProcess> nodes, int database, String prefix) {
    Writers writers = new Writers();
    for (NodeProcess node : nodes) {
      for (int i = 0; i < PER_NODE; i++) {
        String own = prefix + "-" + node.name() + "-" + i + "-";
        Thread thread = new Thread(() -> writers.write(node, database, own), "writer " + own);
        thread.setDaemon(true);
        writers.threads.add(thread);
        thread.start();
      }
    }
    return writers;
  }

  private void write(NodeProcess node, int database, String prefix) {
    long next = 0;
    while (!stopping) {
      try (Jedis client = ClusterProcesses.client(node, database, TIMEOUT_MILLIS)) {
        while (!stopping) {
          writeOne(client, prefix + next++);
        }
      } catch (JedisConnectionException e) {
        LockSupport.parkNanos(RECONNECT_NANOS); // the node is away
      } catch (JedisDataException e) {
        LockSupport.parkNanos(RECONNECT_NANOS); // it does not let clients in yet
      }
    }
  }

  private void writeOne(Jedis client, String key) {
    try {
      client.set(key, key);
      acknowledged.add(key);
    } catch (JedisConnectionException e) {
      uncertain.add(key);
      throw e;
    } catch (JedisDataException e) {
      (e.getMessage().startsWith("UNCERTAIN") ? uncertain : refused).add(key);
      lastError = e.getMessage();
    }
  }

  /** Waits until so many more writes were acknowledged than are by now. */
  void awaitAcknowledged(int more) {
    int before = acknowledged.size();
    ClusterProcesses.await(
        more + " more acknowledged writes", () -> acknowledged.size() >= before + more);
  }

  /** Stops the writers; their account is final when this returns. */
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

  @Override
  public String toString() {
    return acknowledged.size()
        + " acknowledged, "
        + refused.size()
        + " refused, "
        + uncertain.size()
        + " uncertain"
        + (lastError.isEmpty() ? "" : ", the last error is " + lastError);
  }
}
