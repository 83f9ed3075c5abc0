package io.trefoil.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code trefoil diverged}: what left the history, and what is to become of it. */
@Command(
    name = "diverged",
    description = {
      "Lists, shows, compares, replays and discards what left the history of a database.",
      "  list           the divergence files of all nodes",
      "  show <id>      the changes in a file, in their order",
      "  diff <id>      what the file would leave each key as, and what the key is now",
      "  replay <id>    writes the keys again that are not in conflict; shows the diff first",
      "  discard <id>   deletes a file"
    })
final class DivergedCommand implements Callable<Integer> {
  private static final int WIDTH = 120;
  private static final String PAGE = "1000";
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  @Mixin ServerOptions server;

  @Option(
      names = "--json",
      description = "Print JSON: a line for the list, for each change or each key.")
  boolean json;

  @Option(
      names = "--overwrite",
      description = "replay: write keys in conflict, too, if they are as the diff shows them.")
  boolean overwrite;

  @Option(
      names = {"-y", "--yes"},
      description = "replay, discard: don't ask.")
  boolean yes;

  @Parameters(index = "0", paramLabel = "<what>", description = "list, show, diff, replay, discard")
  String what;

  @Parameters(index = "1", arity = "0..1", paramLabel = "<id>", description = "As list gives it.")
  String id;

  @Spec CommandSpec spec;

  private final Stdio stdio;

  DivergedCommand(Stdio stdio) {
    this.stdio = stdio;
  }

  @Override
  public Integer call() throws IOException {
    String word = what.toLowerCase(Locale.ROOT);
    if (!List.of("list", "show", "diff", "replay", "discard").contains(word)) {
      throw new ParameterException(
          spec.commandLine(),
          "diverged: unknown word '" + what + "'; list, show, diff, replay, discard");
    }
    if (word.equals("list") != (id == null)) {
      throw new ParameterException(
          spec.commandLine(),
          id == null ? "diverged " + word + " needs an id; 'list' lists them" : "list takes no id");
    }
    if (overwrite && !word.equals("replay")) {
      throw new ParameterException(spec.commandLine(), "--overwrite goes with replay only");
    }
    try (RespClient client = server.connect(Duration.ZERO, 3, stdio.environment())) {
      switch (word) {
        case "list":
          return list(client);
        case "show":
          return show(client);
        case "diff":
          return new DivergedDiff(client, id, json, stdio).print();
        case "replay":
          return replay(client);
        default:
          return discard(client);
      }
    } catch (IOException e) {
      throw new CommandFailed(server.explain(e));
    } finally {
      stdio.out().flush();
    }
  }

  // LIST.

  private int list(RespClient client) throws IOException {
    Reply reply = client.call("DIVERGED", "LIST");
    ReplyFields list = ReplyFields.of(reply);
    List<Reply> silent = list.list("silent_nodes");
    if (json) {
      stdio.out().write(ReplyFormat.JSON.format(reply));
    } else {
      files(list.list("files")).forEach(stdio.out()::println);
    }
    for (Reply each : silent) {
      ReplyFields node = ReplyFields.of(each);
      stdio
          .err()
          .println(
              "trefoil: the files of "
                  + node.text("node")
                  + " are not known: "
                  + node.text("reason"));
    }
    return silent.isEmpty() ? 0 : 1;
  }

  private static List<String> files(List<Reply> files) {
    if (files.isEmpty()) {
      return List.of("There are no divergence files.");
    }
    TextTable table =
        new TextTable(
            WIDTH,
            "ID",
            "DATABASE",
            ">PART",
            ">ENTRIES",
            "FIRST",
            "LAST",
            ">REPLACED BY",
            "WRITTEN",
            ">SIZE",
            "REPLAYED");
    List<String> notes = new ArrayList<>();
    for (Reply each : files) {
      ReplyFields file = ReplyFields.of(each);
      table.row(
          file.text("id"),
          file.text("database"),
          file.text("partition"),
          file.text("entries"),
          file.text("first"),
          file.text("last"),
          "epoch " + file.text("new_epoch"),
          time(file.number("written_ms")),
          Quantities.bytes(file.number("bytes")),
          file.text("replayed"));
      if (file.number("unknown_entries") > 0) {
        notes.add(
            file.text("id")
                + ": the first "
                + file.text("unknown_entries")
                + " entries are only counted; the journal had let them go");
      }
      if (!file.text("problem").isEmpty()) {
        notes.add(file.text("id") + " can't be read: " + file.text("problem"));
      }
    }
    List<String> lines = new ArrayList<>(table.lines());
    lines.addAll(notes);
    return lines;
  }

  static String time(long millis) {
    return millis == 0 ? "-" : TIME.format(Instant.ofEpochMilli(millis));
  }

  // SHOW.

