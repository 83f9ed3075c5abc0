package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** A region of the demo: a cluster, what is known of it, and who writes there. */
final class DemoRegion {
  private static final long WRITER_END_MILLIS = 5_000;

  private final String name;
  private final String database;
  private final List<NodeProcess> nodes;
  private final Administrator administrator;
  private final StatusWatch watch;
  private final RegionLedger ledger = new RegionLedger();
  private final RegionWriter writer;
  private final RateMeter rate = new RateMeter();
  private final Thread writing;

  DemoRegion(
      String name,
      String database,
      List<NodeProcess> nodes,
      Writer.Settings settings,
      BooleanSupplier on,
      Consumer<String> events,
      Consumer<ClusterStatus> statuses) {
    this.name = name;
    this.database = database;
    this.nodes = nodes;
    this.administrator = new Administrator(this::ports, event -> events.accept(in(event)));
    this.watch = new StatusWatch(nodes, (before, now) -> seen(before, now, events, statuses));
    this.writer = new RegionWriter(name, settings, ledger, this::target, on);
    this.writing = Demo.daemon(writer);
  }

  private String in(String event) {
    return name + ": " + event;
  }

  private void seen(
      ClusterStatus before,
      ClusterStatus now,
      Consumer<String> events,
      Consumer<ClusterStatus> statuses) {
    if (before != null) {
      StatusChanges.between(before, now, each -> each.name().equals(database))
          .forEach(event -> events.accept(in(event)));
    }
    statuses.accept(now);
  }

  String name() {
    return name;
  }

  List<NodeProcess> nodes() {
    return nodes;
  }

  Administrator administrator() {
    return administrator;
  }

  RegionLedger ledger() {
    return ledger;
  }

  boolean isCurrent() {
    return watch.isCurrent();
  }

  void start() {
    Demo.daemon(watch).start();
    writing.start();
  }

  /** Returns when nothing is written any more. */
  void stop() throws InterruptedException {
    writer.stop();
    writing.join(WRITER_END_MILLIS);
    watch.stop();
  }

  String controller() {
    return watch.latest() == null ? "" : watch.latest().cluster().controller();
  }

  long acknowledgedPerSecond() {
    return rate.perSecond(System.nanoTime(), ledger.counts().acknowledged());
  }

  Optional<ClusterStatus.Database> database() {
    return Optional.ofNullable(watch.latest()).flatMap(status -> status.database(database));
  }

  /** The database's only one. */
  Optional<ClusterStatus.Partition> partition() {
    return database().flatMap(it -> it.partitionStates().stream().findFirst());
  }

  /** To the other region; empty while no leader tells of it. */
  Optional<ClusterStatus.Link> link() {
    return partition().flatMap(it -> it.regions().stream().findFirst());
  }

  Optional<ClusterStatus.Replica> copy(NodeProcess node) {
    return partition().stream()
        .flatMap(partition -> partition.replicas().stream())
        .filter(replica -> replica.node().equals(node.name()))
        .findFirst();
  }

  Optional<NodeProcess> leader() {
    return partition()
        .flatMap(it -> nodes.stream().filter(node -> node.name().equals(it.leader())).findFirst());
  }

  /** Client ports of the nodes that run, the leader's first. */
  private List<Integer> ports() {
    List<Integer> ports = new ArrayList<>();
    leader().filter(DemoNodes::isRunning).ifPresent(node -> ports.add(node.ports().client()));
    for (NodeProcess node : nodes) {
      if (DemoNodes.isRunning(node) && !ports.contains(node.ports().client())) {
        ports.add(node.ports().client());
      }
    }
    return ports;
  }

  /** Null while the database is not there. */
  private PacedClient.Target target() {
    return database()
        .map(it -> new PacedClient.Target(it.number(), ports().stream().limit(1).toList()))
        .orElse(null);
  }
}
