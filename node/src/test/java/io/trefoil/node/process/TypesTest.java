package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.util.SafeEncoder;

/**
 * Values of every type in real nodes that are killed, caught up and started again, with one leader
 * and with none. Together they are larger than the memory table.
 */
@Tag("full")
class TypesTest {
  private static final int CARTS = 5;
  private static final int ELEMENTS = 8_000;
  private static final int CHANGES = 12;

  /** In a leaderless database a command that has to know a list asks others for all of it. */
  private static final int CART_ELEMENTS = 1_000;

  private static final int CART_CHANGES = 5;

  /** A write that is late on a slow machine is no error: nobody could say what became of it. */
  private static final String PATIENCE = "60000";

  private static final Pattern ALL_EQUAL = Pattern.compile("rounds, (\\d+), equal, \\1,");

  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static final TypedData ORDERED = new TypedData(false, 1);
  private static final TypedData MERGED = new TypedData(true, 2);

  @BeforeAll
  static void startClusterAndFill() {
    cluster =
        ClusterProcesses.start(
            folder,
            3,
            "--cluster.database0-partitions",
            "2",
            "--memory.table",
            "16mb",
            "--memory.block-cache",
            "1mb",
            "--journal.segment",
            "256kb",
            "--journal.keep",
            "512kb");
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      ClusterProcesses.command(client, "DATABASE", "ALTER", "0", "WRITE-TIMEOUT", PATIENCE);
    }
    createCarts();
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      ORDERED.fill(client, ELEMENTS);
    }
    try (Jedis client = carts(2)) {
      MERGED.fill(client, CART_ELEMENTS);
    }
  }

  private static void createCarts() {
    cluster.createDatabase(
        "carts",
        "NUMBER",
        Integer.toString(CARTS),
        "REPLICATION",
        "LEADERLESS",
        "REPLICAS",
        "3",
        "R",
        "2",
        "W",
        "2",
        "PARTITIONS",
        "1",
        "WRITE-TIMEOUT",
        PATIENCE);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @AfterEach
  void allNodesRun() throws IOException {
    for (NodeProcess node : cluster.nodes()) {
      if (!node.isAlive()) {
        node.start();
      }
    }
    cluster.awaitInSync();
  }

  private static Jedis carts(int node) {
    return ClusterProcesses.client(
        cluster.node(node), CARTS, ClusterProcesses.DEADLINE_SECONDS * 1_000);
  }

  private static int number(NodeProcess node) {
    return cluster.nodes().indexOf(node) + 1;
  }

  /** Changes both databases through a node that runs. */
  private static void change(int node) {
    try (Jedis client = ClusterProcesses.client(cluster.node(node))) {
      ORDERED.change(client, CHANGES);
    }
    try (Jedis client = carts(node)) {
      MERGED.change(client, CART_CHANGES);
    }
  }

  /** Compares what is read through a node with the models. */
  private static void check(int node, String what) {
    try (Jedis client = ClusterProcesses.client(cluster.node(node))) {
      ORDERED.check(client, what);
    }
    try (Jedis client = carts(node)) {
      MERGED.check(client, what + ", leaderless");
    }
  }

  /** Compares what a node's own copies hold with the models, and all copies with each other. */
  private static void checkCopies(int node, String what) {
    cluster.awaitInSync();
    try (Jedis client = ClusterProcesses.client(cluster.node(node))) {
      ClusterProcesses.command(client, "READONLY");
      ORDERED.check(client, what);
    }
    ClusterProcesses.await(what + ": all came to all", TypesTest::isRepaired);
    ClusterProcesses.await(what + ": equal copies", TypesTest::isVerified);
    // Copies without a leader differ meanwhile, as each forgets in its own time what was removed.
    ClusterProcesses.await(
        what + ": equal copies, leaderless", () -> verified("carts").contains("result, equal"));
    try (Jedis client = carts(node)) {
      ClusterProcesses.command(client, "CONSISTENCY", "ONE");
      MERGED.check(client, what + ", leaderless");
    }
  }

  /** Has all copies of the leaderless database compared; whether they were equal. */
  private static boolean isRepaired() {
    return ALL_EQUAL.matcher(ask("REPAIR", "RUN", "carts")).find();
  }

  private static boolean isVerified() {
    String reply = verified("0");
    assertThat(reply).doesNotContain("result, differs");
    return reply.contains("result, equal");
  }

  private static String verified(String database) {
    return ask("DATABASE", "VERIFY", database);
  }

  private static String ask(String command, String... words) {
    try (Jedis client = ClusterProcesses.client(cluster.node(1))) {
      Object reply = client.sendCommand(() -> SafeEncoder.encode(command), words);
      return SafeEncoder.encodeObject(reply).toString();
    }
  }

  /** All partitions of both databases take writes. */
  private static void awaitServes(int node) {
    try (Jedis client = ClusterProcesses.client(cluster.node(node));
        Jedis carts = carts(node)) {
      for (int i = 0; i < 20; i++) {
        String key = "serves" + i;
        ClusterProcesses.await(
            "writes", () -> client.set(key, "x") != null && carts.set(key, "x") != null);
      }
    }
  }

  private static NodeProcess follower() {
    NodeProcess first = cluster.awaitLeader(cluster.node(1), 0, 0);
    NodeProcess second = cluster.awaitLeader(cluster.node(1), 0, 1);
    return cluster.nodeBeside(first, second);
  }

  private static int snapshots(NodeProcess node) throws IOException {
    String log = Files.readString(node.dataDir().resolve("logs/node.log"));
    return log.split("taking a snapshot at").length;
  }

  @Test
  void theyAreReadFromDiskAndChangedThere() {
    check(1, "read");
    change(2);
    check(3, "changed");
    checkCopies(3, "copied");
  }

  @Test
  void theyOutliveALeaderThatIsKilled() throws IOException {
    NodeProcess leader = cluster.awaitLeader(cluster.node(1), 0, 0);
    int other = number(cluster.nodeBeside(leader));
    leader.kill();
    ClusterProcesses.await(
        "another leader", () -> cluster.awaitLeader(cluster.node(other), 0, 0) != leader);
    awaitServes(other);
    check(other, "after the failover");
    change(other);
    leader.start();
    checkCopies(number(leader), "the old leader");
  }

  @Test
  void aFollowerThatWasAwayGetsThemFromTheJournal() throws IOException {
    NodeProcess away = follower();
    int taken = snapshots(away);
    away.kill();
    int other = number(cluster.nodeBeside(away));
    awaitServes(other);
    try (Jedis client = ClusterProcesses.client(cluster.node(other))) {
      ORDERED.change(client, 10);
    }
    away.start();
    checkCopies(number(away), "caught up");
    assertThat(snapshots(away)).isEqualTo(taken);
  }

  @Test
  void aFollowerThatWasAwayForTooLongGetsThemInASnapshot() throws IOException {
    NodeProcess away = follower();
    int taken = snapshots(away);
    away.kill();
    int other = number(cluster.nodeBeside(away));
    awaitServes(other);
    change(other);
    writeMuch(other);
    ClusterProcesses.await(
        "the journal lets go of what it lacks",
        () -> cluster.status(cluster.node(other)).toString().contains("away, needs a snapshot"));
    away.start();
    checkCopies(number(away), "after the snapshot");
    assertThat(snapshots(away)).isGreaterThan(taken);
  }

  private static void writeMuch(int node) {
    try (Jedis client = ClusterProcesses.client(cluster.node(node));
        Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < 1_000; i++) {
        pipeline.set("much" + i, "x".repeat(12_000));
      }
      assertThat(pipeline.syncAndReturnAll()).containsOnly("OK");
    }
  }

  @Test
  void theyAreThereWhenAllNodesWereKilled() throws IOException {
    change(1);
    cluster.nodes().forEach(NodeProcess::kill);
    for (NodeProcess node : cluster.nodes()) {
      node.start();
    }
    cluster.awaitInSync();
    awaitServes(2);
    check(2, "after the restart");
    change(3);
    checkCopies(2, "copied after the restart");
  }
}
