package io.trefoil.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code trefoil conflicts}: the words of the server's CONFLICTS command, sent as they are. */
@Command(
    name = "conflicts",
    description = {
      "Shows values that were hidden where regions wrote without seeing each other's.",
      "  <database> [KEY <pattern>] [REGION <region>] [SINCE <ms>] [COUNT <n>]",
      "                     the newest first: of keys that match, written in the region, hidden",
      "                     since a time in milliseconds since 1970; 100, or n",
      "  count <database>   how many there were, and how many are kept",
      "Each region tells of what it merged itself. Example: trefoil conflicts users KEY 'user:*'"
    })
final class ConflictsCommand implements Callable<Integer> {
  private static final int WIDTH = 160;
  private static final int CELL = 32;

  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print JSON: a line for each conflict, or the counts.")
  boolean json;

  @Parameters(
      arity = "1..*",
      paramLabel = "<word>",
      description = "A database and what follows it, or count and a database.")
  List<String> words;

  private final Stdio stdio;

  ConflictsCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    try (RespClient client = server.connect(Duration.ZERO, 3, stdio.environment())) {
      String[] command =
          Stream.concat(Stream.of("CONFLICTS"), words.stream()).toArray(String[]::new);
      print(client.call(command).bare());
      return 0;
    } catch (IOException e) {
      throw new CommandFailed(server.explain(e));
    } finally {
      stdio.out().flush();
    }
  }

  private void print(Reply reply) throws IOException {
    if (!(reply instanceof Reply.Items)) {
      printCounts(reply);
      return;
    }
    List<Reply> conflicts = ((Reply.Items) reply).values();
    if (json) {
      for (Reply each : conflicts) {
        stdio.out().write(ReplyFormat.JSON.format(each));
      }
    } else if (conflicts.isEmpty()) {
      stdio.out().println("There are no such conflicts.");
    } else if (!(conflicts.get(0).bare() instanceof Reply.Pairs)) {
      conflicts.forEach(line -> stdio.out().println(line.text())); // the help
    } else {
      table(conflicts).lines().forEach(stdio.out()::println);
    }
  }

  private void printCounts(Reply reply) throws IOException {
    ReplyFields counts = ReplyFields.of(reply);
    if (json) {
      stdio.out().write(ReplyFormat.JSON.format(reply));
      return;
    }
    stdio
        .out()
        .println(
            "Database '"
                + counts.text("database")
                + "': "
                + counts.text("recorded")
                + " values were hidden, "
                + counts.text("kept")
                + " of them can be shown.");
    if (counts.number("not_written") > 0) {
      stdio
          .out()
          .println(counts.text("not_written") + " are not in the files: the disk did not keep up.");
    }
  }

  private static TextTable table(List<Reply> conflicts) {
    TextTable table =
        new TextTable(
            WIDTH, "MERGED", "KEY", "FIELD", "SEEN", "OF", "HIDDEN", "OF", "WRITTEN", "RULE");
    for (Reply each : conflicts) {
      ReplyFields conflict = ReplyFields.of(each);
      ReplyFields winner = ReplyFields.of(conflict.get("winner"));
      ReplyFields loser = ReplyFields.of(conflict.get("loser"));
      table.row(
          DivergedCommand.time(conflict.number("when_ms")),
          DivergedCommand.shown(conflict.get("key"), CELL),
          conflict.isNull("field") ? "" : DivergedCommand.shown(conflict.get("field"), CELL),
          value(conflict, winner),
          winner.text("region"),
          value(conflict, loser),
          loser.text("region"),
          DivergedCommand.time(loser.number("time_ms")),
          conflict.text("rule"));
    }
    return table;
  }

  /** Where types were in conflict, fields are named with theirs. */
  private static String value(ReplyFields conflict, ReplyFields side) {
    boolean ofFields = conflict.isNull("field") && !side.text("type").equals("string");
    String value = side.number("bytes") == 0 && ofFields ? "" : shown(side);
    return ofFields ? ("(" + side.text("type") + ") " + value).strip() : value;
  }

  private static String shown(ReplyFields side) {
    return DivergedCommand.shown(side.get("value"), CELL);
  }
}
