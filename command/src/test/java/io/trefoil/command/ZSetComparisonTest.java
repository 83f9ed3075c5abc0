package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sorted sets here and on a real Redis 7.0: the same bytes in both protocols, but for the sign of
 * zero, which our scores have not.
 */
class ZSetComparisonTest extends ComparedWithRedis {
  /** But for the sign of zero. */
  @Override
  void same(String... words) {
    assertThat(unsignedZero(ours.run(words)))
        .as(String.join(" ", words))
        .isEqualTo(unsignedZero(theirs.run(words)));
  }

  private static String unsignedZero(String reply) {
    return reply.replace("$2\r\n-0\r\n", "$1\r\n0\r\n").replace(",-0\r\n", ",0\r\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void addingMembers(int protocol) {
    speak(protocol);
    sameScript(
        """
        ZADD
        ZADD z
        ZADD z 1
        ZADD z 1 a
        ZADD z 1 a
        ZADD z 2 a
        ZADD z 1 a 2 b 3 c 2 a
        ZADD z 1 a 2
        ZADD z NX
        ZADD z NX 5 a 6 d
        ZADD z XX 7 a 8 e
        ZADD z XX CH 8 a 8 b 8 e
        ZADD z CH 9 a 9 f
        ZADD z CH 9 a 9 f
        ZADD z GT 8 a 10 b
        ZADD z GT CH 8 a 11 b 1 g
        ZADD z LT CH 8 a 11 b 1 h
        ZADD z XX GT CH 100 a 100 i
        ZADD z XX LT CH -100 a -100 i
        ZADD z NX XX 1 a
        ZADD z NX GT 1 a
        ZADD z NX LT 1 a
        ZADD z GT LT 1 a
        ZADD z GT LT NX 1 a
        ZADD z NX XX GT 1 a
        ZADD z INCR 1 a 2 b
        ZADD z INCR NX XX 1 a 2 b
        ZADD z NX XX 1 a 2
        ZADD z INCR 1 a
        ZADD z INCR 1.5 new
        ZADD z NX INCR 1 a
        ZADD z NX INCR 1 new2
        ZADD z XX INCR 1 a
        ZADD z XX INCR 1 nomember
        ZADD z GT INCR -1 a
        ZADD z GT INCR 1 a
        ZADD z LT INCR 1 a
        ZADD z LT INCR -1 a
        ZADD z CH INCR 1 a
        ZADD nokey XX 1 a
        ZADD nokey XX INCR 1 a
        ZADD nokey GT 1 a
        ZADD nokey LT INCR 5 b
        EXISTS nokey
        ZADD z x a
        ZADD z 1 a x b
        ZADD z FOO 1 a
        ZADD z 1 NX
        ZADD z NX NX nx ch CH 1 NX
        ZADD z 1 ''
        ZADD z '' a
        ZRANGE z 0 -1 WITHSCORES
        ZCARD z
        ZCARD nokey2
        ZCARD
        ZINCRBY z 5 a
        ZINCRBY z 5 new3
        ZINCRBY z -0.1 a
        ZINCRBY z x a
        ZINCRBY z nx a
        ZINCRBY z ch ch
        ZINCRBY z 1
        ZINCRBY z 1 a b
        ZINCRBY newkey 1.1 a
        ZINCRBY newkey inf a
        ZINCRBY newkey -inf a
        ZADD newkey INCR -inf a
        ZINCRBY newkey inf a
        ZSCORE newkey a
        ZREM z
        ZREM z nomember
        ZREM nokey2 a
        ZREM z a a nomember b
        ZREM newkey a
        EXISTS newkey
        ZSCORE z c
        ZSCORE z nomember
        ZSCORE nokey2 a
        ZSCORE z
        ZSCORE z c d
        ZMSCORE z c nomember '' c
        ZMSCORE nokey2 a b
        ZMSCORE z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void scoresAreReadAndWrittenAsByC(int protocol) {
    speak(protocol);
    for (String score :
        """
        0 1 -1 +1 00 007 0.1 .5 5. . - + -. 1e3 1E3 1e+3 1e-3 1e 1e+ e1 1.5.5 1e1e1 1,5 1_0
        inf -inf +inf INF Inf infinity -Infinity +INFINITY infi infinityx in nan -nan NaN nan(1)
        0x10 0X1F 0x 0x. 0x.8 0x1. 0x1.8p3 0x1p 0x1p+ 0x1p-2 -0x2 0xg 0x1p3f 0x1pf 0x1d 1d 1f 1L
        1e308 1e309 -1e309 1e400 1e-323 1e-324 1e-400 2e-324 3e-324 0e999999999999 0e-999 0x0p99999
        1e99999999999999999999 1e-99999999999999999999 0x1p1023 0x1p1024 0x1p-1074 0x1p-1075
        0x1p-1076 9007199254740992 9007199254740993 9007199254740995 9223372036854775807
        -9223372036854775808 9223372036854775808 18446744073709551616 4611686018427387904
        4611686018427388928 99999999999999999 100000000000000000 1e17 123456789012345678
        0.30000000000000004 3.14159265358979323846264338327950288 2.2250738585072011e-308
        1.7976931348623157e308 1.7976931348623159e308 0.000001 0.0001 0.00001 -1.5e-7 --1 +-1 -+1
        1x x1 (1 [1 0b1 1e5d 1e5f 0x1.fffffffffffff8p1 0x.0000000000001p-1022
        """
            .split("\\s+")) {
      sameScore(score);
    }
    for (String score :
        new String[] {"", " 1", "1 ", "\t1", "1\n", " ", "1\0", "1\0x", "\0", "1\0002"}) {
      sameScore(score);
    }
    same("ZADD", "z", "1" + "0".repeat(300), "long");
    same("ZADD", "z", "0." + "0".repeat(400) + "1", "long");
    same("ZADD", "z", "1".repeat(200) + "." + "3".repeat(600), "long");
    same("ZRANGE", "z", "0", "-1", "WITHSCORES");
    same("ZSCAN", "z", "0");
  }

  private void sameScore(String score) {
    same("ZADD", "z", score, "m" + score);
    same("ZSCORE", "z", "m" + score);
    same("ZINCRBY", "other", score, "m");
    same("ZCOUNT", "z", score, "inf");
    same("ZCOUNT", "z", "-inf", "(" + score);
    same("ZCOUNT", "z", "(" + score, "+inf");
    same("ZUNION", "1", "z", "WEIGHTS", score, "WITHSCORES");
    same("DEL", "other");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void randomScoresHaveTheSameDigitsAndOrder(int protocol) {
    speak(protocol);
    Random random = new Random(5);
    for (int i = 0; i < 1000; i++) {
      String score =
          switch (random.nextInt(4)) {
            case 0 -> Double.toString(Double.longBitsToDouble(random.nextLong()));
            case 1 -> Integer.toString(random.nextInt(100) - 50);
            case 2 -> Long.toString(random.nextLong() >> random.nextInt(63));
            default -> random.nextInt(1000) + "." + random.nextInt(1000) + "e" + random.nextInt(20);
          };
      same("ZADD", "z", score, "m" + random.nextInt(400));
      same("ZINCRBY", "z", score, "m" + random.nextInt(400));
      same("ZRANK", "z", "m" + random.nextInt(400));
    }
    same("ZRANGE", "z", "0", "-1", "WITHSCORES");
    same("ZRANGE", "z", "-inf", "(0", "BYSCORE", "WITHSCORES");
    same("ZRANGE", "z", "inf", "0", "BYSCORE", "REV");
  }

  private static final String SOME_MEMBERS = "ZADD z 1 a 2 b 2 bb 3 c inf i -inf n 2 '' -1.5 m";

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void ranksAndRangesOfRanks(int protocol) {
    speak(protocol);
    same(words(SOME_MEMBERS));
    for (String member : new String[] {"a", "b", "bb", "", "i", "n", "nomember"}) {
      same("ZRANK", "z", member);
      same("ZREVRANK", "z", member);
    }
    String[] indexes = {
      "0",
      "1",
      "3",
      "7",
      "8",
      "100",
      "-1",
      "-3",
      "-8",
      "-9",
      "-100",
      "9223372036854775807",
      "-9223372036854775808"
    };
    for (String start : indexes) {
      for (String stop : indexes) {
        same("ZRANGE", "z", start, stop);
        same("ZRANGE", "z", start, stop, "WITHSCORES", "REV");
        same("ZREVRANGE", "z", start, stop, "WITHSCORES");
        same("ZRANGESTORE", "d", "z", start, stop);
        same("ZREMRANGEBYRANK", "d", stop, start);
        same("ZRANGE", "d", "0", "-1");
        same("ZRANGESTORE", "d", "z", start, stop, "REV");
      }
    }
    sameScript(
        """
        ZRANK nokey a
        ZREVRANK nokey a
        ZRANK z
        ZRANK z a WITHSCORE
        ZRANGE nokey 0 -1
        ZRANGE nokey 0 -1 WITHSCORES
        ZRANGE z 0
        ZRANGE z x 1
        ZRANGE z 0 x
        ZRANGE z 0 1.5
        ZRANGE nokey x 1
        ZRANGE z 0 1 FOO
        ZRANGE z 0 1 withscores withscores
        ZRANGE z 0 1 rev REV
        ZRANGE z 0 1 BYSCORE BYLEX
        ZRANGE z 0 1 BYSCORE BYSCORE
        ZRANGE z 0 -1 LIMIT 1 2
        ZRANGE z 0 -1 LIMIT 1 -1
        ZRANGE z 0 -1 LIMIT 1
        ZRANGE z 0 -1 LIMIT
        ZRANGE z 0 -1 LIMIT x 1
        ZRANGE z 0 -1 LIMIT 1 x
        ZRANGE z 0 -1 LIMIT 1 x FOO
        ZRANGE z 0 -1 LIMIT 0 1 LIMIT 0 -1
        ZRANGE z x y FOO
        ZREVRANGE z 0 1 REV
        ZREVRANGE z 0 1 BYSCORE
        ZREVRANGE z 0 1 LIMIT 0 1
        ZREVRANGE z 0 1 LIMIT 0 -1
        ZREVRANGE z 0
        ZREMRANGEBYRANK z 0
        ZREMRANGEBYRANK z x 0
        ZREMRANGEBYRANK z 0 x
        ZREMRANGEBYRANK nokey 0 -1
        ZREMRANGEBYRANK nokey x -1
        ZREMRANGEBYRANK z 1 2
        ZREMRANGEBYRANK z 5 2
        ZREMRANGEBYRANK z -1 100
        ZRANGE z 0 -1
        ZREMRANGEBYRANK z 0 -1
        EXISTS z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void rangesOfScores(int protocol) {
    speak(protocol);
    same(words(SOME_MEMBERS));
    String[] bounds = {"-inf", "(-inf", "-1.5", "(-1.5", "2", "(2", "2.5", "(3", "inf", "(inf"};
    for (String min : bounds) {
      for (String max : bounds) {
        same("ZCOUNT", "z", min, max);
        same("ZRANGEBYSCORE", "z", min, max);
        same("ZREVRANGEBYSCORE", "z", min, max, "WITHSCORES");
        same("ZRANGE", "z", min, max, "BYSCORE", "WITHSCORES");
        same("ZRANGE", "z", min, max, "REV", "BYSCORE", "LIMIT", "1", "2");
        same("ZRANGESTORE", "d", "z", min, max, "BYSCORE", "LIMIT", "1", "3");
        same("ZREMRANGEBYSCORE", "d", max, "inf");
        same("ZRANGE", "d", "0", "-1", "WITHSCORES");
      }
    }
    for (String offset : new String[] {"0", "1", "3", "7", "8", "9", "-1", "9223372036854775807"}) {
      for (String limit : new String[] {"0", "1", "3", "8", "-1", "-5", "9223372036854775807"}) {
        same("ZRANGEBYSCORE", "z", "-inf", "inf", "LIMIT", offset, limit);
        same("ZREVRANGEBYSCORE", "z", "3", "(-inf", "LIMIT", offset, limit, "WITHSCORES");
        same("ZRANGESTORE", "d", "z", "3", "-5", "BYSCORE", "REV", "LIMIT", offset, limit);
      }
    }
    sameScript(
        """
        ZCOUNT z
        ZCOUNT z 1
        ZCOUNT z x 1
        ZCOUNT z 1 x
        ZCOUNT z '' 5
        ZCOUNT z ( 5
        ZCOUNT z ((1 5
        ZCOUNT z nan 5
        ZCOUNT z -1e999 1e999
        ZCOUNT nokey 1 2
        ZCOUNT nokey x 2
        ZRANGEBYSCORE z 1 2 3
        ZRANGEBYSCORE z 1 2 REV
        ZRANGEBYSCORE z 1 2 LIMIT 1
        ZRANGEBYSCORE z 1 2 LIMIT x 1
        ZRANGEBYSCORE z 1 2 LIMIT 1 1 WITHSCORES
        ZRANGEBYSCORE z x 2 LIMIT 1 x
        ZRANGEBYSCORE z x 2
        ZRANGEBYSCORE nokey 1 2
        ZRANGEBYSCORE nokey x 2
        ZREVRANGEBYSCORE z 1 2
        ZREVRANGEBYSCORE z 2 1 withscores limit 0 1
        ZREVRANGEBYSCORE nokey 2 1
        ZREVRANGEBYSCORE z 2
        ZRANGE z 5 x BYSCORE
        ZRANGE z (1 (3 BYSCORE
        ZRANGE z [1 3 BYSCORE
        ZRANGE z 3 1 BYSCORE REV WITHSCORES
        ZREMRANGEBYSCORE z x 1
        ZREMRANGEBYSCORE z 1
        ZREMRANGEBYSCORE nokey 1 2
        ZREMRANGEBYSCORE nokey 1 y
        ZREMRANGEBYSCORE z (1 (2
        ZREMRANGEBYSCORE z (1 2
        ZRANGE z 0 -1
        ZREMRANGEBYSCORE z -inf +inf
        EXISTS z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void rangesOfNames(int protocol) {
    speak(protocol);
    same(words("ZADD z 5 a 5 aa 5 b 5 '' 5 c 5 ca 5 \377"));
    same("ZADD", "z", "5", "a\0", "5", "a\0\0", "5", "a\1");
    List<String> bounds =
        new ArrayList<>(
            List.of("-", "+", "[", "(", "[a", "(a", "[b", "(b", "[\377", "(\377", "[zz"));
    bounds.addAll(List.of("[a\0", "(a\0", "(a\0\0", "[a\1"));
    for (String min : bounds) {
      for (String max : bounds) {
        same("ZLEXCOUNT", "z", min, max);
        same("ZRANGEBYLEX", "z", min, max);
        same("ZREVRANGEBYLEX", "z", min, max);
        same("ZRANGE", "z", min, max, "BYLEX", "LIMIT", "1", "3");
        same("ZRANGE", "z", min, max, "BYLEX", "REV", "LIMIT", "1", "3");
        same("ZRANGESTORE", "d", "z", min, max, "BYLEX");
        same("ZREMRANGEBYLEX", "d", max, "+");
        same("ZRANGE", "d", "0", "-1", "WITHSCORES");
      }
    }
    for (String bound : new String[] {"", "a", "--", "++", "-a", "+a", "-\0x", "+\0", "\0", "{a"}) {
      same("ZLEXCOUNT", "z", bound, "+");
      same("ZLEXCOUNT", "z", "-", bound);
    }
    sameScript(
        """
        ZADD mixed 1 a 2 b 3 c 4 d 5 e
        ZRANGE mixed [b [d BYLEX
        ZRANGE mixed (d (b BYLEX REV
        ZREVRANGEBYLEX mixed [d [b
        ZLEXCOUNT mixed (b [d
        ZLEXCOUNT mixed - (c
        ZLEXCOUNT mixed [bb +
        ZRANGESTORE part mixed [b (d BYLEX
        ZREMRANGEBYLEX mixed [b [c
        ZRANGE mixed 0 -1
        """);
    sameScript(
        """
        ZLEXCOUNT z - x
        ZLEXCOUNT nokey - +
        ZLEXCOUNT nokey - x
        ZLEXCOUNT z -
        ZRANGEBYLEX z - + LIMIT 2 2
        ZRANGEBYLEX z - + LIMIT -1 2
        ZRANGEBYLEX z - + LIMIT 2
        ZRANGEBYLEX z - + WITHSCORES
        ZRANGEBYLEX z - + WITHSCORES FOO
        ZRANGEBYLEX z - + REV
        ZRANGEBYLEX z a +
        ZRANGEBYLEX nokey - +
        ZRANGEBYLEX nokey a +
        ZREVRANGEBYLEX z + - LIMIT 1 -1
        ZREVRANGEBYLEX z + - WITHSCORES
        ZREVRANGEBYLEX nokey + -
        ZREVRANGEBYLEX z +
        ZRANGE z - + BYLEX WITHSCORES
        ZRANGE z x + BYLEX WITHSCORES
        ZRANGE z x + BYLEX
        ZREMRANGEBYLEX z a b
        ZREMRANGEBYLEX nokey - +
        ZREMRANGEBYLEX z [a (b
        ZREMRANGEBYLEX z -
        ZRANGE z 0 -1
        ZREMRANGEBYLEX z - +
        EXISTS z
        ZADD mixed 1 x 2 b 3 a
        ZRANGEBYLEX mixed - +
        ZREVRANGEBYLEX mixed + -
        ZLEXCOUNT mixed - +
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void storingARange(int protocol) {
    speak(protocol);
    same(words(SOME_MEMBERS));
    sameScript(
        """
        ZRANGESTORE
        ZRANGESTORE d
        ZRANGESTORE d z 0
        ZRANGESTORE d z 0 x
        ZRANGESTORE d z 0 -1 WITHSCORES
        ZRANGESTORE d z 0 -1 FOO
        ZRANGESTORE d z 0 -1 LIMIT 0 1
        ZRANGESTORE d z 0 -1
        ZRANGE d 0 -1 WITHSCORES
        ZRANGESTORE d nokey 0 -1
        EXISTS d
        ZRANGESTORE d nokey 0 -1
        SET d x
        ZRANGESTORE d z 5 4
        EXISTS d
        SET d x
        PEXPIREAT d 4102444800123
        ZRANGESTORE d z 0 1
        TTL d
        ZRANGE d 0 -1 WITHSCORES
        SET s x
        ZRANGESTORE d s 0 -1
        ZCARD d
        ZRANGESTORE z z 1 3 REV
        ZRANGE z 0 -1 WITHSCORES
        ZRANGESTORE z z 100 200
        EXISTS z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void takingFromTheEnds(int protocol) {
    speak(protocol);
    same(words(SOME_MEMBERS));
    sameScript(
        """
        ZPOPMIN
        ZPOPMIN nokey
        ZPOPMIN nokey 3
        ZPOPMIN nokey 0
        ZPOPMIN nokey -1
        ZPOPMIN nokey x
        ZPOPMAX nokey
        ZPOPMIN z
        ZPOPMAX z
        ZPOPMIN z 0
        ZPOPMAX z 0
        ZPOPMIN z -1
        ZPOPMIN z -9223372036854775808
        ZPOPMIN z x
        ZPOPMIN z 1.5
        ZPOPMIN z 1 2
        ZPOPMIN z x 2
        ZPOPMIN z 1
        ZPOPMAX z 2
        ZRANGE z 0 -1 WITHSCORES
        ZPOPMAX z 9223372036854775807
        EXISTS z
        ZADD z 1 a
        ZPOPMIN z
        EXISTS z
        ZADD b 1 a 2 b 3 c 4 d 5 e
        ZMPOP
        ZMPOP 1 b
        ZMPOP 0 b MIN
        ZMPOP -1 b MIN
        ZMPOP x b MIN
        ZMPOP 2 b MIN
        ZMPOP 9 b MIN
        ZMPOP 1 b FOO
        ZMPOP 1 b MIN COUNT
        ZMPOP 1 b MIN COUNT x
        ZMPOP 1 b MIN COUNT 0
        ZMPOP 1 b MIN COUNT -1
        ZMPOP 1 b MIN COUNT 1 COUNT 1
        ZMPOP 1 b MIN COUNT x COUNT 1
        ZMPOP 1 b MIN FOO
        ZMPOP 1 b MIN FOO 1
        ZMPOP 1 b MIN MAX
        ZMPOP 1 nokey MIN
        ZMPOP 2 nokey nokey2 MAX COUNT 5
        ZMPOP 2 nokey b MIN
        ZMPOP 2 b nokey max count 2
        SET s x
        ZMPOP 2 nokey s MIN
        ZMPOP 2 s b MIN
        ZMPOP 2 b s MIN
        ZMPOP 1 b MIN COUNT 9223372036854775807
        EXISTS b
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void severalSetsTogether(int protocol) {
    speak(protocol);
    sameScript(
        """
        ZADD a 1 x 2 y 3 z 0.1 f
        ZADD b 10 x 20 y 0.2 f
        ZADD c 100 x 5 w inf i 0.3 f
        SADD s x y v
        SET str v
        HSET h f v
        """);
    String[] sources = {
      "0 a",
      "x a",
      "-1 a",
      "2 a",
      "3 a",
      "1 a",
      "2 a b",
      "3 a b c",
      "3 c b a",
      "2 a a",
      "2 a s",
      "1 s",
      "2 s s",
      "2 a nokey",
      "2 nokey a",
      "1 nokey",
      "2 a str",
      "2 str a",
      "1 h",
      "4 a b c s",
      "9223372036854775807 a",
      "2 str nokey",
      "2 x y"
    };
    String[] options = {
      "",
      "WITHSCORES",
      "WEIGHTS 2",
      "WEIGHTS 2 3",
      "WEIGHTS 2 3 WITHSCORES",
      "WEIGHTS 1 2 3",
      "WEIGHTS 0 inf WITHSCORES",
      "WEIGHTS -inf inf WITHSCORES",
      "WEIGHTS inf -inf 0 WITHSCORES",
      "WEIGHTS inf -inf 0 AGGREGATE MIN WITHSCORES",
      "WEIGHTS inf -inf 0 AGGREGATE MAX WITHSCORES",
      "WEIGHTS x 1",
      "WEIGHTS 1 nan",
      "WEIGHTS 0.1 0.7 0.2 WITHSCORES",
      "AGGREGATE SUM WITHSCORES",
      "AGGREGATE MIN WITHSCORES",
      "AGGREGATE max WITHSCORES",
      "AGGREGATE FOO",
      "AGGREGATE",
      "WITHSCORES AGGREGATE MIN",
      "WITHSCORES WITHSCORES",
      "LIMIT 1",
      "LIMIT 0",
      "LIMIT -1",
      "LIMIT x",
      "LIMIT",
      "LIMIT 2 LIMIT 1",
      "LIMIT 9223372036854775807",
      "FOO"
    };
    for (String source : sources) {
      for (String option : options) {
        for (String name : new String[] {"ZUNION", "ZINTER", "ZDIFF", "ZINTERCARD"}) {
          same(words(name + " " + source + " " + option));
        }
        for (String name : new String[] {"ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"}) {
          same(words(name + " d " + source + " " + option));
          same("ZRANGE", "d", "0", "-1", "WITHSCORES");
        }
      }
    }
    sameScript(
        """
        ZUNION
        ZUNION 1
        ZUNIONSTORE d 1
        ZINTERCARD 1
        ZUNIONSTORE str 2 a b
        TYPE str
        PEXPIREAT str 4102444800123
        ZUNIONSTORE str 2 a str
        TTL str
        ZRANGE str 0 -1 WITHSCORES
        ZDIFFSTORE a 2 a a
        EXISTS a
        ZINTERSTORE b 2 b b WEIGHTS 1 1
        ZRANGE b 0 -1 WITHSCORES
        ZINTERSTORE h 2 nokey b
        EXISTS h
        """);
  }

  @Test
  void largeSetsTogether() {
    Random random = new Random(3);
    for (String key : new String[] {"a", "b", "c"}) {
      List<String> words = new ArrayList<>(List.of("ZADD", key));
      for (int i = 0; i < 4000; i++) {
        words.add(Double.toString(random.nextInt(1000) / 7.0));
        words.add("member" + random.nextInt(6000));
      }
      same(words.toArray(String[]::new));
    }
    sameScript(
        """
        ZCARD a
        ZCARD b
        ZUNION 3 a b c WITHSCORES
        ZUNION 3 a b c WITHSCORES WEIGHTS 0.1 0.2 0.3
        ZINTER 3 a b c WITHSCORES
        ZINTER 3 a b c WITHSCORES AGGREGATE MAX
        ZDIFF 3 a b c WITHSCORES
        ZDIFF 2 b c
        ZINTERCARD 3 a b c
        ZINTERCARD 3 a b c LIMIT 1
        ZINTERCARD 3 a b c LIMIT 700
        ZINTERCARD 3 a b c LIMIT 100000
        ZINTERSTORE d 2 a c
        ZUNIONSTORE e 2 a c
        ZCARD e
        ZRANGE e 1000 1100
        ZRANGE e 20 50 BYSCORE LIMIT 100 50
        ZREVRANGE d 100 120 WITHSCORES
        ZPOPMAX e 1000
        ZREMRANGEBYSCORE e -inf 20
        ZCARD e
        ZDIFFSTORE e 2 a e
        ZCARD e
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void scanning(int protocol) {
    speak(protocol);
    same(words("ZADD z 1 a 2.5 b inf c 1e17 ab 1e20 d -7 '' 4611686018427387904 e 0.1 f"));
    sameScript(
        """
        ZSCAN
        ZSCAN z
        ZSCAN z 0
        ZSCAN z 5
        ZSCAN z x
        ZSCAN z 1x
        ZSCAN nokey x
        ZSCAN nokey 0
        ZSCAN nokey 0 FOO
        ZSCAN z 0 FOO
        ZSCAN z 0 COUNT
        ZSCAN z 0 COUNT 1
        ZSCAN z 0 COUNT 0
        ZSCAN z 0 COUNT -1
        ZSCAN z 0 COUNT x
        ZSCAN z 0 MATCH
        ZSCAN z 0 MATCH a*
        ZSCAN z 0 match * count 5
        ZSCAN z 0 MATCH x*
        ZSCAN z 0 TYPE zset
        ZSCAN z 0 COUNT 5 COUNT x
        SET s x
        ZSCAN s 0
        ZSCAN s x
        ZSCAN s 0 FOO
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void aLargeSetIsScannedStepByStep(int protocol) {
    speak(protocol);
    List<String> words = new ArrayList<>(List.of("ZADD", "z"));
    Random random = new Random(9);
    for (int i = 0; i < 1000; i++) {
      words.add(Double.toString(random.nextInt(100_000) * 1e14));
      words.add("m" + i);
    }
    same(words.toArray(String[]::new));
    assertThat(scanned(false)).hasSize(1000).isEqualTo(scanned(true));
    assertThat(scanned(false, "MATCH", "m1*", "COUNT", "7"))
        .hasSize(111)
        .isEqualTo(scanned(true, "MATCH", "m1*", "COUNT", "7"));
    assertThat(ours.run("ZSCAN", "z", "4294967296")).isEqualTo("*2\r\n$1\r\n0\r\n*0\r\n");
    assertThat(ours.run("ZSCAN", "z", "0", "COUNT", "9223372036854775807")).contains("$4\r\nm999");
  }

  private TreeMap<String, String> scanned(boolean there, String... options) {
    TreeMap<String, String> scores = new TreeMap<>();
    String cursor = "0";
    do {
      List<String> words = new ArrayList<>(List.of("ZSCAN", "z", cursor));
      words.addAll(List.of(options));
      String[] command = words.toArray(String[]::new);
      List<Reply> reply = items(there ? theirs.run(command) : ours.run(command));
      cursor = text(reply.get(0));
      List<Reply> members = ((Reply.Several) reply.get(1)).items();
      for (int i = 0; i < members.size(); i += 2) {
        scores.put(text(members.get(i)), text(members.get(i + 1)));
      }
    } while (!cursor.equals("0"));
    return scores;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void randomMembersOfOneOrNone(int protocol) {
    speak(protocol);
    sameScript(
        """
        ZADD z 1.5 a
        ZRANDMEMBER
        ZRANDMEMBER z
        ZRANDMEMBER z 0
        ZRANDMEMBER z 1
        ZRANDMEMBER z 5
        ZRANDMEMBER z -3
        ZRANDMEMBER z 1 WITHSCORES
        ZRANDMEMBER z -3 withscores
        ZRANDMEMBER z 9223372036854775807
        ZRANDMEMBER z 9223372036854775807 WITHSCORES
        ZRANDMEMBER z 4611686018427387903 WITHSCORES
        ZRANDMEMBER z 4611686018427387904 WITHSCORES
        ZRANDMEMBER z -4611686018427387904 WITHSCORES
        ZRANDMEMBER z -9223372036854775807 WITHSCORES
        ZRANDMEMBER z -9223372036854775808
        ZRANDMEMBER z -9223372036854775808 FOO
        ZRANDMEMBER z x
        ZRANDMEMBER z x FOO
        ZRANDMEMBER z 1 FOO
        ZRANDMEMBER z 1 WITHSCORES FOO
        ZRANDMEMBER nokey
        ZRANDMEMBER nokey 5
        ZRANDMEMBER nokey -5 WITHSCORES
        ZRANDMEMBER nokey x
        SET s x
        ZRANDMEMBER s
        ZRANDMEMBER s 1
        ZRANDMEMBER s x
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void randomMembersAreMembersWithTheirScores(int protocol) {
    speak(protocol);
    for (int i = 0; i < 100; i++) {
      same("ZADD", "z", Integer.toString(i), "m" + i);
    }
    for (int count : new int[] {1, 2, 10, 33, 34, 60, 99, 100, 200, -1, -50, -300}) {
      int expected = count < 0 ? -count : Math.min(count, 100);
      String words = Integer.toString(count);
      List<Reply> members = items(ours.run("ZRANDMEMBER", "z", words));
      List<Reply> pairs = items(ours.run("ZRANDMEMBER", "z", words, "WITHSCORES"));
      assertThat(members).hasSize(expected).allMatch(member -> text(member).startsWith("m"));
      assertThat(pairs).hasSize(protocol == 3 ? expected : 2 * expected);
      assertThat(items(theirs.run("ZRANDMEMBER", "z", words))).hasSameSizeAs(members);
      assertThat(items(theirs.run("ZRANDMEMBER", "z", words, "WITHSCORES"))).hasSameSizeAs(pairs);
      if (count > 0) {
        assertThat(new HashSet<>(members)).hasSize(expected);
      }
      List<String> flat = flat(pairs);
      for (int i = 0; i < flat.size(); i += 2) {
        assertThat(flat.get(i)).isEqualTo("m" + flat.get(i + 1));
      }
    }
  }

  /** Members and their scores, one after the other. */
  private static List<String> flat(List<Reply> pairs) {
    List<String> texts = new ArrayList<>();
    for (Reply reply : pairs) {
      if (reply instanceof Reply.Several pair) {
        texts.addAll(flat(pair.items()));
      } else if (reply instanceof Reply.Real score) {
        texts.add(Long.toString((long) score.value()));
      } else {
        texts.add(text(reply));
      }
    }
    return texts;
  }

  @Test
  void everyMemberMayBeChosen() {
    for (int i = 0; i < 20; i++) {
      ours.run("ZADD", "z", Integer.toString(i), "m" + i);
    }
    for (String count : new String[] {"1", "3", "15", "-2"}) {
      HashSet<Reply> seen = new HashSet<>();
      for (int i = 0; i < 500; i++) {
        seen.addAll(items(ours.run("ZRANDMEMBER", "z", count)));
      }
      assertThat(seen).as(count).hasSize(20);
    }
  }

  @Test
  void whatIsTooMuchForOneReplyIsRefusedBeforeItTakesMemory() {
    ours.run("ZADD", "z", "1", "a", "2", "b");
    for (String count : new String[] {"-9223372036854775807", "-1000000000", "-30000000"}) {
      assertThat(ours.run("ZRANDMEMBER", "z", count)).startsWith("-ERR the key's fields are more");
    }
    assertThat(ours.run("ZMPOP", "9223372036854775807", "z", "MIN"))
        .isEqualTo("-ERR syntax error\r\n");
    assertThat(ours.run("ZADD", "z", "1".repeat(6000), "a"))
        .isEqualTo("-ERR value is not a valid float\r\n");
    assertThat(ours.run("ZCARD", "z")).isEqualTo(":2\r\n");
  }

  @Test
  void aSortedSetIsAKeyLikeAnyOther() {
    same(words(SOME_MEMBERS));
    sameScript(
        """
        TYPE z
        EXISTS z z
        OBJECT ENCODING z
        OBJECT REFCOUNT z
        MEMORY USAGE nokey
        PEXPIREAT z 4102444800123
        ZADD z 7 new
        ZINCRBY z 7 new
        ZREM z new
        ZPOPMIN z
        ZREMRANGEBYRANK z 0 0
        PEXPIRETIME z
        RENAME z y
        PEXPIRETIME y
        ZRANGE y 0 -1 WITHSCORES
        COPY y x
        COPY y x REPLACE
        ZRANGE x 0 -1 WITHSCORES
        PEXPIRETIME x
        ZADD x 1 onlyhere
        ZRANK y onlyhere
        ZRANK x onlyhere
        RENAMENX x y
        ZUNIONSTORE x 1 x
        PEXPIRETIME x
        PERSIST y
        PTTL y
        PEXPIREAT y 1
        ZCARD y
        ZADD y XX 1 a
        ZADD y 1 a
        ZRANGE y 0 -1 WITHSCORES
        ZREM y a
        EXISTS y
        ZADD y 5 b
        ZRANGE y 0 -1 WITHSCORES
        DEL y
        ZCARD y
        ZADD y 6 c
        ZRANGE y 0 -1 WITHSCORES
        SET y over
        ZADD y 6 c
        UNLINK y
        ZADD y 6 c
        SCAN 0 COUNT 100 TYPE zset MATCH y
        DBSIZE
        FLUSHALL
        ZCARD y
        """);
    assertThat(ours.run("ZADD", "z", "1", "a")).isEqualTo(":1\r\n");
    assertThat(ours.run("MEMORY", "USAGE", "z")).matches(":[1-9][0-9]+\r\n");
  }

  @Test
  void theEncodingIsRedissByDefault() {
    for (int i = 0; i < 129; i++) {
      same("ZADD", "z", Integer.toString(i), "m" + i);
      same("OBJECT", "ENCODING", "z");
    }
    same("ZADD", "y", "1", "x".repeat(64));
    same("OBJECT", "ENCODING", "y");
    same("ZADD", "y", "1", "x".repeat(65));
    same("OBJECT", "ENCODING", "y");
    same("ZUNIONSTORE", "x", "1", "z", "AGGREGATE", "MIN");
    same("OBJECT", "ENCODING", "x");
    same("ZRANGESTORE", "x", "z", "0", "127");
    same("OBJECT", "ENCODING", "x");
  }

  @Test
  void aCommandOfAnotherTypeIsRefused() {
    for (String make : new String[] {"SET k v", "HSET k f v", "SADD k m", "ZADD k 1 m"}) {
      for (String command :
          """
          ZADD k 1 m
          ZADD k x m
          ZADD k 1
          ZADD k NX XX 1 m
          ZADD k XX 1 m
          ZINCRBY k 1 m
          ZREM k m
          ZREM k nomember
          ZSCORE k m
          ZMSCORE k m
          ZCARD k
          ZCOUNT k 0 5
          ZCOUNT k x 5
          ZLEXCOUNT k - +
          ZLEXCOUNT k x +
          ZRANK k m
          ZREVRANK k m
          ZRANGE k 0 -1
          ZRANGE k x -1
          ZRANGE k 0 5 BYSCORE
          ZRANGE k - + BYLEX
          ZRANGESTORE d k 0 -1
          ZREVRANGE k 0 -1
          ZRANGEBYSCORE k 0 5
          ZREVRANGEBYSCORE k 5 0
          ZRANGEBYLEX k - +
          ZREVRANGEBYLEX k + -
          ZREMRANGEBYRANK k 5 6
          ZREMRANGEBYSCORE k 5 6
          ZREMRANGEBYLEX k + -
          ZPOPMIN k
          ZPOPMAX k 0
          ZPOPMAX k x
          ZMPOP 1 k MIN
          ZRANDMEMBER k
          ZRANDMEMBER k 1
          ZSCAN k 0
          ZUNION 1 k
          ZINTER 1 k
          ZDIFF 1 k
          ZINTERCARD 1 k
          ZUNIONSTORE d 1 k
          ZINTERSTORE k 1 k
          ZDIFFSTORE d 2 nokey k
          GET k
          SET k v GET
          GETDEL k
          APPEND k v
          STRLEN k
          INCR k
          MGET k
          SETBIT k 0 1
          HSET k f 1
          HGET k f
          HGETALL k
          HDEL k f
          SADD k m
          SREM k m
          SISMEMBER k m
          SCARD k
          SETNX k v
          SET k v
          """
              .lines()
              .toList()) {
        same("DEL", "k", "d");
        same(make.split(" "));
        same(words(command));
        same("TYPE", "k");
        same("TYPE", "d");
      }
    }
  }

  @Test
  void keysAreFoundByTheirCount() {
    sameScript(
        """
        COMMAND GETKEYS ZUNION 2 a b
        COMMAND GETKEYS ZUNION 2 a b WITHSCORES
        COMMAND GETKEYS ZUNIONSTORE d 2 a b
        COMMAND GETKEYS ZDIFFSTORE d 1 a
        COMMAND GETKEYS ZINTERCARD 1 a LIMIT 5
        COMMAND GETKEYS ZMPOP 2 a b MIN
        COMMAND GETKEYS ZRANGESTORE d s 0 -1
        COMMAND GETKEYS ZADD a 1 b
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void randomCommandsGiveTheSameReplies(int protocol) {
    speak(protocol);
    for (int seed = 0; seed < 25; seed++) {
      Random random = new Random(seed);
      ByteArrayOutputStream stream = new ByteArrayOutputStream();
      List<String> commands = new ArrayList<>();
      for (int i = 0; i < 600; i++) {
        String[] words = RandomZSetCommands.next(random);
        commands.add(String.join(" ", words));
        stream.writeBytes(encoded(words));
      }
      List<String> expected = replies(theirs.send(stream.toByteArray(), commands.size()));
      List<String> actual = replies(ours.send(stream.toByteArray()));
      for (int i = 0; i < commands.size(); i++) {
        assertThat(unsignedZero(actual.get(i)))
            .as("seed %d, command %d: %s", seed, i, commands.get(i))
            .isEqualTo(unsignedZero(expected.get(i)));
      }
    }
  }

  private static byte[] encoded(String... words) {
    byte[][] bytes =
        Arrays.stream(words)
            .map(word -> word.getBytes(StandardCharsets.ISO_8859_1))
            .toArray(byte[][]::new);
    return Args.of(bytes).encoded();
  }
}
