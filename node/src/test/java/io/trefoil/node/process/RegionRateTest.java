package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;

/** A region that may send little: it all comes, later. */
@Tag("full")
class RegionRateTest {
  private static final int USERS = 5;
  private static final int KEYS = 40;
  private static final int VALUE_BYTES = 200_000;
  private static final long RATE_BYTES = 1 << 20;

  @TempDir private Path folder;

  private ClusterProcesses start(String region) {
    return ClusterProcesses.start(
        folder.resolve(region), 1, "--node.region", region, "--region.rate", RATE_BYTES + "b");
  }

  @Test
  void whatIsWrittenFasterThanItMayBeSentComesLater() {
    try (ClusterProcesses eu = start("eu");
        ClusterProcesses us = start("us");
        Jedis here = ClusterProcesses.client(eu.node(1));
        Jedis there = ClusterProcesses.client(us.node(1))) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createBetween("users", USERS, List.of("eu", "us"), "PARTITIONS", "1");
      us.awaitInSync(us.node(1), USERS);
      here.select(USERS);
      there.select(USERS);
      here.set("first", "there");
      ClusterProcesses.await("the link", () -> there.exists("first"));
      byte[] value = new byte[VALUE_BYTES];
      new Random(7).nextBytes(value);
      long begin = System.nanoTime();
      try (Pipeline pipeline = here.pipelined()) {
        for (int i = 0; i < KEYS; i++) {
          pipeline.set(("k" + i).getBytes(ISO_8859_1), value);
        }
      }
      assertThat(there.exists("k" + (KEYS - 1)))
          .as("acknowledged here, and not there yet")
          .isFalse();
      String last = "k" + (KEYS - 1);
      ClusterProcesses.await("the last of it", () -> there.exists(last));
      long nanos = System.nanoTime() - begin;
      long least = (long) KEYS * VALUE_BYTES / 2 * TimeUnit.SECONDS.toNanos(1) / RATE_BYTES;
      assertThat(nanos).as("no faster than it may be").isGreaterThan(least);
      for (int i = 0; i < KEYS; i++) {
        assertThat(there.get(("k" + i).getBytes(ISO_8859_1))).isEqualTo(value);
      }
    }
  }
}
