package io.trefoil.bench;

import io.trefoil.bench.load.Etcd;
import io.trefoil.bench.server.Deployment;
import io.trefoil.bench.server.Deployment.Algorithm;
import io.trefoil.bench.server.Workspace;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Main;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code trefoil bench}: reads its options and runs a {@link Bench}. */
@Command(
    name = "bench",
    sortOptions = false,
    usageHelpWidth = 100,
    description = {
      "Measures Trefoil, alone or beside a peer, on this machine: starts both with the same promise,",
      "writes every key once, warms both up, and measures them in turn, A B A B, with one client.",
      "Prints medians, and what Trefoil is of the peer in each pair: the median and its span.",
      "Nothing else should run meanwhile: client and servers share the cores, and 'cores' says who had them.",
      "Servers and their data are gone at the end. With --inner: the loops inside a node (JMH).",
      ""
    })
public final class BenchCommand implements Callable<Integer> {
  private static final String HOME = "trefoil.home";

  @Option(
      names = "--versus",
      paramLabel = "<peers>",
      split = ",",
      defaultValue = "none",
      description = {
        "redis, etcd, cassandra or none (default: none). Several with commas.",
        "single-leader: beside another, such a database with COMMIT MAJORITY on the same nodes."
      })
  List<String> versus;

  @Option(
      names = "--at",
      paramLabel = "<host:port>",
      split = ",",
      description = {
        "Measures servers that run already and speak the Redis protocol; nothing is started.",
        "Writes keys key:000000000000 and on there."
      })
  List<String> at;

  @Option(
      names = "--database",
      paramLabel = "<number>",
      description = "With --at: the database, by number or name (default: 0).")
  String database;

  @Option(
      names = "--algorithm",
      paramLabel = "<name>",
      description = {
        "single-leader, multi-leader (two regions of one node, no delay between them) or leaderless",
        "(default: single-leader; beside Cassandra or a single-leader database: leaderless)."
      })
  String algorithm;

  @Option(
      names = "--nodes",
      paramLabel = "<count>",
      description = "1 or 3 (default: 1; leaderless, or beside etcd or Cassandra: 3).")
  Integer nodes;

  @Option(
      names = "--replicas",
      paramLabel = "<count>",
      description = "Copies of each partition (default: one on each node).")
  Integer replicas;

  @Option(
      names = "--partitions",
      paramLabel = "<count>",
      defaultValue = "1",
      description = "1 to 256 (default: 1).")
  int partitions;

  @Option(
      names = "--commit",
      paramLabel = "<rule>",
      description = "async, semi-sync, majority or sync (default: majority).")
  String commit;

  @Option(
      names = "--durability",
      paramLabel = "<rule>",
      description = "os or fsync (default: os; beside etcd, which always syncs, fsync).")
  String durability;

  @Option(
      names = "--r",
      paramLabel = "<count>",
      description = "Of leaderless: replicas that a read asks (default: a majority).")
  Integer reading;

  @Option(
      names = "--w",
      paramLabel = "<count>",
      description = "Of leaderless: copies of an acknowledged write (default: a majority).")
  Integer writing;

  @Option(
      names = "--etcd-reads",
      paramLabel = "<kind>",
      defaultValue = "linearizable",
      description = "linearizable or serializable (default: linearizable).")
  String etcdReads;

  @Option(
      names = "--node-options",
      paramLabel = "<options>",
      defaultValue = "",
      description = {
        "Of Trefoil's nodes, as './trefoil node --help' has them: \"--memory.table 64mb\" for data",
        "that is larger than memory. Java's flags: TREFOIL_NODE_OPTS."
      })
  String nodeOptions;

  @Option(
      names = "--connect",
      paramLabel = "<where>",
      description = {
        "one: all connections to the node that leads. all: to all nodes in turn, which forward what others lead",
        "(default: one; all where none leads, or several partitions have leaders of their own)."
      })
  String connect;

  @Option(
      names = "--connections",
      paramLabel = "<count>",
      defaultValue = "50",
      description = "1 to 10000 (default: 50).")
  int connections;

  @Option(
      names = "--pipeline",
      paramLabel = "<counts>",
      defaultValue = "1 16",
      description = "Requests in flight on a connection; each is measured (default: \"1 16\").")
  String pipeline;

