package io.trefoil.chaos;

import io.trefoil.cli.CommandFailed;
import java.io.IOException;

/**
 * Makes a running process's writes to files fail, as a full disk does, without a disk of its own:
 * the system limits the size of files that it may write.
 *
 * @see <a href="https://man7.org/linux/man-pages/man1/prlimit.1.html">prlimit(1)</a>
 */
final class FileSizeLimit {
  private FileSizeLimit() {}

  /** No byte of a file is written beyond this position from now on. */
  static void set(long pid, long bytes) throws IOException {
    prlimit(pid, Long.toString(bytes));
  }

  static void lift(long pid) throws IOException {
    prlimit(pid, "unlimited");
  }

  private static void prlimit(long pid, String soft) throws IOException {
    Process prlimit =
        new ProcessBuilder("prlimit", "--pid", Long.toString(pid), "--fsize=" + soft + ":")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      // A process that has just ended has no limits any more.
      if (prlimit.waitFor() != 0 && ProcessHandle.of(pid).isPresent()) {
        throw new CommandFailed(
            "prlimit could not limit the files of process " + pid + "; it is part of util-linux");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while limiting the files of process " + pid, e);
    }
  }
}
