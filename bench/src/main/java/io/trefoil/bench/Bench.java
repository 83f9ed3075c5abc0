package io.trefoil.bench;

import io.trefoil.bench.load.Load;
import io.trefoil.bench.load.Pace;
import io.trefoil.bench.server.CassandraServers;
import io.trefoil.bench.server.Deployment;
import io.trefoil.bench.server.EtcdServers;
import io.trefoil.bench.server.RedisServers;
import io.trefoil.bench.server.RunningServers;
import io.trefoil.bench.server.Servers;
import io.trefoil.bench.server.TrefoilNodes;
import io.trefoil.bench.server.Workspace;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One benchmark: the sides are started and warmed up, and stay up while they are measured in turn,
 * A B A B, so that what else the machine does meanwhile meets both.
 */
final class Bench {
  private static final int PEAK_SECONDS_MIN = 2;
  private static final int FILLS_MAX = 3;

  /** What idle servers may compute together, and how many seconds they are waited for. */
  private static final double CORES_AT_REST = 0.2;

  private static final int LOOKS_MAX = 15;

  private final Settings settings;
  private final Workspace workspace;
  private final Supplier<NodeProcess.Launch> launch;
  private final Consumer<String> progress;
  private final SeriesFile series;
  private final List<Side> sides = new ArrayList<>();

  /**
   * @param launch how nodes are started; asked only when some are
   * @param progress takes a line about what is done now
   */
  Bench(
      Settings settings,
      Workspace workspace,
      Supplier<NodeProcess.Launch> launch,
      SeriesFile series,
      Consumer<String> progress) {
    this.settings = settings;
    this.workspace = workspace;
    this.launch = launch;
    this.series = series;
    this.progress = progress;
  }

  /** Measures, and tells the report of each kind of request when it is done. */
  void run(Report report) throws IOException, InterruptedException {
    for (Servers servers : start()) {
      sides.add(new Side(servers, settings.size()));
    }
    report.begin(sides.stream().map(Side::servers).toList());
    for (Side side : sides) {
      warmUp(side);
    }
    for (double reads : settings.reads()) {
      for (int pipeline : settings.pipelines()) {
        report.add(measure(reads, pipeline));
      }
    }
    for (Side side : sides) {
      side.close();
    }
  }

  // --- before

  /** The peers, and at last what they are beside of. */
  private List<Servers> start() throws IOException, InterruptedException {
    if (!settings.at().isEmpty()) {
      return List.of(new RunningServers(settings.at(), settings.database()));
    }
    List<Servers> servers = new ArrayList<>();
    Deployment deployment = settings.deployment();
    for (Settings.Peer peer : settings.versus()) {
      if (peer != Settings.Peer.SINGLE_LEADER) {
        progress.accept("starting " + peer.name().toLowerCase(Locale.ROOT));
        servers.add(peer(peer, deployment));
      }
    }
    progress.accept("starting trefoil");
    TrefoilNodes nodes =
        new TrefoilNodes(deployment, workspace, launch.get(), settings.nodeSettings());
    if (settings.versus().contains(Settings.Peer.SINGLE_LEADER)) {
      servers.add(nodes.create("leader", 2, deployment.withLeader()));
    }
    servers.add(nodes.create("trefoil", 1, deployment));
    return servers;
  }

  private Servers peer(Settings.Peer peer, Deployment deployment)
      throws IOException, InterruptedException {
    return switch (peer) {
      case REDIS -> new RedisServers(deployment, workspace);
      case ETCD -> new EtcdServers(deployment, workspace, settings.isSerializable());
      case CASSANDRA -> new CassandraServers(deployment, workspace);
      case SINGLE_LEADER -> throw new IllegalArgumentException("it is on Trefoil's nodes");
    };
  }

