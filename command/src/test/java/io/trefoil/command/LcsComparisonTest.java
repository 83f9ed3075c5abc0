package io.trefoil.command;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs LCS here and on a real Redis 7.0 and asks for the same bytes back. */
class LcsComparisonTest extends ComparedWithRedis {
  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void whatTwoStringsHaveInCommon(int protocol) {
    speak(protocol);
    sameScript(
        """
        MSET a ohmytext b mynewtext empty '' same ohmytext none 12345
        RPUSH l x
        """);
    for (String keys :
        """
        a b
        b a
        a same
        a a
        a none
        a empty
        empty a
        a nokey
        nokey nokey
        a l
        l nokey
        """
            .lines()
            .toList()) {
      for (String options :
          """

          LEN
          IDX
          IDX WITHMATCHLEN
          IDX MINMATCHLEN 4
          IDX MINMATCHLEN 4 WITHMATCHLEN
          IDX MINMATCHLEN -1
          MINMATCHLEN 100 IDX
          MINMATCHLEN 100
          WITHMATCHLEN
          LEN IDX
          LEN LEN
          FOO
          MINMATCHLEN
          MINMATCHLEN x
          MINMATCHLEN x FOO
          """
              .lines()
              .toList()) {
        same(words("LCS " + keys + " " + options));
      }
    }
    sameScript("LCS a");
  }

  @Test
  void whatWouldTakeTooMuchMemoryIsRefused() {
    same("SET", "a", "x".repeat(600));
    same("SET", "b", "x".repeat(436));
    same("LCS", "a", "b", "LEN");
    same("SET", "b", "x".repeat(437));
    same("LCS", "a", "b", "LEN");
    same("LCS", "a", "b", "LEN", "FOO");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomStringsAnswerTheSame(long seed) {
    Random random = new Random(seed);
    for (int i = 0; i < 300; i++) {
      same("SET", "a", text(random));
      same("SET", "b", text(random));
      same("LCS", "a", "b");
      same("LCS", "a", "b", "LEN");
      same("LCS", "a", "b", "IDX", "WITHMATCHLEN");
      same("LCS", "a", "b", "IDX", "MINMATCHLEN", "2");
    }
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(20); i > 0; i--) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
