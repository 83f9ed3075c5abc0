package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RespTest {
  private static final byte[] KEY = bytes("key:000000000007");

  private final ByteBuffer out = ByteBuffer.allocate(4_096);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static Resp plain() {
    return new Resp("0", 8, 0, 0);
  }

  private static Resp waiting() {
    return new Resp("0", 8, 2, 1_500);
  }

  private void write(Resp resp, int slot) {
    resp.write(out, slot, KEY, bytes("..value"), 2, 5);
  }

  private String sent() {
    return StandardCharsets.US_ASCII.decode(out.flip()).toString();
  }

  @Test
  void requestsAreArraysOfBulkStrings() {
    Resp resp = plain();
    write(resp, 0);
    resp.read(out, 1, KEY);
    resp.end(out);
    assertThat(sent())
        .isEqualTo(
            "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000007\r\n$5\r\nvalue\r\n"
                + "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000007\r\n");
  }

  @Test
  void aLengthHasAsManyDigitsAsItNeeds() {
    byte[] values = new byte[100_000];
    ByteBuffer large = ByteBuffer.allocate(200_000);
    plain().write(large, 0, KEY, values, 0, values.length);
    assertThat(StandardCharsets.US_ASCII.decode(large.flip()).toString())
        .contains("\r\n$100000\r\n");
  }

  @Test
  void repliesComeInTheOrderOfRequestsWhereverTheyAreSplit() throws IOException {
    byte[] replies = bytes("+OK\r\n$5\r\nva\r\ne\r\n$-1\r\n-ERR no\r\n$0\r\n\r\n");
    for (int part = 0; part <= replies.length; part++) {
      Resp resp = plain();
      write(resp, 3);
      resp.read(out, 5, KEY);
      resp.read(out, 0, KEY);
      resp.read(out, 1, KEY);
      resp.read(out, 2, KEY);
      out.clear();
      assertThat(Received.of(resp, replies, part))
          .as("split at %d", part)
          .containsExactly("3 GOOD", "5 GOOD", "0 MISSING", "1 ERROR ERR no", "2 GOOD");
    }
  }

  @Test
  void anErrorIsNeverTakenForSuccess() throws IOException {
    Resp resp = plain();
    write(resp, 0);
    resp.read(out, 1, KEY);
    write(resp, 2);
    assertThat(Received.of(resp, bytes("-NOREPLICAS 1 of 3\r\n+OK\r\n:1\r\n"), 0))
        .containsExactly(
            "0 ERROR NOREPLICAS 1 of 3",
            "1 ERROR unexpected reply: +OK",
            "2 ERROR unexpected reply: :1");
  }

  @Test
  void oneWaitFollowsWhatIsWrittenTogether() throws IOException {
    Resp resp = waiting();
    write(resp, 0);
    write(resp, 1);
    resp.read(out, 2, KEY);
    resp.end(out);
    resp.end(out);
    assertThat(sent()).endsWith("GET\r\n$16\r\nkey:000000000007\r\nWAIT 2 1500\r\n");
    assertThat(Received.of(resp, bytes("+OK\r\n+OK\r\n$1\r\nx\r\n:2\r\n"), 10))
        .containsExactly("2 GOOD", "0 GOOD", "1 GOOD");
  }

  @Test
  void readsAloneWaitForNothing() {
    Resp resp = waiting();
    resp.read(out, 0, KEY);
    resp.end(out);
    assertThat(sent()).doesNotContain("WAIT");
  }

  @Test
  void aWriteWithTooFewCopiesIsAnError() throws IOException {
    Resp resp = waiting();
    write(resp, 0);
    write(resp, 1);
    resp.end(out);
    assertThat(Received.of(resp, bytes("+OK\r\n-ERR full\r\n:1\r\n"), 0))
        .containsExactly("1 ERROR ERR full", "0 ERROR WAIT: :1");
  }

  @Test
  void aRefusedWriteMakesRoomBeforeItsWaitIsAnswered() throws IOException {
    Resp resp = new Resp("0", 1, 2, 1_500);
    for (int i = 0; i < 5; i++) {
      write(resp, 0);
      resp.end(out);
      String wait = i == 0 ? "" : ":2\r\n";
      assertThat(Received.of(resp, bytes(wait + "-ERR full\r\n"), 0))
          .containsExactly("0 ERROR ERR full");
    }
  }

  @Test
  void whatIsNoReplyEndsTheMeasurement() {
    Resp resp = plain();
    assertThatThrownBy(() -> Received.of(resp, bytes("+OK\r\n"), 0))
        .isInstanceOf(IOException.class)
        .hasMessage("a reply to no request: +OK");
    for (String bad : List.of("$\r\n", "$1x\r\n", "$99999999999999\r\n")) {
      resp.read(out, 0, KEY);
      assertThatThrownBy(() -> Received.of(resp, bytes(bad), 0))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("no number");
    }
  }
}
