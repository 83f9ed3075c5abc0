package io.trefoil.bench.load;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/** Takes commands of the Redis protocol, keeps their words, and answers as the test says. */
final class RedisLikeServer implements Closeable {
  final List<List<String>> commands = Collections.synchronizedList(new ArrayList<>());
  private final ServerSocket socket;
  private final Function<List<String>, String> answer;

  /**
   * @param answer to all but SELECT; an empty one closes the connection
   */
  RedisLikeServer(Function<List<String>, String> answer) throws IOException {
    this.answer = answer;
    socket = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  List<InetSocketAddress> address() {
    return List.of((InetSocketAddress) socket.getLocalSocketAddress());
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "server");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = socket.accept();
        start(() -> serve(client));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      while (true) {
        String line = line(in);
        String reply = "+OK\r\n";
        if (line.startsWith("*")) {
          List<String> words = words(in, number(line));
          commands.add(words);
          reply = answer.apply(words);
        }
        if (reply.isEmpty()) {
          return;
        }
        client.getOutputStream().write(reply.getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException closed) {
      // The client is gone.
    }
  }

  private static List<String> words(InputStream in, int count) throws IOException {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] word = in.readNBytes(number(line(in)));
      words.add(new String(word, StandardCharsets.ISO_8859_1));
      line(in);
    }
    return words;
  }

  private static int number(String line) {
    return Integer.parseInt(line.substring(1));
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0) {
        throw new IOException("closed");
      }
      if (next != '\r') {
        line.write(next);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
