package io.trefoil.cli.demo;

import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code trefoil demo}: see replication at work, and at its limits. */
@Command(
    name = "demo",
    description = {
      "Starts three nodes on this machine, a small writer, and a live view.",
      "In the view: k kills the leader, r restarts what is dead or paused, p pauses a follower,",
      "c changes the commit rule while the writer writes, s has another node lead, d replays what",
      "left the history, w switches the writer off, q quits.",
      "Without a terminal it prints lines and runs until it is stopped."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);

  @Option(
      names = "--dir",
      paramLabel = "<folder>",
      description = "Where the data is (default: data/demo in the project).")
  Path directory;

  @Option(names = "--fresh", description = "Start without the data of earlier demos.")
  boolean fresh;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "<port>",
      defaultValue = "6379",
      description = "Client port of the first node (default: 6379).")
  int port;

  @Option(
      names = "--rate",
      paramLabel = "<writes>",
      defaultValue = "500",
      description = "Writes a second, 1 to 5000 (default: 500).")
  int rate;

  @Option(
      names = "--value-bytes",
      paramLabel = "<bytes>",
      defaultValue = "100",
      description = "Size of a written value, 1 to 65536 (default: 100).")
  int valueBytes;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  public DemoCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    requireRange("--rate", rate, 1, 5_000);
    requireRange("--value-bytes", valueBytes, 1, 65_536);
    requireRange("--port", port, 1_024, NodePorts.CLIENT_MAX);
    Demo demo =
        new Demo(
            settings(),
            stdio,
            NodeProcess.Launch.ofThisProject("demo", "-Xmx256m", "-Dfile.encoding=UTF-8"));
    for (String signal : List.of("INT", "TERM", "HUP")) {
      org.jline.utils.Signals.register(signal, demo::requestStop);
    }
    return demo.run();
  }

  private void requireRange(String option, int value, int min, int max) {
    if (value < min || value > max) {
      throw new CommandLine.ParameterException(
          spec.commandLine(), option + " must be from " + min + " to " + max + ", not " + value);
    }
  }

  private Demo.Settings settings() {
    Path home = Path.of(System.getProperty("trefoil.home", "."));
    Path folder = directory == null ? home.resolve("data").resolve("demo") : directory;
    String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    return new Demo.Settings(
        folder.toAbsolutePath().normalize(),
        fresh,
        port,
        new Writer.Settings(rate, valueBytes, "demo:" + run + ":"),
        START_LIMIT);
  }
}
