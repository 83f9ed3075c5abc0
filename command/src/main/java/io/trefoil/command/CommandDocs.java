package io.trefoil.command;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Renders the command table as pages of documentation. */
public final class CommandDocs {
  private static final String HEAD =
      """
      # Commands

      Replies and errors are those of Redis 7.0. The last two columns say what becomes of a command
      in a database without one order of all writes; on single-leader databases every command means
      what it means in Redis, but for those that are said to be refused there. *same*: as in Redis.
      *converges*: concurrent uses are merged, and each reply is one replica's view: [what they come
      to](convergence.md), command by command. *refused*: it would lose its meaning and is refused
      with `-UNSUPPORTED` and the reason.

      A command over several partitions runs in each on its own: there is no moment at which all
      have run. Commands that can't be split so must have all keys in one partition, else
      `-CROSSSLOT`.

      This page is generated from the command table.
      """;

  private static final String CONVERGENCE_HEAD =
      """
      # What concurrent commands come to

      In a [multi-leader](protocols/multi-leader.md) database two regions, and in a
      [leaderless](protocols/leaderless.md) one two coordinators, may run commands on one key at the
      same time. All replicas come to the same. This page says what that is.

      - **Concurrent** are commands of which neither's replica knew of the other when it ran it. If one
        did, nothing is to be merged: that one comes after the other, as in Redis.
      - **Later** is what has the larger stamp. A stamp is of a hybrid clock: the writing node's wall
        clock, but larger than all stamps that the node has seen.
      - **Known** is what the replica that runs the command has. Writes of a leaderless database that
        have to know something ask R replicas first.
      - **Replies** are one replica's view, as it was when the command ran.
      - **Two types at once.** A key has the type that it was given later: by `SET`, `INCR` and the like,
        or by the `HSET`, `HINCRBY`, `SADD`, `ZADD`, `ZINCRBY` or push that found no such key. The rest
        is out of sight until it is removed, with the key or by a `SET`. A command that knows the key to be of another type is
        refused, but for `SET`, `SETEX`, `PSETEX` and `MSET`: they remove what is known.
      - **Several keys** of one command are merged each on its own.
      - **Refused by name** is what would lose an update or lie in its reply, such as `APPEND`, `SETRANGE`,
        `GETSET` or `SETNX`: [commands.md](commands.md) says which, and why. Active-Active databases take
        `SETRANGE`, `GETSET` and `SETNX` ([supported]); of strings that are not counters the last write
        wins there, whatever wrote it ([strings]).

      The last column is what Redis documents of Active-Active databases of Redis Enterprise, where it
      says something. Nothing of it was tried. Read in November 2026: [strings], [hashes], [sets],
      [develop], [planning], [supported]. What it says of sorted sets and lists was not read.

      Everything in the second column is proved by
      [ConvergenceTest](../node/src/test/java/io/trefoil/node/ConvergenceTest.java), which has a case
      for each row. This page is generated from the command table.

      | Commands | Concurrent uses | Active-Active |
      |---|---|---|
      """;

  private static final String COMPATIBILITY_HEAD =
      """
      # Beside Redis 7.0

      What commands do otherwise than in Redis 7.0, and what becomes of them on each
      [algorithm](../README.md#what-is-promised). What is not said to differ has the same replies, byte by
      byte, in RESP2 and RESP3: [AllCommandsComparisonTest](../command/src/test/java/io/trefoil/command/AllCommandsComparisonTest.java)
      runs 200,000 random commands of all types here and on a Redis 7.0, and lets no reply differ but by
      what this page says.

      - **Differs** says what is done here, and in brackets why.
      - **Single-leader**: *same*: as in Redis, but for what differs. *One partition*: all its keys must be in
        one, else `-CROSSSLOT`; give them one `{hash tag}`. *Each partition*: it runs in each partition that it
        concerns on its own, and there is no moment at which all have run; database 0 has twelve.
      - **Multi-leader** and **leaderless**: *converges*: concurrent uses are merged, and each reply is one
        replica's view: [what they come to](convergence.md). *Refused*: with `-UNSUPPORTED` and the reason.
        What is said of partitions is so there, too.

      This page is generated from the command table.

      ## All commands

      - **Errors that Redis has not**: `-NOREPLICAS`, `-CLUSTERDOWN`, `-TRYAGAIN`: nothing was applied, try again. `-MISCONF`, which Redis has for other reasons: [the disk is nearly full](operations/disks.md), nothing was applied.
        `-UNCERTAIN`: perhaps applied. `-UNSUPPORTED`, `-CROSSSLOT`: never. [divergence.md](divergence.md#behaviour-that-differs-from-redis)
        says what else is different about waiting, reading and expiring.
      - **Memory is a cache.** A command that needs more cells at once than `memory.table` holds is refused with `-TRYAGAIN`.
      - **Bounds**: a value or argument of 64 MB (`client.max-bulk` may lower it), as it must fit an entry; 1,048,576
        arguments, and 10 before the login, as in Redis. They are checked before memory is taken.
      - **After `MULTI`**, what a database refuses is refused when it is queued.
      - **`HELP`** of a container names what is there.
      - In RESP3 messages of subscriptions may come before replies to what was sent earlier: they need not wait for a
        command that takes long.
      """;

