package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.Invocation;
import io.trefoil.check.OrderedCalls;
import io.trefoil.control.Promises.Anomaly;
import io.trefoil.simulation.Schedule;
import io.trefoil.simulation.SimulationFailure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * A Redis client: connects to some node, sends one command after the other, waits for each reply,
 * and goes to another node when a connection breaks or a reply does not come.
 */
class SimulatedClient implements SimulatedSocket.End {
  /** What it does of itself. */
  enum Work {
    READS_AND_WRITES,
    /** Never waits for a write to be committed: so it reads on where a leader is cut off. */
    READS,
    /** Reads from whatever node it is connected to, as that one has it. */
    FOLLOWER_READS
  }

  private static final long PATIENCE_MICROS = 4_000 * Schedule.MILLIS;

  private static final long KEY_MICROS = 1_500 * Schedule.MILLIS;

  private static final int LEAST_LIFE_MILLIS = 100;

  final ClusterWorld world;
  private final Machine own;
  final String name;
  final SplittableRandom random;

  private final Work work;

  private SimulatedSocket socket;
  private int connections;
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
      ClusterWorld world, Machine own, String name, SplittableRandom random, Work work) {
    this.work = work;
    this.world = world;
    this.own = own;
    this.name = name;
    this.random = random;
  }

  /** Sends a command, on a new connection when there is none; the reply is null when none came. */
  void ask(Consumer<String> then, String... command) {
    askInOne(then, List.<String[]>of(command));
  }

  /** As above, with several at once; the reply is that to the last one. */
  private void askInOne(Consumer<String> then, List<String[]> commands) {
    if (socket == null) {
      connect();
    }
    if (socket == null) {
      world.schedule.after(50 * Schedule.MILLIS, () -> then.accept(null));
      return;
    }
    receiver = then;
    long number = ++asked;
    skip += commands.size() - 1;
    commands.forEach(command -> socket.send(encode(command)));
    world.schedule.after(
        PATIENCE_MICROS,
        () -> {
          if (asked == number && receiver != null) {
            disconnect();
          }
        });
  }

  private boolean readsOfFollowers() {
    return work == Work.FOLLOWER_READS;
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
    connections++;
    socket = new SimulatedSocket(world, own, machine.process, this);
    socket.dial(name);
    if (world.shape().database() != 0) {
      socket.send(encode("SELECT", Integer.toString(world.shape().database())));
      skip = 1;
    }
    for (String[] command : greeting()) {
      socket.send(encode(command));
      skip++;
    }
  }

  /** What a new connection begins with, beside its database. */
  List<String[]> greeting() {
    return readsOfFollowers() ? List.<String[]>of(new String[] {"READONLY"}) : List.of();
  }

  /** Whether an answer to that is an error with which the connection is of no use. */
  boolean isRefusal(String reply) {
    return reply.startsWith("-");
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
        if (isRefusal(reply)) {
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
        (1 + random.nextInt(2 * world.shape().thinkMillis())) * Schedule.MILLIS, this::turn);
  }

  void stop() {
    stopped = true;
  }

  /** A key, and what is asked of it. */
  private record Asked(String key, Call call) {}

  private void turn() {
    if (stopped) {
      disconnect();
    } else {
      next();
    }
  }

  /** Asks for something, and works on when it is answered. */
  void next() {
    if (random.nextInt(40) == 0) {
      disconnect(); // and asks another node from now on
    }
    if (work == Work.READS && random.nextBoolean()) {
      call(shared(FieldKeys.HASH), Call.getField(FieldCalls.field(random)));
      return;
    }
    if (work != Work.READS_AND_WRITES) {
      call(shared("counter"), Call.get());
      return;
    }
    String value = name + "-" + ++asked;
    int kind = random.nextInt(20);
    if (kind >= 18) {
      callInOrder(value);
    } else if (kind == 17) {
      callInTransaction(value);
    } else if (kind >= 13) {
      callFields(kind, value);
    } else if (kind == 10) {
      callSeveral(value);
    } else if (kind > 10) {
      callExpiring(value);
    } else if (kind < 3) {
      call("unique-" + value, Call.set(world.padded(value)));
    } else if (kind < 6) {
      call(shared("counter"), random.nextInt(3) == 0 ? Call.get() : Call.increment());
    } else {
      call(shared("text"), textCall(value));
    }
  }

  /** A key that other clients use, too; others after a while, so that histories stay short. */
  String shared(String kind) {
    long round = world.schedule.nowMicros() / KEY_MICROS;
    return kind + "-" + random.nextInt(world.shape().keys()) + "-" + round;
  }

  /** A hash or a set: shared, growing, or one that expires. */
  private void callFields(int kind, String value) {
    if (kind == 13) {
      String hash = FieldKeys.GROWING + "-" + random.nextInt(2);
      Call set = Call.set(world.padded(value));
      ask(List.of(new Asked(hash + "/" + value, set)), "HSET", hash, value, set.argument());
    } else if (kind == 14 && random.nextBoolean()) {
      callFleeting(value);
    } else if (random.nextBoolean()) {
      call(shared(FieldKeys.HASH), FieldCalls.ofHash(random, value));
    } else {
      call(shared(FieldKeys.SET), FieldCalls.ofSet(random));
    }
  }

  /** A list or a sorted set: shared, or growing. */
  private void callInOrder(String value) {
    switch (random.nextInt(5)) {
      case 0 -> {
        String list = FieldKeys.GROWING_LIST + "-" + random.nextInt(2);
        String push = random.nextBoolean() ? "LPUSH" : "RPUSH";
        ask(List.of(new Asked(list + "/" + value, Call.set(value))), push, list, value);
      }
      case 1, 2 -> call(shared(FieldKeys.LIST), OrderedCalls.ofList(random, value));
      default -> call(shared(FieldKeys.SCORES), OrderedCalls.ofScores(random));
    }
  }

  /** Keys of one partition, of several types, that change together or not at all. */
  private void callInTransaction(String value) {
    String tag = "{" + shared("pair") + "}";
    Asked list = new Asked(FieldKeys.LIST + "-" + tag, Call.countFields());
    Asked set = new Asked(FieldKeys.SET + "-" + tag, Call.countFields());
    switch (random.nextInt(4)) {
      case 0 -> callWatched("watched-" + shared("key"), value);
      case 1 -> transact(List.of(list, set));
      default ->
          transact(
              List.of(
                  new Asked(list.key(), Call.pushLast(value)),
                  new Asked(set.key(), Call.addMember(value))));
    }
  }

  /** Two keys that nobody else writes: in the end both are there, or none. */
  final void setBoth(String value) {
    transact(
        List.of(
            new Asked(bothOf(value, 1), Call.set(value)),
            new Asked(bothOf(value, 2), Call.set(value))));
  }

  private static String bothOf(String value, int number) {
    return "unique-{" + value + "}-" + number;
  }

  /** Whether of each transaction that set two keys all is there, or nothing. */
  static void requireWholeTransactions(Set<String> keys) {
    for (String key : keys) {
      boolean one = key.startsWith("unique-{") && key.endsWith("}-1");
      boolean other = key.startsWith("unique-{") && key.endsWith("}-2");
      String twin = key.substring(0, key.length() - 1) + (one ? 2 : 1);
      ClusterWorld.require(
          !(one || other) || keys.contains(twin), "half of a transaction is there: " + key);
    }
  }

  private void transact(List<Asked> calls) {
    long start = nowNanos();
    world.started();
    askInOne(
        reply -> {
          // A key that was watched before, and whose read was refused, has changed.
          boolean nothingDone = reply != null && reply.startsWith("*-1");
          String told = nothingDone ? "-EXECABORT" : reply;
          ended(calls, RespText.results(told, calls.size()), start, told);
          if (told != null && told.startsWith("*")) {
            world.count("transaction");
          }
          work();
        },
        inTransaction(calls));
  }

  private static List<String[]> inTransaction(List<Asked> calls) {
    List<String[]> commands = new ArrayList<>();
    commands.add(new String[] {"MULTI"});
    calls.forEach(each -> commands.add(command(each.key(), each.call())));
    commands.add(new String[] {"EXEC"});
    return commands;
  }

  /** Compares and sets, as it is done where somebody else may come between. */
  private void callWatched(String key, String value) {
    long start = nowNanos();
    world.started();
    askInOne(
        reply -> {
          Invocation read =
              seenOf(key, Call.get(), start, reply, RespText.results(reply, 1).get(0));
          world.ended(read, readsOfFollowers());
          world.answered();
          if (read.isAcknowledged()) {
            setWatched(key, read.result(), value);
          } else {
            work();
          }
        },
        List.of(new String[] {"WATCH", key}, new String[] {"GET", key}));
  }

  /** On the connection that watches the key; where it broke, nothing is done. */
  private void setWatched(String key, String expected, String value) {
    if (socket == null) {
      work();
      return;
    }
    Asked set = new Asked(key, Call.compareAndSet(expected, value));
    long start = nowNanos();
    world.started();
    askInOne(
        reply -> {
          if (reply != null && reply.startsWith("*-1")) {
            world.count("what was watched had changed");
            world.ended(Invocation.refused(name, key, set.call(), start), readsOfFollowers());
            world.answered();
          } else {
            boolean done = reply != null && reply.startsWith("*");
            ended(List.of(set), List.of(done ? "1" : ""), start, done ? ":1" : reply);
          }
          work();
        },
        inTransaction(List.of(new Asked(key, Call.set(value)))));
  }

  private void callFleeting(String value) {
    String key = shared(FieldKeys.FLEETING);
    String millis = Integer.toString(LEAST_LIFE_MILLIS + random.nextInt(1_000));
    switch (random.nextInt(4)) {
      case 0 -> {
        Call expire = Call.expire(value);
        ask(List.of(new Asked(key, expire)), "PEXPIRE", key, millis);
      }
      case 1 -> call(key, Call.get());
      default -> call(key, Call.setField(FieldCalls.field(random), value));
    }
  }

  /** Two keys in one command, of one partition or of any two. */
  private void callSeveral(String value) {
    if (random.nextBoolean()) {
      Call set = Call.set(world.padded(value));
      List<Asked> both =
          List.of(new Asked("unique-" + value + "-1", set), new Asked("unique-" + value, set));
      ask(both, "MSET", both.get(0).key(), set.argument(), both.get(1).key(), set.argument());
      return;
    }
    String tag = "{" + shared("pair") + "}";
    if (random.nextInt(3) == 0) {
      List<Asked> both =
          List.of(new Asked(tag + "a", Call.set(value)), new Asked(tag + "b", Call.set(value)));
      ask(both, "MSET", tag + "a", value, tag + "b", value);
    } else {
      List<Asked> both =
          List.of(new Asked(tag + "a", Call.get()), new Asked(tag + "b", Call.get()));
      ask(both, "MGET", tag + "a", tag + "b");
    }
  }

  /** A key that expires, as a lock does. */
  private void callExpiring(String value) {
    String key = shared("expiring");
    String millis = Integer.toString(LEAST_LIFE_MILLIS + random.nextInt(2_000));
    switch (random.nextInt(7)) {
      case 0 -> {
        world.expires(key, value, Integer.parseInt(millis));
        ask(List.of(new Asked(key, Call.set(value))), "SET", key, value, "PX", millis);
      }
      case 1 -> {
        world.expires(key, value, Integer.parseInt(millis));
        Asked lock = new Asked(key, Call.compareAndSet(null, value));
        ask(List.of(lock), "SET", key, value, "NX", "PX", millis);
      }
      case 2 -> call(key, Call.append("+"));
      default -> call(key, Call.get());
    }
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
    ask(List.of(new Asked(key, call)), command(key, call));
  }

  private void ask(List<Asked> calls, String... command) {
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          ended(calls, results(calls, reply), start, reply);
          work();
        },
        command);
  }

  private void ended(List<Asked> calls, List<String> results, long start, String reply) {
    for (int i = 0; i < calls.size(); i++) {
      Asked it = calls.get(i);
      world.ended(seenOf(it.key(), it.call(), start, reply, results.get(i)), readsOfFollowers());
    }
    world.answered();
    halfSeen(calls, results);
    if (reply != null && reply.startsWith("-NOREPLICAS")) {
      world.seen(Anomaly.WRITE_REFUSED);
    }
  }

  private static List<String> results(List<Asked> calls, String reply) {
    Asked first = calls.get(0);
    boolean list = reply != null && reply.startsWith("*");
    return list && FieldKeys.isAbout(first.key())
        ? List.of(FieldKeys.whole(first.key(), reply))
        : RespText.results(reply, calls.size());
  }

  long nowNanos() {
    return world.schedule.nowMicros() * 1_000;
  }

  private static String[] command(String key, Call call) {
    if (FieldKeys.isAbout(key)) {
      return FieldKeys.command(key, call);
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

  /** Two keys of a partition that are only set together never differ. */
  private static void halfSeen(List<Asked> calls, List<String> results) {
    boolean reads = calls.stream().allMatch(it -> it.call().isRead());
    if (reads && new HashSet<>(results).size() > 1) {
      throw new SimulationFailure("half of a command is seen: " + calls + " gave " + results);
    }
  }

  /** What it saw of a call whose reply is all there is to it. */
  Invocation seen(String key, Call call, long start, String reply, String who) {
    return seen(key, call, start, reply, RespText.results(reply, 1).get(0), who);
  }

  /** Now and then, whether a follower answered the read before. */
  void lookWhoAnswered(String level, Runnable then) {
    if (random.nextInt(4) > 0) {
      then.run();
      return;
    }
    world.started();
    ask(
        last -> {
          world.answered();
          if (last != null && last.contains("follower")) {
            world.count(level + " read by a follower");
          } else if (last != null && last.contains("leader")) {
            world.count(level + " read by a leader");
          }
          then.run();
        },
        "CONSISTENCY",
        "LAST");
  }

  /** A follower promises something to a connection, not to who is behind it. */
  private Invocation seenOf(String key, Call call, long start, String reply, String result) {
    String who = readsOfFollowers() ? name + "#" + connections : name;
    return seen(key, call, start, reply, result, who);
  }

  /** What it saw of a call, whose result is part of the reply. */
  Invocation seen(String key, Call call, long start, String reply, String result, String who) {
    if (reply == null || reply.startsWith("-UNCERTAIN")) {
      return Invocation.uncertain(who, key, call, start);
    }
    if (reply.startsWith("-")) {
      return Invocation.refused(who, key, call, start);
    }
    if (call.kind() == Call.Kind.COMPARE_AND_SET && !reply.startsWith(":")) {
      // SET with NX
      return Invocation.acknowledged(who, key, call, start, nowNanos(), result == null ? "0" : "1");
    }
    // HSET of a field that nobody else sets says that it is new.
    boolean setsField =
        call.kind() == Call.Kind.SET && (reply.equals(":1") || FieldKeys.isElement(key));
    return Invocation.acknowledged(who, key, call, start, nowNanos(), setsField ? "OK" : result);
  }
}
