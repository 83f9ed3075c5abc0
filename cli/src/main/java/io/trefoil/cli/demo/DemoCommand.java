package io.trefoil.cli.demo;

import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
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
      "With --replication leaderless: two leaderless databases, one with R 2 and W 2 of 3 and one",
      "with R 1 and W 1, each under a writer at one node and a reader at the others. k kills the",
      "writers' node, p pauses another one; the view shows hints, and reads that are stale.",
      "With --regions eu,us: two clusters of two nodes, 80 ms apart, and a multi-leader database",
      "with a writer in each. x cuts the link and heals it, k kills the leader of the first; the",
      "view shows lags and conflicts, and in the end both regions are compared.",
      "Without a terminal it prints lines and runs until it is stopped."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final Pattern REGION = Pattern.compile("[a-z][a-z0-9]{0,15}");
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

  @Option(
      names = "--replication",
      paramLabel = "<algorithm>",
      defaultValue = "single-leader",
      description = "single-leader or leaderless (default: single-leader).")
  String replication;

  @Option(
      names = "--regions",
      paramLabel = "<names>",
      split = ",",
      description = "Two names, as eu,us: a database that spans these regions.")
  List<String> regions = List.of();

  @Option(
      names = "--script",
      paramLabel = "<keys>",
      description = {
        "Presses keys, and waits seconds between, as in '10 k 5 r 10'; then ends.",
        "Prints lines instead of the view."
      })
  String script;

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
      throw wrong(option + " must be from " + min + " to " + max + ", not " + value);
    }
  }

  private Demo.Replication replication() {
    if (!regions.isEmpty()) {
      requireTwoNames();
      return Demo.Replication.MULTI_LEADER;
    }
    return switch (replication) {
      case "single-leader" -> Demo.Replication.SINGLE_LEADER;
      case "leaderless" -> Demo.Replication.LEADERLESS;
      default ->
          throw wrong("--replication must be single-leader or leaderless, not " + replication);
    };
  }

  private void requireTwoNames() {
    if (!replication.equals("single-leader")) {
      throw wrong("--regions is for a multi-leader database: leave --replication out");
    }
    boolean two = regions.size() == 2 && !regions.get(0).equals(regions.get(1));
    if (!two || !regions.stream().allMatch(name -> REGION.matcher(name).matches())) {
      throw wrong(
          "--regions must be two names of small letters and digits, as eu,us, not "
              + String.join(",", regions));
    }
  }

  private List<DemoScript.Step> script() {
    try {
      return script == null ? List.of() : DemoScript.parse(script);
    } catch (IllegalArgumentException e) {
      throw wrong("--script: " + e.getMessage());
    }
  }

  private CommandLine.ParameterException wrong(String what) {
    return new CommandLine.ParameterException(spec.commandLine(), what);
  }

  private Demo.Settings settings() {
    Path home = Path.of(System.getProperty("trefoil.home", "."));
    Path folder = directory == null ? home.resolve("data").resolve("demo") : directory;
    String run = Long.toString(System.currentTimeMillis(), Character.MAX_RADIX);
    return new Demo.Settings(
        folder.toAbsolutePath().normalize(),
        fresh,
        port,
        replication(),
        regions,
        new Writer.Settings(rate, valueBytes, "demo:" + run + ":"),
        script(),
        START_LIMIT);
  }
}
