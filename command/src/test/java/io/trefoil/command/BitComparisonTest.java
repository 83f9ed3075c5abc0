package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs commands on bits here and on a real Redis 7.0 and asks for the same bytes back. */
class BitComparisonTest extends ComparedWithRedis {
  private void sameValue(String key) {
    same("GET", key);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void combining(int protocol) {
    speak(protocol);
    same("SET", "a", "foobar\u00ff\u0000");
    same("SET", "b", "abcdef");
    same("SET", "c", "");
    for (String operation : new String[] {"AND", "or", "XOR", "NOT", "NAND", ""}) {
      for (String sources :
          new String[] {"a", "a b", "b a", "a b a b", "a nokey", "nokey", "c", "c nokey b"}) {
        same(words("BITOP " + (operation.isEmpty() ? "''" : operation) + " target " + sources));
        sameValue("target");
      }
    }
    sameScript(
        """
        SET target x EX 1000
        BITOP AND target a b
        TTL target
        BITOP OR a a b
        GET a
        BITOP XOR a a a
        GET a
        BITOP NOT a a
        GET a
        BITOP NOT target nokey
        EXISTS target
        BITOP NOT target c
        EXISTS target
        BITOP AND target
        BITOP AND
        RPUSH l 1
        BITOP AND target a l
        BITOP NOT l a
        TYPE l
        RPUSH m 1
        BITOP NOT m nokey
        EXISTS m
        RPUSH m 1
        BITOP FOO m m
        BITOP NOT m m m
        """);
    same("SET", "long", "\u00f0".repeat(10_000));
    same("SET", "short", "\u000f".repeat(5_000));
    for (String operation : new String[] {"AND", "OR", "XOR"}) {
      same("BITOP", operation, "target", "short", "long");
      sameValue("target");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void positions(int protocol) {
    speak(protocol);
    String[] values = {
      "\u0000\u00ff\u00f0", "\u00ff\u00ff\u00ff", "\u0000\u0000\u0000", "", "\u00ff\u0001"
    };
    String[] indexes = {
      "0", "1", "2", "3", "7", "12", "23", "24", "-1", "-2", "-9", "-100", "100", "x"
    };
    for (String value : values) {
      same("SET", "k", value);
      for (String bit : new String[] {"0", "1"}) {
        same("BITPOS", "k", bit);
        for (String first : indexes) {
          same("BITPOS", "k", bit, first);
          for (String last : indexes) {
            same("BITPOS", "k", bit, first, last);
            same("BITPOS", "k", bit, first, last, "BYTE");
            same("BITPOS", "k", bit, first, last, "bit");
          }
        }
      }
    }
    sameScript(
        """
        BITPOS nokey 0
        BITPOS nokey 1
        BITPOS nokey 2
        BITPOS nokey 0 x
        BITPOS nokey 0 0 0 0 0
        BITPOS nokey 1 0 1 FOO
        BITPOS k
        BITPOS k x
        BITPOS k -1
        BITPOS k 2
        BITPOS k 1 0 1 FOO
        BITPOS k 1 x 1 FOO
        BITPOS k 1 0 x FOO
        BITPOS k 1 0 1 BIT BIT
        BITPOS k 1 9223372036854775807 9223372036854775807 BIT
        BITPOS k 1 -9223372036854775808 9223372036854775807
        RPUSH l 1
        BITPOS l 1
        BITPOS l 2
        BITPOS l 1 x
        """);
    same("SET", "k", "\u0000".repeat(9_000) + "\u0001" + "\u00ff".repeat(9_000));
    sameScript(
        """
        BITPOS k 1
        BITPOS k 0 9001
        BITPOS k 0 9001 -1
        BITPOS k 1 72008 -1 BIT
        BITPOS k 0 72008 -1 BIT
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void fields(int protocol) {
    speak(protocol);
    sameScript(
        """
        BITFIELD k
        BITFIELD_RO k
        EXISTS k
        BITFIELD k GET u8 0 GET i5 100
        EXISTS k
        BITFIELD k SET u8 0 255 GET u8 0 GET i8 0 GET u4 4 GET i3 6
        BITFIELD k INCRBY i5 100 1 GET u4 0
        STRLEN k
        BITFIELD k SET i8 #1 -5 GET i8 #1 GET i8 8 GET u16 #0 GET u63 #0 GET i64 3
        BITFIELD k incrby u2 100 1 overflow sat incrby u2 102 1
        BITFIELD k incrby u2 100 1 overflow sat incrby u2 102 1
        BITFIELD k incrby u2 100 1 overflow sat incrby u2 102 1
        BITFIELD k incrby u2 100 1 overflow sat incrby u2 102 1
        BITFIELD k OVERFLOW FAIL INCRBY u2 102 1
        BITFIELD k OVERFLOW FAIL INCRBY u2 102 -4 GET u2 102
        BITFIELD k OVERFLOW FAIL SET u2 102 7 OVERFLOW SAT SET u2 102 7 OVERFLOW WRAP SET u2 102 6
        BITFIELD k OVERFLOW SAT SET u2 102 -1 GET u2 102 SET i3 200 -9 GET i3 200
        BITFIELD fresh OVERFLOW FAIL INCRBY u2 100 10
        STRLEN fresh
        GET fresh
        PEXPIREAT k 4102444800123
        BITFIELD k SET u8 0 1
        PEXPIRETIME k
        BITFIELD_RO k GET u8 0 GET i64 #1
        BITFIELD_RO k SET u8 0 1
        BITFIELD_RO k GET u8 0 INCRBY u8 0 1
        BITFIELD_RO k OVERFLOW SAT GET u8 0
        BITFIELD_RO nokey GET u8 0
        BITFIELD_RO nokey GET u8 9999
        BITFIELD k OVERFLOW
        BITFIELD k OVERFLOW FOO
        BITFIELD k OVERFLOW FOO GET
        BITFIELD k FOO u8 0
        BITFIELD k GET
        BITFIELD k GET u8
        BITFIELD k GET u64 0
        BITFIELD k GET u63 0
        BITFIELD k GET i64 0
        BITFIELD k GET i65 0
        BITFIELD k GET i0 0
        BITFIELD k GET u 0
        BITFIELD k GET '' 0
        BITFIELD k GET U8 0
        BITFIELD k GET x8 0
        BITFIELD k GET u08 0
        BITFIELD k GET u-8 0
        BITFIELD k GET u8 -1
        BITFIELD k GET u8 x
        BITFIELD k GET u8 ''
        BITFIELD k GET u8 #
        BITFIELD k GET u8 #-1
        BITFIELD k GET u8 #x
        BITFIELD k GET u8 8388607
        BITFIELD k GET u8 8388608
        BITFIELD k GET u8 #1048575
        BITFIELD k GET u8 #1048576
        BITFIELD k SET u8 8388608 1
        BITFIELD k SET u8 0
        BITFIELD k SET u8 0 x
        BITFIELD k SET u8 0 1 GET x 0
        BITFIELD k INCRBY u8 0 9223372036854775808
        BITFIELD k GET u8 0 0
        GET k
        RPUSH l 1
        BITFIELD l GET u8 0
        BITFIELD l SET u8 0 1
        BITFIELD l
        BITFIELD l FOO
        BITFIELD_RO l GET u8 0
        BITFIELD_RO l SET u8 0 1
        BITFIELD big SET u8 8388600 200
        STRLEN big
        """);
    assertThat(ours.run("BITFIELD", "big", "SET", "u8", "8388607", "1"))
        .isEqualTo("-" + Errors.TOO_LONG + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomFieldsAnswerTheSame(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      String[] words = random(random);
      assertThat(ours.run(words))
          .as("seed %d, command %d: %s", seed, i, String.join(" ", words))
          .isEqualTo(theirs.run(words));
    }
    sameValue("a");
    sameValue("b");
  }

  private static final String[] NUMBERS = {
    "0",
    "1",
    "-1",
    "3",
    "-4",
    "127",
    "128",
    "-129",
    "65535",
    "9223372036854775807",
    "-9223372036854775808",
    "4611686018427387904"
  };

  private static String[] random(Random random) {
    List<String> words = new ArrayList<>();
    String key = pick(random, "a", "b");
    switch (random.nextInt(8)) {
      case 0 ->
          words.addAll(
              List.of("BITOP", pick(random, "AND", "OR", "XOR"), pick(random, "a", "b"), "a", "b"));
      case 1 -> words.addAll(List.of("BITOP", "NOT", pick(random, "a", "b"), key));
      case 2 ->
          words.addAll(
              List.of(
                  "BITPOS",
                  key,
                  pick(random, "0", "1"),
                  Integer.toString(random.nextInt(60) - 30),
                  Integer.toString(random.nextInt(60) - 30),
                  pick(random, "BIT", "BYTE")));
      case 3 -> words.addAll(List.of("SETBIT", key, "" + random.nextInt(200), "1"));
      case 4 -> words.addAll(random.nextInt(5) == 0 ? List.of("DEL", key) : List.of("GET", key));
      default -> {
        words.addAll(List.of("BITFIELD", key));
        for (int i = random.nextInt(5); i >= 0; i--) {
          operation(random, words);
        }
      }
    }
    return words.toArray(String[]::new);
  }

  private static void operation(Random random, List<String> words) {
    if (random.nextInt(3) == 0) {
      words.addAll(List.of("OVERFLOW", pick(random, "WRAP", "SAT", "FAIL")));
    }
    String kind = pick(random, "GET", "SET", "INCRBY");
    boolean signed = random.nextBoolean();
    int bits = 1 + (random.nextBoolean() ? random.nextInt(8) : random.nextInt(signed ? 64 : 63));
    words.add(kind);
    words.add((signed ? "i" : "u") + bits);
    words.add((random.nextInt(4) == 0 ? "#" : "") + random.nextInt(100));
    if (!kind.equals("GET")) {
      words.add(random.nextBoolean() ? pick(random, NUMBERS) : Long.toString(random.nextLong()));
    }
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
