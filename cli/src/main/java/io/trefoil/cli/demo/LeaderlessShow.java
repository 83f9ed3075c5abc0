package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Two leaderless databases side by side, one whose quorums overlap and one whose don't. Each is
 * under a writer at one node and a reader at the others in turn. Nodes are killed and paused; what
 * waits for them is counted, and so are stale reads.
 */
final class LeaderlessShow implements Show {
  private final Stage stage;
  private final DemoNodes nodes;
  private final Events events;
  private final StatusWatch watch;
  private final RateMeter rate = new RateMeter();
  private final HintChanges hintChanges = new HintChanges();
  private final Map<Quorums, Register> registers = new EnumMap<>(Quorums.class);
  private final List<RegisterClient> clients = new ArrayList<>();
  private volatile boolean on = true;
  private NodeProcess writersNode;

  LeaderlessShow(Stage stage, Writer.Settings settings) {
    this.stage = stage;
    this.nodes = stage.nodes();
    this.events = stage.events();
    this.watch = new StatusWatch(nodes.all(), this::noteStatus);
    this.writersNode = nodes.all().get(0);
    for (Quorums each : Quorums.values()) {
      Register register = new Register(settings.valueBytes());
      registers.put(each, register);
      clients.add(
          RegisterClient.writer(
              settings,
              register,
              () -> target(each, List.of(writersNode())),
              () -> on,
              event -> events.add(each.database() + ": " + event)));
      clients.add(
          RegisterClient.reader(settings, register, () -> target(each, readersNodes()), () -> on));
    }
  }

  /** Nobody has to lead, but each of the databases to be created needs all nodes. */
  @Override
  public boolean isReady(ClusterStatus status) {
    return status.nodes().stream().filter(ClusterStatus.Node::isUp).count() == nodes.all().size();
  }

  @Override
  public String awaited() {
    return "cluster of " + nodes.all().size() + " nodes that are up";
  }

  @Override
  public void begin() {
    Administrator administrator = new Administrator(nodes::runningPorts, events::add);
    Optional<ClusterStatus> status =
        nodes.all().stream().flatMap(node -> StatusWatch.ask(node).stream()).findFirst();
    for (Quorums each : Quorums.values()) {
      if (status.flatMap(each::in).isEmpty()) {
        administrator.create(each);
      }
    }
    clients.forEach(client -> Demo.daemon(client).start());
    Demo.daemon(watch).start();
  }

  @Override
  public void end() {
    clients.forEach(RegisterClient::stop);
    watch.stop();
  }

  /** Null while the database is not there. */
  private RegisterClient.Target target(Quorums quorums, List<NodeProcess> where) {
    return quorums
        .in(watch.latest())
        .map(
            database ->
                new RegisterClient.Target(
                    database.number(),
                    where.stream()
                        .filter(DemoNodes::isRunning)
                        .map(node -> node.ports().client())
                        .toList()))
        .orElse(null);
  }

  /** Where the writers are. They stay until it does not run any more; any other will do then. */
  private synchronized NodeProcess writersNode() {
    if (!DemoNodes.isRunning(writersNode)) {
      nodes.all().stream().filter(DemoNodes::isRunning).findFirst().ifPresent(this::moveWriters);
    }
    return writersNode;
  }

  private void moveWriters(NodeProcess to) {
    writersNode = to;
    events.add("the writers go on at " + to.name());
  }

  /** All but the writers', unless no other runs. */
  private List<NodeProcess> readersNodes() {
    NodeProcess writers = writersNode();
    List<NodeProcess> others =
        nodes.all().stream()
            .filter(DemoNodes::isRunning)
            .filter(node -> !node.equals(writers))
            .toList();
    return others.isEmpty() ? List.of(writers) : others;
  }

  @Override
  public boolean press(int key) {
    switch (key) {
      case 'k' -> killWritersNode();
      case 'p' -> nodes.togglePause(this::replicaToPause, "replica");
      default -> {
        on ^= key == 'w';
        return false;
      }
    }
    return true;
  }

  private void killWritersNode() {
    NodeProcess node = writersNode();
    if (!DemoNodes.isAlive(node)) {
      events.add("no node to kill");
      return;
    }
    events.add("kill -9 " + node.name() + ", where the writers are");
    node.kill();
  }

