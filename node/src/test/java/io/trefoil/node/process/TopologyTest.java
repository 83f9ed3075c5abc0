package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** A ring and a star of regions of one node each, with real processes, sockets and disks. */
@Tag("full")
class TopologyTest {
  private static final int RING = 5;
  private static final int STAR = 6;

  /** In the order of the ring; the first is the hub of the star. */
  private static final List<String> REGIONS = List.of("eu", "us", "asia", "africa");

  @TempDir private static Path folder;
  private static final List<ClusterProcesses> clusters = new ArrayList<>();

  @BeforeAll
  static void startRegions() {
    for (String region : REGIONS) {
      clusters.add(ClusterProcesses.start(folder.resolve(region), 1, "--node.region", region));
    }
    for (ClusterProcesses here : clusters) {
      for (ClusterProcesses there : clusters) {
        if (here != there) {
          here.link(REGIONS.get(clusters.indexOf(there)), there);
        }
      }
    }
    create("ring", RING, "RING");
    create("star", STAR, "STAR", "eu");
  }

  private static void create(String name, int number, String... topology) {
    List<String> options = new ArrayList<>(List.of("PARTITIONS", "2", "TOPOLOGY"));
    options.addAll(List.of(topology));
    clusters.get(0).createBetween(name, number, REGIONS, options.toArray(String[]::new));
    clusters.forEach(each -> each.awaitInSync(each.node(1), number));
  }

  @AfterAll
  static void stopRegions() {
    clusters.forEach(ClusterProcesses::close);
  }

  private static ClusterProcesses cluster(String region) {
    return clusters.get(REGIONS.indexOf(region));
  }

  private static Jedis client(String region, int database) {
    Jedis client = ClusterProcesses.client(cluster(region).node(1));
    client.select(database);
    return client;
  }

  /** Each region adds to counters of which all know, and writes keys of its own. */
  private static void write(int database, String name, List<String> regions) {
    for (String region : regions) {
      try (Jedis client = client(region, database)) {
        for (int i = 0; i < 50; i++) {
          client.incr("counter-" + name + "-" + i % 5);
          client.set(name + "-" + region + "-" + i, region);
        }
      }
    }
  }

  private static void awaitEverywhere(int database, String name, List<String> writers) {
    for (String region : REGIONS) {
      ClusterProcesses.await(
          "all of " + name + " in " + region, () -> has(region, database, name, writers));
    }
    for (String region : REGIONS) {
      Map<String, String> contents = ClusterProcesses.contents(cluster(region).node(1), database);
      assertThat(contents)
          .as("each entry once in %s", region)
          .containsEntry("counter-" + name + "-0", "" + 10 * writers.size())
          .containsEntry("counter-" + name + "-4", "" + 10 * writers.size());
      for (String writer : writers) {
        assertThat(contents).containsEntry(name + "-" + writer + "-49", writer);
      }
    }
  }

  private static boolean has(String region, int database, String name, List<String> writers) {
    Map<String, String> contents = ClusterProcesses.contents(cluster(region).node(1), database);
    long keys = contents.keySet().stream().filter(key -> key.startsWith(name + "-")).count();
    long sum =
        contents.entrySet().stream()
            .filter(it -> it.getKey().startsWith("counter-" + name + "-"))
            .mapToLong(it -> Long.parseLong(it.getValue()))
            .sum();
    return keys == 50L * writers.size() && sum >= 50L * writers.size();
  }

  /** Regions to which this one's leaders of a database have links. */
  private static Set<String> neighbours(String region, String database) {
    Set<String> neighbours = new TreeSet<>();
    JsonNode status = cluster(region).status(cluster(region).node(1));
    for (JsonNode each : status.path("databases")) {
      if (each.path("name").asText().equals(database)) {
        for (JsonNode partition : each.path("partition_states")) {
          partition.path("regions").forEach(link -> neighbours.add(link.path("region").asText()));
        }
      }
    }
    return neighbours;
  }

  private static void awaitWarning(String region, String words) {
    ClusterProcesses.await(
        "a warning in " + region + ": " + words,
        () ->
            cluster(region)
                .status(cluster(region).node(1))
                .path("warnings")
                .toString()
                .contains(words));
  }

  private static List<String> but(String region) {
    return REGIONS.stream().filter(each -> !each.equals(region)).toList();
  }

  @Test
  void eachRegionIsLinkedToTheNeighboursThatItsTopologyHas() {
    assertThat(neighbours("eu", "ring")).containsExactly("africa", "us");
    assertThat(neighbours("asia", "ring")).containsExactly("africa", "us");
    assertThat(neighbours("eu", "star")).containsExactly("africa", "asia", "us");
    assertThat(neighbours("asia", "star")).containsExactly("eu");
  }

  @Test
  void whatIsWrittenGetsEverywhereOnce() {
    write(RING, "first", REGIONS);
    awaitEverywhere(RING, "first", REGIONS);
    write(STAR, "first", REGIONS);
    awaitEverywhere(STAR, "first", REGIONS);
  }

  @Test
  void aRingGoesOnWithoutOneRegionTheOtherWayRound() throws IOException {
    List<String> others = but("us");
    cluster("us").node(1).kill();
    try {
      write(RING, "without", others);
      try (Jedis asia = client("asia", RING)) {
        ClusterProcesses.await(
            "eu's writes in asia, by africa", () -> "eu".equals(asia.get("without-eu-49")));
      }
      awaitWarning("eu", "region 'us' is out of reach of");
    } finally {
      cluster("us").node(1).start();
    }
    awaitEverywhere(RING, "without", others);
  }

  @Test
  void aStarWithoutItsHubSaysSoTakesWritesAndIsEqualAgainWhenItIsBack() throws IOException {
    List<String> others = but("eu");
    cluster("eu").node(1).kill();
    try {
      write(STAR, "alone", others);
      for (String region : others) {
        awaitWarning(region, "region 'eu' is out of reach of");
      }
      try (Jedis us = client("us", STAR)) {
        assertThat(us.exists("alone-asia-49")).as("there is no other way").isFalse();
      }
    } finally {
      cluster("eu").node(1).start();
    }
    awaitEverywhere(STAR, "alone", others);
  }
}
