package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * A single-leader database under a writer that remembers what was acknowledged: its leader is
 * killed, its followers are paused, and its commit rule changes.
 */
final class SingleLeaderShow implements Show {
  private final Stage stage;
  private final DemoNodes nodes;
  private final Events events;
  private final StatusWatch watch;
  private final WriterLedger ledger = new WriterLedger();
  private final RateMeter rate = new RateMeter();
  // A change waits for the cluster; the view must not.
  private final ExecutorService slowActions = Executors.newSingleThreadExecutor(Demo::daemon);
  private final Set<CommitRule> visited =
      Collections.synchronizedSet(EnumSet.noneOf(CommitRule.class));
  private final Set<Path> divergencesSeen = new HashSet<>();
  private final Administrator administrator;
  private final Writer writer;
  private volatile CommitRule rule = CommitRule.MAJORITY;

  SingleLeaderShow(Stage stage, Writer.Settings settings) {
    this.stage = stage;
    this.nodes = stage.nodes();
    this.events = stage.events();
    this.watch = new StatusWatch(nodes.all(), this::noteStatus);
    this.administrator = new Administrator(nodes::runningPorts, events::add);
    this.writer = new Writer(settings, this::target, ledger, events::add);
    nodes.all().forEach(node -> divergencesSeen.addAll(node.divergenceFiles()));
  }

  @Override
  public boolean isReady(ClusterStatus status) {
    return CommitRule.databaseIn(status)
        .map(database -> DatabaseLine.of(database).hasLeaders())
        .orElse(false);
  }

  @Override
  public String awaited() {
    return "leader of database " + CommitRule.DATABASE;
  }

  @Override
  public void begin() {
    // The rule of an earlier run, with its data.
    nodes.all().stream()
        .flatMap(node -> StatusWatch.ask(node).stream())
        .flatMap(status -> CommitRule.databaseIn(status).stream())
        .findFirst()
        .ifPresent(database -> rule = CommitRule.of(database));
    visited.add(rule);
    Demo.daemon(writer).start();
    Demo.daemon(watch).start();
  }

  @Override
  public void end() {
    writer.stop();
    watch.stop();
    slowActions.shutdownNow();
  }

  @Override
  public List<String> frame(int width, int height) {
    return DemoView.frame(model(), width, height);
  }

  @Override
  public String line() {
    return DemoView.line(model());
  }

  private void noteStatus(ClusterStatus before, ClusterStatus now) {
    if (before != null) {
      StatusChanges.between(before, now).forEach(events::add);
    }
  }

  @Override
  public List<String> verdict() {
    return List.of();
  }

  @Override
  public boolean press(int key) {
    switch (key) {
      case 'k' -> killLeader();
      case 'p' -> nodes.togglePause(this::followerToPause, "follower");
      case 'c' -> nextRule();
      case 's' -> switchOver();
      case 'd' -> replayDiverged();
      default -> {
        if (key == 'w') {
          writer.toggle();
        }
        return false;
      }
    }
    return true;
  }

  @Override
  public List<String> tries() {
    int first = nodes.all().get(0).ports().client();
    int second = nodes.all().get(1).ports().client();
    return List.of(
        String.format("./trefoil cli -p %d set greeting hello   (or redis-cli)", first),
        String.format("./trefoil cli -p %d get greeting   (forwarded to the leader)", second),
        String.format("./trefoil cli -p %d --readonly --explain get greeting", second),
        String.format("./trefoil status -p %d --watch", first),
        String.format(
            "kill -9 %d   (%s; r starts it again)",
            nodes.all().get(0).pid(), nodes.all().get(0).name()));
  }

  private DemoModel model() {
    noteDivergences();
    ClusterStatus status = watch.latest();
    List<DemoModel.NodeLine> nodeLines = new ArrayList<>();
    for (NodeProcess node : nodes.all()) {
      nodeLines.add(nodeLine(node, replicaOf(status, node.name())));
    }
    return new DemoModel(
        nodeLines,
        ruleLines(status),
        status == null ? "" : status.cluster().controller(),
        watch.isCurrent(),
        rule,
        writer.state(),
        rate.perSecond(System.nanoTime(), acknowledgedInAll()),
        events.all(),
        tries(),
        stage.showsTries(),
        stage.upSeconds());
  }

  private void noteDivergences() {
    for (NodeProcess node : nodes.all()) {
      for (Path file : node.divergenceFiles()) {
        if (divergencesSeen.add(file)) {
          events.add(node.name() + " saved what left the history: " + countEntries(file));
          events.add("  " + stage.directory().relativize(file));
        }
      }
    }
  }

