package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.util.SafeEncoder;

/** A multi-leader database in two regions of two nodes, with real processes, sockets and disks. */
@Tag("slow")
class MultiLeaderTest {
  private static final int KEYS = 300;
  private static final int USERS = 5;

  @TempDir private static Path folder;
  private static ClusterProcesses eu;
  private static ClusterProcesses us;

  @BeforeAll
  static void startRegions() {
    eu = ClusterProcesses.start(folder.resolve("eu"), 2, "--node.region", "eu");
    us = ClusterProcesses.start(folder.resolve("us"), 2, "--node.region", "us");
    eu.link("us", us);
    us.link("eu", eu);
    eu.createBetween("users", USERS, List.of("eu", "us"), "REPLICAS", "2", "PARTITIONS", "3");
    us.awaitInSync(us.node(1), USERS);
  }

  @AfterAll
  static void stopRegions() {
    eu.close();
    us.close();
  }

  private static Jedis client(ClusterProcesses region, int node) {
    Jedis client = ClusterProcesses.client(region.node(node));
    client.select(USERS);
    return client;
  }

  private static void write(ClusterProcesses region, String prefix) {
    try (Jedis client = client(region, 2);
        Pipeline pipeline = client.pipelined()) {
      for (int i = 0; i < KEYS; i++) {
        pipeline.set(prefix + i, "of " + prefix);
      }
    }
  }

  private static void awaitEqual() {
    ClusterProcesses.await(
        "the same data in both regions",
        () -> {
          Map<String, String> first = ClusterProcesses.contents(eu.node(1), USERS);
          return first.equals(ClusterProcesses.contents(us.node(1), USERS))
              && first.equals(ClusterProcesses.contents(eu.node(2), USERS))
              && first.equals(ClusterProcesses.contents(us.node(2), USERS));
        });
  }

  @Test
  void whatIsWrittenInOneRegionIsReadInTheOther() {
    write(eu, "eu-");
    write(us, "us-");
    awaitEqual();
    Map<String, String> contents = ClusterProcesses.contents(us.node(1), USERS);
    for (int i = 0; i < KEYS; i++) {
      assertThat(contents).containsEntry("eu-" + i, "of eu-").containsEntry("us-" + i, "of us-");
    }
  }

  @Tag("full")
  @Test
  void aSessionGoesOnInAnotherRegionWithWhatItHasSeen() {
    for (int i = 0; i < 20; i++) {
      try (Jedis a = client(eu, 1 + i % 2);
          Jedis b = client(us, 1 + i % 2)) {
        ClusterProcesses.command(a, "CONSISTENCY", "SESSION");
        ClusterProcesses.command(b, "CONSISTENCY", "SESSION");
        a.set("seen", "in eu " + i);
        String token = ClusterProcesses.command(a, "SESSION", "TOKEN");
        assertThat(token).contains("eu:");
        assertThat(ClusterProcesses.command(b, "SESSION", "WAIT", token, "60000")).isEqualTo("OK");
        assertThat(b.get("seen")).isEqualTo("in eu " + i);
        b.set("answered", "in us " + i);
        String answer = ClusterProcesses.command(b, "SESSION", "TOKEN");
        assertThat(ClusterProcesses.command(a, "SESSION", "WAIT", answer, "60000")).isEqualTo("OK");
        assertThat(a.get("answered")).isEqualTo("in us " + i);
      }
    }
    try (Jedis b = client(us, 1)) {
      String token = "1;eu:" + "1".repeat(15) + "/0@1:1";
      assertThatThrownBy(() -> ClusterProcesses.command(b, "SESSION", "WAIT", token))
          .hasMessageContaining("which is not there");
    }
  }

  @Test
  void whatIsSentBehindASessionsWaitInOnePipelineSeesWhatItWaitedFor() {
    for (int i = 0; i < 20; i++) {
      try (Jedis a = client(eu, 1);
          Jedis b = client(us, 1)) {
        ClusterProcesses.command(a, "CONSISTENCY", "SESSION");
        ClusterProcesses.command(b, "CONSISTENCY", "SESSION");
        a.set("pipelined", "in eu " + i);
        String token = ClusterProcesses.command(a, "SESSION", "TOKEN");
        try (Pipeline pipeline = b.pipelined()) {
          pipeline.sendCommand(() -> "SESSION".getBytes(), "WAIT", token, "60000");
          Response<String> read = pipeline.get("pipelined");
          pipeline.sync();
          assertThat(read.get()).isEqualTo("in eu " + i);
        }
      }
    }
  }