  /** Writes every key, so that reads find them, and then sends each kind of request for a while. */
  private void warmUp(Side side) throws IOException, InterruptedException {
    side.connect();
    long refused = fill(side);
    for (int more = 1; more < FILLS_MAX && refused > 0; more++) {
      // A cold server may not keep up. Which ones it refused is not known.
      refused = fill(side);
    }
    for (double reads : settings.reads()) {
      if (settings.warmUp() > 0) {
        Load.Result warm = run(side, reads, Pace.MAX, settings.pipelineMax(), settings.warmUp());
        progress.accept(side.name() + ": warm" + Report.faults(List.of(warm.tally())));
      }
    }
  }

  /** Returns how many keys were refused. */
  private long fill(Side side) throws IOException, InterruptedException {
    Load.Result filled = side.load().fill(settings.workload(0));
    progress.accept(
        String.format(
            Locale.ROOT,
            "%s: wrote %,d keys in %.0f s%s",
            side.name(),
            filled.tally().good(),
            filled.seconds(),
            Report.faults(List.of(filled.tally()))));
    return filled.tally().errors();
  }

  // --- measuring

  private Measured measure(double reads, int pipeline) throws IOException, InterruptedException {
    double perSecond = rate(reads, pipeline);
    Pace pace = new Pace(perSecond, settings.isExponential());
    List<List<Sample>> samples = new ArrayList<>();
    sides.forEach(side -> samples.add(new ArrayList<>()));
    Measured measured = new Measured(reads, pipeline, perSecond, samples);
    for (int pair = 1; pair <= settings.pairs(); pair++) {
      progress.accept(measured.title() + ": " + pair + " of " + settings.pairs());
      for (int i = 0; i < sides.size(); i++) {
        samples.get(i).add(sample(sides.get(i), measured, pace, pair));
      }
    }
    return measured;
  }

  /** The one that was asked for, or that share of what the slowest side does at most. */
  private double rate(double reads, int pipeline) throws IOException, InterruptedException {
    double share = settings.rate().shareOfPeak();
    if (share == 0) {
      return settings.rate().perSecond();
    }
    double least = Double.MAX_VALUE;
    int seconds = Math.max(PEAK_SECONDS_MIN, settings.seconds());
    for (Side side : sides) {
      side.connect();
      Load.Result peak = run(side, reads, Pace.MAX, pipeline, seconds);
      double rate = peak.tally().good() / peak.seconds();
      progress.accept(String.format(Locale.ROOT, "%s: %,.0f a second at most", side.name(), rate));
      least = Math.min(least, rate);
    }
    return Math.max(1, Math.rint(least * share));
  }

  private Sample sample(Side side, Measured measured, Pace pace, int pair)
      throws IOException, InterruptedException {
    side.connect();
    awaitRestOfOthers(side);
    Cores cores = new Cores(side, sides);
    Load.Result result = run(side, measured.reads(), pace, measured.pipeline(), settings.seconds());
    Sample sample = Sample.of(result, cores, Machine.residentOfLargest(side.processes()));
    if (!side.isWhereItWas()) {
      progress.accept(side.name() + ": another node came to lead while this was measured");
    }
    if (series != null) {
      series.add(side.name(), measured, pair, result.series());
    }
    return sample;
  }

  /** What they still write behind, compact or compile after their turn is not to cost this one. */
  private void awaitRestOfOthers(Side side) throws InterruptedException {
    if (sides.size() == 1) {
      return;
    }
    double busy = 1;
    for (int look = 0; look < LOOKS_MAX && busy > CORES_AT_REST; look++) {
      Cores cores = new Cores(side, sides);
      TimeUnit.SECONDS.sleep(1);
      busy = cores.others(1);
    }
    if (busy > CORES_AT_REST) {
      progress.accept(
          String.format(
              Locale.ROOT,
              "%s: other sides still take %.2f cores after %d s",
              side.name(),
              busy,
              LOOKS_MAX));
    }
  }

  private Load.Result run(Side side, double reads, Pace pace, int pipeline, int seconds)
      throws IOException, InterruptedException {
    return side.load()
        .run(settings.workload(reads), pace, pipeline, seconds, /* wantsSeries= */ series != null);
  }
}
