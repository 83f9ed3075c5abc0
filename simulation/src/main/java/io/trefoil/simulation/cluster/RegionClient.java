package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.check.Invocation;
import io.trefoil.check.OrderedCalls;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A client of one region of a database that spans several: writes keys that other regions write,
 * too, keys that only its region writes, keys that are written once, and some of those removed for
 * good.
 */
final class RegionClient extends SimulatedClient {
  /** Of a field that is counted. */
  static final String TALLY = FieldKeys.HASH + "-tally";

  static final String ONCE = "once-";

  /** In the name of a key that clients of one region alone write. */
  private static final String OWN = "-own-";

  private static final String FIELD = "n";
  private static final String EXPIRING = "expiring";
  private final SimulatedRegion home;
  private final List<String> there = new ArrayList<>();
  private long last;
  private long lastWrittenMicros;

  RegionClient(
      ClusterWorld world, Machine own, String name, SplittableRandom random, SimulatedRegion home) {
    super(world, own, name, random, Work.READS_AND_WRITES);
    this.home = home;
  }

  SimulatedRegion home() {
    return home;
  }

  /** Whether a key may expire. */
  static boolean expires(String key) {
    return key.startsWith(EXPIRING);
  }

  /** Whether the one region that writes a key is this one. */
  static boolean isOwnOf(String key, SimulatedRegion region) {
    return key.contains(OWN + region + "-");
  }

  /** When the last write that was acknowledged was asked for. */
  long lastWrittenMicros() {
    return lastWrittenMicros;
  }

  @Override
  Machine target() {
    return home.anyMachine(random);
  }

  @Override
  void next() {
    if (random.nextInt(30) == 0) {
      disconnect(); // and asks another node from now on
    }
    String value = name + "-" + ++last;
    switch (random.nextInt(20)) {
      case 16 -> setBoth(value);
      case 17 -> fields(own(FieldKeys.LIST), OrderedCalls.ofList(random, value));
      case 18 -> fields(own(FieldKeys.SCORES), OrderedCalls.ofScores(random));
      case 19 -> fields(shared(FieldKeys.SCORES), OrderedCalls.ofScores(random));
      case 0 -> unique(value);
      case 1, 2, 3 -> text(value);
      case 4 -> call("counter", Call.increment());
      case 5 -> tally();
      case 6, 7 -> fields(shared(FieldKeys.HASH), FieldCalls.ofHash(random, value));
      case 8 -> fields(shared(FieldKeys.SET), FieldCalls.ofSet(random));
      case 9, 10 -> once(value);
      case 11 -> expiring(value);
      case 12 -> fields(own(FieldKeys.SET), FieldCalls.ofSet(random));
      case 13 -> fields(own(FieldKeys.HASH), FieldCalls.ofHash(random, value));
      case 14 -> ask(own("counter"), Call.increment(), "INCR");
      default -> pair(value);
    }
  }

  /** A key that clients of this region alone use. */
  private String own(String kind) {
    return shared(kind + OWN + home);
  }

  private void unique(String value) {
    if (random.nextBoolean()) {
      ask("unique-" + value, Call.set(world.padded(value)), "SET", world.padded(value));
      return;
    }
    if (random.nextBoolean()) {
      String list = FieldKeys.GROWING_LIST + "-" + random.nextInt(2);
      String push = random.nextBoolean() ? "LPUSH" : "RPUSH";
      ask(list + "/" + value, Call.set(value), new String[] {push, list, value});
      return;
    }
    String hash = FieldKeys.GROWING + "-" + random.nextInt(2);
    ask(
        hash + "/" + value,
        Call.set(world.padded(value)),
        new String[] {"HSET", hash, value, world.padded(value)});
  }

  private void text(String value) {
    String text = shared("text");
    switch (random.nextInt(6)) {
      case 0 -> decide(text, value);
      case 1 -> ask(text, Call.delete(), "DEL");
      case 2, 3 -> ask(text, Call.get(), "GET");
      default -> ask(text, Call.set(value), "SET", value);
    }
  }

  private void call(String kind, Call call) {
    ask(shared(kind), call, call.isRead() ? "GET" : "INCR");
  }

  private void tally() {
    if (random.nextBoolean()) {
      String scores = shared(FieldKeys.COUNTED);
      ask(scores + "/" + FIELD, Call.increment(), new String[] {"ZINCRBY", scores, "1", FIELD});
      return;
    }
    String key = shared(TALLY);
    ask(key + "/" + FIELD, Call.increment(), new String[] {"HINCRBY", key, FIELD, "1"});
  }

  private void fields(String key, Call call) {
    ask(key, call, FieldKeys.command(key, call));
  }

  /** Keys that are written once, and removed for good: nobody covers it up when one comes back. */
  private void once(String value) {
    if (random.nextBoolean() && !there.isEmpty()) {
      ask(there.remove(random.nextInt(there.size())), Call.delete(), "DEL");
    } else {
      there.add(ONCE + value);
      ask(ONCE + value, Call.set(value), "SET", value);
    }
  }

  private void expiring(String value) {
    String key = shared(EXPIRING);
    String millis = Integer.toString(100 + random.nextInt(3_000));
    switch (random.nextInt(5)) {
      case 0 -> ask(key, Call.expire(value), "PEXPIRE", millis);
      case 1 -> ask(key, Call.expire(value), "PERSIST");
      case 2 -> ask(key, Call.set(value), "SET", value);
      case 3 -> ask(key, Call.delete(), "DEL");
      default -> ask(key, Call.set(value), "SET", value, "PX", millis);
    }
  }

  private void pair(String value) {
    String one = shared("text");
    String other = shared("text");
    ask(one, Call.set(value), new String[] {"MSET", one, value, other, value});
  }

  /** Writes in place of all siblings of a text, where they are kept. */
  private void decide(String text, String value) {
    if (!world.shape().keepsSiblings()) {
      ask(text, Call.set(value), "SET", value);
      return;
    }
    world.started();
    ask(
        reply -> {
          world.answered();
          boolean known = reply != null && reply.startsWith("*") && !reply.startsWith("*-1");
          List<String> siblings = known ? RespText.results(reply, 0) : List.of();
          if (siblings.isEmpty()) {
            ask(text, Call.set(value), "SET", value);
          } else {
            world.count(siblings.size() > 2 ? "siblings decided" : "one value decided");
            ask(text, Call.set(value), "RESOLVE", siblings.get(0), value);
          }
        },
        "SIBLINGS",
        text);
  }

  private void ask(String key, Call call, String word, String... arguments) {
    List<String> words = new ArrayList<>(List.of(word, key));
    words.addAll(List.of(arguments));
    ask(key, call, words.toArray(String[]::new));
  }

  private void ask(String key, Call call, String[] command) {
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          boolean whole = reply != null && reply.startsWith("*");
          Invocation seen =
              whole
                  ? seen(key, call, start, reply, FieldKeys.whole(key, reply), name)
                  : seen(key, call, start, reply, name);
          world.ended(seen, false);
          if (seen.isAcknowledged() && !call.isRead()) {
            lastWrittenMicros = Math.max(lastWrittenMicros, start / 1_000);
          }
          world.answered();
          work();
        },
        command);
  }
}
