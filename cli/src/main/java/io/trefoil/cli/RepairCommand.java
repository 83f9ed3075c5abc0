package io.trefoil.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code trefoil repair}: how leaderless replicas compare with each other. */
@Command(
    name = "repair",
    description = {
      "Tells how the replicas of leaderless databases compare, or has them compared now.",
      "  status [<database>]   of each replica, how its rounds with the others ended",
      "  run [<database>]      has each replica pull what it lacks from all others, and waits",
      "Without a database: all that are leaderless."
    })
final class RepairCommand implements Callable<Integer> {
  private static final int WIDTH = 120;

  @Mixin ServerOptions server;

  @Option(names = "--json", description = "Print the reply as JSON.")
  boolean json;

  @Parameters(index = "0", paramLabel = "<what>", description = "status or run.")
  String what;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "<database>",
      description = "Number or name of a leaderless database.")
  String database;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  RepairCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    String word = what.toLowerCase(Locale.ROOT);
    if (!List.of("status", "run").contains(word)) {
      throw new ParameterException(
          spec.commandLine(), "repair: unknown word '" + what + "'; status, run");
    }
    // No limit on the reply: the server has its own on how long rounds may take.
    try (RespClient client = server.connect(Duration.ZERO, 3, stdio.environment())) {
      String[] words =
          Stream.of("REPAIR", word.toUpperCase(Locale.ROOT), database)
              .filter(each -> each != null)
              .toArray(String[]::new);
      Reply reply = client.call(words);
      ReplyFields answer = ReplyFields.of(reply);
      if (json) {
        stdio.out().write(ReplyFormat.JSON.format(reply));
      } else {
        (word.equals("run") ? totals(answer) : rows(answer)).forEach(stdio.out()::println);
      }
      boolean ended = answer.number("failed") == 0 && answer.number("running") == 0;
      return warnOfSilent(answer.list("silent_nodes")) && ended ? 0 : 1;
    } catch (IOException e) {
      throw new CommandFailed(server.explain(e));
    } finally {
      stdio.out().flush();
    }
  }

  /** Returns whether there are none. */
  private boolean warnOfSilent(List<Reply> silent) {
    for (Reply each : silent) {
      ReplyFields node = ReplyFields.of(each);
      stdio
          .err()
          .println(
              "trefoil: the replicas of "
                  + node.text("node")
                  + " are left out: "
                  + node.text("reason"));
    }
    return silent.isEmpty();
  }

  private static List<String> totals(ReplyFields run) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            "%s of %s rounds of %s replicas have ended: %s found nothing to differ, %s did, %s"
                + " failed.",
            run.number("rounds") - run.number("running"),
            run.text("rounds"),
            run.text("replicas"),
            run.text("equal"),
            run.text("differed"),
            run.text("failed")));
    lines.add(
        "Keys merged: "
            + run.text("keys_merged")
            + ", sent: "
            + Quantities.bytes(run.number("bytes_sent")));
    if (run.number("running") > 0) {
      lines.add(run.text("running") + " rounds go on: 'trefoil repair status' tells of them.");
    }
    return lines;
  }

  private static List<String> rows(ReplyFields status) {
    List<ReplyFields> replicas = new ArrayList<>();
    status.list("replicas").forEach(each -> replicas.add(ReplyFields.of(each)));
    if (replicas.isEmpty()) {
      return List.of("There are no replicas of leaderless databases.");
    }
    replicas.sort(
        Comparator.comparing((ReplyFields each) -> each.text("database"))
            .thenComparing(each -> each.number("partition"))
            .thenComparing(each -> each.text("node")));
    TextTable table =
        new TextTable(
            WIDTH,
            "DATABASE",
            ">PART",
            "NODE",
            "COPY",
            ">COMPLETE UP TO",
            ">HORIZON",
            "WITH",
            "ROUND",
            ">ENDED",
            ">LEAVES",
            ">PULLED",
            ">KEYS");
    replicas.forEach(each -> add(table, each));
    return table.lines();
  }

  /** A row for each other replica; what is of the replica itself is in the first. */
  private static void add(TextTable table, ReplyFields replica) {
    boolean first = true;
    for (Reply each : replica.list("others")) {
      ReplyFields other = ReplyFields.of(each);
      table.row(
          first ? replica.text("database") : "",
          first ? replica.text("partition") : "",
          first ? replica.text("node") : "",
          first ? replica.text("copy") : "",
          first ? ago(replica, "complete_ms_ago") : "",
          first ? ago(replica, "horizon_ms_ago") : "",
          other.text("node"),
          other.text("round"),
          ago(other, "ended_ms_ago"),
          other.text("leaves_differed"),
          Quantities.bytes(other.number("bytes_pulled")),
          other.text("keys_merged"));
      first = false;
    }
  }

  private static String ago(ReplyFields fields, String name) {
    return fields.isNull(name) ? "-" : Quantities.millis(fields.number(name)) + " ago";
  }
}
