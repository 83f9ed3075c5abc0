package io.trefoil.bench.server;

import io.trefoil.cli.CommandFailed;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Waits for servers. */
final class Await {
  private static final long LOOK_AGAIN_MILLIS = 100;

  /** Looks whether something is so; it is not when that fails. */
  interface Condition {
    boolean holds() throws IOException;
  }

  private Await() {}

  /**
   * Waits until it is so.
   *
   * @param what is waited for, for the error
   * @param servers that have to live meanwhile
   * @throws CommandFailed when it is not so in time, or a server ended
   */
  static void until(int seconds, String what, List<ServerProcess> servers, Condition condition)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!holds(condition)) {
      for (ServerProcess server : servers) {
        if (!server.isAlive()) {
          throw new CommandFailed(server.name() + " ended: " + server.lastWords());
        }
      }
      if (System.nanoTime() - end > 0) {
        throw new CommandFailed(
            "waited " + seconds + " s in vain for " + what + lastWords(servers));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
    }
  }

  private static boolean holds(Condition condition) {
    try {
      return condition.holds();
    } catch (IOException notYet) {
      return false;
    }
  }

  private static String lastWords(List<ServerProcess> servers) {
    StringBuilder words = new StringBuilder();
    servers.forEach(it -> words.append("\n").append(it.name()).append(": ").append(it.lastWords()));
    return words.toString();
  }
}
