package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.FieldsModel;
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
 * what it was told. Some use the same few keys, hashes and sets, for a while, and then others; some
 * set keys and fields of their own, each once; some read from whatever node they are connected to
 * ({@code READONLY}).
 */
final class Load {
  private static final int WRITERS_PER_NODE = 2;
  private static final Duration CONNECT = Duration.ofSeconds(1);

  /** Longer than a write may wait for a leader, shorter than a user's patience. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final int SHARED_KEYS = 3;

  /** Histories of a key stay short, so that all of them can be searched. */
  private static final long KEY_MILLIS = 1_500;

  private static final int PAUSE_MILLIS = 8;
  private static final int RECONNECT_MILLIS = 100;
  private static final int CALLS_OF_A_CONNECTION = 400;

  private final int database;
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
  static Load start(List<Integer> ports, int database, long seed) {
    Load load = new Load(database);
    for (int node = 0; node < ports.size(); node++) {
      for (int i = 0; i < WRITERS_PER_NODE; i++) {
        load.add("writer-" + (node + 1) + "-" + i, ports, node, false, seed);
      }
      load.add("reader-" + (node + 1), ports, node, true, seed);
    }
    load.workers.forEach(worker -> worker.thread.start());
    return load;
  }

  private Load(int database) {
    this.database = database;
    this.beganNanos = System.nanoTime();
  }

  private void add(String name, List<Integer> ports, int first, boolean readOnly, long seed) {
    workers.add(new Worker(name, ports, first, readOnly, new Random(seed ^ name.hashCode())));
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

  /** What clients of the leader, wherever they asked, were told; complete when it has stopped. */
  List<Invocation> history() {
    return collect(false);
  }

  /** What clients read from their node's own copy. */
  List<Invocation> followerReads() {
    return collect(true);
  }

  private List<Invocation> collect(boolean readOnly) {
    List<Invocation> all = new ArrayList<>();
    workers.stream().filter(it -> it.readOnly == readOnly).forEach(it -> all.addAll(it.seen));
    return all;
  }

  private final class Worker implements Runnable {
    private final String name;
    private final List<Integer> ports;
    private final boolean readOnly;
    private final Random random;
    private final List<Invocation> seen = new ArrayList<>();
    private final Thread thread;
    private int node;
    private int nextValue;

    Worker(String name, List<Integer> ports, int first, boolean readOnly, Random random) {
      this.name = name;
      this.ports = ports;
      this.node = first;
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
            if (isLetIn(client)) {
              talk(client);
            }
          } catch (IOException e) {
            isOver(RECONNECT_MILLIS); // the node is away: to another one, as a user's client would
          }
          node = random.nextInt(ports.size());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
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
        int kind = readOnly ? 4 : random.nextInt(14);
        String value = name + "-" + nextValue++;
        if (kind < 4) {
          call(client, "unique-" + value, Call.set(value));
        } else if (kind < 7) {
          call(client, shared("counter"), counterCall());
        } else if (kind < 10) {
          call(client, shared("text"), textCall(value));
        } else if (kind < 11) {
          call(client, Keys.ofField(Keys.GROWING + random.nextInt(2), value), Call.set(value));
        } else if (kind < 13) {
          call(client, shared("hash"), FieldCalls.ofHash(random, value));
        } else {
          call(client, shared("set"), FieldCalls.ofSet(random));
        }
      }
    }

    private String shared(String kind) {
      long round = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos) / KEY_MILLIS;
      return kind + "-" + random.nextInt(SHARED_KEYS) + "-" + round;
    }

    private Call counterCall() {
      return readOnly || random.nextInt(3) == 0 ? Call.get() : Call.increment();
    }

    private Call textCall(String value) {
      return switch (random.nextInt(9)) {
        case 0, 1 -> Call.set(value);
        case 2 -> Call.append(value);
        case 3 -> Call.compareAndSet(null, value);
        case 4 -> Call.delete();
        default -> Call.get();
      };
    }

    private void call(RespClient client, String key, Call call) throws IOException {
      long start = System.nanoTime();
      try {
        Invocation invocation = invocation(key, call, start, client.call(words(key, call)).bare());
        seen.add(invocation);
        if (invocation.isAcknowledged()) {
          acknowledged.incrementAndGet();
        }
      } catch (IOException e) {
        seen.add(Invocation.uncertain(name, key, call, start));
        throw e;
      }
    }

    /** Every error but UNCERTAIN promises that nothing was done. */
    private Invocation invocation(String key, Call call, long start, Reply reply) {
      if (reply instanceof Reply.Failure failure) {
        if (failure.prefix().equals("NOREPLICAS")) {
          withoutReplicas.incrementAndGet();
        }
        return failure.prefix().equals("UNCERTAIN")
            ? Invocation.uncertain(name, key, call, start)
            : Invocation.refused(name, key, call, start);
      }
      return Invocation.acknowledged(name, key, call, start, System.nanoTime(), result(key, reply));
    }
  }

  private static String result(String key, Reply reply) {
    if (reply instanceof Reply.Nil) {
      return null;
    }
    if (Keys.isFieldOfGrowing(key) && reply.text().equals("1")) {
      return "OK"; // HSET of a field that nobody else sets says that it is new
    }
    return reply instanceof Reply.Items items
        ? FieldsModel.text(Keys.fields(key, items.values()))
        : reply.text();
  }

  private static String[] words(String key, Call call) {
    if (Keys.isFieldOfGrowing(key)) {
      int slash = key.indexOf('/');
      return new String[] {
        "HSET", key.substring(0, slash), key.substring(slash + 1), call.argument()
      };
    }
    if (Keys.hasFields(key)) {
      return FieldCalls.command(Keys.isSet(key), key, call);
    }
    return switch (call.kind()) {
      case GET -> new String[] {"GET", key};
      case SET -> new String[] {"SET", key, call.argument()};
      case APPEND -> new String[] {"APPEND", key, call.argument()};
      case INCREMENT -> new String[] {"INCR", key};
      case COMPARE_AND_SET -> new String[] {"SETNX", key, call.argument()};
      case DELETE -> new String[] {"DEL", key};
      default -> throw new IllegalArgumentException("nobody asks to " + call);
    };
  }
}
