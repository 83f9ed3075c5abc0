package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What {@link io.trefoil.command.Convergence} says of sorted sets and lists. */
final class OrderedClaims {
  private OrderedClaims() {}

  /** The elements of a reply, in its order. */
  private static List<String> list(MergedWorld world, int at, String... words) {
    Reply.Several several = (Reply.Several) world.reply(at, words);
    return several.items().stream().map(MergedCellsTest::text).toList();
  }

  private static void assertEverywhere(MergedWorld world, List<String> expected, String... words) {
    for (int at = 0; at < world.replicas(); at++) {
      assertThat(list(world, at, words)).as("replica %d: %s", at, words[0]).isEqualTo(expected);
    }
  }

  // Sorted sets.

  static void ofEachMemberTheLaterScoreStays(MergedWorld world) {
    String key = world.key("z");
    world.known("ZADD", key, "1", "f0", "2", "f1");
    world.spreadClocks();
    Map<String, Integer> latest = new TreeMap<>();
    Set<String> known = new HashSet<>(Set.of("f0", "f1"));
    for (int at = 0; at < world.writers(); at++) {
      Set<String> view = new HashSet<>(Set.of("f0", "f1"));
      removeSome(world, at, key, view);
      known.retainAll(view);
      for (int i = world.random.nextInt(3); i > 0; i--) {
        String member = "f" + world.random.nextInt(4);
        long fresh = world.number(at, "ZADD", key, "" + (10 + at), member);
        assertThat(fresh).isEqualTo(view.add(member) ? 1 : 0);
        latest.merge(member, at, world::later);
      }
    }
    world.exchange();
    Map<String, Integer> scores = new TreeMap<>();
    known.forEach(member -> scores.put(member, member.equals("f0") ? 1 : 2));
    latest.forEach((member, writer) -> scores.put(member, 10 + writer));
    List<String> expected = new ArrayList<>();
    scores.entrySet().stream()
        .sorted(Map.Entry.<String, Integer>comparingByValue().thenComparing(Map.Entry::getKey))
        .forEach(each -> expected.addAll(List.of(each.getKey(), each.getValue().toString())));
    assertEverywhere(world, expected, "ZRANGE", key, "0", "-1", "WITHSCORES");
    for (int at = 0; at < world.replicas(); at++) {
      assertThat(world.number(at, "ZCARD", key)).isEqualTo(scores.size());
      assertThat(world.number(at, "ZCOUNT", key, "10", "inf")).isEqualTo(latest.size());
      for (int rank = 0; rank < scores.size(); rank++) {
        assertThat(world.number(at, "ZRANK", key, expected.get(2 * rank))).isEqualTo(rank);
      }
    }
  }

  /** By name, by rank, by score, or with the key. */
  private static void removeSome(MergedWorld world, int at, String key, Set<String> view) {
    switch (world.random.nextInt(6)) {
      case 0 -> {
        world.run(at, "ZREM", key, "f0", "none");
        view.remove("f0");
      }
      case 1 -> {
        world.run(at, "ZREMRANGEBYRANK", key, "1", "1");
        view.remove("f1");
      }
      case 2 -> {
        world.run(at, "ZREMRANGEBYSCORE", key, "(1", "5");
        view.remove("f1");
      }
      case 3 -> {
        world.run(at, "DEL", key);
        view.clear();
      }
      default -> {
        // removes none
      }
    }
  }

  static void aScoreCountsAsAKeyDoes(MergedWorld world) {
    String key = world.key("zi");
    String member = "m";
    Long before = null;
    if (world.random.nextBoolean()) {
      before = 7L;
      world.known("ZADD", key, "7", member);
    }
    world.spreadClocks();
    int changer = world.random.nextBoolean() ? world.anyWriter() : -1;
    boolean removes = world.random.nextBoolean();
    Long expected = before;
    if (changer >= 0) {
      expected = removes ? null : Long.valueOf(100);
      String score = removes ? "" : "100 ";
      world.run(changer, ((removes ? "ZREM " : "ZADD ") + key + " " + score + member).split(" "));
    }
    for (int at = 0; at < world.writers(); at++) {
      int added = 1 + world.random.nextInt(5);
      if (world.random.nextBoolean()) {
        world.run(at, "ZINCRBY", key, "" + added, member);
        expected = (expected == null ? 0 : expected) + added;
      }
    }
    world.exchange();
    for (int at = 0; at < world.replicas(); at++) {
      String score = world.run(at, "ZSCORE", key, member);
      assertThat(score)
          .isEqualTo(expected == null ? MergedCellsTest.text(Reply.NIL) : expected.toString());
    }
    assertEverywhere(
        world,
        expected == null ? List.of() : List.of(member, expected.toString()),
        "ZRANGE",
        key,
        "0",
        "-1",
        "WITHSCORES");
    List<String> members = list(world, 0, "ZUNION", "1", key, "WITHSCORES");
    assertThat(members).isEqualTo(list(world, 0, "ZRANGE", key, "0", "-1", "WITHSCORES"));
    assertEverywhere(world, members, "ZDIFF", "1", key, "WITHSCORES");
  }