  @Option(
      names = "--reads",
      paramLabel = "<shares>",
      defaultValue = "0 1",
      description = "Share of reads, 0 to 1; each is measured (default: \"0 1\").")
  String reads;

  @Option(
      names = "--keys",
      paramLabel = "<count>",
      defaultValue = "1000000",
      description = "How many there are (default: 1000000).")
  long keys;

  @Option(
      names = "--value",
      paramLabel = "<bytes>",
      defaultValue = "64",
      description = "Size of values, or from-to (default: 64).")
  String value;

  @Option(
      names = "--distribution",
      paramLabel = "<name>",
      defaultValue = "uniform",
      description = "Of requests over keys: uniform, zipf or zipf:<theta> (default: uniform).")
  String distribution;

  @Option(
      names = "--rate",
      paramLabel = "<rate>",
      defaultValue = "max",
      description = {
        "Requests a second that are due by the clock, whether replies came or not: their time counts from then.",
        "50%% is half of the slower side's peak, measured first. max: a connection asks again once it may (default)."
      })
  String rate;

  @Option(
      names = "--gaps",
      paramLabel = "<kind>",
      defaultValue = "equal",
      description = "Of --rate: equal, or exponential as of many clients (default: equal).")
  String gaps;

  @Option(
      names = "--warm-up",
      paramLabel = "<seconds>",
      defaultValue = "10",
      description = "For each share of reads, before all (default: 10).")
  int warmUp;

  @Option(
      names = "--seconds",
      paramLabel = "<seconds>",
      defaultValue = "10",
      description = "Length of one measurement, 1 to 3600 (default: 10).")
  int seconds;

  @Option(
      names = "--pairs",
      paramLabel = "<count>",
      defaultValue = "5",
      description = "How often each side is measured, 1 to 100 (default: 5).")
  int pairs;

  @Option(
      names = "--threads",
      paramLabel = "<count>",
      defaultValue = "1",
      description = "Of the client, 1 to 64 (default: 1).")
  int threads;

  @Option(
      names = "--series",
      paramLabel = "<file>",
      description = "Writes what each second was like, as CSV.")
  Path series;

  @Option(names = "--json", description = "Prints every measurement as one JSON object.")
  boolean isJson;

  @Option(
      names = "--dir",
      paramLabel = "<folder>",
      description =
          "Data is in a folder of its own there (default: the system's for temporary files).")
  Path directory;

  @Option(
      names = {"-p", "--port"},
      paramLabel = "<port>",
      defaultValue = "7800",
      description =
          "Client port of the first node; peers have ports from 50 above it on (default: 7800).")
  int port;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  BenchCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  public static void main(String[] arguments) {
    Stdio stdio = Stdio.ofProcess();
    System.exit(Main.execute(stdio, List.of(new BenchCommand(stdio)), arguments));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Settings settings = settings();
    Path home = Path.of(System.getProperty(HOME, "."));
    Workspace workspace = new Workspace(settings.folder(), home, settings.port());
    Thread ending = new Thread(() -> close(workspace));
    Runtime.getRuntime().addShutdownHook(ending);
    try (workspace;
        SeriesFile file = series == null ? null : new SeriesFile(series)) {
      Report report =
          isJson ? new JsonReport(settings, stdio.out()) : new TextReport(settings, stdio.out());
      new Bench(settings, workspace, BenchCommand::launch, file, this::say).run(report);
      report.end();
      return CommandLine.ExitCode.OK;
    } catch (IOException | CommandFailed e) {
      if (ending.getState() != Thread.State.NEW) {
        // A signal ended the servers: they answer no more.
        return CommandLine.ExitCode.SOFTWARE;
      }
      throw new CommandFailed(e.getMessage() == null ? e.toString() : e.getMessage());
    } finally {
      endsByItself(ending);
    }
  }

  private static NodeProcess.Launch launch() {
    return NodeProcess.Launch.ofThisProject("bench", "-Dfile.encoding=UTF-8");
  }

  private void close(Workspace workspace) {
    try {
      workspace.close();
    } catch (IOException e) {
      stdio.err().println("trefoil: data was not removed: " + e.getMessage());
    }
  }

