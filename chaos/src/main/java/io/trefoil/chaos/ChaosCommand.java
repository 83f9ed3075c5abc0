package io.trefoil.chaos;

import io.trefoil.cli.Main;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.control.CommitRule;
import io.trefoil.control.Conflict;
import io.trefoil.control.DatabaseSettings;
import io.trefoil.control.Durability;
import io.trefoil.control.FailoverRule;
import io.trefoil.control.Quorums;
import io.trefoil.control.Reads;
import io.trefoil.control.Regions;
import io.trefoil.control.Replication;
import io.trefoil.control.Topology;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code trefoil chaos}: real nodes under faults, and whether promises were kept. */
@Command(
    name = "chaos",
    description = {
      "Starts nodes on this machine and kills, stops, cuts off and starves them while clients work",
      "and an operator changes the database; then checks what the clients were told, and writes a page with a timeline.",
      "The same seed is the same plan of faults. Needs Linux, and ends all that it starts.",
      "Exit code 1: a promise was broken."
    })
public final class ChaosCommand implements Callable<Integer> {
  private static final int LEADERLESS_REPLICAS = 3;
  private static final int REGIONS_MAX = 5;
  private static final int NODES = 3;
  private static final String STAR = "star:";

  /** As nodes and regions may be called, so that a node can have its region's name in its own. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,32}");

  private static final int NODES_OF_A_REGION = 2;

  @Option(
      names = "--replication",
      paramLabel = "<family>",
      defaultValue = "single-leader",
      description = "single-leader or leaderless (default: single-leader).")
  String replication;

  @Option(
      names = "--commit",
      paramLabel = "<rule>",
      description = "Of single-leader: async, semi-sync, majority or sync (default: majority).")
  String commit;

  @Option(
      names = "--r",
      paramLabel = "<count>",
      description = "Of leaderless: replicas that a read asks (default: a majority).")
  Integer reads;

  @Option(
      names = "--w",
      paramLabel = "<count>",
      description = "Of leaderless: copies of an acknowledged write (default: a majority).")
  Integer writes;

  @Option(
      names = "--regions",
      paramLabel = "<names>",
      split = ",",
      description = {
        "A multi-leader database in these regions, 2 to 5, as in eu,us,asia: each a cluster of its own.",
        "--commit, --nodes and --replicas are then of each; --commit is majority or sync."
      })
  List<String> regions;

  @Option(
      names = "--topology",
      paramLabel = "<kind>",
      description = "Of regions: all-to-all, ring, or star:<hub> (default: all-to-all).")
  String topology;

  @Option(
      names = "--seconds",
      paramLabel = "<seconds>",
      defaultValue = "60",
      description = "How long things go wrong, 10 to 86400 (default: 60).")
  int seconds;

  @Option(
      names = "--nodes",
      paramLabel = "<count>",
      description = "Nodes, 3 or 5 (default: 3); of each region 1 to 3 (default: 2).")
  Integer nodes;

  @Option(
      names = "--replicas",
      paramLabel = "<count>",
      description =
          "Copies of each partition, 2 to the number of nodes (default: all nodes; of leaderless 3);"
              + " in a region 1 will do.")
  Integer replicas;

  @Option(
      names = "--partitions",
      paramLabel = "<count>",
      defaultValue = "3",
      description = "Partitions, 1 to 64 (default: 3).")
  int partitions;

  @Option(
      names = "--durability",
      paramLabel = "<rule>",
      defaultValue = "os",
      description = "os or fsync (default: os).")
  String durability;

  @Option(
      names = "--no-changes",
      description = "Leave the database as it is: no ALTER, MOVE, SWITCHOVER.")
  boolean noChanges;

  @Option(
      names = "--seed",
      paramLabel = "<seed>",
      description = "Of the plan (default: a new one, which is printed).")
  Long seed;

  @Option(
      names = "--dir",
      paramLabel = "<folder>",
      description = "Where data and page are (default: data/chaos in the project).")
  Path directory;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "<port>",
      defaultValue = "6579",
      description = "Client port of the first node (default: 6579).")
  int port;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  ChaosCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  public static void main(String[] arguments) {
    Stdio stdio = Stdio.ofProcess();
    System.exit(Main.execute(stdio, List.of(new ChaosCommand(stdio)), arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Layout layout = layout();
    requireRange("--seconds", seconds, 10, 86_400);
    requireRange("--partitions", partitions, 1, 64);
    requireRange("--port", port, 1_024, NodePorts.CLIENT_MAX);
    if (replicas != null) {
      requireRange("--replicas", replicas, layout.hasRegions() ? 1 : 2, layout.nodesEach());
    }
    Path home = Path.of(System.getProperty("trefoil.home", "."));
    Path folder = directory == null ? home.resolve("data").resolve("chaos") : directory;
    Chaos.Settings settings =
        new Chaos.Settings(
            seed == null ? ThreadLocalRandom.current().nextLong(1, 1_000_000) : seed,
            seconds * 1_000L,
            layout,
            layout.hasRegions() ? database(layout) : database(layout.nodesEach()),
            !noChanges,
            port,
            folder.toAbsolutePath().normalize());
    NodeProcess.Launch launch =
        NodeProcess.Launch.ofThisProject("chaos", "-Xmx256m", "-Dfile.encoding=UTF-8");
    return new Chaos(settings, launch, stdio.out()).run() ? 0 : 1;
  }

  private Layout layout() {
    if (regions == null) {
      int count = nodes == null ? NODES : nodes;
      require(count == 3 || count == 5, "--nodes must be 3 or 5, not " + count);
      require(topology == null, "--topology needs --regions");
      return Layout.ofOneCluster(count);
    }
    int each = nodes == null ? NODES_OF_A_REGION : nodes;
    requireRange("--nodes", each, 1, 3);
    requireRange("--regions", regions.size(), 2, REGIONS_MAX);
    for (String name : regions) {
      require(NAME.matcher(name).matches(), "--regions: '" + name + "' is no name of a region");
    }
    require(Set.copyOf(regions).size() == regions.size(), "--regions: one is given twice");
    return new Layout(regions, each);
  }

  /** The one that regions have: it is defined in the first of them. */
  private DatabaseSettings database(Layout layout) {
    require(
        reads == null && writes == null && replication.equals("single-leader"),
        "--regions are of a multi-leader database: no --replication, --r or --w");
    CommitRule rule = commitRule();
    require(
        rule.equals(CommitRule.MAJORITY) || rule.equals(CommitRule.SYNC),
        "--commit with --regions must be majority or sync, not '" + commit + "'");
    return new DatabaseSettings(
        Replication.MULTI_LEADER,
        replicas == null ? layout.nodesEach() : replicas,
        partitions,
        rule,
        durabilityRule(),
        1_500,
        Reads.SESSION,
        FailoverRule.AVAILABLE,
        null,
        Regions.first(layout.regions().get(0), layout.regions(), topologyRule(), Conflict.LWW));
  }