  private Optional<NodeProcess> replicaToPause() {
    ClusterStatus status = watch.latest();
    String controller = status == null ? "" : status.cluster().controller();
    NodeProcess writers = writersNode();
    // A paused controller would halt more than the replication that is to be seen.
    return nodes.all().stream()
        .filter(DemoNodes::isRunning)
        .filter(node -> !node.equals(writers))
        .min(Comparator.comparing(node -> node.name().equals(controller)));
  }

  private void noteStatus(ClusterStatus before, ClusterStatus now) {
    if (before != null) {
      StatusChanges.between(before, now, ClusterStatus.Database::isLeaderless).forEach(events::add);
    }
    for (NodeProcess node : nodes.all()) {
      List<ClusterStatus.Replica> copies = copies(now, node.name());
      hintChanges
          .see(
              node.name(),
              copies.stream().anyMatch(copy -> copy.state().equals("away")),
              copies.stream().mapToLong(ClusterStatus.Replica::hintsEntries).sum())
          .ifPresent(events::add);
    }
  }

  /** The node's copies of the shown databases. */
  private static List<ClusterStatus.Replica> copies(ClusterStatus status, String node) {
    List<ClusterStatus.Replica> copies = new ArrayList<>();
    for (Quorums each : Quorums.values()) {
      each.in(status).stream()
          .flatMap(database -> database.partitionStates().stream())
          .flatMap(partition -> partition.replicas().stream())
          .filter(replica -> replica.node().equals(node))
          .forEach(copies::add);
    }
    return copies;
  }

  @Override
  public List<String> tries() {
    int first = nodes.all().get(0).ports().client();
    int last = nodes.all().get(nodes.all().size() - 1).ports().client();
    return List.of(
        String.format("./trefoil cli -p %d -n overlap incr visits   (any node takes it)", first),
        String.format("./trefoil cli -p %d -n overlap get visits", last),
        String.format("./trefoil cli -p %d -n overlap setnx lock me   (refused, by name)", first),
        String.format("./trefoil status -p %d --watch", first),
        String.format("kill -9 %d   (r starts it again)", nodes.all().get(0).pid()));
  }

  @Override
  public List<String> frame(int width, int height) {
    return LeaderlessView.frame(model(), width, height);
  }

  @Override
  public String line() {
    return LeaderlessView.line(model());
  }

  @Override
  public List<String> verdict() {
    List<String> lines = new ArrayList<>();
    registers.forEach(
        (each, register) -> lines.add(LeaderlessView.verdict(each, register.counts())));
    return lines;
  }

  private LeaderlessModel model() {
    ClusterStatus status = watch.latest();
    long acknowledged =
        registers.values().stream().mapToLong(each -> each.counts().acknowledged()).sum();
    return new LeaderlessModel(
        nodes.all().stream().map(node -> nodeLine(node, status)).toList(),
        databases(status),
        status == null ? "" : status.cluster().controller(),
        watch.isCurrent(),
        on ? "on" : "off",
        rate.perSecond(System.nanoTime(), acknowledged),
        events.all(),
        tries(),
        stage.showsTries(),
        stage.upSeconds());
  }

  private LeaderlessModel.NodeLine nodeLine(NodeProcess node, ClusterStatus status) {
    List<ClusterStatus.Replica> copies = status == null ? List.of() : copies(status, node.name());
    boolean writes = node.equals(writersNode());
    return new LeaderlessModel.NodeLine(
        node.name(),
        node.state(),
        node.pid(),
        node.ports().client(),
        !DemoNodes.isRunning(node) ? "" : writes ? "writers" : "readers",
        copies.stream()
            .min(Comparator.comparing(ClusterStatus.Replica::isServing))
            .map(ClusterStatus.Replica::state)
            .orElse(""),
        copies.stream().mapToLong(ClusterStatus.Replica::hintsEntries).sum(),
        copies.stream().mapToLong(ClusterStatus.Replica::hintsBytes).sum(),
        copies.stream().mapToLong(ClusterStatus.Replica::awayMs).max().orElse(0));
  }

  private List<LeaderlessModel.DatabaseRow> databases(ClusterStatus status) {
    List<LeaderlessModel.DatabaseRow> rows = new ArrayList<>();
    registers.forEach(
        (each, register) ->
            rows.add(
                new LeaderlessModel.DatabaseRow(
                    each,
                    each.in(status).map(it -> DatabaseLine.of(it).state()).orElse(""),
                    register.counts())));
    return rows;
  }
}
