package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/** Regions come to a database that is written, and leave it, with real processes. */
@Tag("slow")
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

    /** How often it counted: once more than it wrote, when that was refused in between. */
    private final AtomicLong counted = new AtomicLong();

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
          counted.incrementAndGet();
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
      return counted.get();
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

  /** Of the keys that {@link ClusterProcesses#contents} gives no values of. */
  private static List<Map<String, String>> hashes(Jedis client) {
    return IntStream.range(0, 7).mapToObj(i -> client.hgetAll("hash-" + i)).toList();
  }

  @Tag("full")
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
      eu.createBetween("users", USERS, List.of("eu", "us"), "PARTITIONS", "2");
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
        long ofUs = inUs.counted.get(); // whatever was refused was certainly not done
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

  @Test
  void aSingleLeaderDatabaseComesToSpanRegionsAndBackWhileItIsWritten()
      throws InterruptedException, IOException {
    try (ClusterProcesses eu =
            ClusterProcesses.start(folder.resolve("eu"), 2, "--node.region", "eu");
        ClusterProcesses us = start("us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createDatabase("users", "NUMBER", Integer.toString(USERS), "PARTITIONS", "2");
      try (Jedis client = client(eu);
          Jedis there = ClusterProcesses.client(us.node(1))) {
        for (int i = 0; i < 500; i++) {
          client.set("old-" + i, "of one leader");
          client.hset("hash-" + i % 7, "f" + i, "v" + i);
          client.sadd("set", "m" + i);
        }
        client.setex("expiring", 100_000, "v");
        client.del("old-1");
        Writer inEu = new Writer(eu, "eu");
        inEu.awaitMore();
        assertThatThrownBy(() -> alter(eu, "REPLICATION", "MULTI-LEADER", "REGIONS", "1", "us"))
            .hasMessageContaining("REGIONS has no 'eu'");
        assertThat(alter(eu, "REPLICATION", "MULTI-LEADER", "REGIONS", "2", "us", "eu"))
            .isEqualTo("OK");
        us.awaitInSync(us.node(1), USERS);
        there.select(USERS);
        Writer inUs = new Writer(us, "us");
        inUs.awaitMore();
        inEu.awaitMore();
        ClusterProcesses.await("all that was there", () -> there.exists("old-499"));
        there.del("old-2", "hash-3");
        there.srem("set", "m3");
        there.hset("hash-4", "f4", "from us");
        client.hset("hash-4", "f11", "from eu");
        eu.node(2).kill();
        inUs.awaitMore();
        eu.node(2).start();
        eu.awaitInSync(eu.node(1), USERS);
        inEu.stopped = true;
        inEu.join();
        long visits = inUs.end();
        ClusterProcesses.await(
            "equal regions",
            () ->
                ClusterProcesses.contents(eu.node(1), USERS)
                        .equals(ClusterProcesses.contents(us.node(1), USERS))
                    && hashes(client).equals(hashes(there)));
        assertThat(Long.parseLong(there.get("visits")))
            .isBetween(visits + inEu.counted.get(), visits + inEu.counted.get() + 1);
        assertThat(there.exists("old-1", "old-2", "hash-3")).isZero();
        assertThat(there.hget("hash-4", "f4")).isEqualTo("from us");
        assertThat(there.hget("hash-4", "f11")).isEqualTo("from eu");
        assertThat(there.scard("set")).isEqualTo(499);
        assertThat(there.ttl("expiring")).isPositive();

        assertThatThrownBy(() -> alter(eu, "REPLICATION", "SINGLE-LEADER"))
            .hasMessageContaining("'users' is in region us, too: say REGIONS 1 eu first");
        alterUntilDone(eu, "REGIONS", "1", "eu");
        assertThat(alter(eu, "REPLICATION", "SINGLE-LEADER")).isEqualTo("OK");
        assertThat(alter(eu, "READS", "LINEARIZABLE")).isEqualTo("OK");
        try (Jedis again = client(eu)) {
          assertThat(again.setnx("lock", "mine")).isEqualTo(1);
          assertThat(again.setnx("lock", "yours")).isZero();
          assertThat(again.append("lock", "!")).isEqualTo(5);
          assertThat(again.hget("hash-4", "f4")).isEqualTo("from us");
          assertThat(again.incr("visits")).isEqualTo(1 + Long.parseLong(there.get("visits")));
        }
        there.sendCommand(() -> "DATABASE".getBytes(UTF_8), "DROP", "users");
        assertThat(alter(eu, "REPLICATION", "MULTI-LEADER", "REGIONS", "2", "eu", "us"))
            .isEqualTo("OK");
        us.awaitInSync(us.node(1), USERS);
        there.select(USERS);
        ClusterProcesses.await("again in both", () -> "mine!".equals(there.get("lock")));
      }
    }
  }

  @Test
  void aRegionThatIsLostForGoodIsRemovedWithForce() {
    try (ClusterProcesses eu = start("eu");
        ClusterProcesses us = start("us")) {
      eu.link("us", us);
      us.link("eu", eu);
      eu.createBetween("users", USERS, List.of("eu", "us"), "PARTITIONS", "2");
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
