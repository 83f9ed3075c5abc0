package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What {@link io.trefoil.command.Convergence} says of concurrent commands, each against a plain
 * account of who knew what.
 */
final class ConvergenceClaims {
  private static final String NIL = MergedCellsTest.text(Reply.NIL);

  private ConvergenceClaims() {}

  private static void assertEverywhere(MergedWorld world, String expected, String... words) {
    for (int at = 0; at < world.replicas(); at++) {
      assertThat(world.run(at, words)).as("replica %d: %s", at, words[0]).isEqualTo(expected);
    }
  }

  private static String[] words(String command, Object... arguments) {
    return String.format(command, arguments).split(" ");
  }

  private static String oneOf(MergedWorld world, String... forms) {
    return forms[world.random.nextInt(forms.length)];
  }

  // Strings.

  static void theLaterStringStays(MergedWorld world) {
    String key = world.key("s");
    if (world.random.nextBoolean()) {
      world.known("SET", key, "before", "EX", "100");
    }
    world.spreadClocks();
    boolean[] expires = new boolean[world.writers()];
    for (int at = 0; at < world.writers(); at++) {
      String form = oneOf(world, "SET %s v%d", "SET %s v%d EX 9", "SETEX %s 9 v%d");
      expires[at] = form.contains("EX ");
      world.run(at, words(form, key, at));
    }
    world.exchange();
    int latest = world.latestWriter();
    long expireAt = expires[latest] ? world.replica(latest).now + 9_000 : -1;
    assertEverywhere(world, "v" + latest, "GET", key);
    assertEverywhere(world, Long.toString(expireAt), "PEXPIRETIME", key);
    world.known("SET", key, "knows");
    assertEverywhere(world, "knows", "GET", key);
    allSiblingsStay(world);
  }

  private static void allSiblingsStay(MergedWorld world) {
    String key = world.key("siblings");
    world.keepSiblings();
    world.spreadClocks();
    Set<String> all = new TreeSet<>();
    for (int at = 0; at < world.writers(); at++) {
      world.run(at, words("PSETEX %s 9000 v%d", key, at));
      all.add("v" + at);
    }
    world.exchange();
    assertSiblings(world, key, all);
    assertEverywhere(world, "v" + world.latestWriter(), "GET", key);
  }

  private static void assertSiblings(MergedWorld world, String key, Set<String> expected) {
    for (int at = 0; at < world.replicas(); at++) {
      assertThat(MergedCellsTest.values(world.replica(at), key))
          .containsExactlyInAnyOrderElementsOf(expected);
    }
  }

  static void ofEachKeyTheLaterStringStays(MergedWorld world) {
    world.spreadClocks();
    Map<String, Integer> latest = new TreeMap<>();
    for (int at = 0; at < world.writers(); at++) {
      List<String> words = new ArrayList<>(List.of("MSET"));
      for (String name : List.of("a", "b", "c")) {
        if (name.equals("a") || world.random.nextBoolean()) {
          words.addAll(List.of(world.key(name), "v" + at));
          latest.merge(world.key(name), at, world::later);
        }
      }
      world.run(at, words.toArray(String[]::new));
    }
    world.exchange();
    latest.forEach((key, at) -> assertEverywhere(world, "v" + at, "GET", key));
  }

  static void whatTheContextDoesNotCoverStays(MergedWorld world) {
    String key = world.key("r");
    world.known("SET", key, "latest");
    String context = MergedCellsTest.context(world.replica(0), key);
    assertThat(world.run(0, "RESOLVE", key, context, "x")).contains("UNSUPPORTED");

    world.keepSiblings();
    for (int at = 0; at < world.writers(); at++) {
      world.run(at, words("SET %s v%d", key, at));
    }
    world.exchange();
    world.spreadClocks();
    Set<String> left = new TreeSet<>();
    for (int at = 0; at < world.writers(); at++) {
      String own = MergedCellsTest.context(world.replica(at), key);
      boolean decides = at < 2;
      String[] words = decides ? words("RESOLVE %s %s d%d", key, own, at) : words("SET %s d2", key);
      world.run(at, words);
      left.add("d" + at);
    }
    world.exchange();
    assertSiblings(world, key, left);
    int at = world.anyWriter();
    world.known("RESOLVE", key, MergedCellsTest.context(world.replica(at), key), "decided");
    assertSiblings(world, key, Set.of("decided"));
  }

