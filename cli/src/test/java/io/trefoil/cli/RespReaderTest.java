package io.trefoil.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RespReaderTest {
  private static final long BYTES_MAX = 10_000;

  static List<Arguments> replies() {
    Reply one = new Reply.Int(1);
    return List.of(
        Arguments.of("+OK\r\n", new Reply.SimpleString("OK")),
        Arguments.of("-ERR no\r\n", new Reply.Failure("ERR no")),
        Arguments.of("!8\r\nERR a\r\nb\r\n", new Reply.Failure("ERR a\r\nb")),
        Arguments.of(":-7\r\n", new Reply.Int(-7)),
        Arguments.of("$3\r\na\r\n\r\n", Reply.BulkString.of("a\r\n")),
        Arguments.of("$0\r\n\r\n", Reply.BulkString.of("")),
        Arguments.of("$-1\r\n", new Reply.Nil()),
        Arguments.of("*-1\r\n", new Reply.Nil()),
        Arguments.of("_\r\n", new Reply.Nil()),
        Arguments.of("#t\r\n", new Reply.Bool(true)),
        Arguments.of("#f\r\n", new Reply.Bool(false)),
        Arguments.of(",1.5e3\r\n", new Reply.Decimal("1.5e3")),
        Arguments.of("(12345678901234567890\r\n", new Reply.BigNumber("12345678901234567890")),
        Arguments.of("=7\r\ntxt:abc\r\n", new Reply.Verbatim("abc")),
        Arguments.of("*0\r\n", items(Reply.Items.Kind.ARRAY)),
        Arguments.of(
            "*2\r\n:1\r\n*1\r\n:1\r\n",
            items(Reply.Items.Kind.ARRAY, one, items(Reply.Items.Kind.ARRAY, one))),
        Arguments.of("~1\r\n:1\r\n", items(Reply.Items.Kind.SET, one)),
        Arguments.of(">1\r\n:1\r\n", items(Reply.Items.Kind.PUSH, one)),
        Arguments.of("%1\r\n:1\r\n_\r\n", pairs(one, new Reply.Nil())),
        Arguments.of(
            "|1\r\n:1\r\n:1\r\n+OK\r\n",
            new Reply.Attributed(pairs(one, one), new Reply.SimpleString("OK"))));
  }

  private static Reply items(Reply.Items.Kind kind, Reply... values) {
    return new Reply.Items(kind, List.of(values));
  }

  private static Reply.Pairs pairs(Reply key, Reply value) {
    return new Reply.Pairs(List.of(new Reply.Pair(key, value)));
  }

  @ParameterizedTest
  @MethodSource("replies")
  void readsEachTypeOfReply(String wire, Reply expected) throws IOException {
    assertThat(read(wire)).isEqualTo(expected);
  }

  @ParameterizedTest
  @MethodSource("replies")
  void aReplyCutAnywhereEndsWithAnEndOfStream(String wire, Reply whole) {
    for (int end = 0; end < wire.length(); end++) {
      String cut = wire.substring(0, end);
      assertThatThrownBy(() -> read(cut)).isInstanceOf(EOFException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 400\r\n",
        ":x\r\n",
        "#y\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$1\r\nab\r\n",
        "+a\rb",
        "=2\r\nab\r\n",
        "!-1\r\n",
        "$99999999999\r\n"
      })
  void refusesWhatIsNoReply(String wire) {
    assertThatThrownBy(() -> read(wire)).isInstanceOf(MalformedReplyException.class);
  }

  @Test
  void refusesAReplyThatAnnouncesMoreThanTheLimit() {
    assertThatThrownBy(() -> read("$2000000000\r\n"))
        .isInstanceOf(MalformedReplyException.class)
        .hasMessageContaining("larger than 10000 bytes");
  }

  @Test
  void countsEmptyElementsTowardsTheLimit() {
    assertThatThrownBy(() -> read("*2000000000\r\n" + "_\r\n".repeat(1_000)))
        .isInstanceOf(MalformedReplyException.class)
        .hasMessageContaining("larger");
  }

  @Test
  void refusesAReplyThatIsNestedTooDeeply() {
    assertThatThrownBy(() -> read("*1\r\n".repeat(100)))
        .isInstanceOf(MalformedReplyException.class)
        .hasMessageContaining("deeper");
  }

  @Test
  void theLimitIsForEachReplyAnew() throws IOException {
    String large = "$6000\r\n" + "x".repeat(6_000) + "\r\n";
    RespReader reader = reader((large + large).getBytes(StandardCharsets.UTF_8));
    assertThat(reader.read()).isEqualTo(reader.read());
  }

  @Property
  void anyBytesAreAReplyOrAnIoException(@ForAll @Size(max = 60) byte[] bytes) {
    RespReader reader = reader(bytes);
    try {
      assertThat(reader.read()).isNotNull();
    } catch (IOException e) {
      assertThat(e).isInstanceOfAny(EOFException.class, MalformedReplyException.class);
    }
  }

  private static Reply read(String wire) throws IOException {
    return reader(wire.getBytes(StandardCharsets.UTF_8)).read();
  }

  private static RespReader reader(byte[] bytes) {
    return new RespReader(new ByteArrayInputStream(bytes), BYTES_MAX);
  }
}
