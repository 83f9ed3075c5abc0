package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs list commands here and on a real Redis 7.0 and asks for the same bytes back. */
class ListComparisonTest extends ComparedWithRedis {
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void pushesAndPops(int protocol) {
    speak(protocol);
    sameScript(
        """
        LPUSH l
        LPUSH l a
        LPUSH l b c d
        RPUSH l x '' z
        LRANGE l 0 -1
        LLEN l
        LPUSHX nokey a
        RPUSHX nokey a
        EXISTS nokey
        LPUSHX l e f
        RPUSHX l e f
        RPUSHX l
        LRANGE l 0 -1
        LPOP l
        RPOP l
        LPOP l 0
        RPOP l 2
        LPOP l 3
        LRANGE l 0 -1
        LPOP l -1
        LPOP l x
        LPOP l 9223372036854775808
        LPOP l 1 1
        RPOP l 1 x y
        LPOP nokey
        LPOP nokey 0
        LPOP nokey 3
        LPOP nokey -1
        RPOP nokey
        RPOP nokey 1
        LPOP l 9223372036854775807
        EXISTS l
        LLEN l
        RPUSH l 1 2 3
        RPOP l 100
        EXISTS l
        RPUSH l one
        RPOP l
        EXISTS l
        TYPE l
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void rangesAndIndexes(int protocol) {
    speak(protocol);
    sameScript("RPUSH l a b c d e");
    String[] indexes = {
      "0",
      "1",
      "4",
      "5",
      "-1",
      "-5",
      "-6",
      "9223372036854775807",
      "-9223372036854775808",
      "-9223372036854775807",
      "x",
      "1.5",
      "007"
    };
    for (String first : indexes) {
      same("LINDEX", "l", first);
      same("LINDEX", "nokey", first);
      same("LSET", "nokey", first, "v");
      for (String last : indexes) {
        same("LRANGE", "l", first, last);
        same("LRANGE", "nokey", first, last);
        same("LTRIM", "nokey", first, last);
        same("RPUSH", "t", "a", "b", "c", "d", "e");
        same("LTRIM", "t", first, last);
        same("LRANGE", "t", "0", "-1");
        same("DEL", "t");
      }
      same("LSET", "l", first, "set" + first);
      same("LRANGE", "l", "0", "-1");
    }
    sameScript(
        """
        LRANGE l
        LRANGE l 0
        LINDEX l
        LSET l 0
        LTRIM l 1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void removingAndInserting(int protocol) {
    speak(protocol);
    for (String count :
        """
        0
        1
        2
        3
        -1
        -2
        100
        -100
        x
        9223372036854775807
        -9223372036854775807
        -9223372036854775808
        """
            .lines()
            .toList()) {
      sameScript("RPUSH l a b a c a d b");
      same("LREM", "l", count, "a");
      same("LRANGE", "l", "0", "-1");
      same("LREM", "l", count, "none");
      same("LREM", "nokey", count, "a");
      same("DEL", "l");
    }
    sameScript(
        """
        RPUSH l a a a
        LREM l 0 a
        EXISTS l
        LINSERT l BEFORE a x
        RPUSH l a b a
        LINSERT l BEFORE a x
        LINSERT l after a y
        LINSERT l AFTER b z
        LINSERT l BEFORE b w
        LINSERT l BEFORE none w
        LINSERT l AROUND b w
        LINSERT nokey AROUND b w
        LINSERT nokey BEFORE b w
        LINSERT l BEFORE
        LRANGE l 0 -1
        LINSERT l AFTER z ''
        LINSERT l BEFORE '' q
        LRANGE l 0 -1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void positions(int protocol) {
    speak(protocol);
    sameScript("RPUSH l a b c 1 2 3 c c");
    String[] ranks = {"1", "2", "3", "4", "-1", "-2", "-3", "-4"};
    for (String rank : ranks) {
      same("LPOS", "l", "c", "RANK", rank);
      for (String count : new String[] {"0", "1", "2", "5", "9223372036854775807"}) {
        same("LPOS", "l", "c", "COUNT", count, "RANK", rank);
        for (String length : new String[] {"0", "1", "3", "7", "8", "100"}) {
          same("LPOS", "l", "c", "RANK", rank, "COUNT", count, "MAXLEN", length);
          same("LPOS", "l", "c", "RANK", rank, "MAXLEN", length);
        }
      }
    }
    sameScript(
        """
        LPOS l
        LPOS l c
        LPOS l none
        LPOS l none COUNT 0
        LPOS l 1
        LPOS l 01
        LPOS nokey a
        LPOS nokey a COUNT 0
        LPOS nokey a RANK 0
        LPOS l c RANK 0
        LPOS l c RANK x
        LPOS l c RANK -9223372036854775807
        LPOS l c RANK -9223372036854775808
        LPOS l c RANK 9223372036854775807
        LPOS l c RANK
        LPOS l c COUNT
        LPOS l c COUNT -1
        LPOS l c COUNT x
        LPOS l c MAXLEN -1
        LPOS l c MAXLEN x
        LPOS l c MAXLEN
        LPOS l c FOO
        LPOS l c FOO 1
        LPOS l c RANK 0 FOO
        LPOS l c rank 2 rank 3 count 1 count 2
        LPOS l c COUNT 1 COUNT x
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void moving(int protocol) {
    speak(protocol);
    for (String from : new String[] {"LEFT", "RIGHT", "left"}) {
      for (String to : new String[] {"LEFT", "RIGHT", "right"}) {
        sameScript("RPUSH a 1 2 3");
        for (int i = 0; i < 4; i++) {
          same("LMOVE", "a", "b", from, to);
          same("LRANGE", "a", "0", "-1");
          same("LRANGE", "b", "0", "-1");
        }
        for (int i = 0; i < 4; i++) {
          same("LMOVE", "b", "b", from, to);
          same("LRANGE", "b", "0", "-1");
        }
        sameScript("DEL a b");
        sameScript("RPUSH a one");
        same("LMOVE", "a", "a", from, to);
        sameScript("LRANGE a 0 -1");
        sameScript("DEL a");
      }
    }
    sameScript(
        """
        LMOVE nokey b LEFT LEFT
        LMOVE nokey b LEFT UP
        LMOVE nokey b UP LEFT
        LMOVE a b LEFT
        EXISTS b
        RPOPLPUSH nokey b
        RPUSH a 1 2 3
        RPOPLPUSH a b
        RPOPLPUSH a a
        RPOPLPUSH a
        LRANGE a 0 -1
        RPOPLPUSH a b
        RPOPLPUSH a b
        LRANGE b 0 -1
        EXISTS a
        SET s x
        RPOPLPUSH b s
        RPOPLPUSH s b
        RPOPLPUSH nokey s
        LMOVE b s LEFT LEFT
        LMOVE s b LEFT LEFT
        LRANGE b 0 -1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void poppingOfTheFirstThatHasAny(int protocol) {
    speak(protocol);
    sameScript(
        """
        LMPOP 1 nokey LEFT
        LMPOP 2 nokey no2 RIGHT COUNT 3
        RPUSH b 1 2 3 4 5
        RPUSH c x y
        LMPOP 3 a b c LEFT
        LMPOP 3 a b c right count 2
        LMPOP 3 a c b RIGHT
        LMPOP 2 b c LEFT COUNT 100
        LMPOP 2 b c LEFT COUNT 9223372036854775807
        LMPOP 2 b c LEFT
        EXISTS b c
        LMPOP 1
        LMPOP 1 b
        LMPOP 0 b LEFT
        LMPOP -1 b LEFT
        LMPOP x b LEFT
        LMPOP 2 b LEFT
        LMPOP 2 b LEFT COUNT
        LMPOP 2 b LEFT RIGHT
        LMPOP 3 b LEFT
        LMPOP 100 b LEFT
        LMPOP 1 b c LEFT
        LMPOP 1 b UP
        LMPOP 1 b LEFT COUNT
        LMPOP 1 b LEFT COUNT 0
        LMPOP 1 b LEFT COUNT -1
        LMPOP 1 b LEFT COUNT x
        LMPOP 1 b LEFT COUNT 1 COUNT 2
        LMPOP 1 b LEFT COUNT 1 FOO
        LMPOP 1 b LEFT FOO 1
        LMPOP 1 b LEFT FOO
        SET s x
        RPUSH l 1
        LMPOP 2 s l LEFT
        LMPOP 2 l s LEFT
        LMPOP 2 l s LEFT
        RPUSH l 1 2
        LMPOP 2 l l LEFT
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void whatEveryKeyCanDo(int protocol) {
    speak(protocol);
    sameScript(
        """
        RPUSH l a b c
        TYPE l
        OBJECT ENCODING l
        OBJECT REFCOUNT l
        PEXPIREAT l 4102444800123
        RPUSH l d
        LPOP l
        LSET l 0 x
        LINSERT l BEFORE x y
        LMOVE l l LEFT RIGHT
        PEXPIRETIME l
        RENAME l m
        LRANGE m 0 -1
        PEXPIRETIME m
        COPY m n
        RPUSH n more
        LPUSH n most
        LINSERT n AFTER x between
        LRANGE m 0 -1
        LRANGE n 0 -1
        PEXPIRETIME n
        LMOVE n o LEFT LEFT
        PEXPIRETIME o
        LTRIM n 1 0
        EXISTS n
        RPUSH n fresh
        PEXPIRETIME n
        PERSIST m
        TTL m
        PEXPIREAT m 1
        LRANGE m 0 -1
        RPUSH m a
        LRANGE m 0 -1
        SET m text
        LPUSH m a
        DEL m
        RPUSH m a b
        UNLINK m
        LLEN m
        SCAN 0 COUNT 100 TYPE string
        DBSIZE
        """);
    assertThat(ours.run("MEMORY", "USAGE", "o")).startsWith(":");
  }

  @Test
  void otherTypesAreRefused() {
    String[] commands = {
      "LPUSH k a",
      "RPUSH k a",
      "LPUSHX k a",
      "RPUSHX k a",
      "LPOP k",
      "LPOP k 0",
      "LPOP k x",
      "RPOP k 1",
      "LRANGE k 0 -1",
      "LRANGE k x 1",
      "LRANGE k 1 x",
      "LLEN k",
      "LINDEX k 0",
      "LINDEX k x",
      "LSET k 0 a",
      "LSET k x a",
      "LREM k 0 a",
      "LREM k x a",
      "LTRIM k 0 1",
      "LTRIM k x 1",
      "LINSERT k BEFORE a b",
      "LINSERT k FOO a b",
      "LPOS k a",
      "LPOS k a RANK 0",
      "LPOS k a FOO",
      "LMOVE k l LEFT LEFT",
      "LMOVE l k LEFT LEFT",
      "LMOVE k l UP LEFT",
      "RPOPLPUSH k k",
      "LMPOP 1 k LEFT",
      "LMPOP 1 k UP",
    };
    for (String make : new String[] {"SET k v", "HSET k f v", "SADD k m"}) {
      for (String command : commands) {
        same("DEL", "k", "l");
        same(words(make));
        same("RPUSH", "l", "a");
        same(words(command));
        same("TYPE", "k");
        same("LRANGE", "l", "0", "-1");
      }
    }
    sameScript("DEL k");
    sameScript("RPUSH k a");
    for (String command :
        new String[] {
          "GET k",
          "SET k v GET",
          "APPEND k a",
          "INCR k",
          "SETBIT k 0 1",
          "HSET k f v",
          "HGET k f",
          "SADD k m",
          "SMEMBERS k",
          "MGET k k"
        }) {
      same(words(command));
    }
  }

  @Test
  void longLists() {
    List<String> push = new ArrayList<>(List.of("RPUSH", "l"));
    for (int i = 0; i < 1_000; i++) {
      push.add(Integer.toString(i % 300));
    }
    same(push.toArray(String[]::new));
    sameScript(
        """
        LPOS l 299
        LPOS l 299 RANK -1
        LPOS l 127 COUNT 0
        LPOS l 128 COUNT 0 RANK -2
        LPOS l 128 MAXLEN 128
        LPOS l 128 MAXLEN 129
        LPOS l 250 RANK 3 COUNT 2 MAXLEN 900
        LREM l 2 128
        LREM l -2 299
        LINSERT l AFTER 298 new
        LINSERT l BEFORE 299 new
        LINDEX l 500
        LRANGE l 290 310
        LTRIM l 200 -100
        LLEN l
        LRANGE l 0 -1
        LPOP l 400
        LLEN l
        """);
  }

  @Test
  void manyInsertionsAtOnePlace() {
    sameScript("RPUSH l a z");
    for (int i = 0; i < 200; i++) {
      same("LINSERT", "l", "AFTER", "a", "after" + i);
      same("LINSERT", "l", "BEFORE", "z", "before" + i);
    }
    sameScript("LRANGE l 0 -1");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void randomCommandsAnswerTheSame(long seed) {
    Random random = new Random(seed);
    speak(seed % 2 == 0 ? 2 : 3);
    for (int i = 0; i < 2_000; i++) {
      String[] words = random(random);
      assertThat(ours.run(words))
          .as("seed %d, command %d: %s", seed, i, String.join(" ", words))
          .isEqualTo(theirs.run(words));
    }
    for (String key : KEYS) {
      same("TYPE", key);
      same("LRANGE", key, "0", "-1");
      same("PEXPIRETIME", key);
    }
  }

  private static final String[] KEYS = {"a", "b", "c", ""};
  private static final String[] ELEMENTS = {"x", "y", "z", "", "7", "007", "-1"};
  private static final String[] INDEXES = {
    "0", "1", "2", "3", "5", "-1", "-2", "-4", "100", "-100", "x", "9223372036854775807"
  };
  private static final String[] COUNTS = {"0", "1", "2", "3", "10", "-1", "-2", "x"};
  private static final String[] ENDS = {"LEFT", "RIGHT", "left", "right", "UP"};

  private static String[] random(Random random) {
    List<String> words = new ArrayList<>(command(random));
    if (random.nextInt(40) == 0) {
      words.add("extra");
    }
    if (random.nextInt(40) == 0 && words.size() > 1) {
      words.remove(words.size() - 1);
    }
    return words.toArray(String[]::new);
  }

  private static List<String> command(Random random) {
    String key = pick(random, KEYS);
    String other = pick(random, KEYS);
    String element = pick(random, ELEMENTS);
    String index = pick(random, INDEXES);
    return switch (random.nextInt(26)) {
      case 0, 1 -> List.of(pick(random, "LPUSH", "RPUSH"), key, element);
      case 2, 3 ->
          List.of(
              pick(random, "LPUSH", "RPUSH"), key, element, pick(random, ELEMENTS), "e" + index);
      case 4 -> List.of(pick(random, "LPUSHX", "RPUSHX"), key, element, pick(random, ELEMENTS));
      case 5 -> List.of(pick(random, "LPOP", "RPOP"), key);
      case 6 -> List.of(pick(random, "LPOP", "RPOP"), key, pick(random, COUNTS));
      case 7, 8 -> List.of("LRANGE", key, index, pick(random, INDEXES));
      case 9 -> List.of("LLEN", key);
      case 10 -> List.of("LINDEX", key, index);
      case 11 -> List.of("LSET", key, index, element);
      case 12 -> List.of("LREM", key, pick(random, COUNTS), element);
      case 13 -> List.of("LTRIM", key, index, pick(random, INDEXES));
      case 14, 15 -> List.of("LINSERT", key, pick(random, "BEFORE", "AFTER"), element, "i" + index);
      case 16, 17 -> position(random, key, element);
      case 18, 19 -> List.of("LMOVE", key, other, pick(random, ENDS), pick(random, ENDS));
      case 20 -> List.of("RPOPLPUSH", key, other);
      case 21 -> List.of("LMPOP", "2", key, other, pick(random, ENDS));
      case 22 -> List.of("LMPOP", "1", key, pick(random, ENDS), "COUNT", pick(random, COUNTS));
      case 23 -> List.of(pick(random, "RENAME", "COPY"), key, other);
      case 24 ->
          random.nextInt(4) == 0
              ? List.of(pick(random, "SET", "SADD"), key, "v")
              : List.of("DEL", key);
      default -> List.of("PEXPIREAT", key, pick(random, "1", "4102444800123", "4102444800999"));
    };
  }

  private static List<String> position(Random random, String key, String element) {
    List<String> words = new ArrayList<>(List.of("LPOS", key, element));
    for (int i = random.nextInt(4); i > 0; i--) {
      words.add(pick(random, "RANK", "COUNT", "MAXLEN", "rank"));
      words.add(pick(random, COUNTS));
    }
    return words;
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
