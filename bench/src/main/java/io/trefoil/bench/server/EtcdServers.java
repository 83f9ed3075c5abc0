package io.trefoil.bench.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trefoil.bench.load.Etcd;
import io.trefoil.bench.load.Protocol;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** etcd's members. They sync what they write before they acknowledge it. */
public final class EtcdServers implements Servers {
  private static final String INSTALLATION = "Debian, Ubuntu: apt-get install etcd-server";
  private static final int CLIENT_PORT = 60;
  private static final int PEER_PORT = 65;
  private static final int READY_SECONDS = 60;
  private static final int HTTP_MILLIS = 2_000;

  /** The default of 2 GB would end a long measurement. */
  private static final String QUOTA_BYTES = Long.toString(8L << 30);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final boolean isSerializable;
  private final boolean isSpread;
  private final String version;
  private final List<Integer> ports;
  private final List<ServerProcess> processes = new ArrayList<>();

  /**
   * Starts them.
   *
   * @param isSerializable whether a member answers a read by itself: it may be behind
   */
  public EtcdServers(Deployment deployment, Workspace workspace, boolean isSerializable)
      throws IOException, InterruptedException {
    this.isSerializable = isSerializable;
    this.isSpread = deployment.isSpread();
    version =
        ServerProcess.version(workspace, INSTALLATION, "etcd").replaceAll("etcd Version: ", "");
    ports =
        IntStream.range(0, deployment.nodes())
            .mapToObj(i -> workspace.freePort(CLIENT_PORT + i))
            .toList();
    for (int i = 0; i < ports.size(); i++) {
      start(workspace, i);
    }
    awaitLeader();
  }

  private void start(Workspace workspace, int number) throws IOException {
    String name = name(number);
    String client = "http://127.0.0.1:" + ports.get(number);
    String peer = "http://127.0.0.1:" + workspace.freePort(PEER_PORT + number);
    String cluster =
        IntStream.range(0, ports.size())
            .mapToObj(i -> name(i) + "=http://127.0.0.1:" + (workspace.port() + PEER_PORT + i))
            .collect(Collectors.joining(","));
    processes.add(
        ServerProcess.start(
            name,
            workspace,
            INSTALLATION,
            List.of(
                "etcd",
                "--name",
                name,
                "--data-dir",
                "data",
                "--listen-client-urls",
                client,
                "--advertise-client-urls",
                client,
                "--listen-peer-urls",
                peer,
                "--initial-advertise-peer-urls",
                peer,
                "--initial-cluster",
                cluster,
                "--quota-backend-bytes",
                QUOTA_BYTES,
                "--log-level",
                "warn",
                "--logger",
                "zap")));
  }

  private static String name(int number) {
    return "etcd" + (number + 1);
  }

  /** Which member leads, when all know; else -1. */
  private int leader() throws IOException {
    int leader = -1;
    for (int i = 0; i < ports.size(); i++) {
      JsonNode status = status(ports.get(i));
      String leads = status.path("leader").asText("0");
      if (leads.equals("0")) {
        return -1;
      }
      if (leads.equals(status.path("header").path("member_id").asText())) {
        leader = i;
      }
    }
    return leader;
  }

  private static JsonNode status(int port) throws IOException {
    URL url = new URL("http://127.0.0.1:" + port + "/v3/maintenance/status");
    HttpURLConnection http = (HttpURLConnection) url.openConnection();
    http.setConnectTimeout(HTTP_MILLIS);
    http.setReadTimeout(HTTP_MILLIS);
    http.setDoOutput(true);
    try (OutputStream out = http.getOutputStream()) {
      out.write("{}".getBytes(StandardCharsets.UTF_8));
    }
    try (InputStream in = http.getInputStream()) {
      return JSON.readTree(in);
    }
  }

  @Override
  public String name() {
    return "etcd";
  }

  @Override
  public String setup() {
    return String.format(
        "etcd %s, %s, reads %s",
        version,
        ports.size() == 1 ? "one member" : ports.size() + " members",
        isSerializable ? "serializable: they may be old" : "linearizable");
  }

  @Override
  public String promise() {
    int copies = ports.size() / 2 + 1;
    return copies == 1 ? "1 copy synced" : copies + " copies synced";
  }

  @Override
  public List<InetSocketAddress> nodes() throws InterruptedException {
    List<Integer> used = isSpread ? ports : List.of(ports.get(awaitLeader()));
    return used.stream().map(port -> new InetSocketAddress("127.0.0.1", port)).toList();
  }

  private int awaitLeader() throws InterruptedException {
    AtomicInteger leader = new AtomicInteger();
    Await.until(
        READY_SECONDS,
        "etcd",
        processes,
        () -> {
          leader.set(leader());
          return leader.get() >= 0;
        });
    return leader.get();
  }

  @Override
  public Protocol protocol(int pipeline) {
    return new Etcd(pipeline, isSerializable);
  }

  @Override
  public List<ProcessHandle> processes() {
    return processes.stream().map(ServerProcess::handle).toList();
  }
}
