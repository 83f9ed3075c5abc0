package io.trefoil.node.process;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for nodes of tests, below those that the system gives to connections: a restart finds them.
 */
public final class FreePorts {
  private static final int FIRST_PORT = 11_000;
  private static final int LAST_PORT = 31_000;

  private FreePorts() {}

  /** The first of four consecutive ports that nobody listens on. */
  public static int four() {
    for (int attempt = 0; attempt < 1_000; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
      if (isFree(port) && isFree(port + 1) && isFree(port + 2) && isFree(port + 3)) {
        return port;
      }
    }
    throw new IllegalStateException("no free ports");
  }

  private static boolean isFree(int port) {
    try {
      new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
