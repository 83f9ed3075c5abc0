package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.FolderLock;
import io.trefoil.cli.process.LocalPorts;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.cli.process.PortPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Three nodes, a writer, and what a user may do to them. {@link #run} starts and stops everything;
 * the actions and {@link #requestStop} may come from any thread while it runs.
 */
final class Demo {
  private static final int NODES = 3;
  private static final long STOP_MILLIS = 3_000;
  private static final long TICK_MILLIS = 250;
  private static final int LOG_LINES_SHOWN = 10;

  /**
   * @param directory of the data
   * @param fresh whether to start without the data of earlier runs
   * @param firstPort client port of the first node, when free
   * @param startLimit how long the nodes may take until they serve
   */
  record Settings(
      Path directory, boolean fresh, int firstPort, Writer.Settings writer, Duration startLimit) {}

  private final Settings settings;
  private final Stdio stdio;
  private final NodeProcess.Launch launch;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final long startedNanos = System.nanoTime();
  private final Events events = new Events();
  private final WriterLedger ledger = new WriterLedger();
  private final RateMeter rate = new RateMeter();
  // A change waits for the cluster; the view must not.
  private final ExecutorService slowActions = Executors.newSingleThreadExecutor(Demo::daemon);
  private final Set<CommitRule> visited =
      Collections.synchronizedSet(EnumSet.noneOf(CommitRule.class));
  private final List<NodeProcess.State> lastStates = new ArrayList<>();
  private volatile List<NodeProcess> nodes = List.of();
  private volatile CommitRule rule = CommitRule.MAJORITY;
  private final Set<Path> divergencesSeen = new HashSet<>();
  private volatile boolean showTries = true;
  private FolderLock lock;
  private final Administrator administrator = new Administrator(this::runningPorts, events::add);
  private Writer writer;
  private StatusWatch watch;

  Demo(Settings settings, Stdio stdio, NodeProcess.Launch launch) {
    this.settings = settings;
    this.stdio = stdio;
    this.launch = launch;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "demo");
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Runs until the user or a signal ends it.
   *
   * @return the exit code
   * @throws CommandFailed when it cannot start
   */
  int run() throws IOException, InterruptedException {
    try (FolderLock taken = FolderLock.take(settings.directory(), "demo")) {
      lock = taken;
      for (long pid : lock.endLeftovers()) {
        say("Ended node process " + pid + ", which a killed demo had left.");
      }
      if (settings.fresh()) {
        deleteData();
      }
      prepareNodes();
      try {
        nodes.forEach(node -> divergencesSeen.addAll(node.divergenceFiles()));
        startNodes();
        if (awaitReady()) {
          introduce();
          watchAndWrite();
        }
      } finally {
        stopNodes();
      }
      sayGoodbye();
      return 0;
    }
  }

  /** Makes {@link #run} stop everything and return. */
  void requestStop() {
    stopping.countDown();
  }

  boolean isStopping() {
    return stopping.getCount() == 0;
  }

  private void say(String line) {
    stdio.out().println(line);
    stdio.out().flush();
  }

  // --- before the show

  private static String nodeName(int index) {
    return "n" + (index + 1);
  }

  private Path configFile(int index) {
    return settings.directory().resolve(nodeName(index) + ".yaml");
  }

  private void deleteData() throws IOException {
    for (int i = 0; i < NODES; i++) {
      Path data = settings.directory().resolve(nodeName(i));
      if (Files.exists(data) && !Files.exists(configFile(i))) {
        throw new CommandFailed(data + " was not made by a demo; remove it yourself");
      }
      if (Files.exists(data)) {
        deleteTree(data);
      }
    }
  }

  private static void deleteTree(Path root) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(root)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }

  private void prepareNodes() throws IOException {
    PortPlan plan = PortPlan.pick(settings.firstPort(), NODES, new LocalPorts());
    plan.notes().forEach(note -> say("Note: " + note + "; the next hundred is tried."));
    List<NodeProcess> prepared = new ArrayList<>();
    int firstPeerPort = plan.nodes().get(0).peer();
    for (int i = 0; i < NODES; i++) {
      NodePorts ports = plan.nodes().get(i);
      Path directory = settings.directory().resolve(nodeName(i));
      int join = i == 0 ? 0 : firstPeerPort;
      Files.writeString(configFile(i), NodeConfig.yaml(nodeName(i), directory, ports, join, NODES));
      prepared.add(new NodeProcess(nodeName(i), ports, directory, configFile(i), launch));
      lastStates.add(NodeProcess.State.RUNNING);
    }
    nodes = List.copyOf(prepared);
  }

  private void startNodes() throws IOException {
    for (NodeProcess node : nodes) {
      node.start();
    }
    lock.describe(nodes);
    say("Starting three nodes, data in " + settings.directory() + " ...");
  }

  /** Waits until all nodes know a leader of database 0; false when the user stops it before. */
  private boolean awaitReady() throws InterruptedException {
    long deadline = System.nanoTime() + settings.startLimit().toNanos();
    while (!isStopping()) {
      Optional<NodeProcess> waitedFor = nodes.stream().filter(node -> !isReady(node)).findFirst();
      if (waitedFor.isEmpty()) {
        return true;
      }
      for (NodeProcess node : nodes) {
        if (node.state() == NodeProcess.State.DEAD) {
          throw new CommandFailed(
              lastWords(node, node.name() + " ended while starting, " + node.endedWith()));
        }
      }
      if (System.nanoTime() > deadline) {
        NodeProcess node = waitedFor.get();
        throw new CommandFailed(
            lastWords(
                node,
                node.name()
                    + " shows no leader of database 0 after "
                    + settings.startLimit().toSeconds()
                    + " s"));
      }
      stopping.await(TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
    return false;
  }

  private static boolean isReady(NodeProcess node) {
    return StatusWatch.ask(node)
        .flatMap(status -> status.database(0))
        .map(database -> DatabaseLine.of(database).hasLeaders())
        .orElse(false);
  }

  private static String lastWords(NodeProcess node, String problem) {
    List<String> lines = node.lastLines(LOG_LINES_SHOWN);
    return problem
        + (lines.isEmpty() ? "" : "; its last lines:\n  " + String.join("\n  ", lines))
        + "\nits log: "
        + node.log();
  }

  private void introduce() {
    say("");
    for (NodeProcess node : nodes) {
      say(
          String.format(
              "  %s   client 127.0.0.1:%d   http 127.0.0.1:%d   pid %d   log %s",
              node.name(), node.ports().client(), node.ports().http(), node.pid(), node.log()));
    }
    say("");
    say("Try, in another terminal:");
    tries().forEach(line -> say("  " + line));
    say("");
  }

  private List<String> tries() {
    int first = nodes.get(0).ports().client();
    int second = nodes.get(1).ports().client();
    return List.of(
        String.format("./trefoil cli -p %d set greeting hello   (or redis-cli)", first),
        String.format("./trefoil cli -p %d get greeting   (forwarded to the leader)", second),
        String.format("./trefoil cli -p %d --readonly --explain get greeting", second),
        String.format("./trefoil status -p %d --watch", first),
        String.format(
            "kill -9 %d   (%s; r starts it again)", nodes.get(0).pid(), nodes.get(0).name()));
  }

  // --- the show

  private void watchAndWrite() throws IOException, InterruptedException {
    // The rule of an earlier run, with its data.
    nodes.stream()
        .flatMap(node -> StatusWatch.ask(node).stream())
        .flatMap(status -> CommitRule.databaseIn(status).stream())
        .findFirst()
        .ifPresent(database -> rule = CommitRule.of(database));
    visited.add(rule);
    writer = new Writer(settings.writer(), this::target, ledger, events::add);
    watch = new StatusWatch(nodes, this::noteChanges);
    List<Thread> threads = List.of(daemon(writer), daemon(watch));
    threads.forEach(Thread::start);
    try {
      boolean screen = stdio.inIsTerminal() && stdio.outIsTerminal();
      if (!screen || !DemoScreen.run(this, stdio)) {
        printLines();
      }
    } finally {
      requestStop();
      writer.stop();
      watch.stop();
      slowActions.shutdownNow();
    }
  }

  private void noteChanges(ClusterStatus before, ClusterStatus now) {
    if (before != null) {
      StatusChanges.between(before, now).forEach(events::add);
    }
  }

  private void printLines() throws InterruptedException {
    long seen = 0;
    String lastLine = "";
    do {
      DemoModel model = model();
      long total = events.total();
      events.since(seen).forEach(this::say);
      seen = total;
      String line = DemoView.line(model);
      if (!line.equals(lastLine)) {
        say(line);
      }
      lastLine = line;
    } while (!stopping.await(1, TimeUnit.SECONDS));
  }

  /** What to show now; also notes the deaths of nodes. For one thread, the one that shows it. */
  DemoModel model() {
    noteDeaths();
    noteDivergences();
    ClusterStatus status = watch.latest();
    List<DemoModel.NodeLine> nodeLines = new ArrayList<>();
    for (NodeProcess node : nodes) {
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
        showTries,
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos));
  }

  private void noteDeaths() {
    for (int i = 0; i < nodes.size(); i++) {
      NodeProcess node = nodes.get(i);
      NodeProcess.State state = node.state();
      if (state == NodeProcess.State.DEAD && lastStates.get(i) != NodeProcess.State.DEAD) {
        events.add(node.name() + " died: " + node.endedWith() + "; r starts it again");
        if (!node.wasKilled()) {
          node.lastLines(2).forEach(line -> events.add(node.name() + ": " + line));
        }
      }
      lastStates.set(i, state);
    }
  }

  private void noteDivergences() {
    for (NodeProcess node : nodes) {
      for (Path file : node.divergenceFiles()) {
        if (divergencesSeen.add(file)) {
          events.add(node.name() + " saved what left the history: " + countEntries(file));
          events.add("  " + settings.directory().relativize(file));
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
    leader.filter(Demo::isRunning).ifPresent(node -> ports.add(node.ports().client()));
    for (NodeProcess node : nodes) {
      if (isRunning(node) && !ports.contains(node.ports().client())) {
        ports.add(node.ports().client());
      }
    }
    boolean hasLeader = line.hasLeaders() && leader.map(Demo::isRunning).orElse(false);
    return new Writer.Target(current, line.number(), line.epochs(), hasLeader, ports);
  }

  private static boolean isRunning(NodeProcess node) {
    return node.state() == NodeProcess.State.RUNNING;
  }

  private Optional<NodeProcess> leader(ClusterStatus status) {
    return firstPartition(status).flatMap(partition -> node(partition.leader()));
  }

  private Optional<NodeProcess> node(String name) {
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
  }

  // --- what the user may do

  /** Kills the process that leads the writer's database, as kill -9 does. */
  void killLeader() {
    Optional<NodeProcess> leader = leader(watch.latest()).filter(Demo::isAlive);
    if (leader.isEmpty()) {
      events.add("no leader to kill");
      return;
    }
    showTries = false;
    events.add("kill -9 " + leader.get().name() + ", the leader");
    leader.get().kill();
  }

  private static boolean isAlive(NodeProcess node) {
    return node.state() != NodeProcess.State.DEAD;
  }

  /** Starts what is dead and wakes what is paused. */
  void restart() {
    showTries = false;
    for (NodeProcess node : nodes) {
      try {
        if (isAlive(node)) {
          // Also one that somebody else stopped, of which the demo does not know.
          node.resume();
        } else {
          node.start();
          lock.describe(nodes);
          events.add(node.name() + " starts again, pid " + node.pid());
        }
      } catch (IOException e) {
        events.add(node.name() + ": " + e.getMessage());
      }
    }
  }

  /** Pauses a follower of the writer's database, or lets the paused ones go on. */
  void togglePause() {
    showTries = false;
    try {
      boolean anyResumed = false;
      for (NodeProcess node : nodes) {
        if (node.state() == NodeProcess.State.PAUSED) {
          node.resume();
          events.add(node.name() + " goes on");
          anyResumed = true;
        }
      }
      if (!anyResumed) {
        pauseFollower();
      }
    } catch (IOException e) {
      events.add(e.getMessage());
    }
  }

  /** Running followers of the writer's database. */
  private Stream<NodeProcess> followers(ClusterStatus status) {
    return firstPartition(status).stream()
        .flatMap(partition -> partition.replicas().stream())
        .filter(ClusterStatus.Replica::isFollower)
        .flatMap(replica -> node(replica.node()).stream())
        .filter(Demo::isRunning);
  }

  private void pauseFollower() throws IOException {
    ClusterStatus status = watch.latest();
    String controller = status == null ? "" : status.cluster().controller();
    // A paused controller would halt more than the replication that is to be seen.
    Optional<NodeProcess> follower =
        followers(status).min(Comparator.comparing(node -> node.name().equals(controller)));
    if (follower.isEmpty()) {
      events.add("no follower to pause");
      return;
    }
    follower.get().pause();
    events.add(follower.get().name() + ", a follower, is paused (kill -STOP); p lets it go on");
  }

  /** Changes the database to the next commit rule, under the writer's hands. */
  void nextRule() {
    showTries = false;
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
  void switchOver() {
    showTries = false;
    slowActions.execute(
        () -> {
          Optional<NodeProcess> follower = followers(watch.latest()).findFirst();
          follower.ifPresentOrElse(
              node -> administrator.switchOver(node.name()),
              () -> events.add("no follower to switch over to"));
        });
  }

  /** Lists what left the history, and writes it again. */
  void replayDiverged() {
    showTries = false;
    slowActions.execute(administrator::replayDiverged);
  }

  private List<Integer> runningPorts() {
    return nodes.stream().filter(Demo::isRunning).map(node -> node.ports().client()).toList();
  }

  /** Switches the writer on or off. */
  void toggleWriter() {
    writer.toggle();
  }

  /** Shows what to try in place of what happened, or the other way round. */
  void toggleTries() {
    showTries = !showTries;
  }

  // --- after the show

  private void stopNodes() throws InterruptedException {
    for (NodeProcess node : nodes) {
      try {
        node.askToStop();
      } catch (IOException e) {
        // It ended in between, or is killed below.
        say("Note: " + e.getMessage());
      }
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MILLIS);
    for (NodeProcess node : nodes) {
      if (!node.awaitEnd(TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()))) {
        say(node.name() + " did not stop in " + STOP_MILLIS / 1_000 + " s and was killed.");
        node.kill();
        node.awaitEnd(STOP_MILLIS);
      }
    }
  }

  private void sayGoodbye() {
    say("");
    say("The nodes are stopped. Their data is in " + settings.directory());
    say("Again with this data:  ./trefoil demo         empty:  ./trefoil demo --fresh");
    say("Read next:  README.md");
  }
}