  private int show(RespClient client) throws IOException {
    String from = "0";
    while (!from.isEmpty()) {
      ReplyFields page =
          ReplyFields.of(client.call("DIVERGED", "SHOW", id, "COUNT", PAGE, "FROM", from));
      for (Reply change : page.list("changes")) {
        if (json) {
          stdio.out().write(ReplyFormat.JSON.format(change));
        } else {
          stdio.out().println(line(ReplyFields.of(change)));
        }
      }
      from = page.text("next");
    }
    return 0;
  }

  /** One line: position, time, what it is, key, and whatever else the change has. */
  private static String line(ReplyFields change) {
    StringBuilder line = new StringBuilder();
    line.append(String.format("%-14s ", change.text("position")));
    line.append(time(change.number("time_ms"))).append("  ");
    line.append(String.format("%-7s", change.text("change")));
    if (!change.isNull("key")) {
      line.append(' ').append(shown(change.get("key"), 40));
    }
    if (!change.isNull("value")) {
      line.append(" = ").append(shown(change.get("value"), 60));
    }
    for (Map.Entry<String, Reply> each : change.all().entrySet()) {
      boolean done =
          List.of("position", "time_ms", "change", "key", "value", "type").contains(each.getKey());
      if (each.getKey().equals("expire_at_ms")) {
        line.append(", expires ").append(time(change.number("expire_at_ms")));
      } else if (!done) {
        line.append(", ").append(each.getKey()).append(' ').append(shown(each.getValue(), 40));
      }
    }
    return line.toString();
  }

  /** A value in quotes, cut where it is longer. */
  static String shown(Reply value, int width) {
    if (!(value instanceof Reply.BulkString)) {
      return TextTable.clip(value.text(), width);
    }
    byte[] bytes = ((Reply.BulkString) value).bytes();
    boolean isLong = bytes.length > width;
    byte[] begin = isLong ? java.util.Arrays.copyOf(bytes, width) : bytes;
    return TextTable.clip(ReplyFormat.quote(begin), width);
  }

  // REPLAY and DISCARD.

  private int replay(RespClient client) throws IOException {
    DivergedDiff diff = new DivergedDiff(client, id, false, json ? nowhere() : stdio);
    diff.print();
    long writes = diff.writes(overwrite);
    if (writes > 0 && !confirmed(diff.question(overwrite))) {
      return 1;
    }
    Reply reply =
        overwrite
            ? client.call("DIVERGED", "REPLAY", id, "OVERWRITE", "SEEN", diff.digest())
            : client.call("DIVERGED", "REPLAY", id);
    ReplyFields replayed = ReplyFields.of(reply);
    String error = replayed.text("error");
    if (json) {
      stdio.out().write(ReplyFormat.JSON.format(reply));
      return error.isEmpty() ? 0 : 1;
    }
    stdio
        .out()
        .println(
            "Keys written: "
                + replayed.text("applied")
                + ", the same already: "
                + replayed.text("same")
                + ", left: "
                + replayed.text("left"));
    for (Reply each : replayed.list("left_keys")) {
      ReplyFields left = ReplyFields.of(each);
      stdio.out().println("  left: " + shown(left.get("key"), 60) + ": " + left.text("reason"));
    }
    if (!error.isEmpty()) {
      stdio.out().flush();
      throw new CommandFailed(
          "the replay ended early: " + error + "; run it again, nothing is written twice");
    }
    return 0;
  }

  /** JSON is all that is printed then. */
  private Stdio nowhere() {
    java.io.PrintStream none = new java.io.PrintStream(java.io.OutputStream.nullOutputStream());
    return new Stdio(stdio.in(), none, stdio.err(), false, false, stdio.environment());
  }

  private int discard(RespClient client) throws IOException {
    ReplyFields list = ReplyFields.of(client.call("DIVERGED", "LIST"));
    List<Reply> named = new ArrayList<>();
    for (Reply each : list.list("files")) {
      if (ReplyFields.of(each).text("id").equals(id)) {
        named.add(each);
      }
    }
    if (!named.isEmpty() && !json) {
      files(named).forEach(stdio.out()::println);
    }
    if (!confirmed("Delete " + id + " for good?")) {
      return 1;
    }
    Reply reply = client.call("DIVERGED", "DISCARD", id);
    ReplyFields gone = ReplyFields.of(reply);
    if (json) {
      stdio.out().write(ReplyFormat.JSON.format(reply));
    } else {
      stdio
          .out()
          .println(
              "deleted "
                  + id
                  + ": "
                  + gone.text("entries")
                  + " entries of partition "
                  + gone.text("partition")
                  + " of database '"
                  + gone.text("database")
                  + "'");
    }
    return 0;
  }

  private boolean confirmed(String question) throws IOException {
    if (yes) {
      return true;
    }
    if (!stdio.inIsTerminal()) {
      throw new CommandFailed("nobody can be asked here; --yes goes on without asking");
    }
    stdio.out().print(question + " [y/N] ");
    stdio.out().flush();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(stdio.in(), StandardCharsets.UTF_8));
    String answer = lines.readLine();
    boolean agreed = answer != null && answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
    if (!agreed) {
      stdio.out().println("Nothing was changed.");
    }
    return agreed;
  }
}
