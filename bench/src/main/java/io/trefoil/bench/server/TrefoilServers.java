package io.trefoil.bench.server;

import io.trefoil.bench.load.Protocol;
import io.trefoil.bench.load.Resp;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** A database on nodes of Trefoil. */
public final class TrefoilServers implements Servers {
  private final String name;
  private final int number;
  private final TrefoilNodes nodes;
  private final Deployment deployment;
  private final String version;

  TrefoilServers(String name, int number, Deployment deployment, TrefoilNodes nodes)
      throws IOException {
    this.name = name;
    this.number = number;
    this.nodes = nodes;
    this.deployment = deployment;
    version = nodes.version();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String setup() {
    int count = nodes.clientPorts().size();
    return String.format(
        "Trefoil %s, %s, %s",
        version, count == 1 ? "one node" : count + " nodes", deployment.describe());
  }

  @Override
  public String promise() {
    return deployment.promise();
  }

  @Override
  public List<InetSocketAddress> nodes() throws InterruptedException {
    return ports().stream().map(port -> new InetSocketAddress("127.0.0.1", port)).toList();
  }

  private List<Integer> ports() throws InterruptedException {
    if (deployment.isSpread()) {
      return nodes.clientPorts();
    }
    boolean isLed = deployment.algorithm() != Deployment.Algorithm.LEADERLESS;
    return List.of(isLed ? nodes.awaitLeader(name) : nodes.clientPorts().get(0));
  }

  @Override
  public Protocol protocol(int pipeline) {
    return new Resp(Integer.toString(number), pipeline, 0, 0);
  }

  @Override
  public List<ProcessHandle> processes() {
    return nodes.processes();
  }
}
