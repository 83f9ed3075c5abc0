package io.trefoil.resp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RespParserTest {
  private static final RespLimits SMALL = new RespLimits(100, RespLimits.MAX_LINE_BYTES);

  @Test
  void everySplitOfAStreamGivesTheSameCommands() {
    byte[] stream =
        latin1(
            "*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n\r\n*0\r\n*-1\r\n"
                + "set a \"x\\x00y\"\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n\r\n\r\n");
    List<List<String>> expected =
        List.of(
            List.of("GET", "k"),
            List.of("PING"),
            List.of("set", "a", "x\0y"),
            List.of("SET", "", "\r\n\r\n"));
    assertThat(parseInPieces(stream, stream.length)).isEqualTo(expected);
    for (int split = 1; split < stream.length; split++) {
      assertThat(parseInPieces(stream, split, stream.length - split)).isEqualTo(expected);
    }
    int[] singleBytes = new int[stream.length];
    Arrays.fill(singleBytes, 1);
    assertThat(parseInPieces(stream, singleBytes)).isEqualTo(expected);
  }

  @Property(tries = 300)
  void encodedCommandsComeBackHoweverTheyAreCut(
      @ForAll("commands") List<List<String>> commands, @ForAll("cuts") List<Integer> cuts) {
    StringBuilder stream = new StringBuilder();
    for (List<String> command : commands) {
      stream.append(new String(argsOf(command).encoded(), StandardCharsets.ISO_8859_1));
    }
    byte[] bytes = latin1(stream.toString());
    assertThat(parseInPieces(bytes, cuts.stream().mapToInt(i -> i).toArray())).isEqualTo(commands);
  }

  @Provide
  Arbitrary<List<List<String>>> commands() {
    Arbitrary<String> word = Arbitraries.strings().withCharRange('\0', '\377').ofMaxLength(30);
    return word.list().ofMinSize(1).ofMaxSize(5).list().ofMaxSize(6);
  }

  @Provide
  Arbitrary<List<Integer>> cuts() {
    return Arbitraries.integers().between(1, 40).list().ofMaxSize(60);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*a~ | invalid multibulk length",
        "*1048577~ | invalid multibulk length",
        "*~ | invalid multibulk length",
        "*01~ | invalid multibulk length",
        "*1~:1~ | expected '$', got ':'",
        "*1~$-1~ | invalid bulk length",
        "*1~$x~ | invalid bulk length",
        "*1~$101~ | invalid bulk length",
        "set a \"b~ | unbalanced quotes in request",
        "set a 'b'c~ | unbalanced quotes in request",
        "set \"a\"b~ | unbalanced quotes in request",
      })
  void malformedBytesAreRefusedInTheWordsOfRedis(String stream, String error) {
    RespParser parser = new RespParser(SMALL);
    assertThat(parse(parser, stream.replace("~", "\r\n"))).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: " + error);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "*1 | too big mbulk count string",
        "get | too big inline request",
      })
  void aLineWithoutEndIsRefusedAtItsBound(String start, String error) {
    RespParser parser = new RespParser(SMALL);
    String line = start + "x".repeat(RespLimits.MAX_LINE_BYTES - start.length());
    assertThat(parse(parser, line)).isEqualTo(RespParser.Outcome.INCOMPLETE);
    assertThat(parse(parser, line + "xx")).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: " + error);
  }

  @Test
  void aBulkCountWithoutEndIsRefused() {
    RespParser parser = new RespParser(SMALL);
    String line = "*1\r\n$" + "1".repeat(RespLimits.MAX_LINE_BYTES + 10);
    assertThat(parse(parser, line)).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: too big bulk count string");
  }

  @Test
  void aCommandLargerThanItsBoundIsRefusedBeforeItsBytesCome() {
    RespParser parser = new RespParser(new RespLimits(60_000, RespLimits.MAX_LINE_BYTES));
    String first = "*2\r\n$60000\r\n" + "v".repeat(60_000) + "\r\n";
    assertThat(parse(parser, first)).isEqualTo(RespParser.Outcome.INCOMPLETE);
    assertThat(parse(parser, first + "$6000\r\n")).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: too big command");
  }

  @Test
  void beforeTheLoginCommandsAreSmall() {
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    parser.setAuthenticated(false);
    assertThat(parse(parser, "*11\r\n")).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: unauthenticated multibulk length");

    parser = new RespParser(RespLimits.DEFAULT);
    parser.setAuthenticated(false);
    assertThat(parse(parser, "*10\r\n$16384\r\n")).isEqualTo(RespParser.Outcome.INCOMPLETE);
    assertThat(parser.needed()).isEqualTo(5 + 8 + 16384 + 2);
    parser = new RespParser(RespLimits.DEFAULT);
    parser.setAuthenticated(false);
    assertThat(parse(parser, "*10\r\n$16385\r\n")).isEqualTo(RespParser.Outcome.ERROR);
    assertThat(parser.error()).isEqualTo("ERR Protocol error: unauthenticated bulk length");
  }

  @Test
  void theBytesMayMoveBetweenTwoReads() {
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    byte[] whole = latin1("xx*2\r\n$3\r\nGET\r\n$5\r\nhello\r\n");
    assertThat(parser.parse(whole, 2, 20)).isEqualTo(RespParser.Outcome.INCOMPLETE);
    byte[] moved = new byte[100];
    System.arraycopy(whole, 2, moved, 50, whole.length - 2);
    assertThat(parser.parse(moved, 50, 50 + whole.length - 2))
        .isEqualTo(RespParser.Outcome.COMMAND);
    assertThat(parser.args()).hasToString("GET hello");
    assertThat(parser.args().array()).isSameAs(moved);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "set k \"a\\n\\r\\t\\b\\a\\\"\\q\\x41\\xzz\"",
        "  set   k 'a\\'b\\n' ",
        "a\"b c\" d"
      })
  void inlineQuotingFollowsItsTable(String line) {
    List<String> expected =
        switch (line.charAt(0)) {
          case 's' -> List.of("set", "k", "a\n\r\t\b\7\"qAxzz");
          case ' ' -> List.of("set", "k", "a'b\\n");
          default -> List.of("ab c", "d");
        };
    byte[] stream = latin1(line + "\n");
    assertThat(parseInPieces(stream, stream.length)).isEqualTo(List.of(expected));
  }

  @Test
  void aDetachedCommandSurvivesItsBuffer() {
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    byte[] buffer = latin1("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
    parser.parse(buffer, 0, buffer.length);
    Args kept = parser.args().detached();
    byte[] encoded = parser.args().encoded();
    Arrays.fill(buffer, (byte) '#');
    assertThat(kept).hasToString("GET k");
    assertThat(latin1(encoded)).isEqualTo("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  }

  @Test
  void wordsCompareInAnyCase() {
    Args args = Args.of("nO-eVict", "{}", "éx");
    assertThat(args.isWord(0, "NO-EVICT")).isTrue();
    assertThat(args.isWord(0, "NO-EVIC")).isFalse();
    assertThat(args.isWord(1, "[]")).isFalse();
    assertThat(args.text(2)).isEqualTo("éx");
  }

  static Args argsOf(List<String> words) {
    return Args.of(words.stream().map(RespParserTest::latin1).toArray(byte[][]::new));
  }

  private static RespParser.Outcome parse(RespParser parser, String stream) {
    byte[] bytes = latin1(stream);
    return parser.parse(bytes, 0, bytes.length);
  }

  /** Hands the stream over in pieces of these sizes, then the rest. */
  private static List<List<String>> parseInPieces(byte[] stream, int... sizes) {
    RespParser parser = new RespParser(RespLimits.DEFAULT);
    List<List<String>> commands = new ArrayList<>();
    int from = 0;
    int to = 0;
    for (int i = 0; i <= sizes.length; i++) {
      to = i < sizes.length ? Math.min(to + sizes[i], stream.length) : stream.length;
      RespParser.Outcome outcome;
      do {
        outcome = parser.parse(stream, from, to);
        from += parser.consumed();
        if (outcome == RespParser.Outcome.COMMAND) {
          commands.add(words(parser.args()));
        }
      } while (outcome == RespParser.Outcome.COMMAND);
      assertThat(outcome).isEqualTo(RespParser.Outcome.INCOMPLETE);
    }
    assertThat(from).isEqualTo(stream.length);
    return commands;
  }

  private static List<String> words(Args args) {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < args.count(); i++) {
      words.add(args.latin1(i));
    }
    return words;
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static String latin1(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
