package io.trefoil.node.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Pipeline;
import redis.clients.jedis.args.ListDirection;
import redis.clients.jedis.args.ListPosition;
import redis.clients.jedis.params.ZAddParams;
import redis.clients.jedis.params.ZRangeParams;
import redis.clients.jedis.resps.Tuple;

/**
 * Keys of every type, small and large ones, and what they must hold: a model that makes the same
 * changes. One client at a time writes them. Keys of a number are in one partition.
 */
final class TypedData {
  private static final int SMALL = 4;
  private static final String LARGE = "{large}";
  private static final int BATCH = 500;

  /** A list that is shorter gets more, so that there is always something to take. */
  private static final int FEW = 10;

  private static final int PADDING = 600;
  private static final long FAR = 4_000_000_000_000L;

  /** Whether several nodes write: then only what converges is asked for. */
  private final boolean converges;

  private final Random random;
  private final Map<String, String> strings = new TreeMap<>();
  private final Map<String, Map<String, String>> hashes = new TreeMap<>();
  private final Map<String, Set<String>> sets = new TreeMap<>();
  private final Map<String, List<String>> lists = new TreeMap<>();
  private final Map<String, Map<String, Double>> sortedSets = new TreeMap<>();
  private final Map<String, Long> expiries = new TreeMap<>();
  private final List<String> expired = new ArrayList<>();
  private int written;

  TypedData(boolean converges, long seed) {
    this.converges = converges;
    random = new Random(seed);
  }

  /** Names that differ, of about {@link #PADDING} bytes. */
  private String fresh(String what) {
    return what + ++written + "-" + "x".repeat(random.nextInt(2 * PADDING));
  }

  /**
   * Writes all keys for the first time.
   *
   * @param elements of each large key
   */
  void fill(Jedis client, int elements) {
    try (Pipeline pipeline = client.pipelined()) {
      for (int done = 0; done < elements; done += BATCH) {
        fillLarge(pipeline, Math.min(BATCH, elements - done));
        assertThat(pipeline.syncAndReturnAll()).allMatch(Long.class::isInstance);
      }
    }
    for (String large : List.of("hash", "list", "sorted")) {
      expire(client, LARGE + large);
    }
    for (int i = 0; i < SMALL; i++) {
      fillSmall(client, "{" + i + "}");
    }
    fillExpired(client);
  }

  private void fillLarge(Pipeline pipeline, int count) {
    String[] batch = IntStream.range(0, count).mapToObj(i -> fresh("e")).toArray(String[]::new);
    Map<String, String> fields = new HashMap<>();
    Map<String, Double> scores = new HashMap<>();
    for (String each : batch) {
      fields.put(each.substring(0, each.indexOf('-')), each);
      scores.put(each, (double) random.nextInt(1_000_000) / 4);
    }
    pipeline.rpush(LARGE + "list", batch);
    lists.computeIfAbsent(LARGE + "list", it -> new ArrayList<>()).addAll(List.of(batch));
    pipeline.hset(LARGE + "hash", fields);
    hashes.computeIfAbsent(LARGE + "hash", it -> new HashMap<>()).putAll(fields);
    pipeline.sadd(LARGE + "set", batch);
    sets.computeIfAbsent(LARGE + "set", it -> new HashSet<>()).addAll(List.of(batch));
    pipeline.zadd(LARGE + "sorted", scores);
    sortedSets.computeIfAbsent(LARGE + "sorted", it -> new HashMap<>()).putAll(scores);
  }

  private void fillSmall(Jedis client, String tag) {
    client.set(tag + "string", "v");
    strings.put(tag + "string", "v");
    client.incrBy(tag + "counter", 7);
    strings.put(tag + "counter", "7");
    client.hset(tag + "hash", "f", "v");
    hashes.put(tag + "hash", new HashMap<>(Map.of("f", "v")));
    client.sadd(tag + "set", "m");
    sets.put(tag + "set", new HashSet<>(Set.of("m")));
    for (String list : List.of(tag + "list", tag + "list2")) {
      client.rpush(list, "a", "b", "a");
      lists.put(list, new ArrayList<>(List.of("a", "b", "a")));
    }
    for (String sorted : List.of(tag + "sorted", tag + "sorted2")) {
      client.zadd(sorted, Map.of("m0", 0.0, "m1", -1.5));
      sortedSets.put(sorted, new HashMap<>(Map.of("m0", 0.0, "m1", -1.5)));
    }
    for (String type : List.of("string", "counter", "hash", "set", "list", "sorted")) {
      expire(client, tag + type);
    }
  }

