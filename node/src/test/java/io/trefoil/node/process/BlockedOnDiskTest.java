package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.resp.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/** Waiters who need what is only on disk by then. */
@Tag("slow")
class BlockedOnDiskTest {
  private static final int LISTS = 20;
  private static final int FILLING_MEGABYTES = 48;

  @TempDir private Path folder;

  @Test
  void who_needs_something_from_the_disk_keeps_its_place() throws IOException {
    try (ClusterProcesses cluster =
            ClusterProcesses.start(
                folder, 1, "--cluster.database0-partitions", "1", "--memory.table", "16mb");
        Jedis client = ClusterProcesses.client(cluster.node(1))) {
      for (int i = 0; i < LISTS; i++) {
        client.rpush("to" + i, "old");
      }
      fill(client);
      List<RawClient> moving = new ArrayList<>();
      List<RawClient> popping = new ArrayList<>();
      for (int i = 0; i < LISTS; i++) {
        moving.add(RawClient.of(cluster.node(1)));
        moving.get(i).send("BLMOVE", "from" + i, "to" + i, "LEFT", "RIGHT", "0");
        ClusterProcesses.await("all wait", awaiting(client, 2 * i + 1));
        popping.add(RawClient.of(cluster.node(1)));
        popping.get(i).send("BLPOP", "from" + i, "0");
        ClusterProcesses.await("all wait", awaiting(client, 2 * i + 2));
      }
      Pipeline pipeline = client.pipelined();
      for (int i = 0; i < LISTS; i++) {
        pipeline.rpush("from" + i, "first");
        pipeline.rpush("from" + i, "second");
      }
      pipeline.sync();
      for (int i = 0; i < LISTS; i++) {
        assertThat(moving.get(i).next()).isEqualTo(new Reply.Bulk(Bytes.utf8("first")));
        assertThat(popping.get(i).next().toString()).contains("second");
        assertThat(client.lrange("to" + i, 0, -1)).containsExactly("old", "first");
        moving.get(i).close();
        popping.get(i).close();
      }
    }
  }

  private static java.util.concurrent.Callable<Boolean> awaiting(Jedis client, int count) {
    return () -> client.info("clients").contains("blocked_clients:" + count + "\r\n");
  }

  /** With more than memory holds. */
  private static void fill(Jedis client) {
    String value = "x".repeat(100_000);
    Pipeline pipeline = client.pipelined();
    for (int i = 0; i < FILLING_MEGABYTES * 10; i++) {
      pipeline.set("fill" + i, value);
    }
    pipeline.sync();
  }
}
