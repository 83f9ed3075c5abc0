package io.trefoil.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Draws data commands: right ones, wrong ones, and every option next to every other. */
final class RandomCommands {
  private static final String[] KEYS = {"a", "b", "c", "{x}1", ""};
  private static final String[] VALUES = {
    "",
    "0",
    "1",
    "-1",
    "7",
    "text",
    "3.5",
    "9223372036854775807",
    "-9223372036854775808",
    "007",
    "a longer text of more than forty-four bytes, to be raw"
  };
  private static final String[] FIELDS = {"f", "g", "h", "7", ""};
  // No relative time that succeeds and lasts: what is left of it differs from one server to the
  // next.
  private static final String[] TIMES = {
    "0", "-1", "x", "9223372036854775807", "-9223372036854775808", "1.5"
  };
  private static final String[] POINTS_IN_TIME = {
    "0", "1", "-5", "x", "4102444800", "4102444800000", "4102444800999", "9223372036854775807"
  };
  private static final String[] INDEXES = {"0", "1", "3", "-1", "-3", "100", "x", "1048576"};
  private static final String[] SET_OPTIONS = {
    "NX", "XX", "GET", "KEEPTTL", "nx", "get", "PERSIST", "EX", "FOO"
  };
  private static final String[] EXPIRE_OPTIONS = {"NX", "XX", "GT", "LT", "gt", "FOO"};

  private RandomCommands() {}

  static String[] next(Random random) {
    List<String> words = new ArrayList<>(command(random));
    if (random.nextInt(40) == 0) {
      words.add("extra");
    }
    // Without its count a command that picks may pick differently.
    boolean picks = words.get(0).matches("SPOP|SRANDMEMBER|HRANDFIELD");
    if (random.nextInt(40) == 0 && words.size() > 1 && !picks) {
      words.remove(words.size() - 1);
    }
    return words.toArray(String[]::new);
  }

  private static List<String> command(Random random) {
    String key = pick(random, KEYS);
    String value = pick(random, VALUES);
    String field = pick(random, FIELDS);
    return switch (random.nextInt(61)) {
      case 0, 1, 2 -> set(random, key, value);
      case 3 -> List.of("SETNX", key, value);
      case 4 -> List.of("SETEX", key, pick(random, TIMES), value);
      case 5 -> List.of("PSETEX", key, pick(random, TIMES), value);
      case 6 -> List.of("GETSET", key, value);
      case 7 -> List.of("GETDEL", key);
      case 8 -> getex(random, key);
      case 9 -> List.of("MGET", key, pick(random, KEYS), pick(random, KEYS));
      case 10 -> List.of("MSET", key, value, pick(random, KEYS), pick(random, VALUES));
      case 11 -> List.of("MSETNX", key, value, pick(random, KEYS), pick(random, VALUES));
      case 12 -> List.of(pick(random, "INCR", "DECR"), key);
      case 13 -> List.of(pick(random, "INCRBY", "DECRBY"), key, value);
      case 14 -> List.of("INCRBYFLOAT", key, value);
      case 15 -> List.of("APPEND", key, value);
      case 16 -> List.of("STRLEN", key);
      case 17 -> List.of("GETRANGE", key, pick(random, INDEXES), pick(random, INDEXES));
      case 18 -> List.of("SETRANGE", key, pick(random, INDEXES), value);
      case 19 -> List.of("GETBIT", key, pick(random, INDEXES));
      case 20 -> List.of("SETBIT", key, pick(random, INDEXES), pick(random, "0", "1", "2"));
      case 21 ->
          List.of(
              "BITCOUNT",
              key,
              pick(random, INDEXES),
              pick(random, INDEXES),
              pick(random, "BIT", "BYTE"));
      case 22, 23 -> expire(random, key);
      case 24 -> List.of(pick(random, "EXPIRETIME", "PEXPIRETIME"), key);
      case 25 -> List.of("PERSIST", key);
      case 26 -> List.of(pick(random, "DEL", "UNLINK"), key, pick(random, KEYS));
      case 27 -> List.of(pick(random, "EXISTS", "TOUCH"), key, pick(random, KEYS));
      case 28 -> List.of(pick(random, "RENAME", "RENAMENX"), key, pick(random, KEYS));
      case 29 -> List.of("COPY", key, pick(random, KEYS), pick(random, "REPLACE", "FOO", "DB"));
      case 30 -> List.of("COPY", key, pick(random, KEYS));
      case 31 -> List.of("TYPE", key);
      case 32 -> List.of("BITCOUNT", key);
      case 33, 34, 35 -> List.of("HSET", key, field, value);
      case 36 ->
          List.of(
              pick(random, "HSET", "HMSET"),
              key,
              field,
              value,
              pick(random, FIELDS),
              pick(random, VALUES));
      case 37 -> List.of(pick(random, "HGET", "HEXISTS"), key, field);
      case 38 -> List.of("HMGET", key, field, pick(random, FIELDS));
      case 39 -> List.of("HDEL", key, field, pick(random, FIELDS), pick(random, FIELDS));
      case 40 -> List.of(pick(random, "HLEN", "HGETALL"), key);
      case 41, 42 -> List.of("SADD", key, field, pick(random, FIELDS));
      case 43 -> List.of("SREM", key, field, pick(random, FIELDS), pick(random, FIELDS));
      case 44 -> List.of("SISMEMBER", key, field);
      case 45 -> List.of(pick(random, "SCARD", "SMEMBERS"), key);
      case 46 -> List.of("HSETNX", key, field, value);
      case 47 -> List.of("HINCRBY", key, field, value);
      case 48 -> List.of(pick(random, "HKEYS", "HVALS"), key);
      case 49 -> List.of("HSTRLEN", key, field);
      case 50 -> List.of("SMISMEMBER", key, field, pick(random, FIELDS));
      case 51 -> List.of("HINCRBYFLOAT", key, field, value);
      case 52 -> List.of(pick(random, "SINTER", "SUNION", "SDIFF"), key, pick(random, KEYS));
      case 53, 54 ->
          List.of(
              pick(random, "SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"),
              key,
              pick(random, KEYS),
              pick(random, KEYS));
      case 55 -> sintercard(random, key);
      case 56 -> List.of("SMOVE", key, pick(random, KEYS), field);
      // What is picked differs; all of it does not.
      case 57 -> List.of("SPOP", key, pick(random, "0", "-1", "x", "100"));
      case 58 -> List.of("SRANDMEMBER", key, pick(random, "0", "x", "100"));
      case 59 -> hrandfield(random, key);
      case 60 -> scan(random, key);
      default -> List.of("GET", key);
    };
  }

