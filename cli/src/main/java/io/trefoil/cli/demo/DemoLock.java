package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One demo a data folder. The operating system holds the lock and drops it when the demo dies, so a
 * leftover file locks nobody out; the file's text says who holds it, and which nodes it started.
 */
final class DemoLock implements Closeable {
  private static final long LEFTOVER_STOP_MILLIS = 3_000;

  private final Path file;
  private final FileChannel channel;

  private DemoLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a data folder.
   *
   * @throws CommandFailed when a demo runs there, saying how to stop it
   */
  static DemoLock take(Path directory) throws IOException {
    Files.createDirectories(directory);
    Path file = directory.resolve("demo.lock");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    if (!tryLock(channel)) {
      channel.close();
      throw new CommandFailed(refusal(Files.readAllLines(file)));
    }
    return new DemoLock(file, channel);
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // Held by another demo of this very process.
      return false;
    }
  }

  private static String refusal(List<String> said) {
    String pid = value(said, "pid").findFirst().orElse("unknown");
    String ports = value(said, "ports").findFirst().orElse("unknown");
    return String.format(
        "a demo runs already (pid %s, ports %s); stop it with: kill %s%n"
            + "or run a second one beside it with --dir <another folder>",
        pid, ports, pid);
  }

  /** Writes into the file who holds the lock. */
  void describe(List<DemoNode> nodes) throws IOException {
    String ports =
        nodes.stream()
            .map(node -> Integer.toString(node.ports().client()))
            .collect(Collectors.joining(" "));
    StringBuilder text = new StringBuilder();
    text.append("pid ").append(ProcessHandle.current().pid()).append('\n');
    text.append("ports ").append(ports).append('\n');
    nodes.forEach(node -> text.append("node ").append(node.pid()).append('\n'));
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    channel.truncate(0);
    channel.position(0);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /**
   * Ends nodes that a killed demo left: those that were paused could not hear that it died. A
   * process counts as such a node when the file names it and its command names this folder.
   *
   * @return the process numbers of the nodes that were ended
   */
  List<Long> endLeftovers() throws IOException, InterruptedException {
    List<ProcessHandle> leftovers = new ArrayList<>();
    for (String pid : value(Files.readAllLines(file), "node").toList()) {
      ProcessHandle.of(Long.parseLong(pid))
          .filter(this::isNodeOfThisFolder)
          .ifPresent(leftovers::add);
    }
    for (ProcessHandle node : leftovers) {
      Signals.send("CONT", node.pid());
      node.destroy();
    }
    long deadline = System.nanoTime() + LEFTOVER_STOP_MILLIS * 1_000_000;
    for (ProcessHandle node : leftovers) {
      while (node.isAlive() && System.nanoTime() < deadline) {
        Thread.sleep(20);
      }
      node.destroyForcibly();
    }
    return leftovers.stream().map(ProcessHandle::pid).toList();
  }

  private boolean isNodeOfThisFolder(ProcessHandle process) {
    // The process number may since have gone to somebody else.
    String folder = file.toAbsolutePath().getParent().toString();
    return process
        .info()
        .arguments()
        .map(arguments -> List.of(arguments).stream().anyMatch(word -> word.startsWith(folder)))
        .orElse(false);
  }

  private static Stream<String> value(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