  // Lists.

  static void allThatIsPushedIsInOneOrder(MergedWorld world) {
    String key = world.key("l");
    boolean there = world.random.nextBoolean();
    if (there) {
      world.known("RPUSH", key, "a", "z");
    }
    world.spreadClocks();
    List<List<String>> views = new ArrayList<>();
    for (int at = 0; at < world.writers(); at++) {
      for (int i = world.random.nextInt(4); i >= 0; i--) {
        String element = at + "." + i;
        switch (world.random.nextInt(there ? 4 : 2)) {
          case 0 -> world.run(at, "LPUSH", key, element + "l");
          case 1 -> world.run(at, "RPUSH", key, element + "r", element + "s");
          case 2 -> world.run(at, "LINSERT", key, "BEFORE", "z", element + "b");
          default -> world.run(at, "LINSERT", key, "AFTER", "a", element + "c");
        }
      }
      views.add(list(world, at, "LRANGE", key, "0", "-1"));
    }
    world.exchange();
    List<String> all = list(world, 0, "LRANGE", key, "0", "-1");
    assertEverywhere(world, all, "LRANGE", key, "0", "-1");
    Set<String> expected = new HashSet<>();
    for (List<String> view : views) {
      List<String> seen = new ArrayList<>(all);
      seen.retainAll(view);
      assertThat(seen).as("each one's own order").isEqualTo(view);
      expected.addAll(view);
    }
    assertThat(all).doesNotHaveDuplicates().containsExactlyInAnyOrderElementsOf(expected);
    for (int at = 0; at < world.replicas(); at++) {
      assertThat(world.number(at, "LLEN", key)).isEqualTo(all.size());
      assertThat(world.run(at, "LINDEX", key, "-1")).isEqualTo(all.get(all.size() - 1));
    }
  }

  static void ofEachElementTheLaterValueStays(MergedWorld world) {
    String key = world.key("l");
    world.known("RPUSH", key, "a", "b", "c");
    world.spreadClocks();
    List<Integer> setters = new ArrayList<>();
    boolean removed = false;
    for (int at = 0; at < world.writers(); at++) {
      int dice = world.random.nextInt(3);
      if (dice == 0) {
        world.run(at, "LSET", key, "1", "v" + at);
        setters.add(at);
      } else if (dice == 1) {
        world.run(at, "LREM", key, "0", "b");
        removed = true;
      }
    }
    world.exchange();
    List<String> expected = new ArrayList<>(List.of("a", "b", "c"));
    if (!setters.isEmpty()) {
      int latest = setters.stream().max(Comparator.comparing(at -> world.replica(at).now)).get();
      expected.set(1, "v" + latest);
    } else if (removed) {
      expected.remove(1);
    }
    assertEverywhere(world, expected, "LRANGE", key, "0", "-1");
  }

  static void whatItsRemoverDidNotKnowOfStays(MergedWorld world) {
    String key = world.key("l");
    world.known("RPUSH", key, "a", "b", "a", "c");
    world.spreadClocks();
    List<String> expected = new ArrayList<>(List.of("a", "b", "a", "c"));
    boolean pushes = world.random.nextBoolean();
    if (pushes) {
      world.run(1, "RPUSH", key, "a");
    }
    switch (world.random.nextInt(3)) {
      case 0 -> {
        assertThat(world.number(0, "LREM", key, "-1", "a")).isEqualTo(1);
        expected.remove(2);
      }
      case 1 -> {
        assertThat(world.number(0, "LREM", key, "0", "a")).isEqualTo(2);
        expected.removeIf("a"::equals);
      }
      default -> {
        world.run(0, "LTRIM", key, "0", "1");
        expected.subList(2, 4).clear();
      }
    }
    if (pushes) {
      expected.add("a");
    }
    world.exchange();
    assertEverywhere(world, expected, "LRANGE", key, "0", "-1");
  }
}