  private void expire(Jedis client, String key) {
    if (random.nextBoolean()) {
      long at = FAR + random.nextInt(1_000_000);
      client.pexpireAt(key, at);
      expiries.put(key, at);
    }
  }

  /** Of every type one that is soon gone. */
  private void fillExpired(Jedis client) {
    client.set("soon-string", "v");
    client.incr("soon-counter");
    client.hset("soon-hash", "f", "v");
    client.sadd("soon-set", "m");
    client.rpush("soon-list", "a");
    client.zadd("soon-sorted", 1, "m");
    for (String type : List.of("string", "counter", "hash", "set", "list", "sorted")) {
      client.pexpire("soon-" + type, 1);
      expired.add("soon-" + type);
    }
  }

  // Changes.

  /** Changes keys, small and large, in every way: some of it each time. */
  void change(Jedis client, int times) {
    for (int i = 0; i < times; i++) {
      String tag = random.nextInt(3) == 0 ? LARGE : "{" + random.nextInt(SMALL) + "}";
      changeValues(client, tag);
      changeList(client, tag + "list");
      changeSorted(client, tag + "sorted");
      if (!converges) {
        pop(client, tag);
        if (!tag.equals(LARGE)) {
          changeTwo(client, tag);
        }
      }
    }
  }

  private void changeValues(Jedis client, String tag) {
    if (!tag.equals(LARGE)) {
      String value = fresh("v");
      client.set(tag + "string", value);
      strings.put(tag + "string", value);
      expiries.remove(tag + "string");
      client.decr(tag + "counter");
      strings.merge(tag + "counter", "", (sum, none) -> "" + (Long.parseLong(sum) - 1));
      client.hincrBy(tag + "hash", "n", 5);
      hashes
          .get(tag + "hash")
          .merge("n", "5", (sum, added) -> "" + (Long.parseLong(sum) + Long.parseLong(added)));
    }
    String value = fresh("v");
    client.hset(tag + "hash", "f" + written % 20, value);
    hashes.get(tag + "hash").put("f" + written % 20, value);
    client.hdel(tag + "hash", "f" + (written + 7) % 20);
    hashes.get(tag + "hash").remove("f" + (written + 7) % 20);
    client.sadd(tag + "set", "m" + written % 20);
    sets.get(tag + "set").add("m" + written % 20);
    client.srem(tag + "set", "m" + (written + 7) % 20);
    sets.get(tag + "set").remove("m" + (written + 7) % 20);
  }

  private void changeList(Jedis client, String key) {
    List<String> list = lists.get(key);
    if (list.size() < FEW) {
      client.rpush(key, "b", "c", "d", "e", "f", "g", "h", "i");
      list.addAll(List.of("b", "c", "d", "e", "f", "g", "h", "i"));
    }
    client.lpush(key, "left" + written, "a");
    list.add(0, "left" + written);
    list.add(0, "a");
    client.rpush(key, "right" + written, "a");
    list.addAll(List.of("right" + written, "a"));
    int at = random.nextInt(Math.min(list.size(), 60));
    String pivot = list.get(at);
    boolean before = random.nextBoolean();
    client.linsert(key, before ? ListPosition.BEFORE : ListPosition.AFTER, pivot, "i" + written);
    list.add(list.indexOf(pivot) + (before ? 0 : 1), "i" + written);
    int set = random.nextInt(list.size());
    client.lset(key, random.nextBoolean() ? set : set - list.size(), "s" + written);
    list.set(set, "s" + written);
    removeFromList(client, key, list);
  }

