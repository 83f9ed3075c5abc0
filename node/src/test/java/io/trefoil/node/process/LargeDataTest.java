package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.Response;

/** Much more data than the memory table and the heap hold. */
@Tag("full")
class LargeDataTest {
  private static final int KEYS = 1_000_000;
  private static final int VALUE_BYTES = 1_000;
  private static final int BATCH = 1_000;

  @TempDir private Path folder;

  @Test
  void a_gigabyte_goes_through_a_table_of_64_megabytes_and_outlives_a_kill() throws Exception {
    try (ClusterProcesses cluster =
        ClusterProcesses.start(
            folder, 1, "--memory.table", "64mb", "--memory.block-cache", "8mb")) {
      NodeProcess node = cluster.node(1);
      try (Jedis client = ClusterProcesses.client(node, 0, 60_000)) {
        for (int from = 0; from < KEYS; from += BATCH) {
          Pipeline pipeline = client.pipelined();
          List<Response<String>> replies = new ArrayList<>();
          for (int i = from; i < from + BATCH; i++) {
            replies.add(pipeline.set(key(i), value(i)));
          }
          pipeline.sync();
          assertThat(replies).allSatisfy(reply -> assertThat(reply.get()).isEqualTo("OK"));
        }
      }
      node.kill();
      node.start();
      cluster.awaitInSync();
      try (Jedis client = ClusterProcesses.client(node, 0, 60_000)) {
        assertThat(client.dbSize()).isEqualTo(KEYS);
        for (int from = 0; from < KEYS; from += BATCH) {
          Pipeline pipeline = client.pipelined();
          List<Response<byte[]>> replies = new ArrayList<>();
          for (int i = from; i < from + BATCH; i++) {
            replies.add(pipeline.get(key(i)));
          }
          pipeline.sync();
          for (int i = 0; i < BATCH; i++) {
            assertThat(replies.get(i).get()).as("key " + (from + i)).isEqualTo(value(from + i));
          }
        }
      }
    }
  }

  private static byte[] key(int i) {
    return ("key:" + i).getBytes(StandardCharsets.US_ASCII);
  }

  /** What no compression makes smaller. */
  private static byte[] value(int i) {
    byte[] value = new byte[VALUE_BYTES];
    new Random(i).nextBytes(value);
    return value;
  }
}