  private static final String ACTIVE_ACTIVE =
      "https://redis.io/docs/latest/operate/rs/databases/active-active/";

  private static final String SOURCES =
      String.join(
          "\n",
          "",
          "[strings]: " + ACTIVE_ACTIVE + "develop/data-types/strings/",
          "[hashes]: " + ACTIVE_ACTIVE + "develop/data-types/hashes/",
          "[sets]: " + ACTIVE_ACTIVE + "develop/data-types/sets/",
          "[develop]: " + ACTIVE_ACTIVE + "develop/develop-for-aa/",
          "[planning]: " + ACTIVE_ACTIVE + "planning/",
          "[supported]: https://redis.io/docs/latest/operate/rs/references/compatibility/commands/"
              + "data-types/",
          "");

  private CommandDocs() {}

  /** The page of what concurrent uses of commands come to, in Markdown. */
  public static String convergence(CommandTable table) {
    StringBuilder page = new StringBuilder(CONVERGENCE_HEAD);
    for (Convergence kind : Convergence.values()) {
      String commands =
          table.all().stream()
              .filter(command -> command.convergence().filter(kind::equals).isPresent())
              .map(command -> "`" + command.upperName() + "`")
              .collect(Collectors.joining(", "));
      page.append(
          String.format("| %s | %s | %s |\n", commands, kind.together(), kind.activeActive()));
    }
    return page.append(SOURCES).toString();
  }

  /** The page in Markdown. */
  public static String markdown(CommandTable table) {
    StringBuilder page = new StringBuilder(HEAD);
    for (Group group : Group.values()) {
      page.append(title(group))
          .append("| Command | Words | Since | Cost | What it does |")
          .append(" Partitions | Multi-leader | Leaderless |\n")
          .append("|---|---|---|---|---|---|---|---|\n");
      table.all().stream()
          .filter(command -> command.group() == group && !isMereContainer(command))
          .forEach(command -> page.append(row(command)));
    }
    return page.toString();
  }

  /** The page of what commands do otherwise than Redis, in Markdown. */
  public static String compatibility(CommandTable table) {
    StringBuilder page = new StringBuilder(COMPATIBILITY_HEAD);
    List<Command> all =
        table.all().stream()
            .filter(command -> command.group() != Group.TREFOIL && !isMereContainer(command))
            .toList();
    for (Group group : Group.values()) {
      List<Command> rows =
          all.stream().filter(command -> command.group() == group && isTold(command)).toList();
      if (!rows.isEmpty()) {
        page.append(title(group))
            .append("| Command | Differs | Single-leader | Multi-leader | Leaderless |\n")
            .append("|---|---|---|---|---|\n");
        sameTogether(rows)
            .forEach((cells, names) -> page.append(String.format("| %s |%s\n", names, cells)));
      }
    }
    page.append("\n## Nothing to say\n\nThese do what they do in Redis 7.0; where several nodes")
        .append(" write, uses of those that have a key converge: ")
        .append(names(all, command -> !isTold(command) && !isNewer(command)))
        .append(".\n\nNewer than Redis 7.0 are ")
        .append(names(all, CommandDocs::isNewer))
        .append(". [commands.md](commands.md) lists also what Redis has not.\n")
        .append("\n## Not here\n\n| Commands | Why |\n|---|---|\n");
    AbsentCommands.byReason()
        .forEach(
            (reason, names) ->
                page.append(String.format("| %s | %s |\n", names(names.stream()), reason)));
    return page.append("\nThey are answered as unknown commands are in Redis.\n").toString();
  }

