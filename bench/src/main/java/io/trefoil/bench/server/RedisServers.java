package io.trefoil.bench.server;

import io.trefoil.bench.load.Protocol;
import io.trefoil.bench.load.Resp;
import io.trefoil.cli.RespClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Redis: one node, or a leader and its replicas. It acknowledges by itself; where more copies are
 * promised, WAIT follows, which asks for copies in memory and not on the disk.
 */
public final class RedisServers implements Servers {
  private static final String INSTALLATION = "Debian, Ubuntu: apt-get install redis-server";
  private static final int PORT = 50;
  private static final int READY_SECONDS = 30;
  private static final int WAIT_MILLIS = 1_500;
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Deployment deployment;
  private final String version;
  private final List<ServerProcess> processes = new ArrayList<>();
  private final InetSocketAddress leader;

  /** Starts them. */
  public RedisServers(Deployment deployment, Workspace workspace)
      throws IOException, InterruptedException {
    this.deployment = deployment;
    version =
        ServerProcess.version(workspace, INSTALLATION, "redis-server")
            .replaceAll(".* v=(\\S+).*", "$1");
    leader = new InetSocketAddress("127.0.0.1", workspace.port() + PORT);
    for (int i = 0; i < deployment.replicas(); i++) {
      start(workspace, i);
    }
    Await.until(READY_SECONDS, "Redis", processes, this::isReady);
  }

  private void start(Workspace workspace, int number) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "redis-server",
                "--port",
                Integer.toString(workspace.freePort(PORT + number)),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                deployment.isSynced() ? "always" : "everysec"));
    if (number > 0) {
      command.addAll(List.of("--replicaof", "127.0.0.1 " + leader.getPort()));
    }
    String name = "redis" + (number + 1);
    processes.add(ServerProcess.start(name, workspace, INSTALLATION, command));
  }

  private boolean isReady() throws IOException {
    try (RespClient client =
        RespClient.connect("127.0.0.1", leader.getPort(), PATIENCE, PATIENCE)) {
      String replication = client.call("INFO", "replication").text();
      return replication.split("state=online", -1).length == deployment.replicas();
    }
  }

  private int replicasWaitedFor() {
    return deployment.copies() - 1;
  }

  @Override
  public String name() {
    return "redis";
  }

  @Override
  public String setup() {
    int replicas = deployment.replicas() - 1;
    return String.format(
        "Redis %s, %s, AOF %s%s",
        version,
        replicas == 0 ? "one node" : "a leader and " + replicas + " replicas",
        deployment.isSynced() ? "always" : "everysec",
        replicasWaitedFor() == 0 ? "" : ", SET and then WAIT " + replicasWaitedFor());
  }

  @Override
  public String promise() {
    return (deployment.copies() == 1 ? "1 copy " : deployment.copies() + " copies ") + synced();
  }

  private String synced() {
    if (!deployment.isSynced()) {
      return "written, synced later";
    }
    return replicasWaitedFor() == 0 ? "synced" : "of which the leader's is synced";
  }

  @Override
  public List<InetSocketAddress> nodes() {
    return List.of(leader);
  }

  @Override
  public Protocol protocol(int pipeline) {
    return new Resp("0", pipeline, replicasWaitedFor(), WAIT_MILLIS);
  }

  @Override
  public List<ProcessHandle> processes() {
    return processes.stream().map(ServerProcess::handle).toList();
  }
}
