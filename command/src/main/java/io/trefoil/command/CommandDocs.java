package io.trefoil.command;

import java.util.Locale;
import java.util.stream.Collectors;

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
      String name = group.redisName();
      page.append("\n## ")
          .append(name.substring(0, 1).toUpperCase(Locale.ROOT))
          .append(name.substring(1))
          .append("\n\n")
          .append("| Command | Words | Since | Cost | What it does |")
          .append(" Partitions | Multi-leader | Leaderless |\n")
          .append("|---|---|---|---|---|---|---|---|\n");
      table.all().stream()
          .filter(command -> command.group() == group && !isMereContainer(command))
          .forEach(command -> page.append(row(command)));
    }
    return page.toString();
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
