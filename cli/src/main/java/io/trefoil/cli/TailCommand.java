package io.trefoil.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jline.utils.Signals;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code trefoil tail}: what a database commits, as JSON lines, from all its partitions. */
@Command(
    name = "tail",
    description = {
      "Prints what a database commits, a JSON line for each change, in order in each partition.",
      "With a position file it goes on, when started again, where it was: each change comes at",
      "least once. It goes on over failovers, at other nodes of the cluster, too."
    })
final class TailCommand implements Callable<Integer> {
  private static final List<String> SIGNALS = List.of("INT", "TERM", "HUP");

  @Mixin ServerOptions server;

  @Option(
      names = "--from",
      paramLabel = "<where>",
      description = {
        "START: from the oldest entry that the journal still has (default with --no-follow).",
        "END: what is committed from now on (default).",
        "Or positions of partitions, as 0=4:1021,3=7:2; those that are not named begin at START."
      })
  String from;

  @Option(
      names = "--partition",
      paramLabel = "<p>",
      split = ",",
      description = "Of these partitions only (default: all).")
  List<Integer> partitions = List.of();

  @Option(
      names = "--follow",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Go on for ever (default), or stop when what is committed by now is printed.")
  boolean follow;

  @Option(
      names = "--position-file",
      paramLabel = "<file>",
      description = {
        "Note there up to where lines were printed. When it is there already, go on from there,",
        "whatever --from says."
      })
  Path file;

  @Option(
      names = "--on-divergence",
      paramLabel = "<what>",
      defaultValue = "stop",
      description = {
        "When what was printed has left the history, as an async database's may at a failover:",
        "stop (default), or continue from where the histories parted. It is said either way."
      })
  String onDivergence;

  @Parameters(paramLabel = "<database>", description = "Number or name of the database.")
  String database;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  TailCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!List.of("stop", "continue").contains(onDivergence)) {
      throw wrong("--on-divergence is followed by stop or continue, not '" + onDivergence + "'");
    }
    TailPositions given = given();
    try (NodesInTurn nodes = new NodesInTurn(server, stdio.environment())) {
      ClusterStatus.Database found = find(nodes.status());
      String name = found.name().isEmpty() ? Integer.toString(found.number()) : found.name();
      boolean goesOn = file != null && Files.exists(file);
      TailPositions positions = goesOn ? TailPositions.read(file, name) : given.of(name);
      tail(new Tail(settings(found, name), nodes, positions, stdio));
      return 0;
    } finally {
      stdio.out().flush();
    }
  }

  private void tail(Tail tail) throws InterruptedException {
    List<Object> before = new ArrayList<>();
    SIGNALS.forEach(signal -> before.add(Signals.register(signal, tail::stop)));
    try {
      tail.run();
    } finally {
      for (int i = 0; i < SIGNALS.size(); i++) {
        Signals.unregister(SIGNALS.get(i), before.get(i));
      }
    }
  }

  /** The positions that --from gives; none when it gives a word. */
  private TailPositions given() {
    TailPositions given = new TailPositions("");
    if (from == null || from.equalsIgnoreCase("START") || from.equalsIgnoreCase("END")) {
      return given;
    }
    for (String each : from.split(",")) {
      String[] parts = each.split("=");
      boolean good =
          parts.length == 2 && parts[0].matches("\\d{1,9}") && TailPositions.isPosition(parts[1]);
      if (!good) {
        throw wrong(
            "--from is followed by START, END, or positions such as 0=4:1021,3=7:2, not '"
                + from
                + "'");
      }
      given.reached(Integer.parseInt(parts[0]), parts[1]);
    }
    return given;
  }

  private ClusterStatus.Database find(ClusterStatus status) {
    return status.databases().stream()
        .filter(
            each ->
                each.name().equals(database) || Integer.toString(each.number()).equals(database))
        .findFirst()
        .orElseThrow(() -> new CommandFailed("there is no database '" + database + "'"));
  }

  private Tail.Settings settings(ClusterStatus.Database found, String name) {
    for (int partition : partitions) {
      if (partition < 0 || partition >= found.partitions()) {
        throw wrong("--partition: '" + name + "' has partitions 0 to " + (found.partitions() - 1));
      }
    }
    boolean fromEnd = from == null ? follow : from.equalsIgnoreCase("END");
    return new Tail.Settings(
        name,
        partitions.isEmpty() ? IntStream.range(0, found.partitions()).boxed().toList() : partitions,
        fromEnd ? "END" : "START",
        follow,
        onDivergence.equals("continue"),
        file);
  }

  private ParameterException wrong(String what) {
    return new ParameterException(spec.commandLine(), "tail: " + what);
  }
}
