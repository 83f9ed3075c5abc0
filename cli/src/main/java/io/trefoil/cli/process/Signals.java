package io.trefoil.cli.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** Sends signals, for which Java has no call. */
public final class Signals {
  private static final long STANDS_STILL_NANOS = 10_000_000_000L;
  private static final long LOOK_AGAIN_NANOS = 1_000_000L;

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

  /**
   * Makes a process stand still, as {@code kill -STOP} does, and waits until it does: on busy cores
   * its threads run on for some 30 ms after the signal was sent, and may still answer. A thread
   * that waits for a disk stands still only after that.
   *
   * @throws IOException when there is no such process, or it goes on for ten seconds
   */
  public static void pause(long pid) throws IOException {
    send("STOP", pid);
    long deadline = System.nanoTime() + STANDS_STILL_NANOS;
    while (!standsStill(pid)) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("process " + pid + " goes on, though it was told to stop");
      }
      LockSupport.parkNanos(LOOK_AGAIN_NANOS);
    }
  }

  /** Whether each of the process's threads is in the state T of proc(5). */
  private static boolean standsStill(long pid) throws IOException {
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
      for (Path thread : threads) {
        String stat = Files.readString(thread.resolve("stat"));
        if (stat.charAt(stat.lastIndexOf(')') + 2) != 'T') {
          return false;
        }
      }
      return true;
    } catch (NoSuchFileException | DirectoryIteratorException threadEnded) {
      return false;
    }
  }
}
