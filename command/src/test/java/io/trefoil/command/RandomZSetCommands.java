package io.trefoil.command;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Draws commands of sorted sets: right ones, wrong ones, and every option next to every other. What
 * chooses by chance is left out. The scores of two keys stay the same for all members, so that
 * ranges by name have a meaning there.
 */
final class RandomZSetCommands {
  private static final String[] KEYS = {"a", "b", "c", "d"};
  private static final String[] NAMED = {"l", "m"};
  private static final String[] MEMBERS = {
    "a", "b", "c", "d", "e", "f", "aa", "ab", "a\0", "7", "-3", "", "\377", "z",
  };
  private static final String[] SCORES = {
    "0",
    "1",
    "-1",
    "2",
    "3",
    "2.5",
    "0.1",
    "1e3",
    "inf",
    "-inf",
    "+inf",
    "1e17",
    "-7.25",
    "0x10",
    "3.14159265358979",
    "9007199254740993",
    "1e300",
    "5e-324",
    "0.30000000000000004",
  };
  private static final String[] BAD_SCORES = {
    "x", "", "nan", "1e400", "1e-400", " 1", "1 ", "1e", "(1", "0x", "--1", "1d",
  };
  private static final String[] RANKS = {
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "-3",
    "5",
    "-100",
    "100",
    "9223372036854775807",
    "-9223372036854775808",
  };
  private static final String[] BAD_RANKS = {"x", "1.5", "", "9223372036854775808"};
  private static final String[] ADD_OPTIONS = {"NX", "XX", "GT", "LT", "CH", "INCR", "ch", "gt"};
  private static final String[] RANGE_OPTIONS = {
    "BYSCORE", "BYLEX", "REV", "WITHSCORES", "rev", "FOO", "LIMIT"
  };

  private RandomZSetCommands() {}

  static String[] next(Random random) {
    List<String> words = new ArrayList<>(command(random));
    if (random.nextInt(60) == 0) {
      words.add("extra");
    }
    if (random.nextInt(60) == 0 && words.size() > 1) {
      words.remove(words.size() - 1);
    }
    return words.toArray(String[]::new);
  }

  private static List<String> command(Random random) {
    String key = pick(random, KEYS);
    return switch (random.nextInt(40)) {
      case 0, 1, 2, 3, 4, 5, 6 -> zadd(random, key);
      case 7 -> List.of("ZINCRBY", key, score(random), member(random));
      case 8 -> List.of("ZREM", key, member(random), member(random));
      case 9 -> List.of("ZSCORE", key, member(random));
      case 10 -> List.of("ZMSCORE", key, member(random), member(random));
      case 11 -> List.of(pick(random, "ZCARD", "TYPE", "DEL", "PERSIST"), key);
      case 12, 13 -> List.of(pick(random, "ZRANK", "ZREVRANK"), key, member(random));
      case 14, 15 -> List.of("ZCOUNT", key, bound(random), bound(random));
      case 16, 17, 18 -> range(random, "ZRANGE", key);
      case 19 -> limited(random, "ZRANGEBYSCORE", key, bound(random), bound(random), true);
      case 20 -> limited(random, "ZREVRANGEBYSCORE", key, bound(random), bound(random), true);
      case 21 -> limited(random, "ZREVRANGE", key, rank(random), rank(random), true);
      case 22 -> rangestore(random, key);
      case 23 -> List.of("ZREMRANGEBYRANK", key, rank(random), rank(random));
      case 24 -> List.of("ZREMRANGEBYSCORE", key, bound(random), bound(random));
      case 25, 26 -> pop(random, key);
      case 27 -> mpop(random);
      case 28, 29, 30, 31 -> together(random);
      case 32 -> otherType(random, key);
      case 33 -> List.of(pick(random, "RENAME", "RENAMENX", "COPY"), key, pick(random, KEYS));
      default -> named(random);
    };
  }

  private static List<String> zadd(Random random, String key) {
    List<String> words = new ArrayList<>(List.of("ZADD", key));
    for (int i = random.nextInt(4) - 1; i > 0; i--) {
      words.add(pick(random, ADD_OPTIONS));
    }
    for (int i = random.nextInt(4); i >= 0; i--) {
      words.add(score(random));
      words.add(member(random));
    }
    return words;
  }

  private static List<String> range(Random random, String name, String key) {
    int by = random.nextInt(3);
    List<String> words = new ArrayList<>(List.of(name, key));
    // By name only where it has a meaning, or nothing is found.
    boolean byName = by == 2;
    String source = byName ? pick(random, NAMED) : key;
    words.set(1, source);
    for (int i = 0; i < 2; i++) {
      words.add(by == 0 ? rank(random) : by == 1 ? bound(random) : item(random));
    }
    if (by > 0) {
      words.add(byName ? "BYLEX" : "BYSCORE");
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      String option = pick(random, RANGE_OPTIONS);
      words.add(option.equals("BYLEX") && !byName ? "REV" : option);
      if (option.equals("LIMIT")) {
        words.add(rank(random));
        words.add(rank(random));
      }
    }
    return words;
  }

