package io.trefoil.cli.demo;

import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.process.DelayedLink;
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
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The demo's nodes: processes on this machine that are started, killed, paused and stopped. The
 * actions may come from any thread once {@link #prepare} is done.
 */
final class DemoNodes {
  /** A leader has five seconds to hand over, which it can't when the others stop, too. */
  private static final long STOP_MILLIS = 8_000;

  private static final long TICK_MILLIS = 250;
  private static final int LOG_LINES_SHOWN = 10;

  private final Path directory;
  private final DemoLayout layout;
  private final NodeProcess.Launch launch;
  private final FolderLock lock;
  private final Events events;
  private final Consumer<String> say;
  private final DelayedLink link = new DelayedLink(DemoLayout.LINK_DELAY_MILLIS);
  private final Map<String, Integer> doors = new TreeMap<>();
  private final List<NodeProcess.State> lastStates = new ArrayList<>();
  private volatile List<NodeProcess> nodes = List.of();

  /**
   * @param directory of the data, which {@code lock} keeps from others
   * @param say prints a line, before and after the show
   */
  DemoNodes(
      Path directory,
      DemoLayout layout,
      NodeProcess.Launch launch,
      FolderLock lock,
      Events events,
      Consumer<String> say) {
    this.directory = directory;
    this.layout = layout;
    this.launch = launch;
    this.lock = lock;
    this.events = events;
    this.say = say;
  }

  List<NodeProcess> all() {
    return nodes;
  }

  Optional<NodeProcess> named(String name) {
    return nodes.stream().filter(node -> node.name().equals(name)).findFirst();
  }

  /** Client ports of the nodes that run. */
  List<Integer> runningPorts() {
    return nodes.stream().filter(DemoNodes::isRunning).map(node -> node.ports().client()).toList();
  }

  static boolean isRunning(NodeProcess node) {
    return node.state() == NodeProcess.State.RUNNING;
  }

  static boolean isAlive(NodeProcess node) {
    return node.state() != NodeProcess.State.DEAD;
  }

  /** The nodes of a region. */
  List<NodeProcess> in(String region) {
    return nodes.stream().filter(node -> layout.region(node.name()).equals(region)).toList();
  }

  /** The way between regions: whatever nodes of one say to those of another goes over it. */
  DelayedLink link() {
    return link;
  }

  private Path configFile(String node) {
    return directory.resolve(node + ".yaml");
  }

  /** Removes what earlier demos left. */
  void deleteData() throws IOException {
    for (String node : layout.nodes()) {
      Path data = directory.resolve(node);
      if (Files.exists(data) && !Files.exists(configFile(node))) {
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

  /** Picks ports and writes configurations. */
  void prepare(int firstPort) throws IOException {
    List<String> names = layout.nodes();
    PortPlan plan = PortPlan.pick(firstPort, names.size(), new LocalPorts());
    plan.notes().forEach(note -> say.accept("Note: " + note + "; the next hundred is tried."));
    List<NodeProcess> prepared = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      NodePorts ports = plan.nodes().get(i);
      Path data = directory.resolve(name);
      int founder = layout.founder(name);
      int join = i == founder ? 0 : plan.nodes().get(founder).peer();
      String yaml = NodeConfig.yaml(name, data, ports, join, layout.clusterSize());
      Files.writeString(configFile(name), yaml + region(name, ports));
      prepared.add(new NodeProcess(name, ports, data, configFile(name), launch));
      lastStates.add(NodeProcess.State.RUNNING);
    }
    nodes = List.copyOf(prepared);
  }

  private String region(String node, NodePorts ports) throws IOException {
    String region = layout.region(node);
    if (region.isEmpty()) {
      return "";
    }
    int door = link.open(0, ports.peer());
    doors.put(node, door);
    return NodeConfig.region(region, door);
  }

  /** The port by which nodes of other regions reach a node. */
  int door(NodeProcess node) {
    return doors.get(node.name());
  }

  void start() throws IOException {
    for (NodeProcess node : nodes) {
      node.start();
    }
    lock.describe(nodes);
    say.accept("Starting " + nodes.size() + " nodes, data in " + directory + " ...");
  }

  /**
   * Waits until each node is ready for the show; false when the user stops it before.
   *
   * @throws CommandFailed when a node ends meanwhile, or it takes too long
   */
  boolean awaitReady(Show show, Duration limit, CountDownLatch stopping)
      throws InterruptedException {
    long deadline = System.nanoTime() + limit.toNanos();
    while (stopping.getCount() > 0) {
      Optional<NodeProcess> waitedFor =
          nodes.stream()
              .filter(node -> StatusWatch.ask(node).filter(show::isReady).isEmpty())
              .findFirst();
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
        String problem = " shows no " + show.awaited() + " after " + limit.toSeconds() + " s";
        throw new CommandFailed(lastWords(node, node.name() + problem));
      }
      stopping.await(TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
    return false;
  }

  private static String lastWords(NodeProcess node, String problem) {
    List<String> lines = node.lastLines(LOG_LINES_SHOWN);
    return problem
        + (lines.isEmpty() ? "" : "; its last lines:\n  " + String.join("\n  ", lines))
        + "\nits log: "
        + node.log();
  }

  /** Adds an event for each that died since. For one thread. */
  void noteDeaths() {
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

  /** Starts what is dead and wakes what is paused. */
  void restart() {
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

  /** Lets the paused ones go on, or else pauses one, if there is any. */
  void togglePause(Supplier<Optional<NodeProcess>> whom, String what) {
    try {
      if (!resumePaused()) {
        pause(whom.get(), what);
      }
    } catch (IOException e) {
      events.add(e.getMessage());
    }
  }

  private boolean resumePaused() throws IOException {
    boolean any = false;
    for (NodeProcess node : nodes) {
      if (node.state() == NodeProcess.State.PAUSED) {
        node.resume();
        events.add(node.name() + " goes on");
        any = true;
      }
    }
    return any;
  }

  private void pause(Optional<NodeProcess> node, String what) throws IOException {
    if (node.isEmpty()) {
      events.add("no " + what + " to pause");
      return;
    }
    node.get().pause();
    events.add(node.get().name() + ", a " + what + ", is paused (kill -STOP); p lets it go on");
  }

  /** Asks all to end, and kills who does not. */
  void stop() throws InterruptedException {
    link.heal(); // for those that say goodbye to the others
    for (NodeProcess node : nodes) {
      try {
        node.askToStop();
      } catch (IOException e) {
        // It ended in between, or is killed below.
        say.accept("Note: " + e.getMessage());
      }
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(STOP_MILLIS);
    for (NodeProcess node : nodes) {
      if (!node.awaitEnd(TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime()))) {
        say.accept(node.name() + " did not stop in " + STOP_MILLIS / 1_000 + " s and was killed.");
        node.kill();
        node.awaitEnd(STOP_MILLIS);
      }
    }
  }
}
