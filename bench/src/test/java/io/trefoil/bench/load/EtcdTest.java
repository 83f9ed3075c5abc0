package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EtcdTest {
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RST_STREAM = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GOAWAY = 7;
  private static final int WINDOW_UPDATE = 8;
  private static final int END = 1;
  private static final int END_HEADERS = 4;
  private static final byte[] KEY = ascii("key:000000000007");

  private final Etcd etcd = new Etcd(4, false);
  private final ByteBuffer out = ByteBuffer.allocate(100_000);
  private final ByteArrayOutputStream replies = new ByteArrayOutputStream();

  private record Frame(int type, int flags, int stream, byte[] body) {}

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private List<Frame> sent() {
    out.flip();
    List<Frame> frames = new ArrayList<>();
    while (out.hasRemaining()) {
      int length = (out.get() & 0xff) << 16 | out.getShort() & 0xffff;
      Frame frame = new Frame(out.get(), out.get(), out.getInt(), new byte[length]);
      out.get(frame.body());
      frames.add(frame);
    }
    out.clear();
    return frames;
  }

  private void reply(int type, int flags, int stream, byte... body) {
    ByteBuffer header = ByteBuffer.allocate(9);
    header.put((byte) 0).putShort((short) body.length).put((byte) type).put((byte) flags);
    replies.writeBytes(header.putInt(stream).array());
    replies.writeBytes(body);
  }

  /** A response of gRPC: the five bytes of its header in one frame, the message in another. */
  private void respond(int stream, byte... message) {
    reply(HEADERS, END_HEADERS, stream, (byte) 0x88);
    reply(DATA, 0, stream, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) message.length);
    reply(DATA, 0, stream, message);
    reply(HEADERS, END_HEADERS | END, stream, (byte) 0xbf);
  }

  private List<String> received() throws IOException {
    return Received.of(etcd, replies.toByteArray(), 0);
  }

  private void write(int slot) {
    etcd.write(out, slot, KEY, ascii("..value"), 2, 5);
  }

  @Test
  void aPutIsAMessageOfGrpcOnAStreamOfItsOwn() {
    write(0);
    write(1);
    List<Frame> frames = sent();
    assertThat(frames).extracting(Frame::type).containsExactly(HEADERS, DATA, HEADERS, DATA);
    assertThat(frames).extracting(Frame::stream).containsExactly(1, 1, 3, 3);
    assertThat(frames.get(1).flags()).isEqualTo(END);
    assertThat(frames.get(1).body()).isEqualTo(ascii("\0\0\0\0\31\n\20key:000000000007\22\5value"));
  }

  @Test
  void headersAreSaidOnceAndThenByTheirPlaceInTheServersTable() {
    write(0);
    etcd.read(out, 1, KEY);
    write(2);
    List<Frame> frames = sent();
    String first = new String(frames.get(0).body(), StandardCharsets.ISO_8859_1);
    assertThat(first).contains("/etcdserverpb.KV/Put", "etcd", "application/grpc", "trailers");
    // The table then has, from 62 on: trailers, application/grpc, etcd, Put; with Range before
    // them.
    assertThat(frames.get(2).body()).startsWith(0x83, 0x86, 0x44).endsWith(0xc1, 0xc0, 0xbf);
    assertThat(frames.get(4).body()).containsExactly(0x83, 0x86, 0xc2, 0xc1, 0xc0, 0xbf);
  }

  @Test
  void aReadMayBeSerializable() {
    new Etcd(1, true).read(out, 0, KEY);
    assertThat(sent().get(1).body()).endsWith('7', 0x38, 1);
  }

  @Test
  void repliesComeInAnyOrderWhereverTheyAreSplit() throws IOException {
    etcd.read(out, 0, KEY);
    etcd.read(out, 1, KEY);
    write(2);
    out.clear();
    respond(5, (byte) 0x0a, (byte) 2, (byte) 8, (byte) 1);
    respond(3, (byte) 0x0a, (byte) 2, (byte) 8, (byte) 1);
    respond(1, (byte) 0x0a, (byte) 2, (byte) 8, (byte) 1, (byte) 0x12, (byte) 0);
    int size = replies.size();
    for (int part = 0; part <= size; part++) {
      Etcd fresh = new Etcd(4, false);
      fresh.read(out, 0, KEY);
      fresh.read(out, 1, KEY);
      fresh.write(out, 2, KEY, KEY, 0, 1);
      out.clear();
      assertThat(Received.of(fresh, replies.toByteArray(), part))
          .as("split at %d", part)
          .containsExactly("2 GOOD", "1 MISSING", "0 GOOD");
    }
  }

  @Test
  void aCallWithoutAMessageFailed() throws IOException {
    write(0);
    write(1);
    write(2);
    reply(HEADERS, END_HEADERS | END, 1, (byte) 0x88);
    reply(RST_STREAM, 0, 3, (byte) 0, (byte) 0, (byte) 0, (byte) 7);
    reply(HEADERS, END_HEADERS, 5, (byte) 0x88);
    reply(DATA, 0, 5, (byte) 0, (byte) 0, (byte) 0, (byte) 0, (byte) 9, (byte) 1);
    reply(HEADERS, END_HEADERS | END, 5, (byte) 0xbf);
    assertThat(received())
        .containsExactly(
            "0 ERROR refused: no message came; etcd's log may say why",
            "1 ERROR reset with HTTP/2's code 7",
            "2 ERROR refused: no message came; etcd's log may say why");
  }

  @Test
  void settingsAndPingsAreAcknowledged() throws IOException {
    reply(SETTINGS, 0, 0);
    reply(PING, 0, 0, ascii("12345678"));
    reply(PING, /* acknowledges= */ 1, 0, ascii("12345678"));
    received();
    etcd.end(out);
    List<Frame> frames = sent();
    assertThat(frames).extracting(Frame::type).containsExactly(SETTINGS, PING);
    assertThat(frames).extracting(Frame::flags).containsExactly(1, 1);
    assertThat(frames.get(1).body()).isEqualTo(ascii("12345678"));
  }

  @Test
  void noMoreIsSentThanTheServerHasRoomFor() throws IOException {
    byte[] large = new byte[Etcd.VALUE_MAX];
    int sent = 0;
    for (; etcd.hasRoom(large.length); sent++) {
      etcd.write(out, sent, KEY, large, 0, large.length);
      out.clear();
    }
    assertThat(sent).isEqualTo(4);
    reply(WINDOW_UPDATE, 0, 0, (byte) 0, (byte) 0, (byte) 0x40, (byte) 0);
    received();
    assertThat(etcd.hasRoom(large.length)).isTrue();
  }

  @Test
  void whatTheServerCannotTakeEndsTheMeasurement() {
    reply(SETTINGS, 0, 0, (byte) 0, (byte) 3, (byte) 0, (byte) 0, (byte) 0, (byte) 2);
    assertThatThrownBy(this::received)
        .isInstanceOf(IOException.class)
        .hasMessage("etcd takes 2 requests at a time on a connection");
    replies.reset();
    reply(GOAWAY, 0, 0, ascii("12345678enough"));
    assertThatThrownBy(this::received).hasMessage("etcd ends the connection: enough");
    replies.reset();
    respond(1, (byte) 0);
    assertThatThrownBy(this::received).hasMessageContaining("stream 1, which is not open");
  }
}
