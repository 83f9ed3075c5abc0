package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** A cluster is linked to others, which are not there. */
@Tag("slow")
class RegionsTest {
  @TempDir private Path folder;

  @Test
  void a_cluster_that_is_in_a_region_is_linked_to_others() {
    String[] flags = {"--node.region", "eu", "--region.advertise", "[fd00::9]:443"};
    try (ClusterProcesses cluster = ClusterProcesses.start(folder, 1, flags);
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      assertThat(region(client, "LINK", "us", "n1.us:16379")).isEqualTo("OK");
      assertThat(region(client, "link", "us", "n2.us:16379", "[fd00::1]:1")).isEqualTo("OK");
      assertThat(region(client, "LIST"))
          .isEqualTo(
              List.of(
                  List.of("name", "eu", "addresses", List.of("[fd00::9]:443"), "here", "yes"),
                  List.of(
                      "name",
                      "us",
                      "addresses",
                      List.of("n2.us:16379", "[fd00::1]:1"),
                      "here",
                      "no")));
      assertThat(region(client, "HELP")).asString().contains("REGION UNLINK name");
      assertRefused(client, "REGION LINK: 'eu' is a region of this cluster", "LINK", "eu", "n:1");
      assertRefused(client, "REGION: unknown word 'LNIK', did you mean LINK?", "LNIK");
      assertThat(region(client, "UNLINK", "us")).isEqualTo("OK");
      assertRefused(client, "REGION UNLINK: region 'us' is not linked", "UNLINK", "us");
    }
  }

  @Test
  void a_cluster_whose_region_nobody_chose_is_not_linked() {
    try (ClusterProcesses cluster = ClusterProcesses.start(folder, 1);
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      assertRefused(
          client,
          "REGION LINK: this node is in no region: set its node.region",
          "LINK",
          "us",
          "n1.us:16379");
      assertThat(region(client, "LIST")).isEqualTo(List.of());
    }
  }

  private static Object region(Jedis client, String... words) {
    return SafeEncoder.encodeObject(
        client.sendCommand(() -> "REGION".getBytes(StandardCharsets.UTF_8), words));
  }

  private static void assertRefused(Jedis client, String error, String... words) {
    assertThatThrownBy(() -> region(client, words))
        .isInstanceOf(JedisDataException.class)
        .hasMessageStartingWith("ERR " + error);
  }
}
