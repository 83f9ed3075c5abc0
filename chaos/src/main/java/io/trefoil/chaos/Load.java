package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of all nodes: each sends one command after the other and notes what it asked, when, and
 * what it was told. Some read from whatever node they are connected to ({@code READONLY}). Each
 * stays in its region, and each of its connections has a name of its own in the history.
 */
final class Load {
  private static final int WRITERS_PER_NODE = 2;
  private static final Duration CONNECT = Duration.ofSeconds(1);

  /** Longer than a write may wait for a leader, shorter than a user's patience. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final int PAUSE_MILLIS = 8;
  private static final int RECONNECT_MILLIS = 100;
  private static final int CALLS_OF_A_CONNECTION = 200;

  /**
   * A call that was not acknowledged.
   *
   * @param node that it was sent to, by index
   * @param answer the error, or why there was none
   */
  record Failed(
      int node, List<String> words, boolean writes, long startNanos, long endNanos, String answer) {
    @Override
    public String toString() {
      return String.join(" ", words) + ": " + answer;
    }
  }

  private final List<Integer> ports;
  private final Layout layout;
  private final int database;
  private final Work work;
  private final long beganNanos;
  private final List<Worker> workers = new ArrayList<>();
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong withoutReplicas = new AtomicLong();

  /**
   * Begins.
   *
   * @param ports that clients connect to, by node
   * @param seed of what the clients ask
   */
  static Load start(List<Integer> ports, Layout layout, int database, Work work, long seed) {
    Load load = new Load(ports, layout, database, work);
    for (int node = 0; node < ports.size(); node++) {
      for (int i = 0; i < WRITERS_PER_NODE; i++) {
        load.add("writer-" + (node + 1) + "-" + i, node, false, seed);
      }
      load.add("reader-" + (node + 1), node, true, seed);
    }
    load.workers.forEach(worker -> worker.thread.start());
    return load;
  }

  private Load(List<Integer> ports, Layout layout, int database, Work work) {
    this.ports = ports;
    this.layout = layout;
    this.database = database;
    this.work = work;
    this.beganNanos = System.nanoTime();
  }

  private void add(String name, int home, boolean readOnly, long seed) {
    workers.add(new Worker(name, home, readOnly, new Random(seed ^ name.hashCode())));
  }

  /** Calls that were acknowledged so far. */
  long acknowledged() {
    return acknowledged.get();
  }

  /** Writes that were refused because replicas were out of reach ({@code NOREPLICAS}). */
  long withoutReplicas() {
    return withoutReplicas.get();
  }

  /** Ends; every call that was begun has its outcome when this returns. */
  void stop() throws InterruptedException {
    stopping.countDown();
    for (Worker worker : workers) {
      worker.thread.join();
    }
  }

  /**
   * What clients of the leader or of quorums, wherever they asked, were told; complete when it has
   * stopped.
   */
  List<Invocation> history() {
    return collect(false);
  }

  /** The same of the clients of one region. */
  List<Invocation> history(int region) {
    List<Invocation> all = new ArrayList<>();
    workers.stream()
        .filter(it -> !it.readOnly && layout.regionOf(it.home) == region)
        .forEach(it -> all.addAll(it.seen));
    return all;
  }

  /** What clients read from their node's own copy. */
  List<Invocation> followerReads() {
    return collect(true);
  }

  /** Calls that were not acknowledged, of clients whose history it is. */
  List<Failed> failed() {
    List<Failed> all = new ArrayList<>();
    workers.stream().filter(it -> !it.readOnly).forEach(it -> all.addAll(it.failed));
    return all;
  }

  private List<Invocation> collect(boolean readOnly) {
    List<Invocation> all = new ArrayList<>();
    workers.stream().filter(it -> it.readOnly == readOnly).forEach(it -> all.addAll(it.seen));
    return all;
  }

  private final class Worker implements Runnable {
    private final String name;
    private final int home;
    private final boolean readOnly;
    private final Random random;
    private final List<Invocation> seen = new ArrayList<>();
    private final List<Failed> failed = new ArrayList<>();
    private final Thread thread;
    private int node;
    private int nextValue;
    private int connections;
    private String session = "";

    Worker(String name, int home, boolean readOnly, Random random) {
      this.name = name;
      this.home = home;
      this.node = home;
      this.readOnly = readOnly;
      this.random = random;
      this.thread = new Thread(this, name);
      thread.setDaemon(true);
    }

    @Override
    public void run() {
      try {
        while (!isOver(0)) {
          try (RespClient client =
              RespClient.connect("127.0.0.1", ports.get(node), CONNECT, PATIENCE)) {
            session = name + "/" + connections++;
            if (isLetIn(client)) {
              talk(client);
              node = home; // so that no node stays without clients once it is back
            } else {
              goElsewhere();
            }
          } catch (IOException e) {
            goElsewhere();
          }
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** The node is away: to another one, as a user's client would. */
    private void goElsewhere() throws InterruptedException {
      isOver(RECONNECT_MILLIS);
      List<Integer> near = layout.nodesOf(layout.regionOf(home));
      node = near.get(random.nextInt(near.size()));
    }

    private boolean isOver(int waitMillis) throws InterruptedException {
      return stopping.await(waitMillis, TimeUnit.MILLISECONDS);
    }

    private boolean isLetIn(RespClient client) throws IOException {
      boolean good = !(client.call("SELECT", Integer.toString(database)) instanceof Reply.Failure);
      return good && (!readOnly || !(client.call("READONLY") instanceof Reply.Failure));
    }

    private void talk(RespClient client) throws IOException, InterruptedException {
      for (int i = 0;
          i < CALLS_OF_A_CONNECTION && !isOver(1 + random.nextInt(2 * PAUSE_MILLIS));
          i++) {
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
        String value = name + "-" + nextValue++;
        call(client, readOnly ? work.nextRead(random, millis) : work.next(random, value, millis));
      }
    }

    private void call(RespClient client, Work.Ask ask) throws IOException {
      long start = System.nanoTime();
      try {
        Reply reply = client.call(ask.words().toArray(String[]::new)).bare();
        note(ask, start, System.nanoTime(), reply);
      } catch (IOException e) {
        ask.calls()
            .forEach((key, call) -> seen.add(Invocation.uncertain(session, key, call, start)));
        fail(ask, start, System.nanoTime(), "no reply: " + e);
        throw e;
      }
    }

    private void note(Work.Ask ask, long start, long end, Reply reply) {
      if (reply instanceof Reply.Failure failure) {
        ask.calls().forEach((key, call) -> seen.add(failed(key, call, start, failure)));
        fail(ask, start, end, failure.message());
        if (failure.prefix().equals("NOREPLICAS") && writes(ask)) {
          withoutReplicas.incrementAndGet();
        }
        return;
      }
      ask.calls()
          .forEach(
              (key, call) -> {
                String result = work.result(ask, key, reply);
                seen.add(Invocation.acknowledged(session, key, call, start, end, result));
              });
      acknowledged.incrementAndGet();
    }

    private void fail(Work.Ask ask, long start, long end, String answer) {
      failed.add(new Failed(node, ask.words(), writes(ask), start, end, answer));
    }

    private static boolean writes(Work.Ask ask) {
      return !ask.calls().values().stream().allMatch(Call::isRead);
    }

    /** Every error but UNCERTAIN promises that nothing was done. */
    private Invocation failed(String key, Call call, long start, Reply.Failure failure) {
      return failure.prefix().equals("UNCERTAIN")
          ? Invocation.uncertain(session, key, call, start)
          : Invocation.refused(session, key, call, start);
    }
  }
}
