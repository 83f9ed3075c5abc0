package io.trefoil.bench.server;

import io.trefoil.bench.load.Connection;
import io.trefoil.bench.load.Cql;
import io.trefoil.bench.load.Protocol;
import io.trefoil.cli.CommandFailed;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarFile;

/**
 * Three nodes of Cassandra, which Maven fetches the first time, in the faster of its two example
 * configurations. Each has an address of its own on loopback.
 */
public final class CassandraServers implements Servers {
  private static final String INSTALLATION = "Debian, Ubuntu: apt-get install maven";
  private static final int NODES = 3;
  private static final int CLIENT_PORT = 70;
  private static final int STORAGE_PORT = 71;
  private static final int READY_SECONDS = 180;
  private static final int FETCH_SECONDS = 900;
  private static final String KEYSPACE = "bench";
  private static final String INLINED = "META-INF/hotspot_compiler";

  /** The first of so many tokens in a row, and how far the nodes' are apart. */
  private static final long FIRST_TOKEN = -Long.MAX_VALUE;

  private static final long TOKEN_STEP = 6_148_914_691_236_517_205L;

  private final Deployment deployment;
  private final Workspace workspace;
  private final Path sources;
  private final Path folder;
  private final int clientPort;
  private final int storagePort;
  private final String classPath;
  private final List<ServerProcess> processes = new ArrayList<>();

  /** Fetches Cassandra when it is not there yet, and starts the nodes. */
  public CassandraServers(Deployment deployment, Workspace workspace)
      throws IOException, InterruptedException {
    this.deployment = deployment;
    this.workspace = workspace;
    sources = workspace.home().resolve("bench").resolve("cassandra");
    folder = workspace.folder();
    clientPort = workspace.freePort(CLIENT_PORT);
    storagePort = workspace.freePort(STORAGE_PORT);
    classPath = fetch();
    extractInlined();
    start(1);
    // The two others find the cluster through the first one, and stop when they don't.
    await("Cassandra's first node", () -> takesClients(processes.get(0)));
    start(2);
    start(3);
    await("Cassandra's nodes", () -> processes.stream().allMatch(CassandraServers::isWhole));
    createTable();
  }

  private String fetch() throws IOException, InterruptedException {
    Path found = folder.resolve("classpath");
    ServerProcess maven =
        ServerProcess.start(
            "mvn",
            workspace,
            INSTALLATION,
            List.of(
                "mvn",
                "-B",
                "-q",
                "-Dstyle.color=never",
                "-f",
                sources.resolve("pom.xml").toString(),
                "dependency:build-classpath",
                "-Dmdep.outputFile=" + found));
    maven.awaitEnd(FETCH_SECONDS);
    if (!Files.exists(found)) {
      throw new CommandFailed("Maven could not fetch Cassandra: " + maven.firstWords());
    }
    return Files.readString(found).strip();
  }

  private String jar(String name) {
    return Arrays.stream(classPath.split(":"))
        .filter(path -> path.contains(name))
        .findFirst()
        .orElseThrow(() -> new CommandFailed("Maven fetched no " + name));
  }

  /** Which methods Java should inline: Cassandra's own start script names this file. */
  private void extractInlined() throws IOException {
    try (JarFile jar = new JarFile(jar("cassandra-all"));
        InputStream in = jar.getInputStream(jar.getEntry(INLINED))) {
      Files.copy(in, folder.resolve("hotspot_compiler"));
    }
  }

  private void start(int number) throws IOException {
    String name = "cassandra" + number;
    Path own = Files.createDirectories(folder.resolve(name));
    Path config = own.resolve("cassandra.yaml");
    Files.writeString(
        config,
        Files.readString(sources.resolve("cassandra.yaml"))
            .replace("@address@", "127.0.0." + number)
            .replace("@token@", Long.toString(FIRST_TOKEN + (number - 1) * TOKEN_STEP))
            .replace("@client_port@", Integer.toString(clientPort))
            .replace("@storage_port@", Integer.toString(storagePort))
            .replace("@commitlog_sync@", commitlogSync())
            .replace("@folder@", own.toString()));
    processes.add(
        ServerProcess.start(
            name,
            workspace,
            INSTALLATION,
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + sources.resolve("jvm.options"),
                "-Xms1g",
                "-Xmx1g",
                "-XX:CompileCommandFile=" + folder.resolve("hotspot_compiler"),
                "-javaagent:" + jar("/jamm-"),
                "-Dcassandra-foreground=yes",
                "-Dcassandra.storagedir=" + own,
                "-Dcassandra.config=file://" + config,
                "-Dlogback.configurationFile=file://" + sources.resolve("logback.xml"),
                "-cp",
                classPath,
                "org.apache.cassandra.service.CassandraDaemon")));
  }

  private String commitlogSync() {
    return deployment.isSynced()
        ? "commitlog_sync: batch"
        : "commitlog_sync: periodic\ncommitlog_sync_period: 10s";
  }

  private void await(String what, Await.Condition condition) throws InterruptedException {
    Await.until(READY_SECONDS, what, processes, condition);
  }

  private static boolean takesClients(ServerProcess node) throws IOException {
    return node.output().contains("Starting listening for CQL clients");
  }

  /** It takes clients, and knows the two others. */
  private static boolean isWhole(ServerProcess node) {
    try {
      long others = node.output().lines().filter(line -> line.contains("is now UP")).count();
      return takesClients(node) && others >= NODES - 1;
    } catch (IOException e) {
      return false;
    }
  }

  private void createTable() throws IOException {
    Connection connection =
        Connection.connect(nodes().get(0), protocol(1), /* pipelineMax= */ 1, /* valueMax= */ 1);
    try {
      Cql.createTable(connection, KEYSPACE);
    } finally {
      connection.close();
    }
  }

  @Override
  public String name() {
    return "cassandra";
  }

  @Override
  public String setup() {
    return String.format(
        "Cassandra %s, 3 nodes, 3 replicas, writes %s, reads %s, commitlog_sync %s",
        jar("cassandra-all").replaceAll(".*cassandra-all-(.*)\\.jar", "$1"),
        writes(),
        reads(),
        deployment.isSynced() ? "batch" : "periodic");
  }

  @Override
  public String promise() {
    return deployment.promise();
  }

  private Cql.Consistency writes() {
    return Cql.Consistency.of(deployment.copies());
  }

  /**
   * As many as a leaderless database asks; of one with leaders so many that they see each write.
   */
  private Cql.Consistency reads() {
    boolean isLeaderless = deployment.algorithm() == Deployment.Algorithm.LEADERLESS;
    return Cql.Consistency.of(isLeaderless ? deployment.r() : NODES + 1 - deployment.copies());
  }

  @Override
  public List<InetSocketAddress> nodes() {
    return List.of(address(1), address(2), address(3));
  }

  private InetSocketAddress address(int number) {
    return new InetSocketAddress("127.0.0." + number, clientPort);
  }

  @Override
  public Protocol protocol(int pipeline) {
    return new Cql(KEYSPACE, pipeline, reads(), writes());
  }

  @Override
  public List<ProcessHandle> processes() {
    return processes.stream().map(ServerProcess::handle).toList();
  }
}
