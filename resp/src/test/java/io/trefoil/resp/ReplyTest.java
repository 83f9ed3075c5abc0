package io.trefoil.resp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyTest {
  @Property(tries = 500)
  void whatIsWrittenIsReadHoweverItIsCut(
      @ForAll("replies") List<Reply> replies, @ForAll("cuts") List<Integer> cuts) {
    ReplyWriter writer = new ReplyWriter(64);
    writer.setProtocol(3);
    replies.forEach(reply -> Reply.write(reply, writer));
    ReplyReader reader = new ReplyReader(1 << 20);
    int read = 0;
    int at = 0;
    for (int i = 0; i <= cuts.size(); i++) {
      int length = i < cuts.size() ? cuts.get(i) : writer.size();
      length = Math.min(length, writer.size() - at);
      reader.feed(writer.array(), at, length);
      at += length;
      Optional<Reply> next = reader.next();
      while (next.isPresent()) {
        assertThat(next.get()).isEqualTo(replies.get(read++));
        next = reader.next();
      }
    }
    assertThat(read).isEqualTo(replies.size());
  }

  @Property(tries = 500)
  void theEndOfAReplyIsWhereTheNextOneBegins(
      @ForAll("replies") List<Reply> replies, @ForAll boolean three) {
    ReplyWriter out = new ReplyWriter();
    out.setProtocol(three ? 3 : 2);
    int at = 0;
    for (Reply each : replies) {
      if (three) {
        out.attribute(1);
        out.bulkText("name");
        out.array(0);
      }
      Reply.write(each, out);
      out.ok(); // what comes behind does not matter
      at = ReplyReader.end(out.array(), at);
      assertThat(at).isEqualTo(out.size() - "+OK\r\n".length());
      out.truncate(at);
    }
  }

  @Provide
  Arbitrary<List<Reply>> replies() {
    return reply(2).list().ofMaxSize(5);
  }

  private static Arbitrary<Reply> reply(int depth) {
    Arbitrary<String> line = Arbitraries.strings().alpha().ofMaxLength(10);
    Arbitrary<Reply> scalar =
        Arbitraries.oneOf(
            line.map(Reply.Status::new),
            line.map(Reply.Failure::new),
            Arbitraries.longs().map(Reply.Whole::new),
            Arbitraries.bytes()
                .array(byte[].class)
                .ofMaxSize(20)
                .map(bytes -> new Reply.Bulk(Bytes.wrap(bytes))),
            Arbitraries.just(Reply.NIL),
            Arbitraries.of(true, false).map(Reply.Bool::new),
            Arbitraries.doubles().map(Reply.Real::new),
            Arbitraries.bigIntegers().map(Reply.Big::new),
            line.map(text -> new Reply.Verbatim("txt", text)));
    if (depth == 0) {
      return scalar;
    }
    Arbitrary<Reply> several =
        reply(depth - 1)
            .list()
            .ofMaxSize(4)
            .flatMap(
                items ->
                    Arbitraries.of(Reply.Kind.values())
                        .filter(kind -> kind != Reply.Kind.MAP || items.size() % 2 == 0)
                        .map(kind -> (Reply) new Reply.Several(kind, items)));
    return Arbitraries.oneOf(scalar, several);
  }

  @Provide
  Arbitrary<List<Integer>> cuts() {
    return Arbitraries.integers().between(1, 20).list().ofMaxSize(40);
  }

  @Test
  void whatOldClientsLackIsWrittenAsRedisDoes() {
    assertThat(written(2, writer -> writer.map(2))).isEqualTo("*4\r\n");
    assertThat(written(3, writer -> writer.map(2))).isEqualTo("%2\r\n");
    assertThat(written(2, writer -> writer.set(2))).isEqualTo("*2\r\n");
    assertThat(written(3, writer -> writer.set(2))).isEqualTo("~2\r\n");
    assertThat(written(2, writer -> writer.push(3))).isEqualTo("*3\r\n");
    assertThat(written(3, writer -> writer.push(3))).isEqualTo(">3\r\n");
    assertThat(written(2, writer -> writer.bool(true))).isEqualTo(":1\r\n");
    assertThat(written(3, writer -> writer.bool(false))).isEqualTo("#f\r\n");
    assertThat(written(2, writer -> writer.doubleValue(0.5))).isEqualTo("$3\r\n0.5\r\n");
    assertThat(written(3, writer -> writer.doubleValue(0.5))).isEqualTo(",0.5\r\n");
    assertThat(written(3, writer -> writer.bulkDouble(0.5))).isEqualTo("$3\r\n0.5\r\n");
    assertThat(written(2, ReplyWriter::nil)).isEqualTo("$-1\r\n");
    assertThat(written(2, ReplyWriter::nilArray)).isEqualTo("*-1\r\n");
    assertThat(written(3, ReplyWriter::nilArray)).isEqualTo("_\r\n");
    assertThat(written(2, writer -> writer.verbatim("txt", "hé"))).isEqualTo("$3\r\nh\303\251\r\n");
    assertThat(written(3, writer -> writer.verbatim("txt", "hi"))).isEqualTo("=6\r\ntxt:hi\r\n");
    assertThat(written(2, writer -> writer.bigNumber(BigInteger.ONE.shiftLeft(64))))
        .isEqualTo("$20\r\n18446744073709551616\r\n");
  }

  @Test
  void anErrorNeverEndsBeforeItsEnd() {
    assertThat(written(2, writer -> writer.error("ERR a\r\nb"))).isEqualTo("-ERR a  b\r\n");
    assertThat(written(2, writer -> writer.errorEchoing("ERR \377"))).isEqualTo("-ERR \377\r\n");
  }

  @Test
  void anArrayCanBeCountedAfterwards() {
    assertThat(
            written(
                2,
                writer -> {
                  writer.ok();
                  int start = writer.size();
                  for (int i = 0; i < 12; i++) {
                    writer.bulkLong(i * 100L);
                  }
                  writer.arrayFrom(start, 12);
                }))
        .startsWith("+OK\r\n*12\r\n$1\r\n0\r\n$3\r\n100\r\n")
        .endsWith("$4\r\n1100\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.10000000000000001",
    "3, 3",
    "-5, -5",
    "1e16, 10000000000000000",
    "99999999999999984, 99999999999999984",
    "1e17, 1e+17",
    "123456789012345678, 1.2345678901234568e+17",
    "0.0001, 0.0001",
    "0.00001, 1.0000000000000001e-05",
    "-1e300, -1.0000000000000001e+300",
    "-0.0, -0",
    "Infinity, inf",
    "-Infinity, -inf",
    "NaN, nan",
  })
  void doublesLookAsInC(double value, String text) {
    assertThat(written(3, writer -> writer.doubleValue(value))).isEqualTo("," + text + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x\r\n",
        ":a\r\n",
        "$-2\r\n",
        "*-2\r\n",
        "$1\r\nab\r\n",
        "#x\r\n",
        ",x\r\n",
        "(1.5\r\n",
        "=2\r\nab\r\n",
        "*1000000\r\n",
        "$1000000\r\n"
      })
  void whatIsNoReplyIsRefused(String text) {
    ReplyReader reader = new ReplyReader(1000);
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    reader.feed(bytes, 0, bytes.length);
    assertThatThrownBy(reader::next).isInstanceOf(MalformedBytesException.class);
  }

  @Test
  void aReplyThatNeverEndsIsRefusedAtItsBound() {
    byte[] deep = "*1\r\n".repeat(ReplyReader.MAX_DEPTH + 1).getBytes(StandardCharsets.US_ASCII);
    assertRefused(deep, "a reply nested more than 32 deep");
    byte[] many = ("*300\r\n" + ":1234\r\n".repeat(200)).getBytes(StandardCharsets.US_ASCII);
    assertRefused(many, "a reply of more than 1000 bytes");
    byte[] line = ("+" + "x".repeat(1000)).getBytes(StandardCharsets.US_ASCII);
    assertRefused(line, "a reply of more than 1000 bytes");
  }

  private static void assertRefused(byte[] bytes, String message) {
    ReplyReader reader = new ReplyReader(1000);
    reader.feed(bytes, 0, bytes.length);
    assertThatThrownBy(reader::next)
        .isInstanceOf(MalformedBytesException.class)
        .hasMessage(message);
  }

  @Test
  void attributesAreLeftOut() {
    byte[] bytes =
        "*2\r\n|1\r\n+ttl\r\n:1\r\n:2\r\n|0\r\n:3\r\n".getBytes(StandardCharsets.US_ASCII);
    assertThat(ReplyReader.read(bytes))
        .isEqualTo(
            new Reply.Several(Reply.Kind.ARRAY, List.of(new Reply.Whole(2), new Reply.Whole(3))));
  }

  private static String written(int protocol, Consumer<ReplyWriter> what) {
    ReplyWriter writer = new ReplyWriter();
    writer.setProtocol(protocol);
    what.accept(writer);
    return new String(writer.toArray(), StandardCharsets.ISO_8859_1);
  }
}
