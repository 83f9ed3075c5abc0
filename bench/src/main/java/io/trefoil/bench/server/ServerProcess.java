package io.trefoil.bench.server;

import io.trefoil.cli.CommandFailed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/** A process of a peer. What it prints goes into a file beside its data. */
final class ServerProcess {
  private static final long STOP_SECONDS = 10;
  private static final int LINES_SHOWN = 5;

  private final String name;
  private final Path out;
  private final Process process;

  private ServerProcess(String name, Path out, Process process) {
    this.name = name;
    this.out = out;
    this.process = process;
  }

  /**
   * Starts it in a folder of its name. It ends with the workspace, if not earlier.
   *
   * @param installation how to get the program, for the error
   * @throws CommandFailed when there is no such program
   */
  static ServerProcess start(
      String name, Workspace workspace, String installation, List<String> command)
      throws IOException {
    Path folder = Files.createDirectories(workspace.folder().resolve(name));
    Path out = folder.resolve("out");
    AtomicReference<Process> started = new AtomicReference<>();
    workspace.start(
        () -> started.set(begin(folder, out, installation, command)), () -> stop(started.get()));
    return new ServerProcess(name, out, started.get());
  }

  private static Process begin(Path folder, Path out, String installation, List<String> command) {
    try {
      return new ProcessBuilder(command)
          .directory(folder.toFile())
          .redirectErrorStream(true)
          .redirectOutput(out.toFile())
          .start();
    } catch (IOException e) {
      throw new CommandFailed(
          "cannot start " + command.get(0) + " (" + installation + "): " + e.getMessage());
    }
  }

  /** Asks it to end, and kills it when that takes long. */
  private static void stop(Process process) {
    if (process == null) {
      return;
    }
    try {
      process.destroy();
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The first line that a program prints about its version.
   *
   * @throws CommandFailed when there is no such program
   */
  static String version(Workspace workspace, String installation, String program)
      throws IOException, InterruptedException {
    ServerProcess asked =
        start(program + "-version", workspace, installation, List.of(program, "--version"));
    asked.awaitEnd(STOP_SECONDS);
    return asked.output().lines().findFirst().orElse("");
  }

  String name() {
    return name;
  }

  boolean isAlive() {
    return process.isAlive();
  }

  ProcessHandle handle() {
    return process.toHandle();
  }

  /** All that it has printed. */
  String output() throws IOException {
    return new String(Files.readAllBytes(out), StandardCharsets.UTF_8);
  }

  /** The first that it has printed. */
  String firstWords() throws IOException {
    return output().lines().limit(LINES_SHOWN).collect(Collectors.joining("\n"));
  }

  /** The last that it has printed. */
  String lastWords() {
    try {
      List<String> lines = output().lines().toList();
      int from = Math.max(0, lines.size() - LINES_SHOWN);
      return String.join("\n", lines.subList(from, lines.size()));
    } catch (IOException e) {
      return "its output is not readable: " + e.getMessage();
    }
  }

  /** Waits for its end; false when it still runs after that time. */
  boolean awaitEnd(long seconds) throws InterruptedException {
    return process.waitFor(seconds, TimeUnit.SECONDS);
  }
}
