package io.trefoil.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a divergence file would leave each key as, and what the key is now: read page by page,
 * printed with the keys that need a decision first.
 */
final class DivergedDiff {
  private static final int WIDTH = 120;
  private static final int MAX_ROWS = 1_000;
  private static final String PAGE = "1000";

  private final RespClient client;
  private final String id;
  private final boolean json;
  private final Stdio stdio;

  /** Of each key one row, or one for each of its fields. */
  private final Map<State, List<List<Row>>> rows = new EnumMap<>(State.class);

  private final Map<State, Long> counts = new EnumMap<>(State.class);
  private String database = "";
  private String clear = "";
  private long keys;
  private long digest;

  /** How a key stands, those first that need a decision. */
  private enum State {
    CONFLICT("in conflict: written since, or perhaps so"),
    UNKNOWN("of a kind that this version can't write"),
    MERGES("merged: not all of it is there, and nothing is written over"),
    OLDER("older: not written since"),
    MISSING("missing: not there"),
    SAME("the same already");

    private final String words;

    State(String words) {
      this.words = words;
    }
  }

  private record Row(String state, String key, String file, String now) {}

  DivergedDiff(RespClient client, String id, boolean json, Stdio stdio) {
    this.client = client;
    this.id = id;
    this.json = json;
    this.stdio = stdio;
  }

  /** Reads and prints; 0. */
  int print() throws IOException {
    String from = "0";
    while (!from.isEmpty()) {
      ReplyFields page =
          ReplyFields.of(client.call("DIVERGED", "DIFF", id, "COUNT", PAGE, "FROM", from));
      database = page.text("database");
      clear = page.text("clear");
      keys = page.number("keys");
      digest += Long.parseUnsignedLong(page.text("digest"), 16);
      for (Reply compared : page.list("compared")) {
        add(compared);
      }
      from = page.text("next");
    }
    if (!json) {
      lines().forEach(stdio.out()::println);
    }
    return 0;
  }

  private void add(Reply compared) throws IOException {
    if (json) {
      stdio.out().write(ReplyFormat.JSON.format(compared));
      return;
    }
    ReplyFields key = ReplyFields.of(compared);
    State state = State.valueOf(key.text("state").toUpperCase(Locale.ROOT));
    counts.merge(state, 1L, Long::sum);
    List<List<Row>> some = rows.computeIfAbsent(state, each -> new ArrayList<>());
    if (some.size() < MAX_ROWS) {
      some.add(rows(key));
    }
  }

  /** The key as a whole, where that is what is written, and each of its fields that differ. */
  private static List<Row> rows(ReplyFields key) {
    List<Reply> fields = key.list("fields");
    List<Row> rows = new ArrayList<>();
    if (fields.isEmpty() || key.text("change").equals("replace")) {
      rows.add(
          new Row(
              key.text("state"),
              DivergedCommand.shown(key.get("key"), 40),
              inFile(key) + expiry(key, "file_expire_at_ms"),
              now(key) + expiry(key, "now_expire_at_ms")));
    }
    boolean otherType =
        !key.text("now_type").equals("none") && !key.text("now_type").equals(key.text("file_type"));
    for (Reply each : fields) {
      ReplyFields field = ReplyFields.of(each);
      rows.add(
          new Row(
              otherType ? key.text("state") : field.text("state"),
              DivergedCommand.shown(key.get("key"), 20)
                  + " "
                  + DivergedCommand.shown(field.get("field"), 20),
              ofField(key, field, "file_value", "(removed)"),
              otherType ? now(key) : ofField(key, field, "now_value", "(none)")));
    }
    if (key.number("fields_left_off") > 0) {
      String more = "... " + key.number("fields_left_off") + " more fields";
      rows.add(new Row(key.text("state"), more, "", ""));
    }
    return rows;
  }

  private static String inFile(ReplyFields key) {
    return switch (key.text("change")) {
      case "remove" -> "(removed)";
      case "merge" ->
          key.isNull("file_value") ? "(removed)" : DivergedCommand.shown(key.get("file_value"), 30);
      case "expire" -> "(as it was)";
      case "put" -> DivergedCommand.shown(key.get("file_value"), 30);
      case "replace" -> "(" + key.text("file_type") + " made anew)";
      default -> "(" + (key.isNull("file_type") ? "unknown" : key.text("file_type")) + ")";
    };
  }

  private static String now(ReplyFields key) {
    return key.isNull("now_value")
        ? "(" + key.text("now_type") + ")"
        : DivergedCommand.shown(key.get("now_value"), 30);
  }

  private static String ofField(ReplyFields key, ReplyFields field, String name, String absent) {
    if (field.isNull(name)) {
      return absent;
    }
    boolean member = key.text("file_type").equals("set");
    return member ? "(member)" : DivergedCommand.shown(field.get(name), 30);
  }

  private static String expiry(ReplyFields key, String field) {
    return key.isNull(field) ? "" : " until " + DivergedCommand.time(key.number(field));
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    TextTable table = new TextTable(WIDTH, "STATE", "KEY", "IN THE FILE", "NOW");
    int shown = 0;
    long left = 0;
    for (State state : State.values()) {
      if (state == State.SAME) {
        continue; // nothing to be done
      }
      for (List<Row> key : rows.getOrDefault(state, List.of())) {
        if (shown < MAX_ROWS) {
          key.forEach(row -> table.row(row.state(), row.key(), row.file(), row.now()));
          shown++;
        }
      }
      left += count(state);
    }
    if (shown > 0) {
      lines.addAll(table.lines());
    }
    if (left > shown) {
      lines.add("... and " + (left - shown) + " more: diff --json prints all");
    }
    lines.add(keys + (keys == 1 ? " key" : " keys") + " of database '" + database + "':");
    for (State state : State.values()) {
      if (count(state) > 0) {
        lines.add(String.format("  %6d %s", count(state), state.words));
      }
    }
    if (!clear.isEmpty()) {
      lines.add(
          "The file also removes ALL keys that its partition had before, at "
              + clear
              + " (FLUSHALL or FLUSHDB): only replay --overwrite does that.");
    }
    return lines;
  }

  private long count(State state) {
    return counts.getOrDefault(state, 0L);
  }

  /** How many keys a replay would write; one more for the removal of all. */
  long writes(boolean overwrite) {
    long writes = writes();
    return overwrite ? writes + count(State.CONFLICT) + (clear.isEmpty() ? 0 : 1) : writes;
  }

  private long writes() {
    return count(State.MISSING) + count(State.OLDER) + count(State.MERGES);
  }

  /** What somebody is asked before a replay. */
  String question(boolean overwrite) {
    long writes = writes();
    long conflicts = count(State.CONFLICT);
    if (!overwrite) {
      return "Write "
          + writes
          + " again"
          + (conflicts == 0 ? "" : ", and leave the " + conflicts + " in conflict")
          + "?";
    }
    return (clear.isEmpty() ? "" : "REMOVE ALL KEYS of the partition, then write ")
        + (clear.isEmpty() ? "Write " : "")
        + (writes + conflicts)
        + " again, "
        + conflicts
        + " of them over what is there now?";
  }

  /** Says what was seen, for a replay that writes over nothing else. */
  String digest() {
    return String.format("%016x", digest);
  }
}
