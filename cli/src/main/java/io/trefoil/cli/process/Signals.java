package io.trefoil.cli.process;

import java.io.IOException;

/** Sends signals, for which Java has no call. */
public final class Signals {
  private Signals() {}

  /**
   * Sends a signal.
   *
   * @param name without SIG, such as {@code STOP}
   * @throws IOException when there is no such process
   */
  public static void send(String name, long pid) throws IOException {
    // The shell's own kill: the program of that name is a package that may be missing.
    Process kill =
        new ProcessBuilder("sh", "-c", "kill -\"$1\" \"$2\"", "kill", name, Long.toString(pid))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      if (kill.waitFor() != 0) {
        throw new IOException("cannot send " + name + " to process " + pid);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while sending " + name + " to process " + pid, e);
    }
  }
}
