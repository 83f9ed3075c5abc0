package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.resp.Args;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What blocking commands reply when they don't block, here and on a real Redis 7.0. */
class BlockingComparisonTest {
  private static RealRedis redis;

  private OnePartition ours;
  private RealRedis.Connection theirs;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    redis = RealRedis.start(folder);
  }

  @AfterAll
  static void stop() {
    if (redis != null) {
      redis.close();
    }
  }

  @BeforeEach
  void connect() throws IOException {
    ours = new OnePartition();
    theirs = redis.connect();
    theirs.run("FLUSHALL");
    ours.cells.setNowMillis(System.currentTimeMillis());
  }

  private void speak(int protocol) {
    ours.run("HELLO", Integer.toString(protocol));
    theirs.run("HELLO", Integer.toString(protocol));
  }

  private void same(String... words) {
    assertThat(ours.run(words)).as(String.join(" ", words)).isEqualTo(theirs.run(words));
  }

  private void sameScript(String script) {
    script
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .forEach(line -> same(words(line)));
  }

  private static String[] words(String line) {
    return Arrays.stream(line.strip().split(" +"))
        .map(word -> word.equals("''") ? "" : word)
        .toArray(String[]::new);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void whatIsThereIsTakenAtOnce(int protocol) {
    speak(protocol);
    sameScript(
        """
        RPUSH l a b c d e f g h i j
        BLPOP l 0
        BRPOP l 1.5
        BLPOP none l 0
        BRPOP none none l m 0
        BLMOVE l m LEFT RIGHT 0
        BLMOVE l m right left 0
        BLMOVE l l LEFT RIGHT 0
        BRPOPLPUSH l m 0
        BRPOPLPUSH l l 0
        BLMPOP 0 1 l LEFT
        BLMPOP 0 2 none m RIGHT COUNT 2
        BLMPOP 0 3 none l m RIGHT COUNT 10
        LRANGE l 0 -1
        LRANGE m 0 -1
        BLPOP none m 0
        EXISTS m
        ZADD z 1 a 2 b 2.5 c 3 d 4 e 5 f -inf g
        BZPOPMIN z 0
        BZPOPMAX z 0
        BZPOPMIN none z 0.1
        BZPOPMAX none none z 0
        BZMPOP 0 1 z MIN
        BZMPOP 0 2 none z MAX COUNT 5
        EXISTS z
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void whatIsWrongIsSaidInRedisOrder(int protocol) {
    speak(protocol);
    sameScript(
        """
        SET s x
        RPUSH l a b
        ZADD z 1 a
        BLPOP
        BLPOP l
        BLPOP s 0
        BLPOP none s 0
        BLPOP l s 0
        BLPOP s l 0
        BLPOP z 0
        BLPOP s x
        BRPOP s -1
        BLMOVE s l LEFT LEFT 0
        BLMOVE l s LEFT LEFT 0
        BLMOVE s l UP LEFT x
        BLMOVE s l LEFT UP 0
        BLMOVE s l LEFT LEFT x
        BLMOVE s l LEFT LEFT
        BLMOVE l s LEFT LEFT 0 0
        BRPOPLPUSH s l 0
        BRPOPLPUSH l s 0
        BRPOPLPUSH l l x
        BRPOPLPUSH l l
        BLMPOP 0 1 s LEFT
        BLMPOP x 0 l LEFT
        BLMPOP -1 0 l LEFT
        BLMPOP 0 0 l LEFT
        BLMPOP 0 -1 l LEFT
        BLMPOP 0 x l LEFT
        BLMPOP 0 2 l LEFT
        BLMPOP 0 1 l UP
        BLMPOP 0 1 l LEFT COUNT
        BLMPOP 0 1 l LEFT COUNT 0
        BLMPOP 0 1 l LEFT COUNT x
        BLMPOP 0 1 l LEFT COUNT 1 x
        BLMPOP 0 1 l LEFT LIMIT 1
        BLMPOP 0 9223372036854775807 l LEFT
        BLMPOP 0 1 l
        BZPOPMIN l 0
        BZPOPMAX none l 0
        BZPOPMIN z x
        BZPOPMIN z -0.5
        BZPOPMIN z
        BZMPOP 0 1 l MIN
        BZMPOP x 1 z MIN
        BZMPOP 0 0 z MIN
        BZMPOP 0 2 z MIN
        BZMPOP 0 1 z LEFT
        BZMPOP 0 1 z MIN COUNT 0
        BZMPOP 0 1 z MIN COUNT 1 1
        BZMPOP 0 9223372036854775807 z MIN
        LRANGE l 0 -1
        ZRANGE z 0 -1 WITHSCORES
        CLIENT UNBLOCK
        CLIENT UNBLOCK x
        CLIENT UNBLOCK x why
        CLIENT UNBLOCK 1 why
        CLIENT UNBLOCK 1 ERROR why
        CLIENT UNBLOCK 999999
        CLIENT UNBLOCK 999999 TIMEOUT
        CLIENT UNBLOCK 999999 error
        """);
  }

  /** With something to take, so that a timeout that is one does not block Redis. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "1",
        "-1",
        "-0",
        "+1",
        "0.0001",
        "-0.0001",
        "-0.001",
        "-0.0011",
        "1e2",
        "1e",
        "e1",
        ".5",
        "5.",
        ".",
        "''",
        "x",
        "1x",
        "0x10",
        "0x1p-3",
        "0x",
        "-0x10",
        "inf",
        "-inf",
        "infinity",
        "nan",
        "1e400",
        "1e5000",
        "1e-400",
        "1e-5000",
        "9223372036854775",
        "9223372036854775.807",
        "9223372036854775.808",
        "9223372036854776",
        "18446744073709552",
        "99999999999999999999999999999999",
        "1,5",
        "1 ",
        " 1",
      })
  void timeoutsAreReadAsRedisReadsThem(String timeout) {
    same("RPUSH", "l", "a", "b", "c", "d", "e");
    same("ZADD", "z", "1", "a", "2", "b");
    String word = timeout.equals("''") ? "" : timeout;
    same("BLPOP", "l", word);
    same("BRPOPLPUSH", "l", "l", word);
    same("BLMOVE", "l", "l", "LEFT", "RIGHT", word);
    same("BLMPOP", word, "1", "l", "LEFT");
    same("BZPOPMIN", "z", word);
    same("BZMPOP", word, "1", "z", "MAX");
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "0.001, 1", "0.0011, 2", "2.5, 2500", "-0.0001, 0", "-1, -1", "x, -1"})
  void timeoutsAreRoundedUpToMilliseconds(String timeout, long millis) {
    Args args = Args.of("BLPOP", "l", timeout);
    assertThat(ours.table.find(args).blocking().timeoutMillis(args)).isEqualTo(millis);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void theTimeIsOverWithTheSameReplyForAll(int protocol) {
    speak(protocol);
    String timedOut = new String(Blocking.timedOut(protocol));
    for (String line :
        new String[] {
          "BLPOP none 0.01",
          "BRPOP none also 0.01",
          "BRPOPLPUSH none l 0.01",
          "BLMOVE none l LEFT LEFT 0.01",
          "BLMPOP 0.01 1 none LEFT",
          "BZPOPMIN none 0.01",
          "BZPOPMAX none 0.01",
          "BZMPOP 0.01 1 none MIN",
        }) {
      assertThat(theirs.run(words(line))).as(line).isEqualTo(timedOut);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "BLPOP a b c 5, b, BLPOP b 5",
    "BLMPOP 1 2 a b LEFT COUNT 3, b, BLMPOP 1 1 b LEFT COUNT 3",
    "BZMPOP 0 1 a MAX, a, BZMPOP 0 1 a MAX",
    "BLMOVE a b LEFT RIGHT 0, a, BLMOVE a b LEFT RIGHT 0",
  })
  void aCommandIsNarrowedToOneOfItsKeys(String line, String key, String narrowed) {
    Args args = Args.of(line.split(" "));
    Command command = ours.table.find(args);
    assertThat(command.blocking().on(Bytes.utf8(key), command, args)).hasToString(narrowed);
  }

  @Test
  void keysThatAreWaitedForAreThoseThatAreTakenFrom() {
    Args move = Args.of("BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
    Args pop = Args.of("BLMPOP", "0", "2", "a", "b", "LEFT");
    Command blmove = ours.table.find(move);
    Command blmpop = ours.table.find(pop);
    assertThat(blmove.blocking().keyCount(blmove, move)).isEqualTo(1);
    assertThat(blmpop.blocking().keyCount(blmpop, pop)).isEqualTo(2);
  }
}
