package io.trefoil.chaos;

import io.trefoil.check.Call;
import io.trefoil.check.FieldCalls;
import io.trefoil.cli.Reply;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * On a leaderless database: clients set, delete and read texts, fields of hashes and members of
 * sets, and count keys and fields up. Each field is a key of its own in the history: it is set,
 * deleted and read as a whole, also by a command on all fields.
 */
final class QuorumWork implements Work {
  /** What a member of a set holds in the history. */
  static final String THERE = "1";

  /** Keys of a while ago are used, too: what was removed must not come back. */
  private static final int OLD_MILLIS = 30_000;

  @Override
  public Ask next(Random random, String value, long millis) {
    return switch (random.nextInt(16)) {
      case 0, 1 -> ask(Keys.UNIQUE + value, Call.set(value), "SET", value);
      case 2 -> field(Keys.GROWING + random.nextInt(2), value, Call.set(value), "HSET", value);
      case 3, 4, 5, 6, 7 -> text(random, value, shared("text", random, millis));
      case 8, 9, 10 -> count(random, millis);
      case 11, 12, 13 -> member(random, shared("set", random, millis));
      default -> fieldOfHash(random, value, shared("hash", random, millis));
    };
  }

  @Override
  public Ask nextRead(Random random, long millis) {
    return ask(Keys.shared("counter", random, millis), Call.get(), "GET");
  }

  private static String shared(String kind, Random random, long millis) {
    boolean old = random.nextInt(8) == 0;
    return Keys.shared(kind, random, old ? millis - random.nextInt(OLD_MILLIS) : millis);
  }

  private static Ask text(Random random, String value, String key) {
    return switch (random.nextInt(6)) {
      case 0, 1 -> ask(key, Call.set(value), "SET", value);
      case 2 -> ask(key, Call.delete(), "DEL");
      default -> ask(key, Call.get(), "GET");
    };
  }

  private static Ask count(Random random, long millis) {
    boolean reads = random.nextInt(3) == 0;
    Call call = reads ? Call.get() : Call.increment();
    if (random.nextBoolean()) {
      return ask(Keys.shared("counter", random, millis), call, reads ? "GET" : "INCR");
    }
    String key = Keys.shared(Keys.COUNTS, random, millis);
    String field = FieldCalls.field(random);
    return reads ? field(key, field, call, "HGET") : field(key, field, call, "HINCRBY", "1");
  }

  private static Ask member(Random random, String key) {
    String member = FieldCalls.field(random);
    return switch (random.nextInt(14)) {
      case 0, 1, 2, 3 -> field(key, member, Call.set(THERE), "SADD");
      case 4, 5, 6 -> field(key, member, Call.delete(), "SREM");
      case 7 -> fields(key, Call.delete(), "DEL");
      case 8, 9, 10 -> fields(key, Call.get(), "SMEMBERS");
      default -> field(key, member, Call.get(), "SISMEMBER");
    };
  }

  private static Ask fieldOfHash(Random random, String value, String key) {
    String field = FieldCalls.field(random);
    return switch (random.nextInt(14)) {
      case 0, 1, 2, 3 -> field(key, field, Call.set(value), "HSET", value);
      case 4, 5, 6 -> field(key, field, Call.delete(), "HDEL");
      case 7 -> fields(key, Call.delete(), "DEL");
      case 8, 9, 10 -> fields(key, Call.get(), "HGETALL");
      default -> field(key, field, Call.get(), "HGET");
    };
  }

  private static Ask ask(String key, Call call, String word) {
    return Ask.of(key, call, word, key);
  }

  private static Ask ask(String key, Call call, String word, String value) {
    return Ask.of(key, call, word, key, value);
  }

  private static Ask field(String key, String field, Call call, String word) {
    return Ask.of(Keys.ofField(key, field), call, word, key, field);
  }

  private static Ask field(String key, String field, Call call, String word, String value) {
    return Ask.of(Keys.ofField(key, field), call, word, key, field, value);
  }

  private static Ask fields(String key, Call call, String word) {
    Map<String, Call> calls = new LinkedHashMap<>();
    FieldCalls.fields().forEach(field -> calls.put(Keys.ofField(key, field), call));
    return new Ask(List.of(word, key), calls);
  }

  @Override
  public String result(Ask ask, String key, Reply reply) {
    if (reply instanceof Reply.Items items) {
      String field = Keys.fields(Keys.keyOf(key), items.values()).get(Keys.fieldOf(key));
      return "".equals(field) ? THERE : field;
    }
    boolean absent = ask.words().get(0).equals("SISMEMBER") && reply.text().equals("0");
    return absent || reply instanceof Reply.Nil ? null : reply.text();
  }
}