  @Test
  void regionsAreComparedAndFoundEqual() {
    write(eu, "eu-");
    write(us, "us-");
    awaitEqual();
    ClusterProcesses.await(
        "equal regions",
        () -> {
          try (Jedis a = client(eu, 2)) {
            Object reply = a.sendCommand(() -> "DATABASE".getBytes(), "VERIFY", "users");
            String text = String.valueOf(SafeEncoder.encodeObject(reply));
            assertThat(text).doesNotContain("diverged_keys");
            return text.startsWith("[database, users, result, equal")
                && text.contains("regions, [[region, us, result, equal");
          }
        });
  }

  /** What was overwritten is forgotten meanwhile, by each copy when it comes to it. */
  @Test
  void whatEachCopyForgetsInItsOwnTimeIsNoDifference() {
    int keys = 6_000;
    for (ClusterProcesses region : List.of(eu, us)) {
      try (Jedis client = client(region, 1)) {
        try (Pipeline pipeline = client.pipelined()) {
          for (int i = 0; i < keys; i++) {
            pipeline.set("over-" + i, "written");
          }
        }
        client.set("last", "x");
      }
      awaitEqual();
    }
    try (Jedis client = client(eu, 1)) {
      for (int look = 0; look < 20; look++) {
        Object reply = client.sendCommand(() -> "DATABASE".getBytes(), "VERIFY", "users");
        assertThat(String.valueOf(SafeEncoder.encodeObject(reply)))
            .doesNotContain("differs", "all_looked_at, no");
      }
    }
  }

  @Test
  void aDatabaseIsMadeAndDroppedInBothRegionsAndSayingItAgainIsNoMistake() {
    String[] create = {
      "DATABASE", "CREATE", "short", "REPLICATION", "MULTI-LEADER", "REGIONS", "2", "us", "eu"
    };
    try (Jedis a = ClusterProcesses.client(eu.node(1));
        Jedis b = ClusterProcesses.client(us.node(2))) {
      assertThat(ClusterProcesses.command(b, create)).isEqualTo("OK");
      assertThat(ClusterProcesses.command(b, create)).isEqualTo("OK");
      assertThatThrownBy(() -> ClusterProcesses.command(a, "DATABASE", "CREATE", "short"))
          .hasMessageContaining("'short' exists");
      assertThat(ClusterProcesses.command(a, "DATABASE", "DROP", "short")).isEqualTo("OK");
      for (Jedis each : new Jedis[] {a, b}) {
        ClusterProcesses.await(
            "dropped", () -> !ClusterProcesses.command(each, "STATUS").contains("\"short\""));
      }
    }
  }

  @Test
  void readsThatNeedOneOrderOfAllWritesAreRefused() {
    try (Jedis a = client(eu, 1)) {
      ClusterProcesses.command(a, "CONSISTENCY", "LINEARIZABLE");
      assertThatThrownBy(() -> a.get("any"))
          .hasMessageContaining("UNSUPPORTED LINEARIZABLE reads need one order of all writes");
    }
  }

  @Test
  void countersAddUpAndMembersAreKept() {
    try (Jedis a = client(eu, 1);
        Jedis b = client(us, 2)) {
      for (int i = 0; i < 50; i++) {
        a.incrBy("visits", 2);
        b.incrBy("visits", 3);
        a.sadd("members", "eu" + i % 5);
        b.sadd("members", "us" + i % 5, "both");
      }
      ClusterProcesses.await(
          "every addition is everywhere",
          () -> "250".equals(a.get("visits")) && "250".equals(b.get("visits")));
      Set<String> members =
          Set.of("eu0", "eu1", "eu2", "eu3", "eu4", "us0", "us1", "us2", "us3", "us4", "both");
      ClusterProcesses.await(
          "every member is everywhere",
          () -> members.equals(a.smembers("members")) && members.equals(b.smembers("members")));
    }
  }

  @Test
  void aRegionWhoseLeaderIsKilledGoesOnWithNothingSkippedAndNothingDoubled() throws IOException {
    try (Jedis a = client(eu, 1);
        Jedis b = client(us, 1)) {
      for (int i = 0; i < 200; i++) {
        a.incr("kept-" + i % 7);
      }
      us.node(2).kill();
      for (int i = 0; i < 200; i++) {
        a.incr("kept-" + i % 7);
      }
      us.node(2).start();
      for (int i = 0; i < 7; i++) {
        String key = "kept-" + i;
        ClusterProcesses.await(
            "every addition is in us", () -> a.get(key) != null && a.get(key).equals(b.get(key)));
      }
      long sum = 0;
      for (int i = 0; i < 7; i++) {
        sum += Long.parseLong(b.get("kept-" + i));
      }
      assertThat(sum).isEqualTo(400);
    }
    us.awaitInSync(us.node(1), USERS);
  }
}
