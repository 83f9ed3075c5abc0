package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.Optional;

/** A connection that sends words and reads replies and pushes one by one, as bytes. */
final class RawClient implements Closeable {
  private static final int MAX_REPLY_BYTES = 1 << 27;

  private final Socket socket;
  private final byte[] chunk = new byte[1 << 16];
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final ReplyReader reader = new ReplyReader(MAX_REPLY_BYTES);

  /**
   * @param socket closed with this
   */
  RawClient(Socket socket) {
    this.socket = socket;
  }

  static RawClient of(NodeProcess node) throws IOException {
    return new RawClient(node.connect());
  }

  void send(String... words) throws IOException {
    byte[][] encoded =
        Arrays.stream(words).map(word -> word.getBytes(ISO_8859_1)).toArray(byte[][]::new);
    socket.getOutputStream().write(Args.of(encoded).encoded());
  }

  /** The next reply or push. */
  Reply next() throws IOException {
    for (Optional<Reply> next = reader.next(); ; next = reader.next()) {
      if (next.isPresent()) {
        return next.get();
      }
      int length = socket.getInputStream().read(chunk);
      if (length < 0) {
        throw new EOFException();
      }
      bytes.write(chunk, 0, length);
      reader.feed(chunk, 0, length);
    }
  }

  /** Sends words, and gives the reply. */
  Reply run(String... words) throws IOException {
    send(words);
    return next();
  }

  /** Sends words, and gives the bytes of so many replies and pushes, after which none are left. */
  String bytesOf(int count, String... words) throws IOException {
    bytes.reset();
    send(words);
    for (int i = 0; i < count; i++) {
      next();
    }
    String all = bytes.toString(ISO_8859_1);
    if (reader.next().isPresent()) {
      throw new AssertionError("more than " + count + " replies: " + all);
    }
    return all;
  }

  /** Reads until the other side closes. */
  void awaitEnd() throws IOException {
    try {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (SocketException e) {
      return; // it was reset: bytes were on their way
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
