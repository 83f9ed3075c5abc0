package io.trefoil.simulation.cluster;

import io.trefoil.check.Call;
import io.trefoil.check.Invocation;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A client of a leaderless database: sets, deletes and reads texts, counts, adds and removes
 * members of sets. A member is a key of its own in the history: it is there, or not.
 */
final class QuorumClient extends SimulatedClient {
  static final String BAG = "set";
  static final String TEXT = "text";
  static final String THERE = "1";
  private static final int MEMBERS = 3;
  private static final String SCORED = "m";
  private final List<String> there = new ArrayList<>();
  private final List<String> removed = new ArrayList<>();
  private long last;

  QuorumClient(ClusterWorld world, Machine own, String name, SplittableRandom random) {
    super(world, own, name, random, Work.READS_AND_WRITES);
  }

  @Override
  void next() {
    if (random.nextInt(30) == 0) {
      disconnect(); // and asks another node from now on
    }
    String value = name + "-" + ++last;
    String text = shared(TEXT);
    // Where there are fewer kinds of keys, more calls meet at each of them.
    boolean allKinds = world.shape().clients() % 2 == 0;
    switch (random.nextInt(allKinds ? 20 : 16)) {
      case 16 -> setBoth(value);
      case 17 -> push(value);
      case 18 -> score();
      case 19 -> members();
      case 0 -> decide(text, value);
      case 1 -> ask("unique-" + value, Call.set(value), "SET", "unique-" + value, value);
      case 2, 3 -> ask(text, Call.set(value), "SET", text, value);
      case 4 -> ask(text, Call.delete(), "DEL", text);
      case 5, 6, 7 -> ask(text, Call.get(), "GET", text);
      case 8, 9 -> count(Call.increment(), "INCR");
      case 10 -> count(Call.get(), "GET");
      case 11, 12 -> once(value);
      default -> member();
    }
  }

  /** Keys that are written once, and removed for good: nobody covers it up when one comes back. */
  private void once(String value) {
    int dice = random.nextInt(4);
    if (dice == 0 && !there.isEmpty()) {
      String key = there.remove(random.nextInt(there.size()));
      removed.add(key);
      ask(key, Call.delete(), "DEL", key);
    } else if (dice > 1 && !removed.isEmpty()) {
      String key = removed.get(random.nextInt(removed.size()));
      ask(key, Call.get(), "GET", key);
    } else {
      there.add("once-" + value);
      ask("once-" + value, Call.set(value), "SET", "once-" + value, value);
    }
  }

  /** Writes in place of all siblings of a text, where they are kept. */
  private void decide(String text, String value) {
    if (!world.shape().keepsSiblings()) {
      ask(text, Call.set(value), "SET", text, value);
      return;
    }
    world.started();
    ask(
        reply -> {
          world.answered();
          boolean known = reply != null && reply.startsWith("*") && !reply.startsWith("*-1");
          List<String> siblings = known ? RespText.results(reply, 0) : List.of();
          if (siblings.isEmpty()) {
            ask(text, Call.set(value), "SET", text, value);
          } else {
            boolean several = siblings.size() > 2; // the first is the context
            world.count(several ? "siblings decided" : "one value decided");
            ask(text, Call.set(value), "RESOLVE", text, siblings.get(0), value);
          }
        },
        "SIBLINGS",
        text);
  }

  private void count(Call call, String word) {
    String key = shared("counter");
    ask(key, call, word, key);
  }

  private void member() {
    String bag = shared(BAG);
    String member = "m" + random.nextInt(MEMBERS);
    String key = bag + "/" + member;
    switch (random.nextInt(4)) {
      case 0 -> ask(key, Call.set(THERE), "SADD", bag, member);
      case 1 -> ask(key, Call.delete(), "SREM", bag, member);
      default -> ask(key, Call.get(), "SISMEMBER", bag, member);
    }
  }

  /** An element that nobody else pushes, of a list that only grows. */
  private void push(String value) {
    String list = FieldKeys.GROWING_LIST + "-" + random.nextInt(2);
    String word = random.nextBoolean() ? "LPUSH" : "RPUSH";
    ask(list + "/" + value, Call.set(value), word, list, value);
  }

  /** A score that is counted. */
  private void score() {
    String key = shared(FieldKeys.COUNTED);
    String counted = key + "/" + SCORED;
    if (random.nextInt(3) == 0) {
      ask(counted, Call.get(), "ZSCORE", key, SCORED);
    } else {
      ask(counted, Call.increment(), "ZINCRBY", key, "1", SCORED);
    }
  }

  /** All members of a set at once: each is there, or not. */
  private void members() {
    String bag = shared(BAG);
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          boolean known = reply != null && reply.startsWith("*");
          List<String> found = known ? RespText.results(reply, 0) : List.of();
          for (int i = 0; i < MEMBERS; i++) {
            String one = known ? found.contains("m" + i) ? "$" + THERE : "$-1" : reply;
            world.ended(seen(bag + "/m" + i, Call.get(), start, one, name), false);
          }
          world.answered();
          work();
        },
        "SMEMBERS",
        bag);
  }

  private void ask(String key, Call call, String... command) {
    long start = nowNanos();
    world.started();
    ask(
        reply -> {
          boolean absent = command[0].equals("SISMEMBER") && ":0".equals(reply);
          Invocation seen = seen(key, call, start, absent ? "$-1" : reply, name);
          world.ended(seen, false);
          world.answered();
          work();
        },
        command);
  }
}
