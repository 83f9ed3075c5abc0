package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random commands of all types, here and on a real Redis 7.0: every reply is the same, byte by
 * byte, but for what {@link ReplyComparison} lets pass. A failure names the seed and the fewest
 * commands that were found to show it. {@code -Dcomparison.seed} begins with another one.
 */
class AllCommandsComparisonTest {
  /** So many follow each other before both begin empty again. */
  private static final int EPISODE = 1000;

  /** So much of a reply is told. */
  private static final int MAX_SHOWN = 400;

  private static final int MAX_FAILURES = 5;

  private static final long SEED = Long.getLong("comparison.seed", 1);

  /** Those that every long run meets. */
  private static final Set<Difference> DIFFERENCES =
      EnumSet.of(
          Difference.ZERO_HAS_NO_SIGN,
          Difference.ENCODING_OF_FIELDS,
          Difference.ENCODING_AS_IT_IS,
          Difference.REFCOUNT,
          Difference.IDLE_TIME,
          Difference.COPY_DB,
          Difference.WHO_ANSWERS,
          Difference.SCAN_STEPS);

  /** What is not drawn, beside what the node runs and Redis has not. */
  private static final Set<String> ELSEWHERE =
      Set.of(
          // Compared by RedisComparisonTest: they end the connection, or tell of it or the process.
          "quit",
          "info",
          "client|info",
          "client|list",
          "client|kill",
          "client|reply",
          // Compared by BlockingComparisonTest: they wait.
          "blpop",
          "brpop",
          "blmove",
          "brpoplpush",
          "blmpop",
          "bzpopmin",
          "bzpopmax",
          "bzmpop",
          "client|unblock",
          // Newer than Redis 7.0.
          "client|setinfo",
          "client|no-touch",
          "waitaof",
          // What is in the table is not all that is in Redis.
          "command",
          "command|count",
          "slowlog|get",
          "slowlog|len");

  private static RealRedis redis;

  private final Set<Difference> met = EnumSet.noneOf(Difference.class);
  private final Set<String> drawn = new TreeSet<>();
  private final List<String> failures = new ArrayList<>();
  private final CommandTable table = CommandTable.standard();

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    redis = RealRedis.start(folder);
  }

  @AfterAll
  static void stop() {
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void randomCommandsOfAllTypesAnswerTheSame() throws Exception {
    compare(SEED, 20);
  }

  @Test
  @Tag("slow")
  void manyRandomCommandsOfAllTypesAnswerTheSame() throws Exception {
    compare(SEED + 1_000, 200);
    assertThat(met)
        .as("what the table tells of: what is not met is no difference any more")
        .containsAll(DIFFERENCES);
  }

  private void compare(long firstSeed, int episodes) throws Exception {
    try (RealRedis.Connection theirs = redis.connect()) {
      for (long seed = firstSeed;
          seed < firstSeed + episodes && failures.size() < MAX_FAILURES;
          seed++) {
        episode(seed, theirs);
      }
    }
    assertThat(failures).isEmpty();
    assertThat(undrawn()).as("commands of the table that nothing draws").isEmpty();
  }

  private void episode(long seed, RealRedis.Connection theirs) {
    AllCommands commands = new AllCommands(new Random(seed));
    BothServers both = new BothServers(theirs);
    List<String[]> run = new ArrayList<>();
    run.add(new String[] {"HELLO", seed % 2 == 0 ? "2" : "3"});
    both.run(run.get(0));
    for (int i = 0; i < EPISODE; i++) {
      String[] words = commands.next(both.inTransaction());
      note(words);
      both.run(words);
      run.add(words);
      List<String[]> look = both.inTransaction() ? List.of() : commands.look(words);
      look.forEach(both::run);
      run.addAll(look);
    }
    atRest().forEach(both::run);
    run.addAll(atRest());
    both.flush();
    met.addAll(both.differencesMet());
    if (both.found().isPresent()) {
      failures.add(explanation(seed, shrunk(run, theirs), theirs));
    }
  }

  private void note(String[] words) {
    Command command = table.find(Args.of(words));
    if (command != null && command.takes(words.length)) {
      drawn.add(command.name());
    }
  }

  /** What tells everything that is stored. */
  private static List<String[]> atRest() {
    List<String[]> all = new ArrayList<>();
    all.add(new String[] {"DISCARD"});
    AllCommands.ALL_KEYS.forEach(key -> all.addAll(AllCommands.readings(key)));
    all.add(new String[] {"KEYS", "*"});
    all.add(new String[] {"DBSIZE"});
    return all;
  }

  // What a failure tells.

  private static Optional<BothServers.Found> difference(
      List<String[]> commands, RealRedis.Connection theirs) {
    BothServers both = new BothServers(theirs);
    commands.forEach(both::run);
    both.flush();
    return both.found();
  }

  /** Leaves out what the difference does not need: large parts first, then one by one. */
  private static List<String[]> shrunk(List<String[]> all, RealRedis.Connection theirs) {
    List<String[]> needed = new ArrayList<>(all);
    int part = needed.size() / 2;
    while (part > 0) {
      boolean fewer = false;
      for (int from = needed.size() - part; from >= 0; from -= part) {
        List<String[]> rest = new ArrayList<>(needed);
        rest.subList(from, from + part).clear();
        if (difference(rest, theirs).isPresent()) {
          needed = rest;
          fewer = true;
        }
      }
      part = fewer && part == 1 ? 1 : part / 2;
    }
    return needed;
  }

  private static String explanation(
      long seed, List<String[]> commands, RealRedis.Connection theirs) {
    StringBuilder text = new StringBuilder();
    text.append(String.format("seed %d (-Dcomparison.seed=%d); so few show it:%n", seed, seed));
    commands.forEach(words -> text.append("  ").append(ReplyComparison.shown(words)).append('\n'));
    difference(commands, theirs)
        .ifPresentOrElse(
            found ->
                text.append(
                    String.format(
                        "%s%n  here:  %s%n  Redis: %s%n",
                        ReplyComparison.shown(found.words()),
                        shown(found.ours()),
                        shown(found.theirs()))),
            () -> text.append("(but not always)"));
    return text.toString();
  }

  private static String shown(String reply) {
    return ReplyComparison.shown(reply.substring(0, Math.min(reply.length(), MAX_SHOWN)));
  }

  // What is not drawn.

  private Set<String> undrawn() {
    Set<String> undrawn = new TreeSet<>();
    for (Command command : table.all()) {
      boolean container = !command.subcommands().isEmpty() && command.arity() < -1;
      boolean ofTheNode = command.runs() == Runs.ON_NODE && !command.name().equals("exec");
      boolean own = command.group() == Group.TREFOIL || command.name().endsWith("|help");
      if (!container && !ofTheNode && !own && !ELSEWHERE.contains(command.name())) {
        undrawn.add(command.name());
      }
    }
    undrawn.removeAll(drawn);
    return undrawn;
  }
}
