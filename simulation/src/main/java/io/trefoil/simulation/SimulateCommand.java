package io.trefoil.simulation;

import io.trefoil.cli.Main;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.TextTable;
import io.trefoil.simulation.cluster.ClusterCoverage;
import io.trefoil.simulation.cluster.ClusterKind;
import io.trefoil.simulation.cluster.ClusterSimulation;
import io.trefoil.simulation.cluster.FaultRate;
import io.trefoil.simulation.cluster.Reduction;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code trefoil simulate}: the replication protocol in worlds where everything goes wrong. */
@Command(
    name = "simulate",
    description = {
      "Runs whole clusters in simulated worlds: network, disks, clocks and processes fail. With",
      "--world tailed somebody tails the database meanwhile, with --world scrubbed replicas are",
      "compared every few seconds, and disks lose what no checksum shows. With",
      "--world regions there are several, linked by a database between them. With",
      "--world protocol only the replication protocol runs, twenty times faster, and rules can be",
      "broken on purpose. A seed decides everything, so that the same seed is the same run.",
      "Exit code 1: a promise broke, or a thousand worlds never met what they should have met."
    })
public final class SimulateCommand implements Callable<Integer> {
  private static final String PROTOCOL = "protocol";
  private static final int TRACE_LINES = 300;
  private static final int EXPLAINED_LINES = 40;
  private static final int MUTANT_SEEDS = 2_000;

  /** So many worlds must have met everything that they should meet. */
  private static final int ENOUGH_SEEDS = 1_000;

  @Option(
      names = "--seeds",
      paramLabel = "<count>",
      defaultValue = "100",
      description = "How many worlds (default: 100).")
  long seeds;

  @Option(
      names = "--seed",
      paramLabel = "<seed>",
      defaultValue = "1",
      description = "The first one's seed (default: 1).")
  long first;

  @Option(
      names = "--world",
      paramLabel = "cluster|tailed|scrubbed|leaderless|regions|protocol",
      description = "What runs (default: cluster; with a mutant: where it is caught).")
  String world;

  @Option(
      names = "--threads",
      paramLabel = "<count>",
      defaultValue = "0",
      description = "Worlds at a time (default: one for each core).")
  int threads;

  @Option(
      names = "--without",
      paramLabel = "<faults>",
      split = ",",
      description = "Faults that never happen to a cluster, as a failure names them.")
  List<String> without = List.of();

  @Option(
      names = "--fault-millis",
      paramLabel = "<ms>",
      description = "How long faults happen to a cluster, at most.")
  Integer faultMillis;

  @Option(names = "--trace", description = "Print what happens, event by event.")
  boolean trace;

  @Option(
      names = "--mutant",
      paramLabel = "<name>",
      description = "Break one rule on purpose; --mutants lists them.")
  String mutant;

  @Option(names = "--explain", description = "With --mutant: show how it is caught, as a dialogue.")
  boolean explain;

  @Option(
      names = "--mutants",
      description = "Break every rule in turn, and say which seed catches it.")
  boolean mutants;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  SimulateCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  public static void main(String[] arguments) {
    System.exit(execute(Stdio.ofProcess(), arguments));
  }

  /** Runs one command line and returns its exit code. */
  static int execute(Stdio stdio, String... arguments) {
    return Main.execute(stdio, List.of(new SimulateCommand(stdio)), arguments);
  }

  @Override
  public Integer call() {
    if (seeds < 1) {
      throw badUsage("--seeds: at least 1");
    }
    if (threads < 0) {
      throw badUsage("--threads: at least 1, or 0 for one for each core");
    }
    if (explain && mutant == null) {
      throw badUsage("--explain needs --mutant");
    }
    if (mutants) {
      return catchAll() ? 0 : 1;
    }
    if (world != null && kindOf(world) == null && !world.equals(PROTOCOL)) {
      throw badUsage(
          "--world is cluster, tailed, scrubbed, leaderless, regions or protocol, not " + world);
    }
    Mutant broken = mutant == null ? Mutant.NONE : named(mutant);
    if (broken != Mutant.NONE && world != null && !world.equals(worldOf(broken))) {
      throw badUsage("--mutant " + mutant + " is not one of --world " + world);
    }
    String runs = broken == Mutant.NONE ? world : worldOf(broken);
    ClusterKind kind = runs == null ? ClusterKind.LED : kindOf(runs);
    if (kind == null && (!without.isEmpty() || faultMillis != null)) {
      throw badUsage("--without and --fault-millis go with --world cluster");
    }
    if (faultMillis != null && faultMillis < 1) {
      throw badUsage("--fault-millis: at least 1");
    }
    if (explain) {
      return explain(broken);
    }
    return kind == null ? runProtocol(broken) : runClusters(broken, kind);
  }

  /** Of whole clusters; null of a world of the protocol alone. */
  private static ClusterKind kindOf(String named) {
    return Arrays.stream(ClusterKind.values())
        .filter(each -> each.label().equals(named))
        .findFirst()
        .orElse(null);
  }

  /** As {@code --world} names it. */
  private static String worldOf(Mutant broken) {
    ClusterKind kind = broken.world().kind();
    return kind == null ? PROTOCOL : kind.label();
  }

  private int runClusters(Mutant broken, ClusterKind kind) {
    ClusterCoverage coverage = new ClusterCoverage(kind);
    Reduction reduction = reduction();
    return run(
        broken,
        reduction,
        kind,
        seed -> {
          ClusterSimulation simulation =
              new ClusterSimulation(seed, broken, reduction, traceLines(), kind);
          ClusterCoverage met = simulation.run();
          synchronized (coverage) {
            coverage.add(met);
          }
          print(simulation.trace());
          return simulation.simulatedMillis();
        },
        coverage::summary,
        () -> coverage.missing().isEmpty());
  }