  private void removeFromList(Jedis client, String key, List<String> list) {
    int count = random.nextInt(4) - 2;
    client.lrem(key, count, "a");
    int left = count == 0 ? list.size() : Math.abs(count);
    for (; left > 0 && list.contains("a"); left--) {
      list.remove(count < 0 ? list.lastIndexOf("a") : list.indexOf("a"));
    }
    if (random.nextInt(4) == 0) {
      client.ltrim(key, 1, -2);
      list.remove(list.size() - 1);
      list.remove(0);
    }
  }

  private void changeSorted(Jedis client, String key) {
    Map<String, Double> sorted = sortedSets.get(key);
    String member = "m" + random.nextInt(20);
    double score = random.nextInt(100) / 4.0 - 5;
    client.zadd(key, score, member);
    sorted.put(member, score);
    String added = "m" + random.nextInt(20);
    client.zincrby(key, 3, added);
    sorted.merge(added, 3.0, Double::sum);
    String removed = "m" + random.nextInt(20);
    client.zrem(key, removed);
    sorted.remove(removed);
    if (!converges) {
      client.zadd(key, 2, member, ZAddParams.zAddParams().gt());
      sorted.merge(member, 2.0, Math::max);
    }
    if (random.nextInt(4) == 0) {
      client.zremrangeByRank(key, 1, 2);
      List<Tuple> order = order(sorted);
      order
          .subList(Math.min(1, order.size()), Math.min(3, order.size()))
          .forEach(each -> sorted.remove(each.getElement()));
    }
    if (random.nextInt(4) == 0) {
      client.zremrangeByScore(key, "(-5", "-4.25");
      sorted.values().removeIf(each -> each > -5 && each <= -4.25);
    }
    client.zadd(key, 1_000, "stays");
    sorted.put("stays", 1_000.0);
  }

  /** Of both ends; a small key stays, as it holds more than is taken. */
  private void pop(Jedis client, String tag) {
    int count = tag.equals(LARGE) ? 40 : 1;
    List<String> list = lists.get(tag + "list");
    List<String> left = new ArrayList<>(list.subList(0, count));
    assertThat(client.lpop(tag + "list", count)).isEqualTo(left);
    list.subList(0, count).clear();
    List<String> right = new ArrayList<>(list.subList(list.size() - count, list.size()));
    Collections.reverse(right);
    assertThat(client.rpop(tag + "list", count)).isEqualTo(right);
    list.subList(list.size() - count, list.size()).clear();

    Map<String, Double> sorted = sortedSets.get(tag + "sorted");
    count = Math.min(count, sorted.size() / 3);
    List<Tuple> order = order(sorted);
    assertThat(client.zpopmin(tag + "sorted", count)).isEqualTo(order.subList(0, count));
    List<Tuple> largest = new ArrayList<>(order.subList(order.size() - count, order.size()));
    Collections.reverse(largest);
    assertThat(client.zpopmax(tag + "sorted", count)).isEqualTo(largest);
    order.subList(0, count).forEach(each -> sorted.remove(each.getElement()));
    largest.forEach(each -> sorted.remove(each.getElement()));
  }

  /** Commands with two keys of one partition. */
  private void changeTwo(Jedis client, String tag) {
    List<String> from = lists.get(tag + "list");
    List<String> to = lists.get(tag + "list2");
    assertThat(client.lmove(tag + "list", tag + "list2", ListDirection.LEFT, ListDirection.RIGHT))
        .isEqualTo(from.get(0));
    to.add(from.remove(0));
    assertThat(client.rpoplpush(tag + "list2", tag + "list2")).isEqualTo(to.get(to.size() - 1));
    Collections.rotate(to, 1);
    assertThat(client.copy(tag + "list2", tag + "copied", true)).isTrue();
    assertThat(client.rename(tag + "copied", tag + "renamed")).isEqualTo("OK");
    lists.put(tag + "renamed", new ArrayList<>(to));

    client.zunionstore(tag + "union", tag + "sorted", tag + "sorted2");
    Map<String, Double> union = new HashMap<>(sortedSets.get(tag + "sorted"));
    sortedSets
        .get(tag + "sorted2")
        .forEach((member, score) -> union.merge(member, score, Double::sum));
    sortedSets.put(tag + "union", union);
    client.zrangestore(tag + "sorted2", tag + "union", ZRangeParams.zrangeParams(0, 30));
    Map<String, Double> some = new HashMap<>();
    order(union).stream().limit(31).forEach(each -> some.put(each.getElement(), each.getScore()));
    sortedSets.put(tag + "sorted2", some);
  }