  private static List<String> sintercard(Random random, String key) {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("SINTERCARD", pick(random, "1", "2", "0", "x", "4"), key));
    words.add(pick(random, KEYS));
    if (random.nextBoolean()) {
      words.addAll(List.of("LIMIT", pick(random, "0", "1", "2", "-1", "x")));
    }
    return words;
  }

  private static List<String> hrandfield(Random random, String key) {
    List<String> words = new ArrayList<>(List.of("HRANDFIELD", key));
    words.add(pick(random, "0", "x", "100", "9223372036854775807", "-9223372036854775808"));
    if (random.nextBoolean()) {
      words.add(pick(random, "WITHVALUES", "withvalue"));
    }
    return words;
  }

  private static List<String> scan(Random random, String key) {
    List<String> words = new ArrayList<>(List.of(pick(random, "HSCAN", "SSCAN"), key));
    words.add(pick(random, "0", "0", "x"));
    words.addAll(List.of("COUNT", pick(random, "100", "100", "0", "x")));
    if (random.nextBoolean()) {
      words.addAll(List.of("MATCH", pick(random, "*", "f*", "?", "")));
    }
    return words;
  }

  private static List<String> set(Random random, String key, String value) {
    List<String> words = new ArrayList<>(List.of("SET", key, value));
    for (int i = random.nextInt(4); i > 0; i--) {
      if (random.nextInt(3) == 0) {
        expiryOption(random, words);
      } else {
        words.add(pick(random, SET_OPTIONS));
      }
    }
    return words;
  }

  private static List<String> getex(Random random, String key) {
    List<String> words = new ArrayList<>(List.of("GETEX", key));
    for (int i = random.nextInt(3); i > 0; i--) {
      if (random.nextBoolean()) {
        expiryOption(random, words);
      } else {
        words.add(pick(random, "PERSIST", "NX", "FOO"));
      }
    }
    return words;
  }

  private static void expiryOption(Random random, List<String> words) {
    String option = pick(random, "EX", "PX", "EXAT", "PXAT");
    words.add(option);
    words.add(option.endsWith("AT") ? pick(random, POINTS_IN_TIME) : pick(random, TIMES));
  }

  private static List<String> expire(Random random, String key) {
    String name = pick(random, "EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT");
    List<String> words = new ArrayList<>(List.of(name, key));
    words.add(name.endsWith("AT") ? pick(random, POINTS_IN_TIME) : pick(random, TIMES));
    for (int i = random.nextInt(3); i > 0; i--) {
      words.add(pick(random, EXPIRE_OPTIONS));
    }
    return words;
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
