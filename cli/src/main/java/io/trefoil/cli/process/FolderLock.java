package io.trefoil.cli.process;

import io.trefoil.cli.CommandFailed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One run a data folder, of a demo or the like. The operating system holds the lock and drops it
 * when the run dies, so a leftover file locks nobody out. A second file says who holds it, and
 * which nodes it started: it can't be the locked one, since a process that opens a locked file
 * again and closes it drops its own lock (POSIX, fcntl).
 */
public final class FolderLock implements Closeable {
  private static final long LEFTOVER_STOP_MILLIS = 3_000;

  /** The system tells the start in seconds since its own, whose time moves with the clock. */
  private static final long SAME_START_MILLIS = 2_000;

  private final Path running;
  private final FileChannel lock;

  private FolderLock(Path running, FileChannel lock) {
    this.running = running;
    this.lock = lock;
  }

  /**
   * Takes the lock of a data folder.
   *
   * @param what runs there: {@code demo}, as in the names of its files and in what is said of it
   * @throws CommandFailed when one runs there, saying how to stop it
   */
  public static FolderLock take(Path directory, String what) throws IOException {
    Files.createDirectories(directory);
    Path running = directory.resolve(what + ".running");
    FileChannel lock =
        FileChannel.open(
            directory.resolve(what + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!tryLock(lock)) {
      lock.close();
      throw new CommandFailed(refusal(what, read(running)));
    }
    return new FolderLock(running, lock);
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // Held by another run of this very process.
      return false;
    }
  }

  private static String refusal(String what, List<String> said) {
    String pid = value(said, "pid").findFirst().orElse("unknown");
    String ports = value(said, "ports").findFirst().orElse("unknown");
    return String.format(
        "a %s runs already (pid %s, ports %s); stop it with: kill %s%n"
            + "or run a second one beside it with --dir <another folder>",
        what, pid, ports, pid);
  }

  /** Writes into the file who holds the lock. */
  public void describe(List<NodeProcess> nodes) throws IOException {
    String ports =
        nodes.stream()
            .map(node -> Integer.toString(node.ports().client()))
            .collect(Collectors.joining(" "));
    StringBuilder text = new StringBuilder();
    text.append("pid ").append(ProcessHandle.current().pid()).append('\n');
    text.append("ports ").append(ports).append('\n');
    for (NodeProcess node : nodes) {
      text.append("node ").append(node.pid());
      ProcessHandle.of(node.pid()).ifPresent(it -> text.append(' ').append(startMillis(it)));
      text.append('\n');
    }
    Files.writeString(running, text);
  }

  private static List<String> read(Path running) throws IOException {
    return Files.exists(running) ? Files.readAllLines(running) : List.of();
  }

  /**
   * Ends nodes that a killed run left: those that were paused could not hear that it died. A
   * process counts as such a node when the file names it with the time at which it was started. Its
   * command line would not do: the system shows the first 4 KiB of it, and class paths are longer.
   *
   * @return the process numbers of the nodes that were ended
   */
  public List<Long> endLeftovers() throws IOException {
    List<ProcessHandle> leftovers = new ArrayList<>();
    for (String node : value(read(running), "node").toList()) {
      String[] pidAndStart = node.split(" ");
      if (pidAndStart.length == 2) {
        long started = Long.parseLong(pidAndStart[1]);
        ProcessHandle.of(Long.parseLong(pidAndStart[0]))
            .filter(it -> started > 0 && Math.abs(startMillis(it) - started) < SAME_START_MILLIS)
            .ifPresent(leftovers::add);
      }
    }
    for (ProcessHandle node : leftovers) {
      Signals.send("CONT", node.pid());
      node.destroy();
    }
    CompletableFuture.allOf(
            leftovers.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new))
        .completeOnTimeout(null, LEFTOVER_STOP_MILLIS, TimeUnit.MILLISECONDS)
        .join();
    leftovers.forEach(ProcessHandle::destroyForcibly);
    return leftovers.stream().map(ProcessHandle::pid).toList();
  }

  /** When a process was started; 0 when the system does not tell. */
  private static long startMillis(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static Stream<String> value(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1));
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