  // Transactions.

  /** Of one entry each, which comes whole: who has heard of one cell has heard of the others. */
  static void theCommandsOfATransactionAreMergedEachByItself(MergedWorld world) {
    world.spreadClocks();
    Map<String, Integer> latest = new TreeMap<>();
    Set<String> members = new TreeSet<>();
    for (int at = 0; at < world.writers(); at++) {
      List<String> commands = new ArrayList<>();
      for (String name : List.of("a", "b")) {
        if (world.random.nextBoolean()) {
          commands.add("SET " + world.key(name) + " v" + at);
          latest.merge(world.key(name), at, world::later);
        }
      }
      commands.add("INCR " + world.key("n"));
      commands.add("SADD " + world.key("s") + " m" + at);
      members.add("m" + at);
      int before = world.entries(at);
      world.run(at, transaction(commands));
      assertThat(world.entries(at)).isEqualTo(before + 1);
    }
    world.hearOne();
    for (int at = 0; at < world.writers(); at++) {
      assertThat(world.run(at, "GET", world.key("n")))
          .isEqualTo(world.run(at, "SCARD", world.key("s")));
    }
    world.exchange();
    latest.forEach((key, at) -> assertEverywhere(world, "v" + at, "GET", key));
    assertEverywhere(world, "" + world.writers(), "GET", world.key("n"));
    assertEverywhere(world, "" + members.size(), "SCARD", world.key("s"));
  }

  /** The words in which a node sends a transaction to the leader of its partition. */
  private static String[] transaction(List<String> commands) {
    List<String> words = new ArrayList<>(List.of(".exec-writes", "0", "0", "" + commands.size()));
    for (String each : commands) {
      String[] command = each.split(" ");
      words.addAll(List.of("2", "" + command.length));
      words.addAll(List.of(command));
    }
    return words.toArray(String[]::new);
  }

  // Numbers.

  /** A number that is a key's or a field's: the beginnings of commands on it. */
  private record Number(String set, String remove, String add, String get, int sign) {}

  static void allAdditionsCountOnce(MergedWorld world) {
    String key = world.key("n");
    String set = oneOf(world, "SET %s", "SETEX %s 100", "MSET %s").formatted(key);
    boolean adds = world.random.nextBoolean();
    checkNumber(
        world,
        new Number(
            set, "DEL " + key, (adds ? "INCRBY " : "DECRBY ") + key, "GET " + key, adds ? 1 : -1));
    checkSteps(world);
    checkOverflow(world);
  }

  static void aFieldCountsAsAKeyDoes(MergedWorld world) {
    String field = world.key("h") + " n";
    checkNumber(
        world,
        new Number("HSET " + field, "HDEL " + field, "HINCRBY " + field, "HGET " + field, 1));
  }

  /** Everybody adds, and one may write or remove the number meanwhile. */
  private static void checkNumber(MergedWorld world, Number number) {
    Long before = null;
    if (world.random.nextBoolean()) {
      before = (long) world.random.nextInt(100);
      world.known((number.set() + " " + before).split(" "));
    }
    world.spreadClocks();
    int changer = world.random.nextBoolean() ? world.anyWriter() : -1;
    String change = oneOf(world, number.remove(), number.set() + " 500", number.set() + " 007");
    Long expected = changer < 0 ? before : change.endsWith("500") ? Long.valueOf(500) : null;
    for (int at = 0; at < world.writers(); at++) {
      Long seen = addSome(world, number, at, before);
      Long unseen = seen == null ? null : seen - (before == null ? 0 : before);
      boolean anyUnseen = seen != null && !seen.equals(before);
      if (at == changer) {
        world.run(at, change.split(" "));
        boolean isText = change.endsWith("007");
        Long written = change.endsWith("500") ? Long.valueOf(500) : null;
        seen = isText ? null : addSome(world, number, at, written);
        unseen = seen == null ? null : seen - (written == null ? 0 : written);
        anyUnseen = seen != null && !seen.equals(written);
      }
      expected = anyUnseen ? Long.valueOf((expected == null ? 0 : expected) + unseen) : expected;
    }
    world.exchange();
    String text = changer >= 0 && change.endsWith("007") ? "007" : String.valueOf(expected);
    assertEverywhere(world, text.equals("null") ? NIL : text, number.get().split(" "));
  }

