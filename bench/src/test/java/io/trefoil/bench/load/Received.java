package io.trefoil.bench.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a protocol said of replies, one line each: {@code 3 GOOD}, {@code 0 ERROR text}. */
final class Received implements Replies {
  final List<String> lines = new ArrayList<>();

  @Override
  public void on(int slot, Outcome outcome) {
    lines.add(slot + " " + outcome);
  }

  @Override
  public void onError(int slot, String text) {
    lines.add(slot + " ERROR " + text);
  }

  /** The bytes arrive in two parts, of which the first has so many. */
  static List<String> of(Protocol protocol, byte[] replies, int firstPart) throws IOException {
    Received received = new Received();
    ByteBuffer in = ByteBuffer.allocate(replies.length + 1);
    in.put(replies, 0, firstPart).flip();
    protocol.receive(in, received);
    in.compact().put(replies, firstPart, replies.length - firstPart).flip();
    protocol.receive(in, received);
    if (in.hasRemaining()) {
      throw new IllegalStateException(in.remaining() + " bytes are left");
    }
    return received.lines;
  }
}
