package io.trefoil.bench.server;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.process.LocalPorts;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where servers have their data and which ports, and what runs there: all of it ends with this,
 * also what was only just being started. Thread-safe.
 */
public final class Workspace implements Closeable {
  private final Path home;
  private final Path folder;
  private final int port;
  private final Deque<Runnable> endings = new ArrayDeque<>();
  private boolean isClosed;

  /**
   * Makes a folder for it.
   *
   * @param parent of the folder
   * @param home of the project
   * @param port the first one; peers have those from 50 on above it
   */
  public Workspace(Path parent, Path home, int port) throws IOException {
    if (!Files.isDirectory(parent)) {
      throw new CommandFailed("no folder: " + parent);
    }
    this.home = home;
    this.port = port;
    folder = Files.createTempDirectory(parent.toAbsolutePath(), "trefoil-bench");
  }

  Path home() {
    return home;
  }

  /** Removed at the end, with all that is in it. */
  Path folder() {
    return folder;
  }

  int port() {
    return port;
  }

  /**
   * A port that is so far above the first one.
   *
   * @throws CommandFailed when somebody has it
   */
  int freePort(int offset) {
    Optional<String> holder = new LocalPorts().holder(port + offset);
    if (holder.isPresent()) {
      throw new CommandFailed(
          "port " + (port + offset) + " is taken by " + holder.get() + "; --port takes others");
    }
    return port + offset;
  }

  /** Starts something, which is ended with this in whatever way. */
  synchronized void start(Start start, Runnable ending) throws IOException {
    if (isClosed) {
      throw new CommandFailed("the benchmark ends");
    }
    endings.push(ending);
    start.run();
  }

  /** Begins to run. */
  interface Start {
    void run() throws IOException;
  }

  /** Ends all that was started, and removes the folder. */
  @Override
  public synchronized void close() throws IOException {
    if (isClosed) {
      return;
    }
    isClosed = true;
    endings.forEach(Runnable::run);
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