  /**
   * Adds at a replica, never nothing in all.
   *
   * @param seen the number there, or null for none
   * @return the number there afterwards, or null for none; each reply is its sum
   */
  private static Long addSome(MergedWorld world, Number number, int at, Long seen) {
    Long sum = seen;
    for (int i = world.random.nextInt(3); i > 0; i--) {
      int delta = 1 + world.random.nextInt(50);
      sum = (sum == null ? 0 : sum) + (long) delta * number.sign();
      assertThat(world.run(at, (number.add() + " " + delta).split(" "))).isEqualTo("" + sum);
    }
    return sum;
  }

  /** Two who do not know of each other are told the same. */
  private static void checkSteps(MergedWorld world) {
    String key = world.key("steps");
    boolean up = world.random.nextBoolean();
    for (int at = 0; at < world.writers(); at++) {
      assertThat(world.number(at, up ? "INCR" : "DECR", key)).isEqualTo(up ? 1 : -1);
    }
    world.exchange();
    assertEverywhere(world, "" + (up ? world.writers() : -world.writers()), "GET", key);
  }

  private static void checkOverflow(MergedWorld world) {
    String key = world.key("large");
    world.known("SET", key, "" + (Long.MAX_VALUE - 1));
    assertThat(world.run(0, "INCRBY", key, "2")).contains("overflow");
    world.run(0, "INCR", key);
    world.run(1, "INCR", key);
    world.exchange();
    assertEverywhere(world, "" + Long.MIN_VALUE, "GET", key);
  }

  // Expiry.

  static void theLaterWordOfTheExpiryStays(MergedWorld world) {
    String key = world.key("e");
    String add = oneOf(world, "SET %s v", "HSET %s f v", "SADD %s m", "INCRBY %s 5").formatted(key);
    world.known(add.split(" "));
    long before = -1;
    if (world.random.nextBoolean()) {
      before = world.replica(0).now + 500_000;
      world.known("PEXPIREAT", key, "" + before);
    }
    world.spreadClocks();
    Map<Integer, Long> said = new HashMap<>();
    for (int at = 0; at < world.writers(); at++) {
      Long expireAt = sayOrAdd(world, at, key, add, before);
      if (expireAt != null) {
        said.put(at, expireAt);
      }
    }
    world.exchange();
    long expected = said.isEmpty() ? before : said.get(world.latest(said.keySet()));
    assertEverywhere(world, "" + expected, "PEXPIRETIME", key);
    world.evenClocks(5_000_000);
    assertEverywhere(world, expected < 0 ? "1" : "0", "EXISTS", key);
    aTimeThatHasPassedRemoves(world);
  }

  /**
   * Has a replica say something of the expiry, or write to the key.
   *
   * @return when the key expires by what it said, -1 for never, null when it said nothing
   */
  private static Long sayOrAdd(MergedWorld world, int at, String key, String add, long before) {
    long now = world.replica(at).now;
    boolean string = !add.startsWith("HSET") && !add.startsWith("SADD");
    long seconds = 600 + 10 * at;
    switch (world.random.nextInt(string ? 8 : 6)) {
      case 0:
        world.run(at, words("EXPIRE %s %d", key, seconds));
        return now + seconds * 1000;
      case 1:
        world.run(at, words("PEXPIRE %s %d", key, seconds));
        return now + seconds;
      case 2:
        world.run(at, words("EXPIREAT %s %d", key, now / 1000 + seconds));
        return (now / 1000 + seconds) * 1000;
      case 3:
        world.run(at, words("PEXPIREAT %s %d", key, now + seconds));
        return now + seconds;
      case 4:
        assertThat(world.number(at, "PERSIST", key)).isEqualTo(before < 0 ? 0 : 1);
        return before < 0 ? null : -1L;
      case 5:
        world.run(at, add.split(" "));
        return add.startsWith("SET") ? -1L : null;
      case 6:
        assertThat(world.run(at, words("GETEX %s PX %d", key, seconds)))
            .isEqualTo(add.substring(add.lastIndexOf(' ') + 1));
        return now + seconds;
      default:
        world.run(at, "GETEX", key, "PERSIST");
        return before < 0 ? null : -1L;
    }
  }