  private static void endsByItself(Thread ending) {
    try {
      Runtime.getRuntime().removeShutdownHook(ending);
    } catch (IllegalStateException alreadyEnding) {
      // A signal ends the process, and that thread all that runs.
    }
  }

  private void say(String line) {
    stdio.err().println("bench: " + line);
  }

  // --- options

  Settings settings() {
    Options options = new Options(this::badUsage);
    List<Settings.Peer> peers = options.peers(versus);
    if (at != null) {
      requireNothingToStart(peers);
    }
    require(database == null || at != null, "--database needs --at");
    options.requireRange("--connections", connections, 1, 10_000);
    options.requireRange("--keys", keys, 1, 1_000_000_000);
    options.requireRange("--warm-up", warmUp, 0, 3_600);
    options.requireRange("--seconds", seconds, 1, 3_600);
    options.requireRange("--pairs", pairs, 1, 100);
    options.requireRange("--threads", threads, 1, Math.min(64, connections));
    options.requireRange("--port", port, 1_024, Options.PORT_MAX);
    Settings settings =
        new Settings(
            deployment(options, peers),
            peers,
            options.addresses(at),
            database == null ? "0" : database,
            options.choice("--etcd-reads", etcdReads, "linearizable", "serializable") == 1,
            options.nodeSettings(nodeOptions),
            options.shares(reads),
            options.pipelines(pipeline),
            keys,
            options.keyChoice(distribution, keys),
            distribution,
            options.sizes(value),
            options.rate(rate),
            options.choice("--gaps", gaps, "equal", "exponential") == 1,
            connections,
            threads,
            warmUp,
            seconds,
            pairs,
            series,
            directory == null ? Path.of(System.getProperty("java.io.tmpdir")) : directory,
            port);
    options.requireMemory(settings);
    boolean isTooLarge =
        peers.contains(Settings.Peer.ETCD) && settings.sizes().most() > Etcd.VALUE_MAX;
    require(!isTooLarge, "--value beside etcd is " + Etcd.VALUE_MAX + " at most");
    return settings;
  }

  private void requireNothingToStart(List<Settings.Peer> peers) {
    boolean isStarted =
        nodes != null
            || algorithm != null
            || replicas != null
            || commit != null
            || durability != null
            || reading != null
            || writing != null
            || !nodeOptions.isEmpty()
            || !peers.isEmpty();
    require(!isStarted, "--at measures servers that run already: nothing is to be said of others");
  }

  private Deployment deployment(Options options, List<Settings.Peer> peers) {
    Algorithm family = options.algorithm(algorithm, peers);
    int count = options.nodes(nodes, family, peers);
    int copies = replicas == null ? family == Algorithm.MULTI_LEADER ? 1 : count : replicas;
    options.requireRange("--replicas", copies, 1, family == Algorithm.MULTI_LEADER ? 1 : count);
    options.requireRange("--partitions", partitions, 1, 256);
    boolean isLeaderless = family == Algorithm.LEADERLESS;
    require(
        commit == null || !isLeaderless, "--commit needs a leader; with leaderless: --r and --w");
    require(
        isLeaderless || reading == null && writing == null,
        "--r and --w need --algorithm leaderless");
    int majority = copies / 2 + 1;
    int r = reading == null ? majority : reading;
    int w = writing == null ? majority : writing;
    options.requireRange("--r", r, 1, copies);
    options.requireRange("--w", w, 1, copies);
    Deployment.Commit rule = options.commit(commit);
    require(
        rule != Deployment.Commit.SEMI_SYNC || copies > 1, "--commit semi-sync needs two replicas");
    String synced = durability == null && peers.contains(Settings.Peer.ETCD) ? "fsync" : durability;
    return new Deployment(
        family,
        count,
        copies,
        partitions,
        rule,
        options.choice("--durability", synced == null ? "os" : synced, "os", "fsync") == 1,
        r,
        w,
        isSpread(options, family));
  }

  private boolean isSpread(Options options, Algorithm family) {
    if (connect == null) {
      return family != Algorithm.SINGLE_LEADER || partitions > 1;
    }
    return options.choice("--connect", connect, "one", "all") == 1;
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
