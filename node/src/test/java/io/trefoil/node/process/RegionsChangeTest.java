package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** Regions come to a database that is written, and leave it, with real processes. */
class RegionsChangeTest {
  private static final int USERS = 5;

  @TempDir private Path folder;

  private ClusterProcesses start(String region) {
    return ClusterProcesses.start(folder.resolve(region), 1, "--node.region", region);
  }

  private static Jedis client(ClusterProcesses region) {
    Jedis client = ClusterProcesses.client(region.node(1));
    client.select(USERS);
    return client;
  }

  /** Writes until it is told to stop, or is refused because its region was removed. */
  private static final class Writer extends Thread {
    private final ClusterProcesses region;
    private final String name;
    private final AtomicLong acknowledged = new AtomicLong();
    private volatile boolean stopped;
    private volatile String refused;

    Writer(ClusterProcesses region, String name) {
      this.region = region;
      this.name = name;
      start();
    }

    @Override
    public void run() {
      try (Jedis client = client(region)) {
        while (!stopped) {
          client.incr("visits");
          client.set(name + "-" + acknowledged.incrementAndGet(), "written in " + name);
          client.sadd("writers", name + "-" + acknowledged.get() % 100);
        }
      } catch (JedisDataException e) {
        refused = e.getMessage();
      }
    }

    long end() throws InterruptedException {
      stopped = true;
      join();
      return acknowledged.get();
    }

    void awaitMore() {
      long from = acknowledged.get();
      ClusterProcesses.await("more writes", () -> acknowledged.get() > from + 200);
    }
  }

  private static String alter(ClusterProcesses region, String... words) {
    try (Jedis client = client(region)) {
      String[] all = new String[words.length + 3];
      System.arraycopy(new String[] {"DATABASE", "ALTER", "users"}, 0, all, 0, 3);
      System.arraycopy(words, 0, all, 3, words.length);
      return ClusterProcesses.command(client, all);
    }
  }

  /** As one does who is told to say it again. */
  private static void alterUntilDone(ClusterProcesses region, String... words) {
    ClusterProcesses.await(
        String.join(" ", words),
        () -> {
          try {
            return "OK".equals(alter(region, words));
          } catch (JedisDataException e) {
            assertThat(e.getMessage()).startsWith("UNCERTAIN").contains("Say it again");
            return false;
          }
        });
  }

  private static void awaitEqual(List<ClusterProcesses> regions, String key, String value) {
    ClusterProcesses.await(
        "equal regions in which " + key + " is " + value,
        () -> {
          Map<String, String> first = ClusterProcesses.contents(regions.get(0).node(1), USERS);
          return value.equals(first.get(key))
              && regions.stream()
                  .allMatch(it -> first.equals(ClusterProcesses.contents(it.node(1), USERS)));
        });
  }