  private static boolean isNewer(Command command) {
    return command.since().startsWith("7.") && !command.since().startsWith("7.0");
  }

  private static String names(List<Command> commands, Predicate<Command> which) {
    return names(commands.stream().filter(which).map(Command::name));
  }

  private static String names(Stream<String> names) {
    return names
        .map(name -> "`" + name.replace('|', ' ').toUpperCase(Locale.ROOT) + "`")
        .collect(Collectors.joining(", "));
  }

  /** Whether there is something to say of it beside that it is the same or converges. */
  private static boolean isTold(Command command) {
    boolean refuses =
        command.meaning(Algorithm.MULTI_LEADER) == Meaning.REFUSED
            || !command.refusedForm().isEmpty();
    return refuses || !command.differences().isEmpty() || !cells(command).isEmpty();
  }

  /** The commands of each row, by the rest of it. */
  private static Map<String, String> sameTogether(List<Command> commands) {
    return commands.stream()
        .collect(
            Collectors.groupingBy(
                CommandDocs::compatibilityCells,
                LinkedHashMap::new,
                Collectors.collectingAndThen(
                    Collectors.toList(), same -> names(same.stream().map(Command::name)))));
  }

  private static String compatibilityCells(Command command) {
    String differs =
        command.differences().stream()
            .filter(Difference::everywhere)
            .map(CommandDocs::told)
            .collect(Collectors.joining("; "));
    String single = cells(command).isEmpty() ? "same" : "same; " + cells(command);
    return String.format(
        " %s | %s | %s | %s |",
        differs,
        single,
        elsewhere(command, Algorithm.MULTI_LEADER),
        elsewhere(command, Algorithm.LEADERLESS));
  }

  private static String told(Difference difference) {
    String form = difference.form().isEmpty() ? "" : difference.form() + ": ";
    String reason = difference.reason().isEmpty() ? "" : " (" + difference.reason() + ")";
    return form + difference.here() + reason;
  }

  private static String elsewhere(Command command, Algorithm algorithm) {
    String own =
        command.differences().stream()
            .filter(difference -> !difference.everywhere() && difference.on(algorithm))
            .map(difference -> "; " + told(difference))
            .collect(Collectors.joining());
    return meaning(command, algorithm) + own;
  }

  /** What is to be known of the partitions that it is about; empty for one key or none. */
  private static String cells(Command command) {
    if (command.scatter() != Scatter.NONE) {
      return "each partition";
    }
    boolean several = command.runs() == Runs.ON_CELLS && command.mayHaveSeveralKeys();
    return several ? "one partition" : "";
  }

  private static String title(Group group) {
    String name = group.redisName();
    return "\n## " + name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1) + "\n\n";
  }

  private static boolean isMereContainer(Command command) {
    return !command.subcommands().isEmpty() && command.arity() < -1;
  }

  private static String row(Command command) {
    return String.format(
        "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n",
        command.upperName(),
        command.arity() < 0 ? -command.arity() + " or more" : String.valueOf(command.arity()),
        command.since(),
        command.complexity(),
        command.summary() + withLeader(command),
        partitions(command),
        meaning(command, Algorithm.MULTI_LEADER),
        meaning(command, Algorithm.LEADERLESS));
  }

  private static String withLeader(Command command) {
    String reason = command.reasonWithLeader();
    return reason.isEmpty() ? "" : "; refused on single-leader databases: " + reason;
  }

  private static String partitions(Command command) {
    if (command.reach() == Reach.NOTHING) {
      return "none";
    }
    if (command.scatter() == Scatter.NONE) {
      return "one";
    }
    return command.reach() == Reach.KEYS ? "those of its keys" : "all";
  }

  private static String meaning(Command command, Algorithm algorithm) {
    String meaning = command.meaning(algorithm).name().toLowerCase(Locale.ROOT);
    if (command.meaning(algorithm) == Meaning.REFUSED) {
      return meaning + ": " + command.reason();
    }
    return command.refusedForm().isEmpty()
        ? meaning
        : meaning + "; with " + command.refusedForm() + " refused: " + command.reason();
  }
}