  private static String countEntries(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.filter(line -> line.startsWith("{\"position\"")).count() + " entries";
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static DemoModel.NodeLine nodeLine(NodeProcess node, ClusterStatus.Replica replica) {
    boolean has = replica != null;
    return new DemoModel.NodeLine(
        node.name(),
        node.state(),
        node.pid(),
        node.ports().client(),
        has ? replica.role() : "",
        has ? replica.state() : "",
        has ? replica.lagEntries() : 0,
        has ? replica.lagBytes() : 0,
        has ? replica.lagMs() : 0);
  }

  /** The node's copy of the writer's database; of its first partition, where it has several. */
  private ClusterStatus.Replica replicaOf(ClusterStatus status, String node) {
    return firstPartition(status).stream()
        .flatMap(partition -> partition.replicas().stream())
        .filter(replica -> replica.node().equals(node))
        .findFirst()
        .orElse(null);
  }

  private Optional<ClusterStatus.Partition> firstPartition(ClusterStatus status) {
    return Optional.ofNullable(status)
        .flatMap(CommitRule::databaseIn)
        .flatMap(database -> database.partitionStates().stream().findFirst());
  }

  private List<DemoModel.RuleLine> ruleLines(ClusterStatus status) {
    List<DemoModel.RuleLine> lines = new ArrayList<>();
    for (CommitRule each : CommitRule.values()) {
      if (status != null && visited.contains(each)) {
        CommitRule.databaseIn(status)
            .ifPresent(
                database ->
                    lines.add(
                        new DemoModel.RuleLine(
                            each, DatabaseLine.of(database), ledger.counts(each))));
      }
    }
    return lines;
  }

  private long acknowledgedInAll() {
    long sum = 0;
    for (CommitRule each : CommitRule.values()) {
      sum += ledger.counts(each).acknowledged();
    }
    return sum;
  }

  /** Where the writer should write now; null while that is unknown. */
  private Writer.Target target() {
    ClusterStatus status = watch.latest();
    CommitRule current = rule;
    Optional<ClusterStatus.Database> database =
        Optional.ofNullable(status).flatMap(CommitRule::databaseIn);
    if (database.isEmpty()) {
      return null;
    }
    DatabaseLine line = DatabaseLine.of(database.get());
    Optional<NodeProcess> leader = leader(status);
    List<Integer> ports = new ArrayList<>();
    leader.filter(DemoNodes::isRunning).ifPresent(node -> ports.add(node.ports().client()));
    for (NodeProcess node : nodes.all()) {
      if (DemoNodes.isRunning(node) && !ports.contains(node.ports().client())) {
        ports.add(node.ports().client());
      }
    }
    boolean hasLeader = line.hasLeaders() && leader.map(DemoNodes::isRunning).orElse(false);
    return new Writer.Target(current, line.number(), line.epochs(), hasLeader, ports);
  }

  private Optional<NodeProcess> leader(ClusterStatus status) {
    return firstPartition(status).flatMap(partition -> nodes.named(partition.leader()));
  }

  /** Kills the process that leads the writer's database, as kill -9 does. */
  private void killLeader() {
    Optional<NodeProcess> leader = leader(watch.latest()).filter(DemoNodes::isAlive);
    if (leader.isEmpty()) {
      events.add("no leader to kill");
      return;
    }
    events.add("kill -9 " + leader.get().name() + ", the leader");
    leader.get().kill();
  }

  /** Running followers of the writer's database. */
  private Stream<NodeProcess> followers(ClusterStatus status) {
    return firstPartition(status).stream()
        .flatMap(partition -> partition.replicas().stream())
        .filter(ClusterStatus.Replica::isFollower)
        .flatMap(replica -> nodes.named(replica.node()).stream())
        .filter(DemoNodes::isRunning);
  }

  private Optional<NodeProcess> followerToPause() {
    ClusterStatus status = watch.latest();
    String controller = status == null ? "" : status.cluster().controller();
    // A paused controller would halt more than the replication that is to be seen.
    return followers(status).min(Comparator.comparing(node -> node.name().equals(controller)));
  }

  /** Changes the database to the next commit rule, under the writer's hands. */
  private void nextRule() {
    slowActions.execute(
        () -> {
          CommitRule before = rule;
          CommitRule next = before.next();
          boolean weaker = next.isWeakerThan(before);
          // What is acknowledged meanwhile is counted under the weaker of the two.
          rule = weaker ? next : before;
          visited.add(rule);
          if (administrator.alter(next)) {
            visited.add(next);
            rule = next;
            events.add("from now on " + next.label() + " " + next.promise());
          } else {
            rule = before;
          }
        });
  }

  /** Has a follower of the writer's database lead it. */
  private void switchOver() {
    slowActions.execute(
        () -> {
          Optional<NodeProcess> follower = followers(watch.latest()).findFirst();
          follower.ifPresentOrElse(
              node -> administrator.switchOver(node.name()),
              () -> events.add("no follower to switch over to"));
        });
  }

  /** Lists what left the history, and writes it again. */
  private void replayDiverged() {
    slowActions.execute(administrator::replayDiverged);
  }
}