  private static void aTimeThatHasPassedRemoves(MergedWorld world) {
    String key = world.key("past");
    world.known("SADD", key, "known", "also");
    int remover = world.anyWriter();
    world.run(remover, words(oneOf(world, "EXPIRE %s 0", "PEXPIREAT %s 1"), key));
    world.run(world.anyOtherThan(remover), "SADD", key, "added");
    world.exchange();
    assertEverywhere(world, "[added]", "SMEMBERS", key);
  }

  // Removing.

  static void whatItsRemoverDidNotKnowOfStays(MergedWorld world) {
    String string = world.key("s");
    String hash = world.key("h");
    String set = world.key("m");
    world.known("SET", string, "known");
    world.known("HSET", hash, "known", "x");
    world.known("SADD", set, "known");
    world.spreadClocks();
    Set<Integer> others = new TreeSet<>();
    int remover = world.anyWriter();
    for (int at = 0; at < world.writers(); at++) {
      boolean removes = at == remover || world.random.nextInt(4) == 0;
      if (removes) {
        assertThat(world.number(at, oneOf(world, "DEL", "UNLINK"), string, hash, set)).isEqualTo(3);
      } else if (world.random.nextInt(4) > 0) {
        world.run(at, words("SET %s w%d", string, at));
        world.run(at, words("HSET %s f%d y", hash, at));
        world.run(at, words("SADD %s m%d", set, at));
        others.add(at);
      }
    }
    world.exchange();
    String latest = others.isEmpty() ? NIL : "w" + world.latest(others);
    assertEverywhere(world, latest, "GET", string);
    assertEverywhere(world, names("f", others), "HKEYS", hash);
    assertEverywhere(world, names("m", others), "SMEMBERS", set);
    assertEverywhere(world, others.isEmpty() ? "0" : "3", "EXISTS", string, hash, set);
  }

  private static String names(String prefix, Set<Integer> numbers) {
    return new TreeSet<>(numbers.stream().map(each -> prefix + each).toList()).toString();
  }

  static void whatWasNotKnownIsNotFlushed(MergedWorld world) {
    world.known("SET", world.key("known"), "1");
    world.known("SADD", world.key("set"), "known");
    world.spreadClocks();
    int flusher = world.anyWriter();
    int other = world.anyOtherThan(flusher);
    world.run(other, "SET", world.key("unknown"), "1");
    world.run(other, "SADD", world.key("set"), "unknown");
    world.run(flusher, oneOf(world, "FLUSHDB", "FLUSHALL"));
    world.exchange();
    assertEverywhere(world, NIL, "GET", world.key("known"));
    assertEverywhere(world, "1", "GET", world.key("unknown"));
    assertEverywhere(world, "[unknown]", "SMEMBERS", world.key("set"));
    assertEverywhere(world, "2", "DBSIZE");
  }

  // Fields and members.

  static void ofEachFieldTheLaterValueStays(MergedWorld world) {
    String key = world.key("h");
    world.known("HSET", key, "f0", "known", "f1", "known");
    world.spreadClocks();
    Set<String> known = new HashSet<>(Set.of("f0", "f1"));
    Map<String, Integer> latest = new TreeMap<>();
    for (int at = 0; at < world.writers(); at++) {
      Set<String> view = new HashSet<>(Set.of("f0", "f1"));
      known.retainAll(removeSome(world, at, key, "HDEL", view));
      List<String> words = new ArrayList<>(List.of("HSET", key));
      int fresh = 0;
      for (String field : someOf(world, "f")) {
        words.addAll(List.of(field, "v" + at));
        latest.merge(field, at, world::later);
        fresh += view.add(field) ? 1 : 0;
      }
      assertThat(world.number(at, words.toArray(String[]::new))).isEqualTo(fresh);
    }
    world.exchange();
    known.addAll(latest.keySet());
    assertEverywhere(world, new TreeSet<>(known).toString(), "HKEYS", key);
    assertEverywhere(world, "" + known.size(), "HLEN", key);
    for (String field : known) {
      Integer writer = latest.get(field);
      assertEverywhere(world, writer == null ? "known" : "v" + writer, "HGET", key, field);
    }
  }

