package io.trefoil.cli;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A blocking connection to one server. After an {@link IOException} from a call it is not known
 * whether the server got the command; close the client then. Not thread-safe, but {@link #close}
 * may come from any thread and ends a call that waits.
 */
public final class RespClient implements Closeable {
  /** The largest reply taken: Redis's largest string. */
  public static final long REPLY_BYTES_MAX = 512L * 1024 * 1024;

  private final Socket socket;
  private final OutputStream out;
  private final RespReader reader;

  private RespClient(Socket socket, long replyBytesMax) throws IOException {
    this.socket = socket;
    this.out = new BufferedOutputStream(socket.getOutputStream(), 16 * 1024);
    this.reader =
        new RespReader(new BufferedInputStream(socket.getInputStream(), 16 * 1024), replyBytesMax);
  }

  /**
   * Connects; nothing is sent yet.
   *
   * @param connectTimeout how long connecting may take, above zero
   * @param replyTimeout how long a reply's next byte may take; zero waits for ever
   * @throws IOException when nobody answers there
   */
  public static RespClient connect(
      String host, int port, Duration connectTimeout, Duration replyTimeout) throws IOException {
    return connect(host, port, connectTimeout, replyTimeout, REPLY_BYTES_MAX);
  }

  static RespClient connect(
      String host, int port, Duration connectTimeout, Duration replyTimeout, long replyBytesMax)
      throws IOException {
    Socket socket = new Socket();
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(Math.toIntExact(replyTimeout.toMillis()));
      socket.connect(new InetSocketAddress(host, port), Math.toIntExact(connectTimeout.toMillis()));
      return new RespClient(socket, replyBytesMax);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  /** Sends one command and waits for its reply. Push messages that come before it are dropped. */
  public Reply call(String... words) throws IOException {
    return call(words(words));
  }

  /** As {@link #call(String...)}, with words of any bytes. */
  public Reply call(List<byte[]> words) throws IOException {
    send(words);
    Reply reply = receive();
    while (isPush(reply)) {
      reply = receive();
    }
    return reply;
  }

  /** Sends one command and waits for nothing. */
  public void send(List<byte[]> words) throws IOException {
    writeHeader('*', words.size());
    for (byte[] word : words) {
      writeHeader('$', word.length);
      out.write(word);
      out.write('\r');
      out.write('\n');
    }
    out.flush();
  }

  /** Waits for the next reply or push message. */
  public Reply receive() throws IOException {
    return reader.read();
  }

  /** Texts as the words of a command, in UTF-8. */
  public static List<byte[]> words(String... texts) {
    return Stream.of(texts)
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .collect(Collectors.toList());
  }

  private static boolean isPush(Reply reply) {
    return reply instanceof Reply.Items && ((Reply.Items) reply).kind() == Reply.Items.Kind.PUSH;
  }

  private void writeHeader(char type, int count) throws IOException {
    out.write((type + Integer.toString(count) + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