  @Test
  void regionsComeAndGoWhileOthersWrite() throws InterruptedException {
    try (ClusterProcesses eu = start("eu");
        ClusterProcesses us = start("us");
        ClusterProcesses asia = start("asia")) {
      for (ClusterProcesses each : List.of(us, asia)) {
        eu.link(each == us ? "us" : "asia", each);
        each.link("eu", eu);
      }
      us.link("asia", asia);
      eu.createDatabase(
          "users",
          "NUMBER",
          Integer.toString(USERS),
          "REPLICATION",
          "MULTI-LEADER",
          "REGIONS",
          "2",
          "eu",
          "us",
          "PARTITIONS",
          "2");
      us.awaitInSync(us.node(1), USERS);
      Writer inEu = new Writer(eu, "eu");
      Writer inUs = new Writer(us, "us");
      inEu.awaitMore();
      inUs.awaitMore();

      assertThatThrownBy(() -> alter(eu, "REGIONS", "3", "eu", "us", "asia"))
          .hasMessageContaining("nothing was done, as region 'asia' says")
          .hasMessageContaining("region 'us' is not linked here");
      asia.link("us", us);
      alterUntilDone(eu, "REGIONS", "3", "eu", "us", "asia");
      asia.awaitInSync(asia.node(1), USERS);
      Writer inAsia = new Writer(asia, "asia");
      inAsia.awaitMore();
      alterUntilDone(us, "TOPOLOGY", "RING");
      inEu.awaitMore();
      alterUntilDone(asia, "TOPOLOGY", "STAR", "eu", "CONFLICT", "SIBLINGS");
      inUs.awaitMore();
      try (Jedis client = client(us)) {
        Object info = client.sendCommand(() -> "DATABASE".getBytes(UTF_8), "INFO", "users");
        assertThat(SafeEncoder.encodeObject(info).toString())
            .contains("[eu, us, asia]", "star eu", "siblings");
      }

      assertThatThrownBy(() -> alter(us, "REGIONS", "2", "eu", "asia"))
          .hasMessageContaining("a region is removed from another one");
      assertThatThrownBy(() -> alter(us, "REGIONS", "2", "us", "asia"))
          .hasMessageContaining("the hub 'eu' is not one of REGIONS us, asia");
      alterUntilDone(asia, "REGIONS", "2", "eu", "asia");
      inUs.join();
      assertThat(inUs.refused).startsWith("READONLY region 'us' was removed from 'users'");
      inEu.awaitMore();
      inAsia.awaitMore();
      // The last key was counted, and perhaps refused.
      try (Jedis client = client(asia)) {
        for (long i = 1; i < inUs.acknowledged.get(); i++) {
          long number = i;
          ClusterProcesses.await("us-" + i, () -> client.exists("us-" + number));
        }
      }
      long visits = inEu.end() + inAsia.end();
      try (Jedis client = client(us)) {
        assertThat(client.get("us-1")).isEqualTo("written in us");
        long ofUs = ofRegion(client);
        awaitEqual(List.of(eu, asia), "visits", Long.toString(visits + ofUs));

        assertThatThrownBy(() -> alter(eu, "REGIONS", "3", "eu", "asia", "us"))
            .hasMessageContaining("'users' still has what it had when it was removed");
        assertThat(ClusterProcesses.command(client, "DATABASE", "DROP", "users")).isEqualTo("OK");
        alterUntilDone(eu, "REGIONS", "3", "eu", "asia", "us");
        us.awaitInSync(us.node(1), USERS);
        awaitEqual(List.of(eu, us, asia), "visits", Long.toString(visits + ofUs));
        client.select(USERS);
        client.incr("visits");
        awaitEqual(List.of(eu, us, asia), "visits", Long.toString(visits + ofUs + 1));
      }
    }
  }

  /** How often the writer in a removed region counted: its last one may not have been answered. */
  private static long ofRegion(Jedis removed) {
    long keys = 0;
    while (removed.exists("us-" + (keys + 1))) {
      keys++;
    }
    return keys;
  }

  @Test
  void aRegionThatIsLostForGoodIsRemovedWithForce() {
    try (ClusterProcesses eu = start("eu");
        ClusterProcesses us = start("us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createDatabase(
          "users",
          "NUMBER",
          Integer.toString(USERS),
          "REPLICATION",
          "MULTI-LEADER",
          "REGIONS",
          "2",
          "eu",
          "us",
          "PARTITIONS",
          "2");
      us.awaitInSync(us.node(1), USERS);
      try (Jedis client = client(eu)) {
        client.set("k", "v");
        us.node(1).kill();
        ClusterProcesses.await(
            "us is out of reach",
            () -> {
              assertThatThrownBy(() -> alter(eu, "REGIONS", "1", "eu"))
                  .hasMessageContaining("nothing was done, as region 'us' says");
              return true;
            });
        assertThat(alter(eu, "REGIONS", "1", "eu", "FORCE")).isEqualTo("OK");
        client.set("k", "later");
        assertThat(client.get("k")).isEqualTo("later");
        assertThat(ClusterProcesses.command(client, "REGION", "UNLINK", "us")).isEqualTo("OK");
      }
    }
  }
}
