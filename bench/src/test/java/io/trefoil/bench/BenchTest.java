package io.trefoil.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trefoil.cli.Main;
import io.trefoil.cli.Reply;
import io.trefoil.cli.RespClient;
import io.trefoil.cli.Stdio;
import io.trefoil.cli.process.LocalPorts;
import io.trefoil.cli.process.NodePorts;
import io.trefoil.cli.process.NodeProcess;
import io.trefoil.cli.process.PortPlan;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real nodes, a few requests. */
class BenchTest {
  private static final String CLASS_PATH = "trefoil.node.classpath";
  private static final String OPTIONS = "trefoil.node.options";

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  /** As the launcher says it. */
  @BeforeEach
  void sayHowNodesAreStarted() {
    System.setProperty(CLASS_PATH, System.getProperty("java.class.path"));
    System.setProperty(OPTIONS, "-Xmx192m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC");
  }

  @AfterEach
  void sayItNoMore() {
    System.clearProperty(CLASS_PATH);
    System.clearProperty(OPTIONS);
  }

  private JsonNode run(String... more) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("bench", "--json", "--keys", "200", "--connections", "4"));
    arguments.addAll(List.of("--pairs", "1", "--seconds", "1", "--warm-up", "0"));
    arguments.addAll(List.of("--dir", folder.toString()));
    arguments.addAll(List.of(more));
    Stdio stdio = BenchCommandTest.stdio(out, err);
    int code =
        Main.execute(stdio, List.of(new BenchCommand(stdio)), arguments.toArray(String[]::new));
    assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    return new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
  }

  private static void awaitWrites(int port) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!takesWrites(port)) {
      assertThat(System.nanoTime()).as("the node takes writes").isLessThan(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private static boolean takesWrites(int port) {
    Duration patience = Duration.ofSeconds(5);
    try (RespClient client = RespClient.connect("127.0.0.1", port, patience, patience)) {
      return client.call("SET", "ready", "1") instanceof Reply.SimpleString;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static void assertAllIsGood(JsonNode measurement) {
    JsonNode pair = measurement.at("/sides/0/pairs/0");
    assertThat(pair.path("good").asLong()).isPositive();
    assertThat(pair.path("errors").asLong()).isZero();
    assertThat(pair.path("missing").asLong()).isZero();
  }

  @Test
  void aNodeIsStartedAndMeasuredAndNothingStays() throws Exception {
    Path series = folder.resolve("series.csv");
    JsonNode root =
        run("--reads", "0.5", "--pipeline", "2", "--rate", "100", "--series", series.toString());
    assertThat(root.path("measurements")).hasSize(1);
    assertAllIsGood(root.at("/measurements/0"));
    assertThat(root.at("/measurements/0/sides/0/medians/resident MB").asDouble()).isPositive();
    assertThat(Files.readAllLines(series)).hasSizeGreaterThan(1).first().asString().contains("p99");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(series);
    }
  }

  @Test
  void aNodeThatRunsAlreadyIsMeasured() throws Exception {
    NodePorts ports = PortPlan.pick(9_350, 1, new LocalPorts()).nodes().get(0);
    Path data = folder.resolve("n1");
    Path config = folder.resolve("n1.yaml");
    Files.write(
        config,
        List.of(
            "node.name: n1",
            "data.dir: '" + data + "'",
            "client.port: " + ports.client(),
            "peer.port: " + ports.peer(),
            "control.port: " + ports.control(),
            "http.port: " + ports.http(),
            "cluster.expect: 1"));
    NodeProcess node =
        new NodeProcess("n1", ports, data, config, NodeProcess.Launch.ofThisProject("bench"));
    node.start();
    try {
      awaitWrites(ports.client());
      JsonNode root = run("--at", "127.0.0.1:" + ports.client(), "--pipeline", "1");
      assertThat(root.path("measurements")).hasSize(2);
      root.path("measurements").forEach(BenchTest::assertAllIsGood);
    } finally {
      node.kill();
      node.awaitEnd(10_000);
    }
  }
}
