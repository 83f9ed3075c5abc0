package io.trefoil.node;

import io.trefoil.node.settings.NodeLogging;
import io.trefoil.node.settings.NodeSettings;
import io.trefoil.node.settings.SettingsError;
import io.trefoil.node.settings.SettingsReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Starts a node, writes and reads like a client, and ends: the classes that a node needs have then
 * been loaded, and a JVM that was told to ({@code -XX:ArchiveClassesAtExit}) archives them. Nodes
 * that start from the archive serve a second or two earlier.
 *
 * <p>Its only argument is an empty folder for the node's data. Exit code 1 when it did not work.
 */
public final class Rehearsal {
  private static final int FIRST_PORT = 11_000;
  private static final int LAST_PORT = 31_000;
  private static final int TRIES = 20;
  private static final long SECONDS = 60;

  private Rehearsal() {}

  public static void main(String[] arguments) throws Exception {
    for (int attempt = 1; attempt <= TRIES; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      NodeSettings settings = settings(arguments[0], port);
      if (areFree(settings)) {
        rehearse(settings);
        System.exit(0);
      }
    }
    System.err.println("trefoil: no free ports to rehearse with");
    System.exit(Main.FAILED);
  }

  private static NodeSettings settings(String folder, int port) throws SettingsError {
    List<String> flags = new ArrayList<>(List.of("--node.name", "rehearsal"));
    flags.addAll(List.of("--data.dir", folder, "--client.port", Integer.toString(port)));
    return SettingsReader.read(flags);
  }

  private static boolean areFree(NodeSettings settings) {
    int[] ports = {
      settings.client().port(),
      settings.peer().port(),
      settings.peer().controlPort(),
      settings.httpPort()
    };
    for (int port : ports) {
      try {
        new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
      } catch (IOException e) {
        return false;
      }
    }
    return true;
  }

  private static void rehearse(NodeSettings settings) throws Exception {
    NodeLogging logging = NodeLogging.start(settings, NodeLogging.Console.WARNINGS);
    Node node = new Node(settings, System::exit);
    node.start();
    long endNanos = System.nanoTime() + SECONDS * 1_000_000_000;
    while (!reply(settings, "SET rehearsal done").startsWith("+OK")) {
      if (System.nanoTime() - endNanos > 0) {
        System.err.println("trefoil: the rehearsal's node does not serve");
        System.exit(Main.FAILED);
      }
      Thread.sleep(50);
    }
    for (String command : List.of("GET rehearsal", "STATUS", "INFO", "COMMAND", "SCAN 0")) {
      reply(settings, command);
    }
    node.stop();
    logging.close();
  }

  /** The beginning of a reply; empty while nobody listens. */
  private static String reply(NodeSettings settings, String command) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    try (Socket socket = new Socket(loopback, settings.client().port())) {
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      byte[] begin = new byte[64];
      return new String(begin, 0, Math.max(0, in.read(begin)), StandardCharsets.US_ASCII);
    } catch (java.net.ConnectException e) {
      return "";
    }
  }
}