  /** By score, then by member, as bytes: all names here are ASCII. */
  private static List<Tuple> order(Map<String, Double> sorted) {
    List<Tuple> order = new ArrayList<>();
    sorted.forEach((member, score) -> order.add(new Tuple(member, score)));
    order.sort(
        (a, b) ->
            a.getScore() == b.getScore()
                ? a.getElement().compareTo(b.getElement())
                : Double.compare(a.getScore(), b.getScore()));
    return order;
  }

  // Comparing.

  /** Reads everything, in several ways. */
  void check(Jedis client, String what) {
    strings.forEach((key, value) -> assertThat(client.get(key)).as(what + key).isEqualTo(value));
    hashes.forEach((key, hash) -> checkHash(client, what + ": " + key, key, hash));
    sets.forEach((key, set) -> checkSet(client, what + ": " + key, key, set));
    lists.forEach((key, list) -> checkList(client, what + ": " + key, key, list));
    sortedSets.forEach((key, sorted) -> checkSorted(client, what + ": " + key, key, sorted));
    expiries.forEach(
        (key, at) -> assertThat(client.pexpireTime(key)).as(what + ": " + key).isEqualTo(at));
    for (String each : expired) {
      ClusterProcesses.await(what + ": " + each + " is gone", () -> !client.exists(each));
    }
  }

  private void checkHash(Jedis client, String what, String key, Map<String, String> hash) {
    assertThat(client.hlen(key)).as(what).isEqualTo(hash.size());
    assertThat(client.hgetAll(key)).as(what).isEqualTo(hash);
  }

  private void checkSet(Jedis client, String what, String key, Set<String> set) {
    assertThat(client.scard(key)).as(what).isEqualTo(set.size());
    assertThat(client.smembers(key)).as(what).isEqualTo(set);
  }

  private void checkList(Jedis client, String what, String key, List<String> list) {
    assertThat(client.llen(key)).as(what).isEqualTo(list.size());
    int at = random.nextInt(list.size());
    int end = Math.min(list.size(), at + 50);
    assertThat(client.lindex(key, at)).as(what).isEqualTo(list.get(at));
    assertThat(client.lindex(key, at - list.size())).as(what).isEqualTo(list.get(at));
    assertThat(client.lrange(key, at, end - 1)).as(what).isEqualTo(list.subList(at, end));
    assertThat(client.lrange(key, -20, -1))
        .as(what)
        .isEqualTo(list.subList(Math.max(0, list.size() - 20), list.size()));
    assertThat(client.lrange(key, 0, -1)).as(what).isEqualTo(list);
  }

  private void checkSorted(Jedis client, String what, String key, Map<String, Double> sorted) {
    List<Tuple> order = order(sorted);
    assertThat(client.zcard(key)).as(what).isEqualTo(order.size());
    int at = random.nextInt(order.size());
    Tuple one = order.get(at);
    assertThat(client.zscore(key, one.getElement())).as(what).isEqualTo(one.getScore());
    assertThat(client.zrank(key, one.getElement())).as(what).isEqualTo(at);
    assertThat(client.zrevrank(key, one.getElement())).as(what).isEqualTo(order.size() - 1 - at);
    double min = one.getScore();
    double max = min + 1_000;
    List<Tuple> range =
        order.stream().filter(each -> each.getScore() >= min && each.getScore() <= max).toList();
    assertThat(client.zcount(key, min, max)).as(what).isEqualTo(range.size());
    assertThat(client.zrangeByScoreWithScores(key, min, max)).as(what).isEqualTo(range);
    List<Tuple> reversed = new ArrayList<>(range);
    Collections.reverse(reversed);
    assertThat(client.zrevrangeByScoreWithScores(key, max, min, 1, 10))
        .as(what)
        .isEqualTo(reversed.stream().skip(1).limit(10).toList());
    assertThat(client.zrangeWithScores(key, 0, -1)).as(what).isEqualTo(order);
  }
}
