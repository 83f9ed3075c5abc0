package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.command.Algorithm;
import io.trefoil.command.Command;
import io.trefoil.command.CommandTable;
import io.trefoil.command.Convergence;
import io.trefoil.command.Flag;
import io.trefoil.command.Meaning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Every command that converges, used at once by replicas that had not heard of each other's: they
 * come to the same, and to what {@link Convergence} says of it.
 */
@Tag("slow")
class ConvergenceTest {
  private static final int KEYS = 3;
  private static Path folder;
  private static List<MergedReplica> replicas;
  private static int cases;

  @BeforeContainer
  static void open() throws IOException {
    folder = Files.createTempDirectory("trefoil-convergence");
    replicas =
        List.of(
            new MergedReplica(1, folder),
            new MergedReplica(2, folder),
            new MergedReplica(5, folder));
  }

  @AfterContainer
  static void close() throws IOException {
    replicas.forEach(MergedReplica::close);
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  private static MergedWorld world(long seed) {
    return new MergedWorld(replicas, seed, "case-" + cases++ + "-");
  }

  // All commands, at random.

  /** Gives the words of a command, to be run at a replica. */
  private interface Use {
    String words(MergedWorld world, int at);
  }

  private static final Map<String, Use> USES = new TreeMap<>();

  static {
    USES.put("set", (w, at) -> "SET " + key(w) + " " + value(w) + option(w));
    USES.put("setex", (w, at) -> "SETEX " + key(w) + " 1 " + value(w));
    USES.put("psetex", (w, at) -> "PSETEX " + key(w) + " " + millis(w) + " " + value(w));
    USES.put("mset", (w, at) -> "MSET " + key(w) + " " + value(w) + " " + key(w) + " " + value(w));
    USES.put("getex", (w, at) -> "GETEX " + key(w) + getexOption(w));
    USES.put("incr", (w, at) -> "INCR " + key(w));
    USES.put("decr", (w, at) -> "DECR " + key(w));
    USES.put("incrby", (w, at) -> "INCRBY " + key(w) + " " + number(w));
    USES.put("decrby", (w, at) -> "DECRBY " + key(w) + " " + number(w));
    USES.put("hset", (w, at) -> "HSET " + key(w) + " " + field(w) + " " + value(w));
    USES.put("hmset", (w, at) -> "HMSET " + key(w) + " " + field(w) + " " + value(w));
    USES.put("hdel", (w, at) -> "HDEL " + key(w) + " " + field(w) + " " + field(w));
    USES.put("hincrby", (w, at) -> "HINCRBY " + key(w) + " " + field(w) + " " + number(w));
    USES.put("sadd", (w, at) -> "SADD " + key(w) + " " + field(w) + " " + field(w));
    USES.put("srem", (w, at) -> "SREM " + key(w) + " " + field(w) + " " + field(w));
    USES.put("zadd", (w, at) -> "ZADD " + key(w) + " " + number(w) + " " + field(w));
    USES.put("zincrby", (w, at) -> "ZINCRBY " + key(w) + " " + number(w) + " " + field(w));
    USES.put("zrem", (w, at) -> "ZREM " + key(w) + " " + field(w) + " " + field(w));
    USES.put("zremrangebyrank", (w, at) -> "ZREMRANGEBYRANK " + key(w) + " -1 -1");
    USES.put("zremrangebyscore", (w, at) -> "ZREMRANGEBYSCORE " + key(w) + " -inf -5");
    USES.put("zremrangebylex", (w, at) -> "ZREMRANGEBYLEX " + key(w) + " [f0 (f1");
    USES.put("lpush", (w, at) -> "LPUSH " + key(w) + " " + field(w) + " " + field(w));
    USES.put("rpush", (w, at) -> "RPUSH " + key(w) + " " + field(w));
    USES.put("linsert", ConvergenceTest::linsert);
    USES.put("lset", (w, at) -> "LSET " + key(w) + " " + w.random.nextInt(3) + " " + value(w));
    USES.put("lrem", (w, at) -> "LREM " + key(w) + " 1 " + field(w));
    USES.put("ltrim", (w, at) -> "LTRIM " + key(w) + " 1 -1");
    USES.put("del", (w, at) -> "DEL " + key(w) + " " + key(w));
    USES.put("unlink", (w, at) -> "UNLINK " + key(w));
    USES.put("expire", (w, at) -> "EXPIRE " + key(w) + " " + w.random.nextInt(2));
    USES.put("pexpire", (w, at) -> "PEXPIRE " + key(w) + " " + millis(w));
    USES.put("expireat", (w, at) -> "EXPIREAT " + key(w) + " " + (w.replica(at).now / 1000 + 1));
    USES.put("pexpireat", (w, at) -> "PEXPIREAT " + key(w) + " " + (w.replica(at).now + millis(w)));
    USES.put("persist", (w, at) -> "PERSIST " + key(w));
    USES.put("flushdb", (w, at) -> "FLUSHDB");
    USES.put("flushall", (w, at) -> "FLUSHALL");
    USES.put("resolve", ConvergenceTest::resolve);
  }

  private static String key(MergedWorld world) {
    return world.key("k" + world.random.nextInt(KEYS));
  }

  private static String field(MergedWorld world) {
    return "f" + world.random.nextInt(3);
  }

  private static int number(MergedWorld world) {
    return world.random.nextInt(20) - 10;
  }

  private static int millis(MergedWorld world) {
    return 1 + world.random.nextInt(100);
  }

  private static String value(MergedWorld world) {
    return world.random.nextBoolean() ? "" + number(world) : "text" + number(world);
  }

  private static String option(MergedWorld world) {
    return List.of("", "", " KEEPTTL", " PX " + millis(world)).get(world.random.nextInt(4));
  }

  private static String getexOption(MergedWorld world) {
    return List.of("", " PERSIST", " PX " + millis(world)).get(world.random.nextInt(3));
  }

  private static String linsert(MergedWorld world, int at) {
    String side = world.random.nextBoolean() ? " BEFORE " : " AFTER ";
    return "LINSERT " + key(world) + side + field(world) + " " + field(world);
  }

  private static String resolve(MergedWorld world, int at) {
    String key = key(world);
    boolean string = world.run(at, "TYPE", key).contains("string");
    String context = string ? MergedCellsTest.context(world.replica(at), key) : "none";
    return "RESOLVE " + key + " " + context + " " + value(world);
  }

  private static List<Command> convergingWrites() {
    return CommandTable.standard().all().stream()
        .filter(each -> each.meaning(Algorithm.MULTI_LEADER) == Meaning.CONVERGES)
        .filter(each -> each.has(Flag.WRITE))
        .filter(each -> !each.name().equals("diverged|merge")) // proved by LeftMergesTest
        .toList();
  }

  @Example
  void everyConvergingWriteIsUsed() {
    assertThat(USES.keySet())
        .containsExactlyInAnyOrderElementsOf(
            convergingWrites().stream().map(Command::name).collect(Collectors.toSet()));
  }

  @Provide
  Arbitrary<String> commands() {
    return Arbitraries.of(USES.keySet());
  }

  @Property(tries = 500, shrinking = ShrinkingMode.OFF)
  void replicasThatHaveHeardAllAreEqual(@ForAll("commands") String command, @ForAll long seed) {
    MergedWorld world = world(seed);
    if (world.random.nextInt(3) == 0) {
      world.keepSiblings();
    }
    List<String> others = List.copyOf(USES.keySet());
    for (int step = 0; step < 40; step++) {
      int at = world.anyWriter();
      world.replica(at).now += world.random.nextInt(30);
      boolean other = world.random.nextInt(3) == 0;
      String used = other ? others.get(world.random.nextInt(others.size())) : command;
      world.run(at, USES.get(used).words(world, at).split(" "));
      if (world.random.nextInt(3) == 0) {
        world.hearOne();
      }
    }
    world.exchange();
    world.evenClocks(0);
    for (int at = 1; at < world.replicas(); at++) {
      assertThat(everything(world, at)).isEqualTo(everything(world, 0));
    }
    assertEqualDigests(world);
  }

  /**
   * Of fields that were removed one by one, and then with their key, some replicas may hold more
   * than others, by the order in which they heard of that: until they are compared.
   */
  private static void assertEqualDigests(MergedWorld world) {
    for (int at = 0; at < 2 * world.replicas(); at++) {
      MergedReplica replica = world.replica(at % world.replicas());
      replicas.stream().filter(other -> other != replica).forEach(replica::compareWith);
    }
    for (int at = 1; at < world.replicas(); at++) {
      assertThat(world.replica(at).treeSum()).isEqualTo(world.replica(0).treeSum());
    }
  }

  private static String everything(MergedWorld world, int at) {
    StringBuilder all = new StringBuilder(world.run(at, "DBSIZE")).append('\n');
    for (int i = 0; i < KEYS; i++) {
      String key = world.key("k" + i);
      String type = world.run(at, "TYPE", key);
      all.append(type).append(' ').append(world.run(at, "PTTL", key)).append(' ');
      if (type.contains("string")) {
        all.append(world.run(at, "GET", key))
            .append(MergedCellsTest.values(world.replica(at), key));
      } else if (type.contains("hash")) {
        all.append(world.run(at, "HGETALL", key)).append(world.run(at, "HLEN", key));
      } else if (type.contains("zset")) {
        all.append(world.reply(at, "ZRANGE", key, "0", "-1", "WITHSCORES"));
        all.append(world.run(at, "ZCARD", key)).append(world.run(at, "ZCOUNT", key, "-3", "3"));
      } else if (type.contains("list")) {
        all.append(world.reply(at, "LRANGE", key, "0", "-1")).append(world.run(at, "LLEN", key));
      } else if (type.contains("set")) {
        all.append(world.run(at, "SMEMBERS", key)).append(world.run(at, "SCARD", key));
      }
      all.append('\n');
    }
    return all.toString();
  }

  // What the texts say.

  private interface Claim {
    void check(MergedWorld world);
  }

  /** Without a default: a text that nothing proves does not compile. */
  private static Claim claim(Convergence kind) {
    return switch (kind) {
      case SET -> ConvergenceClaims::theLaterStringStays;
      case MSET -> ConvergenceClaims::ofEachKeyTheLaterStringStays;
      case ADD -> ConvergenceClaims::allAdditionsCountOnce;
      case GETEX, EXPIRE, PERSIST -> ConvergenceClaims::theLaterWordOfTheExpiryStays;
      case REMOVE -> ConvergenceClaims::whatItsRemoverDidNotKnowOfStays;
      case FLUSH -> ConvergenceClaims::whatWasNotKnownIsNotFlushed;
      case HSET, HDEL -> ConvergenceClaims::ofEachFieldTheLaterValueStays;
      case HINCRBY -> ConvergenceClaims::aFieldCountsAsAKeyDoes;
      case SADD, SREM -> ConvergenceClaims::whatIsAddedStays;
      case ZADD, ZREM -> OrderedClaims::ofEachMemberTheLaterScoreStays;
      case ZINCRBY -> OrderedClaims::aScoreCountsAsAKeyDoes;
      case PUSH -> OrderedClaims::allThatIsPushedIsInOneOrder;
      case LSET -> OrderedClaims::ofEachElementTheLaterValueStays;
      case LREM -> OrderedClaims::whatItsRemoverDidNotKnowOfStays;
      case EXEC -> ConvergenceClaims::theCommandsOfATransactionAreMergedEachByItself;
      case RESOLVE -> ConvergenceClaims::whatTheContextDoesNotCoverStays;
      case READ -> ConvergenceClaims::readsShowWhatHasCome;
      case REPLAY -> throw new IllegalArgumentException("proved by LeftMergesTest");
    };
  }

  @Provide
  Arbitrary<Convergence> kinds() {
    return Arbitraries.of(EnumSet.complementOf(EnumSet.of(Convergence.REPLAY)));
  }

  @Property(tries = 1_000, shrinking = ShrinkingMode.OFF)
  void whatIsSaidOfItIsSo(@ForAll("kinds") Convergence kind, @ForAll long seed) {
    MergedWorld world = world(seed);
    claim(kind).check(world);
    assertEqualDigests(world);
  }

  @Property(tries = 100, shrinking = ShrinkingMode.OFF)
  void aKeyHasTheTypeThatItWasGivenLater(@ForAll long seed) {
    ConvergenceClaims.theLaterTypeStays(world(seed));
  }
}
