package io.trefoil.node.process;

import io.trefoil.cli.process.Signals;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One real node process on loopback. It ends with this JVM: its standard input is a pipe of ours,
 * and it stops when that closes.
 */
final class NodeProcess {
  private static final int LAST_WORDS = 4_000;

  /** Ports below those that the system hands out to connections, so that a restart finds them. */
  private final String name;

  private final Path folder;
  private final int firstPort;
  private final List<String> flags;
  private Process process;

  /**
   * @param folder of data, settings and output; this node's alone
   * @param flags settings beside name, folder and ports, as {@code --path value}
   */
  NodeProcess(String name, Path folder, List<String> flags) {
    this.name = name;
    this.folder = folder;
    this.flags = new ArrayList<>(flags);
    this.firstPort = FreePorts.four();
  }

  String name() {
    return name;
  }

  Path dataDir() {
    return folder.resolve("data");
  }

  int clientPort() {
    return firstPort;
  }

  int peerPort() {
    return firstPort + 1;
  }

  int controlPort() {
    return firstPort + 2;
  }

  int httpPort() {
    return firstPort + 3;
  }

  /** The settings that the next start has beside those given at first; a later one wins. */
  void addFlags(String... more) {
    flags.addAll(List.of(more));
  }

  /** Starts the process; it serves some time later. */
  NodeProcess start() throws IOException {
    Files.createDirectories(folder);
    Path settings = folder.resolve("node.yaml");
    Files.writeString(settings, settings());
    List<String> command = NodeClasses.command();
    command.addAll(List.of("io.trefoil.node.Main", settings.toString(), "--stop-on-stdin-close"));
    command.addAll(flags);
    ProcessBuilder builder = new ProcessBuilder(command);
    if (Files.exists(preloaded())) {
      builder.environment().put("LD_PRELOAD", preloaded().toString());
    }
    process =
        builder
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output().toFile()))
            .redirectError(ProcessBuilder.Redirect.appendTo(errors().toFile()))
            .start();
    return this;
  }

  /** Where a test puts a library that stands before the C library's, if it does. */
  private Path preloaded() {
    return folder.resolve("preloaded.so");
  }

  private String settings() {
    return String.join(
        "\n",
        "node.name: " + name,
        "data.dir: " + dataDir(),
        "client.port: " + clientPort(),
        "peer.port: " + peerPort(),
        "control.port: " + controlPort(),
        "http.port: " + httpPort(),
        "memory.table: 32mb",
        "memory.block-cache: 8mb",
        "");
  }

  private Path output() {
    return folder.resolve("stdout.txt");
  }

  private Path errors() {
    return folder.resolve("stderr.txt");
  }

  /** All that the node wrote to standard error so far, over all its starts. */
  String standardError() throws IOException {
    return Files.readString(errors());
  }

  boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Waits until the process has ended by itself. */
  int awaitExit() throws InterruptedException {
    if (!process.waitFor(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError(name + " does not end");
    }
    return process.exitValue();
  }

  /** SIGKILL, and waits for the end. */
  void kill() {
    if (process == null) {
      return;
    }
    process.destroyForcibly();
    process.onExit().join();
  }

  /**
   * Asks it to stop as an operator would, and gives the exit code. In order is 143, as the signal
   * has it, or 0: its standard input is closed, too, and it may hear of that first.
   */
  int terminate() throws InterruptedException {
    process.destroy();
    return awaitExit();
  }

  /** SIGSTOP: the process stands still when this returns; its sockets stay open. */
  void pause() {
    try {
      Signals.pause(process.pid());
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** SIGCONT. */
  void resume() {
    try {
      Signals.send("CONT", process.pid());
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  /** A bare connection to the client port, for bytes that no client would send. */
  Socket connect() throws IOException {
    if (!isAlive()) {
      throw new AssertionError(name + " has ended, and said: " + lastWords());
    }
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), clientPort());
    socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(ClusterProcesses.DEADLINE_SECONDS));
    return socket;
  }

  private String lastWords() throws IOException {
    String said = standardError() + Files.readString(output());
    return said.substring(Math.max(0, said.length() - LAST_WORDS));
  }

  /** Sends bytes and gives all that comes back until the node closes the connection. */
  byte[] talkUntilClosed(byte[] sent) throws IOException {
    try (Socket socket = connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(sent);
      out.flush();
      return socket.getInputStream().readAllBytes();
    }
  }
}