  /** Removes some of f0 and f1, or the key; returns what is left, which the view is then. */
  private static Set<String> removeSome(
      MergedWorld world, int at, String key, String command, Set<String> view) {
    if (world.random.nextInt(5) == 0) {
      assertThat(world.number(at, "DEL", key)).isEqualTo(1);
      view.clear();
    } else if (world.random.nextBoolean()) {
      String[] removed = oneOf(world, "f0", "f1", "f0 f1 none").split(" ");
      List<String> words = new ArrayList<>(List.of(command, key));
      words.addAll(List.of(removed));
      assertThat(world.number(at, words.toArray(String[]::new)))
          .isEqualTo(Math.min(removed.length, 2));
      List.of(removed).forEach(view::remove);
    }
    return view;
  }

  /** One to four names. */
  private static Set<String> someOf(MergedWorld world, String prefix) {
    Set<String> some = new TreeSet<>(Set.of(prefix + world.random.nextInt(4)));
    for (int i = 0; i < 4; i++) {
      if (world.random.nextInt(3) == 0) {
        some.add(prefix + i);
      }
    }
    return some;
  }

  static void whatIsAddedStays(MergedWorld world) {
    String key = world.key("m");
    world.known("SADD", key, "f0", "f1");
    world.spreadClocks();
    Set<String> there = new HashSet<>(Set.of("f0", "f1"));
    Set<String> added = new HashSet<>();
    for (int at = 0; at < world.writers(); at++) {
      Set<String> view = new HashSet<>(Set.of("f0", "f1"));
      there.retainAll(removeSome(world, at, key, "SREM", view));
      if (world.random.nextInt(4) > 0) {
        List<String> words = new ArrayList<>(List.of("SADD", key));
        Set<String> members = someOf(world, "f");
        words.addAll(members);
        long fresh = members.stream().filter(view::add).count();
        assertThat(world.number(at, words.toArray(String[]::new))).isEqualTo(fresh);
        added.addAll(members);
      }
    }
    world.exchange();
    there.addAll(added);
    assertEverywhere(world, new TreeSet<>(there).toString(), "SMEMBERS", key);
    assertEverywhere(world, "" + there.size(), "SCARD", key);
  }

  // Types, and reading.

  static void theLaterTypeStays(MergedWorld world) {
    String key = world.key("t");
    boolean known = world.random.nextBoolean();
    if (known) {
      world.known("SADD", key, "known");
    }
    world.spreadClocks();
    int writer = world.anyWriter();
    int other = world.anyOtherThan(writer);
    world.run(writer, words(known ? "SET %s 1" : oneOf(world, "SET %s 1", "INCR %s"), key));
    world.run(other, words(oneOf(world, "SADD %s m", known ? "SADD %s m" : "HSET %s f 1"), key));
    String type = world.run(other, "TYPE", key);
    world.exchange();
    // Who knew the set gave the key no new type, however late the member is.
    boolean string = known || world.isLater(writer, other);
    assertEverywhere(world, string ? world.run(writer, "TYPE", key) : type, "TYPE", key);
    assertThat(world.run(0, "TYPE", key).contains("string")).isEqualTo(string);
    String refused = world.run(other, words(string ? "SADD %s x" : "INCR %s", key));
    assertThat(refused).contains("WRONGTYPE");
    world.known(oneOf(world, "DEL", "UNLINK"), key);
    assertEverywhere(world, "0", "EXISTS", key);
  }

  static void readsShowWhatHasCome(MergedWorld world) {
    String string = world.key("s");
    String set = world.key("m");
    int writer = world.anyWriter();
    int reader = world.anyOtherThan(writer);
    long keys = world.number(reader, "DBSIZE");
    world.run(writer, "SET", string, "x");
    world.run(writer, "SADD", set, "y");
    assertThat(world.run(reader, "GET", string)).isEqualTo(NIL);
    assertThat(world.run(reader, "SMEMBERS", set)).isEqualTo("[]");
    assertThat(world.number(reader, "EXISTS", string, set)).isZero();
    assertThat(world.number(reader, "DBSIZE")).isEqualTo(keys);
    assertThat(world.number(writer, "EXISTS", string, set)).isEqualTo(2);
    world.exchange();
    assertEverywhere(world, "x", "GET", string);
    assertEverywhere(world, "[y]", "SMEMBERS", set);
    assertEverywhere(world, "" + (keys + 2), "DBSIZE");
  }
}
