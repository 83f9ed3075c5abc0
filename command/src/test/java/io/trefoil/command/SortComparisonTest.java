package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs SORT here and on a real Redis 7.0 and asks for the same bytes back. */
class SortComparisonTest extends ComparedWithRedis {
  private void sortedSet(String key, Map<String, Double> members) {
    members.forEach((member, score) -> same("ZADD", key, score.toString(), member));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void numbersAndWords(int protocol) {
    speak(protocol);
    for (String sort : new String[] {"SORT", "SORT_RO"}) {
      sameScript(
          """
          DEL l s
          RPUSH l 3 1 2 10 -5 1.5 2e1 inf -inf 0x1A
          SADD s 3 1 2 10 -5 1.5 x
          """);
      for (String options :
          """

          ASC
          DESC
          ALPHA
          ALPHA DESC
          DESC ASC alpha
          LIMIT 0 3
          LIMIT 2 100
          LIMIT 3 0
          LIMIT -3 2
          LIMIT 2 -1
          LIMIT 2 -5 DESC
          LIMIT 100 1
          LIMIT 9223372036854775807 9223372036854775807
          LIMIT 1 2 LIMIT 3 4
          LIMIT 1
          LIMIT 1 x
          LIMIT x 1
          LIMIT
          BY
          GET
          STORE
          FOO
          BY nosort
          BY nosort DESC
          BY nosort LIMIT 2 3
          BY nosort DESC LIMIT 2 3
          BY nosort LIMIT 2 0
          BY nosort LIMIT 100 3
          BY nosort DESC LIMIT 9 100
          BY nosort GET #
          GET #
          GET # GET # DESC
          GET none
          GET ''
          """
              .lines()
              .toList()) {
        same(words(sort + " l " + options));
        same(words(sort + " nokey " + options));
        if (!options.contains("nosort")) {
          same(words(sort + " s " + options));
        }
      }
    }
    sameScript(
        """
        SORT_RO l STORE x
        SORT_RO l FOO STORE x
        SORT
        SORT_RO
        SORT s ALPHA
        RPUSH words banana apple '' Cherry apple 10 9
        SORT words
        SORT words ALPHA
        SORT words ALPHA DESC LIMIT 1 3
        """);
  }

  @Test
  void whatIsANumber() throws IOException {
    for (String text :
        new String[] {
          "",
          "0",
          "-0",
          "+1",
          " 1",
          "\t\n1",
          "1 ",
          "1x",
          ".5",
          "5.",
          ".",
          "-",
          "1e5",
          "1e",
          "1e+",
          "1E-3",
          "inf",
          "-INF",
          "Infinity",
          "infin",
          "nan",
          "-nan",
          "nan(1)",
          "0x",
          "0x1",
          "0X1p3",
          "0x.8",
          "0x1.8p-1",
          "0x1p",
          "1e308",
          "1e309",
          "-1e309",
          "1e-307",
          "1e-320",
          "1e-400",
          "0e-400",
          "0x1p2000",
          "1_000",
          "1,5",
          "1\0x",
          "9223372036854775807",
          "92233720368547758079223372036854775807",
          "1d",
          "1f",
          "1L"
        }) {
      // Redis takes an error of C's that nothing has overwritten for one of this text: here, a
      // connection does.
      reconnect();
      same("DEL", "l");
      same("RPUSH", "l", "1", text, "-7");
      same("SORT", "l");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void byAndGetLookAtOtherKeys(int protocol) {
    speak(protocol);
    sameScript(
        """
        RPUSH l 1 2 3 4 5
        MSET w_1 30 w_2 10 w_3 20 w_4 x
        MSET w_5 5 text_1 one text_2 two text_3 '' a1b mid
        HSET h_1 f 3 -> arrow '' none
        HSET h_2 f 1
        HSET h_3 f x
        RPUSH list_1 x
        SORT l BY w_*
        SET w_4 7
        SORT l BY w_*
        SORT l BY w_* DESC LIMIT 1 2
        SORT l BY none_*
        SORT l BY none_* DESC
        SORT l BY w_* ALPHA
        SORT l BY w_* ALPHA DESC
        SORT l BY text_* ALPHA
        SORT l BY list_*
        SORT l BY w_* GET # GET text_* GET w_*
        SORT l GET text_* GET none GET h_*->f GET a*b GET *
        SORT l GET h_*->
        SORT l GET h_*->none
        SORT l GET h_*->->
        SORT l GET w_*->f
        SORT l GET h_->*
        SORT l GET list_*
        SORT l GET **
        SORT l BY h_*->f
        HSET h_3 f 2
        SORT l BY h_*->f
        SORT l BY h_*->f DESC GET h_*->f GET #
        SORT l BY h_*->f LIMIT 1 2 GET #
        SORT l BY w_* BY nosort
        SORT l BY nosort BY w_* DESC
        SORT_RO l BY w_* GET text_* LIMIT 0 2
        SORT nokey BY w_* GET text_*
        SORT l BY w_* STORE out GET text_* GET #
        LRANGE out 0 -1
        SORT l GET none_* STORE out
        LRANGE out 0 -1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void storing(int protocol) {
    speak(protocol);
    sameScript(
        """
        RPUSH l 3 1 2
        SORT l STORE out
        LRANGE out 0 -1
        TYPE out
        PEXPIREAT out 4102444800123
        SORT l DESC STORE out
        PEXPIRETIME out
        LRANGE out 0 -1
        SORT l STORE l
        LRANGE l 0 -1
        SET out text
        SORT l STORE out LIMIT 0 1
        LRANGE out 0 -1
        SORT l STORE out LIMIT 3 1
        EXISTS out
        SADD out x
        SORT nokey STORE out
        EXISTS out
        SORT nokey STORE out
        RPUSH out x
        SORT l STORE other STORE out
        EXISTS other
        LRANGE out 0 -1
        RPUSH bad x 1
        SORT bad STORE out
        LRANGE out 0 -1
        SADD set c a b
        SORT set BY nosort STORE out
        LRANGE out 0 -1
        SORT set BY nosort DESC STORE out
        LRANGE out 0 -1
        SORT set BY nosort LIMIT 1 1 STORE out GET # GET none
        LRANGE out 0 -1
        """);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void sortedSets(int protocol) {
    speak(protocol);
    sortedSet("z", Map.of("5", 1.0, "3", 2.0, "4", -1.0, "1", 2.0, "2", 10.0));
    sameScript(
        """
        SORT z
        SORT z DESC
        SORT z ALPHA LIMIT 1 3
        SORT z BY nosort
        SORT z BY nosort DESC
        SORT z BY nosort LIMIT 1 2
        SORT z BY nosort DESC LIMIT 1 2
        SORT z BY nosort LIMIT 5 2
        SORT z BY nosort LIMIT 0 0
        SORT z BY nosort DESC LIMIT 4 100 GET #
        SORT z BY nosort STORE out
        LRANGE out 0 -1
        SORT z STORE z
        TYPE z
        LRANGE z 0 -1
        """);
  }

  @Test
  void otherTypesAreRefused() {
    for (String make : new String[] {"SET k v", "HSET k f v"}) {
      for (String sort :
          new String[] {
            "SORT k", "SORT_RO k", "SORT k STORE out", "SORT k FOO", "SORT k LIMIT x 1"
          }) {
        same("DEL", "k");
        same(words(make));
        same(words(sort));
      }
    }
  }

  @Test
  void aSetThatIsNotSortedHasAnyOrder() {
    same("SADD", "s", "b", "c", "a", "1");
    for (String options : new String[] {"", " DESC", " LIMIT 0 4"}) {
      assertThat(lines(ours.run(words("SORT s BY nosort" + options))))
          .isEqualTo(lines(theirs.run(words("SORT s BY nosort" + options))));
    }
    assertThat(ours.run(words("SORT s BY nosort LIMIT 1 2"))).startsWith("*2\r\n");
  }

  private static List<String> lines(String reply) {
    return reply.lines().sorted().toList();
  }

  @Test
  void theKeysOfACommandAreFound() {
    for (String command :
        """
        SORT a
        SORT a STORE b
        SORT a LIMIT 0 STORE GET STORE BY STORE STORE b
        SORT a STORE b STORE c
        SORT a GET STORE
        SORT a STORE
        SORT a LIMIT STORE b
        SORT_RO a STORE b
        LMPOP 2 a b LEFT
        BITOP AND a b c
        """
            .lines()
            .toList()) {
      same(words("COMMAND GETKEYS " + command));
    }
  }

  @Test
  void whereThereAreSeveralPartitionsOtherKeysAreNotLookedAt() {
    ours.run("RPUSH", "l", "2", "1");
    assertThat(ofSeveral("SORT", "l", "BY", "w_*"))
        .isEqualTo("-ERR BY option of SORT denied in cluster mode.\r\n");
    assertThat(ofSeveral("SORT", "l", "GET", "#", "GET", "w_*"))
        .isEqualTo("-ERR GET option of SORT denied in cluster mode.\r\n");
    assertThat(ofSeveral("SORT", "l", "BY", "nosort", "GET", "#"))
        .isEqualTo("*2\r\n$1\r\n2\r\n$1\r\n1\r\n");
  }

  private String ofSeveral(String... words) {
    Args args = Args.of(words);
    ReplyWriter reply = new ReplyWriter();
    new Call(1 << 20).onCells(ours.table.find(args), args, ours.cells, 0, 2, reply).run();
    return new String(reply.toArray(), StandardCharsets.ISO_8859_1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void randomCommandsAnswerTheSame(long seed) {
    Random random = new Random(seed);
    speak(seed % 2 == 0 ? 2 : 3);
    for (int i = 0; i < 20; i++) {
      same("SET", "w_" + i, Integer.toString(random.nextInt(1_000)));
      same("HSET", "h_" + i, "f", "x" + random.nextInt(1_000_000));
    }
    for (int i = 0; i < 1_000; i++) {
      String[] words = random(random);
      assertThat(ours.run(words))
          .as("seed %d, command %d: %s", seed, i, String.join(" ", words))
          .isEqualTo(theirs.run(words));
    }
  }

  private static String[] random(Random random) {
    String key = pick(random, "a", "b", "c");
    String member = Integer.toString(random.nextInt(20));
    List<String> words = new ArrayList<>();
    switch (random.nextInt(6)) {
      case 0, 1 -> words.addAll(List.of("RPUSH", key, member));
      case 2 -> words.addAll(List.of("SADD", "s", member));
      case 3 -> words.addAll(List.of("LRANGE", key, "0", "-1"));
      case 4 -> words.addAll(random.nextInt(10) == 0 ? List.of("DEL", key) : List.of("LLEN", key));
      default -> {
        words.addAll(List.of(pick(random, "SORT", "SORT_RO"), pick(random, "a", "b", "c", "s")));
        for (int i = random.nextInt(4); i > 0; i--) {
          option(random, words);
        }
      }
    }
    return words.toArray(String[]::new);
  }

  private static void option(Random random, List<String> words) {
    String number = Integer.toString(random.nextInt(8) - 2);
    words.addAll(
        switch (random.nextInt(9)) {
          case 0 -> List.of("ASC");
          case 1, 2 -> List.of("DESC");
          case 3 -> List.of("LIMIT", number, Integer.toString(random.nextInt(8) - 2));
          case 4 -> List.of("BY", "w_*");
          case 5 -> List.of("GET", pick(random, "#", "w_*", "h_*->f", "none_*", "none"));
          case 6 -> List.of("STORE", pick(random, "a", "b", "c"));
          case 7 -> List.of(pick(random, "FOO", "GET", "LIMIT"));
          default -> List.of("ASC");
        });
  }

  private static String pick(Random random, String... words) {
    return words[random.nextInt(words.length)];
  }
}
