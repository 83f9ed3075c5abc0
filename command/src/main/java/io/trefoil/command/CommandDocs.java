package io.trefoil.command;

import java.util.Locale;

/** Renders the command table as a page of documentation. */
public final class CommandDocs {
  private static final String HEAD =
      """
      # Commands

      Replies and errors are those of Redis 7.0. The last two columns say what becomes of a command
      in a database without one order of all writes; on single-leader databases every command means
      what it means in Redis, but for those that are said to be refused there. *same*: as in Redis.
      *converges*: concurrent uses are merged, and each reply is one replica's view. *refused*: it
      would lose its meaning and is refused with `-UNSUPPORTED` and the reason.

      A command over several partitions runs in each on its own: there is no moment at which all
      have run. Commands that can't be split so must have all keys in one partition, else
      `-CROSSSLOT`.

      This page is generated from the command table.
      """;

  private CommandDocs() {}

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