  private Topology topologyRule() {
    String kind = topology == null ? "all-to-all" : topology;
    if (kind.startsWith(STAR)) {
      String hub = kind.substring(STAR.length());
      require(regions.contains(hub), "--topology: the hub '" + hub + "' is not one of --regions");
      return Topology.star(hub);
    }
    return switch (kind) {
      case "all-to-all" -> Topology.ALL_TO_ALL;
      case "ring" -> Topology.RING;
      default ->
          throw badUsage("--topology must be all-to-all, ring or star:<hub>, not '" + kind + "'");
    };
  }

  private DatabaseSettings database(int nodesOfAll) {
    return switch (replication) {
      case "single-leader" -> {
        require(reads == null && writes == null, "--r and --w need --replication leaderless");
        yield database(
            Replication.SINGLE_LEADER,
            replicas == null ? nodesOfAll : replicas,
            commitRule(),
            null);
      }
      case "leaderless" -> {
        require(commit == null, "--commit needs a leader; with leaderless: --r and --w");
        int copies = replicas == null ? LEADERLESS_REPLICAS : replicas;
        yield database(Replication.LEADERLESS, copies, CommitRule.MAJORITY, quorums(copies));
      }
      default ->
          throw badUsage(
              "--replication must be single-leader or leaderless, not '" + replication + "'");
    };
  }

  private Quorums quorums(int copies) {
    Quorums defaults = Quorums.defaults(copies);
    int r = reads == null ? defaults.reads() : reads;
    int w = writes == null ? defaults.writes() : writes;
    requireRange("--r", r, 1, copies);
    requireRange("--w", w, 1, copies);
    return new Quorums(r, w, defaults.sloppy(), defaults.conflict());
  }

  private DatabaseSettings database(
      Replication family, int copies, CommitRule rule, Quorums quorums) {
    return new DatabaseSettings(
        family,
        copies,
        partitions,
        rule,
        durabilityRule(),
        1_500,
        Reads.LINEARIZABLE,
        FailoverRule.AVAILABLE,
        quorums);
  }

  private CommitRule commitRule() {
    return switch (commit == null ? "majority" : commit) {
      case "async" -> CommitRule.ASYNC;
      case "semi-sync" -> CommitRule.semiSync(1);
      case "majority" -> CommitRule.MAJORITY;
      case "sync" -> CommitRule.SYNC;
      default ->
          throw badUsage(
              "--commit must be async, semi-sync, majority or sync, not '" + commit + "'");
    };
  }

  private Durability durabilityRule() {
    return switch (durability) {
      case "os" -> Durability.OS;
      case "fsync" -> Durability.FSYNC;
      default -> throw badUsage("--durability must be os or fsync, not '" + durability + "'");
    };
  }

  private void requireRange(String option, int value, int min, int max) {
    require(
        value >= min && value <= max,
        option + " must be from " + min + " to " + max + ", not " + value);
  }

  private void require(boolean good, String problem) {
    if (!good) {
      throw badUsage(problem);
    }
  }

  private ParameterException badUsage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
