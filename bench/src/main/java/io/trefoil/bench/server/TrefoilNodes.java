package io.trefoil.bench.server;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.CommandFailed;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.process.LocalPorts;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.cli.process.PortPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Nodes of Trefoil: a cluster, or two regions of one node each that are linked without a delay,
 * with the databases that are made on them.
 */
public final class TrefoilNodes {
  private static final List<String> REGIONS = List.of("eu", "us");
  private static final int READY_SECONDS = 60;
  private static final long STOP_MILLIS = 8_000;
  private static final int LINES_SHOWN = 5;
  private static final Duration CONNECT = Duration.ofSeconds(2);
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final boolean hasRegions;
  private final List<NodeProcess> nodes = new ArrayList<>();

  /**
   * Starts them and waits until they know of each other.
   *
   * @param settings of each node, as lines of its configuration
   */
  public TrefoilNodes(
      Deployment deployment, Workspace workspace, NodeProcess.Launch launch, List<String> settings)
      throws IOException, InterruptedException {
    hasRegions = deployment.algorithm() == Deployment.Algorithm.MULTI_LEADER;
    int count = hasRegions ? REGIONS.size() : deployment.nodes();
    List<NodePorts> ports = PortPlan.pick(workspace.port(), count, new LocalPorts()).nodes();
    for (int i = 0; i < count; i++) {
      start(workspace, ports, i, launch, settings);
    }
    await("the nodes", this::areUp);
    if (hasRegions) {
      link();
    }
  }

  private void start(
      Workspace workspace,
      List<NodePorts> ports,
      int number,
      NodeProcess.Launch launch,
      List<String> settings)
      throws IOException {
    Path folder = workspace.folder();
    String name = "n" + (number + 1);
    NodePorts own = ports.get(number);
    List<String> lines = new ArrayList<>();
    lines.add("node.name: " + name);
    lines.add("data.dir: '" + folder.resolve(name).toString().replace("'", "''") + "'");
    lines.add("client.port: " + own.client());
    lines.add("peer.port: " + own.peer());
    lines.add("control.port: " + own.control());
    lines.add("http.port: " + own.http());
    lines.add("cluster.database0-partitions: 1");
    lines.add("cluster.expect: " + (hasRegions ? 1 : ports.size()));
    if (hasRegions) {
      lines.add("node.region: " + REGIONS.get(number));
    } else if (number > 0) {
      lines.add("cluster.join: 127.0.0.1:" + ports.get(0).peer());
    }
    lines.addAll(settings);
    Path config = folder.resolve(name + ".yaml");
    Files.write(config, lines);
    NodeProcess node = new NodeProcess(name, own, folder.resolve(name), config, launch);
    nodes.add(node);
    workspace.start(node::start, () -> stop(node));
  }

  private boolean areUp() throws IOException {
    for (NodeProcess node : nodes) {
      try (RespClient client = connect(node)) {
        ClusterStatus status = ClusterStatus.parse(client.call("STATUS").text());
        long up = status.nodes().stream().filter(ClusterStatus.Node::isUp).count();
        if (up < (hasRegions ? 1 : nodes.size())) {
          return false;
        }
      } catch (CommandFailed notYet) {
        return false;
      }
    }
    return true;
  }

  private void link() throws InterruptedException {
    for (int i = 0; i < REGIONS.size(); i++) {
      NodeProcess node = nodes.get(i);
      int other = REGIONS.size() - 1 - i;
      String address = "127.0.0.1:" + nodes.get(other).ports().peer();
      await(
          "the link between regions",
          () -> answer(node, "REGION", "LINK", REGIONS.get(other), address).equals("OK"));
    }
  }

  /** Makes a database, and waits until it takes writes on each node. */
  public TrefoilServers create(String name, int number, Deployment deployment)
      throws IOException, InterruptedException {
    String words = "DATABASE CREATE " + name + " NUMBER " + number + " " + deployment.words();
    await(
        "'" + words + "'",
        () -> {
          String answer = answer(nodes.get(0), words.split(" "));
          if (answer.startsWith("ERR") && !isPassing(answer)) {
            throw new CommandFailed(words + ": " + answer);
          }
          return answer.equals("OK") || answer.contains("already");
        });
    for (NodeProcess node : nodes) {
      await("'" + name + "' to take writes", () -> takesWrites(node, number));
    }
    return new TrefoilServers(name, number, deployment, this);
  }

  /** Links are new, and take a moment. */
  private boolean isPassing(String answer) {
    return answer.contains("already")
        || hasRegions && (answer.contains("in reach") || answer.contains("Say it again"));
  }

  private static boolean takesWrites(NodeProcess node, int number) throws IOException {
    try (RespClient client = connect(node)) {
      return client.call("SELECT", Integer.toString(number)) instanceof Reply.SimpleString
          && client.call("SET", "bench:ready", "1") instanceof Reply.SimpleString
          && client.call("DEL", "bench:ready") instanceof Reply.Int;
    }
  }

  /** The client port of the node that leads a database's first partition. */
  int awaitLeader(String database) throws InterruptedException {
    AtomicInteger port = new AtomicInteger();
    await(
        "a leader of '" + database + "'",
        () -> {
          port.set(leaderPort(database).orElse(0));
          return port.get() > 0;
        });
    return port.get();
  }

  private Optional<Integer> leaderPort(String database) throws IOException {
    try (RespClient client = connect(nodes.get(0))) {
      String leader =
          ClusterStatus.parse(client.call("STATUS").text())
              .database(database)
              .map(it -> it.partitionStates().get(0).leader())
              .orElse("");
      return nodes.stream()
          .filter(node -> node.name().equals(leader))
          .map(node -> node.ports().client())
          .findFirst();
    }
  }

  /** The version, as the first node says it. */
  String version() throws IOException {
    try (RespClient client = connect(nodes.get(0))) {
      return ClusterStatus.parse(client.call("STATUS").text()).nodes().get(0).version();
    }
  }

  List<Integer> clientPorts() {
    return nodes.stream().map(node -> node.ports().client()).toList();
  }

  List<ProcessHandle> processes() {
    return nodes.stream()
        .map(node -> ProcessHandle.of(node.pid()))
        .flatMap(Optional::stream)
        .toList();
  }

  private static String answer(NodeProcess node, String... words) throws IOException {
    try (RespClient client = connect(node)) {
      return client.call(words).text();
    }
  }

  private static RespClient connect(NodeProcess node) throws IOException {
    return RespClient.connect("127.0.0.1", node.ports().client(), CONNECT, PATIENCE);
  }

  private void await(String what, Await.Condition condition) throws InterruptedException {
    Await.until(
        READY_SECONDS,
        what,
        List.of(),
        () -> {
          for (NodeProcess node : nodes) {
            if (node.state() == NodeProcess.State.DEAD) {
              throw new CommandFailed(
                  node.name() + " ended: " + String.join("\n", node.lastLines(LINES_SHOWN)));
            }
          }
          return condition.holds();
        });
  }

  /** Asks it to end, and kills it when that takes long. */
  private static void stop(NodeProcess node) {
    try {
      node.askToStop();
      if (!node.awaitEnd(STOP_MILLIS)) {
        node.kill();
        node.awaitEnd(STOP_MILLIS);
      }
    } catch (IOException e) {
      node.kill();
    } catch (InterruptedException e) {
      node.kill();
      Thread.currentThread().interrupt();
    }
  }
}