  private static List<String> rangestore(Random random, String key) {
    List<String> words = range(random, "ZRANGESTORE", key);
    words.add(1, pick(random, KEYS));
    words.remove("WITHSCORES");
    return words;
  }

  private static List<String> limited(
      Random random, String name, String key, String min, String max, boolean scores) {
    List<String> words = new ArrayList<>(List.of(name, key, min, max));
    if (scores && random.nextBoolean()) {
      words.add("WITHSCORES");
    }
    if (random.nextBoolean()) {
      words.addAll(List.of("LIMIT", rank(random), rank(random)));
    }
    return words;
  }

  private static List<String> pop(Random random, String key) {
    String name = pick(random, "ZPOPMIN", "ZPOPMAX");
    return random.nextBoolean() ? List.of(name, key) : List.of(name, key, rank(random));
  }

  private static List<String> mpop(Random random) {
    List<String> words = new ArrayList<>(List.of("ZMPOP", pick(random, "1", "2", "2", "0", "x")));
    words.add(pick(random, KEYS));
    words.add(pick(random, KEYS));
    words.add(pick(random, "MIN", "MAX", "max", "FOO"));
    if (random.nextBoolean()) {
      words.addAll(List.of("COUNT", rank(random)));
    }
    return words;
  }

  private static List<String> together(Random random) {
    String name =
        pick(
            random,
            "ZUNION",
            "ZINTER",
            "ZDIFF",
            "ZUNIONSTORE",
            "ZINTERSTORE",
            "ZDIFFSTORE",
            "ZINTERCARD");
    List<String> words = new ArrayList<>(List.of(name));
    if (name.endsWith("STORE")) {
      words.add(pick(random, KEYS));
    }
    int sources = 1 + random.nextInt(3);
    boolean wrong = random.nextInt(20) == 0;
    words.add(wrong ? pick(random, "0", "-1", "x", "9", "1") : Integer.toString(sources));
    for (int i = 0; i < sources; i++) {
      words.add(pick(random, KEYS));
    }
    boolean weighs = name.startsWith("ZUNION") || name.startsWith("ZINTER") && name.length() != 10;
    if (weighs && random.nextBoolean()) {
      words.add("WEIGHTS");
      for (int i = 0; i < sources; i++) {
        words.add(score(random));
      }
    }
    if (weighs && random.nextBoolean()) {
      words.addAll(List.of("AGGREGATE", pick(random, "SUM", "MIN", "MAX", "max", "FOO")));
    }
    if (!name.endsWith("STORE") && random.nextBoolean()) {
      words.add("WITHSCORES");
    }
    if (name.equals("ZINTERCARD") && random.nextBoolean()) {
      words.addAll(List.of("LIMIT", rank(random)));
    }
    return words;
  }

  private static List<String> otherType(Random random, String key) {
    return switch (random.nextInt(5)) {
      case 0 -> List.of("SET", key, "v");
      case 1 -> List.of("HSET", key, "f", "v");
      case 2 -> List.of("PEXPIREAT", key, pick(random, "1", "4102444800123"));
      default -> List.of("SADD", key, member(random), member(random));
    };
  }

  /** Of keys whose members have the score 0. */
  private static List<String> named(Random random) {
    String key = pick(random, NAMED);
    return switch (random.nextInt(9)) {
      case 0, 1, 2 -> List.of("ZADD", key, "0", member(random), "0", member(random));
      case 3 -> List.of("ZREM", key, member(random));
      case 4 -> List.of("ZLEXCOUNT", key, item(random), item(random));
      case 5 -> limited(random, "ZRANGEBYLEX", key, item(random), item(random), false);
      case 6 -> limited(random, "ZREVRANGEBYLEX", key, item(random), item(random), false);
      case 7 -> List.of("ZREMRANGEBYLEX", key, item(random), item(random));
      default -> List.of("ZUNIONSTORE", key, "2", pick(random, NAMED), pick(random, NAMED));
    };
  }

  private static String member(Random random) {
    return pick(random, MEMBERS);
  }

  private static String score(Random random) {
    return random.nextInt(30) == 0 ? pick(random, BAD_SCORES) : pick(random, SCORES);
  }

  private static String rank(Random random) {
    return random.nextInt(30) == 0 ? pick(random, BAD_RANKS) : pick(random, RANKS);
  }

  private static String bound(Random random) {
    if (random.nextInt(20) == 0) {
      return pick(random, "x", "", "nan", "1e400", " 1", "1 ", "(", "((1", "\t-1");
    }
    return pick(random, "", "(") + pick(random, SCORES);
  }

  private static String item(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> "-";
      case 1 -> "+";
      case 2 -> pick(random, "[", "(", "[", "x", "", "++", "-a");
      default -> pick(random, "[", "(") + member(random);
    };
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