  private int runProtocol(Mutant broken) {
    Coverage coverage = new Coverage();
    return run(
        broken,
        null,
        null,
        seed -> {
          Simulation simulation = new Simulation(seed, broken, traceLines());
          Coverage met = simulation.run();
          synchronized (coverage) {
            coverage.add(met);
          }
          if (trace) {
            stdio.out().println(simulation.shape());
          }
          print(simulation.trace());
          return simulation.simulatedMillis();
        },
        coverage::summary,
        () -> coverage.missing().isEmpty());
  }

  private int traceLines() {
    return trace ? Integer.MAX_VALUE : TRACE_LINES;
  }

  private void print(List<String> lines) {
    if (trace) {
      lines.forEach(stdio.out()::println);
    }
  }

  /** One world; gives how many milliseconds passed in it. */
  private interface One {
    long run(long seed);
  }

  /**
   * @param reduction of a cluster; null for the protocol
   * @param kind of it; null for the protocol
   */
  private int run(
      Mutant broken,
      Reduction reduction,
      ClusterKind kind,
      One one,
      Supplier<String> summary,
      BooleanSupplier metAll) {
    PrintStream out = stdio.out();
    long startedNanos = System.nanoTime();
    AtomicLong simulatedMillis = new AtomicLong();
    Optional<Seeds.Failed> failed =
        Seeds.run(
            first, seeds, trace ? 1 : threads(), seed -> simulatedMillis.addAndGet(one.run(seed)));
    if (failed.isPresent()) {
      out.println(failed.get().failure().getMessage());
      out.println(
          "again with: ./trefoil simulate "
              + (kind == ClusterKind.LED
                  ? ""
                  : "--world " + (kind == null ? PROTOCOL : kind.label()) + " ")
              + "--seeds 1 --trace --seed "
              + failed.get().seed()
              + with(broken)
              + (reduction == null ? "" : reduction));
      if (Reduction.NONE.equals(reduction)) {
        Reduction least = Reduction.find(failed.get().seed(), broken, kind);
        out.println("fails also with" + (least.equals(reduction) ? " nothing less" : least));
      }
      return 1;
    }
    printTimes(simulatedMillis.get(), startedNanos);
    out.println(summary.get());
    return seeds < ENOUGH_SEEDS || metAll.getAsBoolean() ? 0 : 1;
  }

  private int threads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  private void printTimes(long simulatedMillis, long startedNanos) {
    long millis = Math.max(1, (System.nanoTime() - startedNanos) / 1_000_000);
    stdio
        .out()
        .printf(
            "seeds        %d from %d, no promise broken; %.1f simulated hours in %.1f s%n",
            seeds, first, simulatedMillis / 3_600_000.0, millis / 1_000.0);
  }

  private static List<Mutant> all() {
    return Arrays.stream(Mutant.values()).filter(it -> it != Mutant.NONE).toList();
  }

  private Reduction reduction() {
    Set<FaultRate> faults = EnumSet.noneOf(FaultRate.class);
    without.forEach(label -> faults.add(fault(label)));
    return new Reduction(faults, faultMillis == null ? Integer.MAX_VALUE : faultMillis);
  }

  private FaultRate fault(String label) {
    return Arrays.stream(FaultRate.values())
        .filter(it -> it.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                badUsage(
                    "--without: no fault is called "
                        + label
                        + ". There are: "
                        + Arrays.stream(FaultRate.values())
                            .map(FaultRate::label)
                            .collect(Collectors.joining(", "))));
  }

  private ParameterException badUsage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }

  private Mutant named(String name) {
    return all().stream()
        .filter(it -> it.label().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                badUsage(
                    "no mutant is called "
                        + name
                        + ". There are: "
                        + all().stream().map(Mutant::label).collect(Collectors.joining(", "))));
  }

  private static String with(Mutant broken) {
    return broken == Mutant.NONE ? "" : " --mutant " + broken.label();
  }

  private Optional<Seeds.Failed> firstCatch(Mutant broken, int traceLines) {
    return Seeds.run(
        first,
        MUTANT_SEEDS,
        threads(),
        seed -> {
          ClusterKind kind = broken.world().kind();
          if (kind != null) {
            new ClusterSimulation(seed, broken, Reduction.NONE, traceLines, kind).run();
          } else {
            new Simulation(seed, broken, traceLines).run();
          }
        });
  }

  private int explain(Mutant broken) {
    PrintStream out = stdio.out();
    out.println("The rule       " + broken.rule());
    out.println("Without it     a user may lose " + broken.costs());
    Optional<Seeds.Failed> caught = firstCatch(broken, EXPLAINED_LINES);
    if (caught.isEmpty()) {
      out.println("No seed from " + first + " on showed it in " + MUTANT_SEEDS + " worlds");
      return 1;
    }
    out.println("How it shows   the end of the run of seed " + caught.get().seed() + ":");
    out.println();
    out.println(caught.get().failure().getMessage());
    return 0;
  }

  private boolean catchAll() {
    boolean good = true;
    TextTable table =
        new TextTable(
            Integer.MAX_VALUE, "MUTANT", "SEED", "RULE THAT IS BROKEN", "A USER MAY LOSE");
    for (Mutant broken : all()) {
      boolean byTrace = broken.world() == Mutant.World.TRACE;
      Optional<Seeds.Failed> caught = byTrace ? Optional.empty() : firstCatch(broken, 1);
      good &= byTrace || caught.isPresent();
      String by = caught.map(it -> Long.toString(it.seed())).orElse("NOT CAUGHT");
      table.row(broken.label(), byTrace ? "a trace" : by, broken.rule(), broken.costs());
    }
    table.lines().forEach(stdio.out()::println);
    return good;
  }
}
