package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.simulation.Schedule;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A Redis client: connects to some node, sends one command after the other, waits for each reply,
 * and goes to another node when a connection breaks or a reply does not come.
 */
class SimulatedClient implements SimulatedSocket.End {
  private static final long PATIENCE_MICROS = 4_000 * Schedule.MILLIS;

  private static final long KEY_MICROS = 1_500 * Schedule.MILLIS;

  private final ClusterWorld world;
  private final Machine own;
  private final String name;
  private final SplittableRandom random;

  /** Whether it reads from whatever node it is connected to, and writes nothing. */
  private final boolean readOnly;

  private SimulatedSocket socket;
  private byte[] input = new byte[0];
  private Consumer<String> receiver;
  private long asked;
  private boolean stopped;

  /** Replies that nobody asked for: of what a new connection begins with. */
  private int skip;

  /**
   * @param own where it runs: a machine of its own, which no fault meets
   */
  SimulatedClient(
      ClusterWorld world, Machine own, String name, SplittableRandom random, boolean readOnly) {
    this.readOnly = readOnly;
    this.world = world;
    this.own = own;
    this.name = name;
    this.random = random;
  }

  /** Sends a command, on a new connection when there is none; the reply is null when none came. */
  void ask(Consumer<String> then, String... command) {
    if (socket == null) {
      connect();
    }
    if (socket == null) {
      world.schedule.after(50 * Schedule.MILLIS, () -> then.accept(null));
      return;
    }
    receiver = then;
    long number = ++asked;
    socket.send(encode(command));
    world.schedule.after(
        PATIENCE_MICROS,
        () -> {
          if (asked == number && receiver != null) {
            disconnect();
          }
        });
  }

  boolean isBusy() {
    return receiver != null;
  }

  private void connect() {
    Machine machine = target();
    if (!machine.isUp()) {
      return;
    }
    input = new byte[0];
    socket = new SimulatedSocket(world, own, machine.process, this);
    socket.dial(name);
    if (world.shape().database() != 0) {
      socket.send(encode("SELECT", Integer.toString(world.shape().database())));
      skip = 1;
    }
    if (readOnly) {
      socket.send(encode("READONLY"));
      skip++;
    }
  }

  /** Whom it connects to. */
  Machine target() {
    return world.anyMachine(random);
  }

  void disconnect() {
    if (socket != null) {
      socket.hangUp();
      broken();
    }
  }

  @Override
  public void broken() {
    socket = null;
    skip = 0;
    answer(null);
  }

  private void answer(String reply) {
    Consumer<String> waiting = receiver;
    receiver = null;
    if (waiting != null) {
      waiting.accept(reply);
    }
  }

  @Override
  public void received(byte[] bytes) {
    if (socket == null) {
      return;
    }
    int old = input.length;
    input = Arrays.copyOf(input, old + bytes.length);
    System.arraycopy(bytes, 0, input, old, bytes.length);
    while (true) {
      int length = RespText.length(input, 0);
      if (length < 0) {
        return;
      }
      String reply = RespText.text(input, length);
      input = Arrays.copyOfRange(input, length, input.length);
      if (skip > 0) {
        skip--;
        if (reply.startsWith("-")) {
          disconnect();
          return;
        }
      } else {
        answer(reply);
      }
    }
  }

  private static byte[] encode(String... command) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(("*" + command.length + "\r\n").getBytes(StandardCharsets.UTF_8));
    for (String word : command) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      out.writeBytes(("$" + bytes.length + "\r\n").getBytes(StandardCharsets.UTF_8));
      out.writeBytes(bytes);
      out.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }
    return out.toByteArray();
  }

  // The work of a client whose history is checked.

  /** Begins to work, until it is stopped. */
  void work() {
    world.schedule.after(
        (1 + random.nextInt(2 * world.shape().thinkMillis())) * Schedule.MILLIS, this::next);
  }

  void stop() {
    stopped = true;
  }

  private void next() {
    if (stopped) {
      disconnect();
      return;
    }
    if (random.nextInt(40) == 0) {
      disconnect(); // and asks another node from now on
    }
    if (readOnly) {
      call(shared("counter"), Call.get());
      return;
    }
    String value = name + "-" + ++asked;
    int kind = random.nextInt(10);
    if (kind < 3) {
      call("unique-" + value, Call.set(world.padded(value)));
    } else if (kind < 6) {
      call(shared("counter"), random.nextInt(3) == 0 ? Call.get() : Call.increment());
    } else {
      call(shared("text"), textCall(value));
    }
  }

  /** A key that other clients use, too; others after a while, so that histories stay short. */
  private String shared(String kind) {
    long round = world.schedule.nowMicros() / KEY_MICROS;
    return kind + "-" + random.nextInt(world.shape().keys()) + "-" + round;
  }

  private Call textCall(String value) {
    return switch (random.nextInt(9)) {
      case 0, 1 -> Call.set(world.padded(value));
      case 2 -> Call.append(value);
      case 3 -> Call.compareAndSet(null, value);
      case 4 -> Call.delete();
      default -> Call.get();
    };
  }

  private void call(String key, Call call) {
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          Invocation seen = seen(key, call, start, reply);
          world.ended(seen, readOnly);
          if (reply != null && reply.startsWith("-NOREPLICAS")) {
            world.seen(Anomaly.WRITE_REFUSED);
          }
          work();
        },
        command(key, call));
  }

  private long nowNanos() {
    return world.schedule.nowMicros() * 1_000;
  }

  private static String[] command(String key, Call call) {
    return switch (call.kind()) {
      case GET -> new String[] {"GET", key};
      case SET -> new String[] {"SET", key, call.argument()};
      case APPEND -> new String[] {"APPEND", key, call.argument()};
      case INCREMENT -> new String[] {"INCR", key};
      case COMPARE_AND_SET -> new String[] {"SETNX", key, call.argument()};
      case DELETE -> new String[] {"DEL", key};
    };
  }

  private Invocation seen(String key, Call call, long start, String reply) {
    if (reply == null || reply.startsWith("-UNCERTAIN")) {
      return Invocation.uncertain(name, key, call, start);
    }
    if (reply.startsWith("-")) {
      return Invocation.refused(name, key, call, start);
    }
    String result = reply.equals("$-1") ? null : reply.substring(1);
    return Invocation.acknowledged(name, key, call, start, nowNanos(), result);
  }
}
