package io.trefoil.node.process;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.exceptions.JedisException;

/** A client that sends many writes, of all partitions, before it reads the first reply. */
final class Pipeliner implements AutoCloseable {
  private static final int TIMEOUT_MILLIS = 10_000;
  private static final int DEPTH = 64;

  private final AtomicLong acknowledged = new AtomicLong();
  private final Queue<String> errors = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean stopping;

  private Pipeliner(NodeProcess node, int database) {
    thread = new Thread(() -> write(node, database), "pipeliner");
  }

  static Pipeliner start(NodeProcess node, int database) {
    Pipeliner pipeliner = new Pipeliner(node, database);
    pipeliner.thread.setDaemon(true);
    pipeliner.thread.start();
    return pipeliner;
  }

  private void write(NodeProcess node, int database) {
    try (Jedis client = ClusterProcesses.client(node, database, TIMEOUT_MILLIS)) {
      for (int round = 0; !stopping; round++) {
        writeMany(client, round);
      }
    } catch (JedisException e) {
      errors.add(e.toString());
    }
  }

  private void writeMany(Jedis client, int round) {
    List<Response<String>> replies = new ArrayList<>();
    try (Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < DEPTH; i++) {
        replies.add(pipeline.set("key-" + i, Integer.toString(round)));
      }
    }
    for (Response<String> reply : replies) {
      try {
        reply.get();
        acknowledged.incrementAndGet();
      } catch (JedisException e) {
        errors.add(e.toString());
      }
    }
  }

  /** Waits until so many more writes were acknowledged than are by now. */
  void awaitAcknowledged(int more) {
    long before = acknowledged.get();
    ClusterProcesses.await(
        more + " more acknowledged writes",
        () -> acknowledged.get() >= before + more || !errors.isEmpty());
  }

  /** What was not acknowledged. */
  List<String> errors() {
    return List.copyOf(errors);
  }

  @Override
  public void close() {
    stopping = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
