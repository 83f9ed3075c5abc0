package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/** A node that was started again, with large hashes and sets that are only on disk. */
@Tag("slow")
class FieldsOnDiskTest {
  private static final int LARGE = 10_000;

  @TempDir private Path folder;

  @Test
  void some_fields_and_several_sets_are_read_from_disk() throws Exception {
    try (ClusterProcesses cluster = ClusterProcesses.start(folder, 1, "--cluster.lease", "600ms")) {
      NodeProcess node = cluster.node(1);
      try (Jedis client = ClusterProcesses.client(node)) {
        client.sadd("{t}a", members(0, LARGE));
        client.sadd("{t}b", members(LARGE / 2, LARGE * 3 / 2));
        client.sadd("{t}few", members(LARGE - 5, LARGE + 5));
        client.hset("{t}h", fields());
      }
      assertThat(node.terminate()).isIn(0, 143);
      node.start();
      cluster.awaitInSync();
      try (Jedis client = ClusterProcesses.client(node)) {
        check(client);
      }
      assertThat(node.standardError()).isEmpty();
    }
  }

  private static String[] members(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "member-" + i).toArray(String[]::new);
  }

  private static Map<String, String> fields() {
    return IntStream.range(0, LARGE).boxed().collect(Collectors.toMap(i -> "f" + i, i -> "v" + i));
  }

  private static void check(Jedis client) {
    assertThat(iterate(client)).isEqualTo(fields());
    assertThat(client.srandmember("{t}b")).startsWith("member-");
    assertThat(new HashSet<>(client.srandmember("{t}b", 100))).hasSize(100);
    assertThat(client.hrandfield("{t}h", -20)).hasSize(20).allMatch(fields()::containsKey);
    assertThat(client.srandmember("{t}few", 10)).hasSize(10);
    assertThat(client.sinter("{t}a", "{t}few", "{t}a"))
        .containsExactlyInAnyOrder(members(9_995, LARGE));
    assertThat(client.sinterstore("{t}both", "{t}a", "{t}b")).isEqualTo(LARGE / 2);
    assertThat(client.sunionstore("{t}all", "{t}a", "{t}b", "{t}a")).isEqualTo(LARGE * 3 / 2);
    assertThat(client.sdiff("{t}all", "{t}a", "{t}b")).isEmpty();
    Set<String> popped = new HashSet<>(client.spop("{t}a", 30));
    popped.add(client.spop("{t}a"));
    assertThat(popped).hasSize(31);
    assertThat(client.smismember("{t}a", popped.toArray(String[]::new))).doesNotContain(true);
    assertThat(client.scard("{t}a")).isEqualTo(LARGE - 31);
    assertThat(client.smembers("{t}a")).hasSize(LARGE - 31);
  }

  private static Map<String, String> iterate(Jedis client) {
    Map<String, String> found = new TreeMap<>();
    String cursor = "0";
    do {
      ScanResult<Map.Entry<String, String>> some =
          client.hscan("{t}h", cursor, new ScanParams().count(500));
      List<Map.Entry<String, String>> entries = some.getResult();
      entries.forEach(entry -> found.put(entry.getKey(), entry.getValue()));
      cursor = some.getCursor();
    } while (!cursor.equals("0"));
    return found;
  }
}
