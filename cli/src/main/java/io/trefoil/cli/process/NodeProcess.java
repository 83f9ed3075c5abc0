package io.trefoil.cli.process;

import io.trefoil.cli.CommandFailed;
import java.io.File;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * One node's process. Who starts it holds the pipe that is the node's input: when that process dies
 * in whatever way, the pipe closes and the node stops cleanly. Thread-safe.
 */
public final class NodeProcess {
  /** What is known of the process. */
  public enum State {
    RUNNING,
    PAUSED,
    DEAD
  }

  /**
   * How a node is started.
   *
   * @param java the program to run
   * @param options of Java
   * @param classPath of the node
   * @param mainClass of the node
   */
  public record Launch(String java, List<String> options, String classPath, String mainClass) {
    public Launch {
      options = List.copyOf(options);
    }

    /**
     * How the nodes of this project are started, as the launcher says in system properties.
     *
     * @param command that needs it, for the error
     * @param more options of Java, before those of the user and after all others: the last counts
     * @throws CommandFailed when it was not the launcher that started this
     */
    public static Launch ofThisProject(String command, String... more) {
      String classPath = System.getProperty("trefoil.node.classpath");
      if (classPath == null) {
        throw new CommandFailed(
            String.format(
                "start it with ./trefoil %s: the launcher says where the node's code is", command));
      }
      List<String> options = words("trefoil.node.options");
      options.addAll(List.of(more));
      options.addAll(words("trefoil.node.options.user"));
      String archive = System.getProperty("trefoil.node.archive");
      if (archive != null) {
        options.add("-XX:SharedArchiveFile=" + archive);
      }
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      return new Launch(java, options, classPath, NODE_MAIN);
    }

    private static List<String> words(String property) {
      List<String> words = new ArrayList<>();
      for (String word : System.getProperty(property, "").split("\\s+")) {
        if (!word.isEmpty()) {
          words.add(word);
        }
      }
      return words;
    }
  }

  private static final String NODE_MAIN = "io.trefoil.node.Main";
  private static final int LOG_BYTES_READ_MAX = 64 * 1024;

  private final String name;
  private final NodePorts ports;
  private final Path directory;
  private final Path config;
  private final Launch launch;
  private Process process;
  private boolean paused;

  /**
   * @param directory of the node's data and logs
   * @param config file that the node reads
   */
  public NodeProcess(String name, NodePorts ports, Path directory, Path config, Launch launch) {
    this.name = name;
    this.ports = ports;
    this.directory = directory;
    this.config = config;
    this.launch = launch;
  }

  public String name() {
    return name;
  }

  public NodePorts ports() {
    return ports;
  }

  /** The file into which the node writes what it does. */
  public Path log() {
    return directory.resolve("logs").resolve("node.log");
  }

  /** What the process printed beside its log, such as a complaint of Java's. */
  private Path console() {
    return directory.resolve("logs").resolve("console.log");
  }

  /** Starts the process; its former one must have ended. */
  public synchronized void start() throws IOException {
    if (state() != State.DEAD) {
      throw new IllegalStateException(name + " runs already");
    }
    Files.createDirectories(console().getParent());
    List<String> command = new ArrayList<>();
    command.add(launch.java());
    command.addAll(launch.options());
    command.addAll(List.of("-cp", launch.classPath(), launch.mainClass()));
    command.addAll(List.of("--config", config.toString(), "--stop-on-stdin-close"));
    File console = console().toFile();
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(console))
            .start();
    paused = false;
  }

  public synchronized State state() {
    if (process == null || !process.isAlive()) {
      return State.DEAD;
    }
    return paused ? State.PAUSED : State.RUNNING;
  }

  /** The process's number; 0 before the first start. */
  public synchronized long pid() {
    return process == null ? 0 : process.pid();
  }

  /** As {@code kill -9}: nothing is saved, nothing is said. */
  public synchronized void kill() {
    if (process != null) {
      process.destroyForcibly();
    }
  }

  /** As {@code kill -STOP}: the process stands still and keeps its connections. */
  public synchronized void pause() throws IOException {
    if (state() == State.RUNNING) {
      Signals.pause(process.pid());
      paused = true;
    }
  }

  /** As {@code kill -CONT}; also for a process that somebody else stopped. */
  public synchronized void resume() throws IOException {
    if (state() != State.DEAD) {
      Signals.send("CONT", process.pid());
      paused = false;
    }
  }

  /** Whether the process that ended last did so cleanly, because it was asked to. */
  public synchronized boolean wasStopped() {
    return state() == State.DEAD
        && process != null
        && (process.exitValue() == 0 || process.exitValue() == 128 + 15);
  }

  /** Asks the process to end, as {@code kill}; a paused one is woken so that it can hear it. */
  public synchronized void askToStop() throws IOException {
    if (state() != State.DEAD) {
      process.destroy();
      resume();
    }
  }

  /** Waits for the end of the process; false when it still runs after that time. */
  public boolean awaitEnd(long millis) throws InterruptedException {
    Process current;
    synchronized (this) {
      current = process;
    }
    return current == null || current.waitFor(Math.max(0, millis), TimeUnit.MILLISECONDS);
  }

  /** The exit code of the process that ended last, in words. */
  public synchronized String endedWith() {
    if (process == null || process.isAlive()) {
      return "";
    }
    int code = process.exitValue();
    return code > 128 ? "killed by signal " + (code - 128) : "exit code " + code;
  }

  /** Whether the process that ended last was killed by kill -9, and so could say nothing. */
  public synchronized boolean wasKilled() {
    return state() == State.DEAD && process != null && process.exitValue() == 128 + 9;
  }

  /** Files with what the node had that left the history, in the order of their names. */
  public List<Path> divergenceFiles() {
    Path folder = directory.resolve("divergence");
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jsonl")).sorted().toList();
    } catch (IOException e) {
      // The folder went away meanwhile.
      return List.of();
    }
  }

  /** The last lines that the node wrote, from its log or, when that is empty, its console. */
  public List<String> lastLines(int count) {
    List<String> lines = tail(log(), count);
    return lines.isEmpty() ? tail(console(), count) : lines;
  }

  private static List<String> tail(Path file, int count) {
    try (SeekableByteChannel channel = Files.newByteChannel(file)) {
      channel.position(Math.max(0, channel.size() - LOG_BYTES_READ_MAX));
      byte[] bytes = Channels.newInputStream(channel).readNBytes(LOG_BYTES_READ_MAX);
      List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
      return lines.subList(Math.max(0, lines.size() - count), lines.size());
    } catch (IOException e) {
      // No log yet: the node died before its first line.
      return List.of();
    }
  }
}
