package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ReplyFormatTest {
  static List<Arguments> replies() {
    return List.of(
        Arguments.of("+OK\r\n", "OK", "OK", "\"OK\""),
        Arguments.of(":1\r\n", "(integer) 1", "1", "1"),
        Arguments.of("$2\r\na\"\r\n", "\"a\\\"\"", "a\"", "\"a\\\"\""),
        Arguments.of("$2\r\né\r\n", "\"\\xc3\\xa9\"", "é", "\"é\""),
        Arguments.of("$-1\r\n", "(nil)", "", "null"),
        Arguments.of("#t\r\n", "(true)", "true", "true"),
        Arguments.of(",1.50\r\n", "(double) 1.50", "1.50", "1.5"),
        Arguments.of(",inf\r\n", "(double) inf", "inf", "\"inf\""),
        Arguments.of(
            "(12345678901234567890\r\n",
            "(big number) 12345678901234567890",
            "12345678901234567890",
            "12345678901234567890"),
        Arguments.of("=6\r\ntxt:hi\r\n", "hi", "hi", "\"hi\""),
        Arguments.of("*0\r\n", "(empty array)", "", "[]"),
        Arguments.of("~0\r\n", "(empty set)", "", "[]"),
        Arguments.of("%0\r\n", "(empty hash)", "", "{}"),
        Arguments.of(
            "*2\r\n:1\r\n-ERR no\r\n",
            "1) (integer) 1\n2) (error) ERR no",
            "1\nERR no",
            "[1,{\"error\":\"ERR no\"}]"),
        Arguments.of(
            "*2\r\n*2\r\n+a\r\n+b\r\n*1\r\n+c\r\n",
            "1) 1) a\n   2) b\n2) 1) c",
            "a\nb\nc",
            "[[\"a\",\"b\"],[\"c\"]]"),
        Arguments.of("~1\r\n+a\r\n", "1~ a", "a", "[\"a\"]"),
        Arguments.of(
            "%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n:2\r\n:3\r\n",
            "1# a => (integer) 1\n2# b => \n   1) (integer) 2\n   2) (integer) 3",
            "a 1\nb 2\n3",
            "{\"a\":1,\"b\":[2,3]}"),
        Arguments.of("|1\r\n+ttl\r\n:9\r\n+x\r\n", "1# ttl => (integer) 9\nx", "x", "\"x\""));
  }

  @ParameterizedTest
  @MethodSource("replies")
  void printsForPeopleForProgramsAndAsJson(String wire, String pretty, String raw, String json)
      throws IOException {
    Reply reply =
        new RespReader(new ByteArrayInputStream(wire.getBytes(StandardCharsets.UTF_8)), 10_000)
            .read();
    assertThat(text(ReplyFormat.PRETTY, reply)).isEqualTo(pretty + "\n");
    assertThat(text(ReplyFormat.RAW, reply)).isEqualTo(raw + "\n");
    assertThat(text(ReplyFormat.JSON, reply)).isEqualTo(json + "\n");
  }

  @Test
  void elementNumbersAreAlignedWhenThereAreTenOrMore() {
    List<Reply> ten = Collections.nCopies(10, new Reply.Int(5));
    String text = text(ReplyFormat.PRETTY, new Reply.Items(Reply.Items.Kind.ARRAY, ten));
    assertThat(text).startsWith(" 1) (integer) 5\n 2) ").endsWith("10) (integer) 5\n");
  }

  @Test
  void bytesThatAreNotUtf8AreKeptInRawAndVisibleInJson() {
    Reply reply = new Reply.BulkString(new byte[] {(byte) 0xff, 0});
    assertThat(ReplyFormat.RAW.format(reply)).isEqualTo(new byte[] {(byte) 0xff, 0, '\n'});
    assertThat(text(ReplyFormat.JSON, reply)).isEqualTo("\"ÿ\\u0000\"\n");
  }

  private static String text(ReplyFormat format, Reply reply) {
    return new String(format.format(reply), StandardCharsets.UTF_8);
  }
}
