package io.trefoil.cli;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/**
 * A server on loopback that answers as its script says: from a command's words to the bytes of the
 * reply, as text. An empty answer closes the connection.
 */
public final class ScriptedServer implements Closeable {
  private final ServerSocket listener;
  private final Function<List<String>, String> script;
  private final List<List<String>> received = new CopyOnWriteArrayList<>();
  private final Set<Socket> connections = ConcurrentHashMap.newKeySet();

  /** On a port that is free. */
  public ScriptedServer(Function<List<String>, String> script) {
    this(0, script);
  }

  public ScriptedServer(int port, Function<List<String>, String> script) {
    this.script = script;
    try {
      listener = new ServerSocket(port, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    daemon(this::accept);
  }

  public int port() {
    return listener.getLocalPort();
  }

  /** All commands so far, of all connections. */
  public List<List<String>> received() {
    return received;
  }

  /** A bulk string's bytes. */
  public static String bulk(String text) {
    return "$" + text.getBytes(StandardCharsets.UTF_8).length + "\r\n" + text + "\r\n";
  }

  /** An integer's bytes. */
  public static String number(long number) {
    return ":" + number + "\r\n";
  }

  /** Names, and values as they are sent. */
  public static String map(String... fields) {
    StringBuilder map = new StringBuilder("%" + fields.length / 2 + "\r\n");
    for (int i = 0; i < fields.length; i += 2) {
      map.append(bulk(fields[i])).append(fields[i + 1]);
    }
    return map.toString();
  }

  /** Items as they are sent. */
  public static String array(String... items) {
    return "*" + items.length + "\r\n" + String.join("", items);
  }

  private static void daemon(Runnable task) {
    Thread thread = new Thread(task, "scripted-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        connections.add(socket);
        daemon(() -> serve(socket));
      }
    } catch (IOException e) {
      // Closed by the test.
      connections.clear();
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      RespReader reader = new RespReader(new BufferedInputStream(socket.getInputStream()), 1 << 20);
      while (true) {
        List<String> words = new ArrayList<>();
        ((Reply.Items) reader.read()).values().forEach(word -> words.add(word.text()));
        received.add(words);
        String answer = script.apply(words);
        if (answer.isEmpty()) {
          return;
        }
        socket.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // The client left.
      connections.remove(socket);
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
      for (Socket connection : connections) {
        connection.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
