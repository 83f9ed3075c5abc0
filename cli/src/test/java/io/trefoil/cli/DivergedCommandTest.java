package io.trefoil.cli;

import static io.trefoil.cli.ScriptedServer.array;
import static io.trefoil.cli.ScriptedServer.bulk;
import static io.trefoil.cli.ScriptedServer.map;
import static io.trefoil.cli.ScriptedServer.number;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DivergedCommandTest {
  private static final String ID = "n1/4-0-9-991-1000";
  private static final String NIL = "_\r\n";

  private final ScriptedServer server = new ScriptedServer(this::answer);
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String input = "";
  private boolean inIsTerminal = true;
  private boolean silent;
  private String clear = NIL;
  private String error = "";

  @AfterEach
  void closeServer() {
    server.close();
  }

  private static String file() {
    return map(
        "id", bulk(ID),
        "node", bulk("n1"),
        "database", bulk("orders"),
        "partition", number(0),
        "entries", number(10),
        "unknown_entries", number(2),
        "first", bulk("9:991"),
        "last", bulk("9:1000"),
        "new_epoch", number(12),
        "written_ms", number(1_790_000_000_000L),
        "bytes", number(2_048),
        "replayed", bulk("no"),
        "problem", bulk(""));
  }

  private static String compared(String key, String state, String file, String now) {
    return map(
        "key", bulk(key),
        "state", bulk(state),
        "change", bulk("put"),
        "file_value", bulk(file),
        "file_expire_at_ms", NIL,
        "now_type", bulk(now == null ? "none" : "string"),
        "now_value", now == null ? NIL : bulk(now),
        "now_expire_at_ms", NIL);
  }

  private static String field(String name, String state, String file, String now) {
    return map(
        "field", bulk(name),
        "state", bulk(state),
        "change", bulk(file == null ? "drop" : "set"),
        "file_value", file == null ? NIL : bulk(file),
        "now_value", now == null ? NIL : bulk(now));
  }

  private static String comparedFields(
      String key, String state, String change, String nowType, String... fields) {
    return map(
        "key", bulk(key),
        "state", bulk(state),
        "change", bulk(change),
        "file_type", bulk("hash"),
        "file_value", NIL,
        "file_expire_at_ms", NIL,
        "now_type", bulk(nowType),
        "now_value", NIL,
        "now_expire_at_ms", NIL,
        "fields", array(fields),
        "fields_left_off", number(0));
  }

  private static String comparedMerge(String key, String then, String now) {
    return map(
        "key", bulk(key),
        "state", bulk("merges"),
        "change", bulk("merge"),
        "file_type", bulk("string"),
        "file_value", then == null ? NIL : bulk(then),
        "file_expire_at_ms", NIL,
        "now_type", bulk("string"),
        "now_value", bulk(now),
        "now_expire_at_ms", NIL);
  }

  private String page(String digest, String next, String... compared) {
    return map(
        "database", bulk("orders"),
        "clear", clear,
        "keys", number(4),
        "compared", array(compared),
        "digest", bulk(digest),
        "next", next);
  }

  private String answer(List<String> words) {
    String line = String.join(" ", words);
    if (line.equals("HELLO 3")) {
      return map("proto", number(3));
    } else if (line.equals("DIVERGED LIST")) {
      String away = map("node", bulk("n3"), "reason", bulk("it is not connected"));
      return map("files", array(file()), "silent_nodes", silent ? array(away) : array());
    } else if (line.startsWith("DIVERGED SHOW")) {
      return line.endsWith("FROM 0")
          ? map("changes", array(change("9:993", "a", "1")), "next", number(1))
          : map("changes", array(change("9:994", "b", "two\n")), "next", NIL);
    } else if (line.startsWith("DIVERGED DIFF fields")) {
      return page(
          "0000000000000003",
          NIL,
          comparedFields(
              "both",
              "conflict",
              "fields",
              "hash",
              field("f", "conflict", "1", "2"),
              field("g", "older", null, "1")),
          comparedFields(
              "turned", "conflict", "fields", "string", field("f", "missing", "1", null)),
          comparedFields("anew", "older", "replace", "hash", field("f", "missing", "1", null)),
          comparedMerge("visits", "117", "110"),
          comparedMerge("removed", null, "1"));
    } else if (line.startsWith("DIVERGED DIFF")) {
      return line.endsWith("FROM 0")
          ? page(
              "ffffffffffffffff",
              number(2),
              compared("same", "same", "1", "1"),
              compared("gone", "missing", "1", null))
          : page(
              "0000000000000003",
              NIL,
              compared("before", "older", "1", "0"),
              compared("both", "conflict", "1", "2"));
    } else if (line.startsWith("DIVERGED REPLAY")) {
      return map(
          "applied", number(2),
          "same", number(1),
          "left", number(1),
          "error", bulk(error),
          "left_keys", array(map("key", bulk("both"), "reason", bulk("conflict"))));
    } else if (line.startsWith("DIVERGED DISCARD")) {
      return file();
    }
    return "-ERR unknown command\r\n";
  }

  private static String change(String position, String key, String value) {
    return map(
        "position", bulk(position),
        "time_ms", number(1_790_000_000_000L),
        "change", bulk("put"),
        "key", bulk(key),
        "value", bulk(value),
        "twist", bulk("new"));
  }

  private int run(String... words) {
    Stdio stdio =
        new Stdio(
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            inIsTerminal,
            true,
            Map.of());
    String[] all =
        Stream.concat(
                Stream.of("diverged", "-p", Integer.toString(server.port())), Stream.of(words))
            .toArray(String[]::new);
    return Main.execute(stdio, all);
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private List<String> sent() {
    return server.received().stream().map(words -> String.join(" ", words)).toList();
  }

  @Test
  void the_list_is_a_table_and_says_what_is_only_counted() {
    assertThat(run("list")).isZero();
    assertThat(out())
        .containsPattern("ID +DATABASE +PART +ENTRIES +FIRST +LAST +REPLACED BY")
        .containsPattern(ID + " +orders +0 +10 +9:991 +9:1000 +epoch 12 +2026-.* 2.0 KB +no")
        .contains(ID + ": the first 2 entries are only counted");
  }

  @Test
  void a_node_that_does_not_answer_is_named_and_the_list_is_no_success() {
    silent = true;
    assertThat(run("list", "--json")).isEqualTo(1);
    assertThat(out()).startsWith("{\"files\":[{\"id\":\"" + ID + "\"");
    assertThat(err()).contains("the files of n3 are not known: it is not connected");
  }

  @Test
  void all_pages_of_a_file_are_shown_with_whatever_a_change_has() {
    assertThat(run("show", ID)).isZero();
    assertThat(out().lines())
        .hasSize(2)
        .last()
        .asString()
        .matches("9:994 +2026-\\S+ \\S+  put     \"b\" = \"two\\\\n\", twist \"new\"");
    out.reset();
    assertThat(run("show", "--json", ID)).isZero();
    assertThat(out().lines()).hasSize(2).last().asString().contains("\"value\":\"two\\n\"");
  }

  @Test
  void each_field_that_differs_has_a_row() {
    assertThat(run("diff", "fields")).isZero();
    assertThat(out().lines().map(line -> line.replaceAll(" +", " ").strip()))
        .contains(
            "conflict \"both\" \"f\" \"1\" \"2\"",
            "older \"both\" \"g\" (removed) \"1\"",
            "conflict \"turned\" \"f\" \"1\" (string)",
            "older \"anew\" (hash made anew) (hash)",
            "missing \"anew\" \"f\" \"1\" (none)",
            "merges \"visits\" \"117\" \"110\"",
            "merges \"removed\" (removed) \"1\"",
            "2 merged: not all of it is there, and nothing is written over",
            "2 in conflict: written since, or perhaps so",
            "1 older: not written since");
  }

  @Test
  void keys_that_need_a_decision_come_first() {
    assertThat(run("diff", ID)).isZero();
    assertThat(out().lines().limit(4))
        .satisfiesExactly(
            line -> assertThat(line).matches("STATE +KEY +IN THE FILE +NOW"),
            line -> assertThat(line).matches("conflict +\"both\" +\"1\" +\"2\""),
            line -> assertThat(line).matches("older +\"before\" +\"1\" +\"0\""),
            line -> assertThat(line).matches("missing +\"gone\" +\"1\" +\\(none\\)"));
    assertThat(out())
        .contains("4 keys of database 'orders':", "1 in conflict", "1 the same already");
    out.reset();
    assertThat(run("diff", ID, "--json")).isZero();
    assertThat(out().lines()).hasSize(4).allMatch(line -> line.startsWith("{\"key\":"));
  }

  @Test
  void a_replay_shows_the_diff_asks_and_leaves_conflicts() {
    input = "y\n";
    assertThat(run("replay", ID)).isZero();
    assertThat(out())
        .contains("conflict", "Write 2 again, and leave the 1 in conflict? [y/N]")
        .contains("Keys written: 2, the same already: 1, left: 1", "left: \"both\": conflict");
    assertThat(sent()).contains("DIVERGED REPLAY " + ID);
  }

  @Test
  void overwriting_is_bound_to_what_was_shown() {
    assertThat(run("replay", ID, "--overwrite", "--yes")).isZero();
    // The sum of the pages' digests.
    assertThat(sent()).contains("DIVERGED REPLAY " + ID + " OVERWRITE SEEN 0000000000000002");
  }

  @Test
  void a_clear_is_told_of_before_it_is_replayed() {
    clear = bulk("9:995");
    input = "n\n";
    assertThat(run("replay", ID, "--overwrite")).isEqualTo(1);
    assertThat(out())
        .contains("removes ALL keys that its partition had before, at 9:995")
        .contains("REMOVE ALL KEYS of the partition, then write 3 again")
        .contains("Nothing was changed.");
  }

  @Test
  void a_replay_that_ended_early_fails_and_says_what_to_do() {
    error = "UNCERTAIN write 4/0@12:7 not confirmed by n2 in 1500 ms";
    assertThat(run("replay", ID, "-y")).isEqualTo(1);
    assertThat(err()).contains(error + "; run it again, nothing is written twice");
  }

  @Test
  void json_is_all_that_a_replay_prints_then() {
    assertThat(run("replay", ID, "-y", "--json")).isZero();
    assertThat(out().lines()).hasSize(1).first().asString().startsWith("{\"applied\":2");
  }

  @Test
  void a_file_is_shown_before_it_is_deleted() {
    input = "yes\n";
    assertThat(run("discard", ID)).isZero();
    assertThat(out())
        .contains("epoch 12", "Delete " + ID + " for good? [y/N]")
        .contains("deleted " + ID + ": 10 entries of partition 0 of database 'orders'");
  }

  @ParameterizedTest
  @CsvSource({"replay, REPLAY", "discard, DISCARD"})
  void nothing_is_changed_unasked(String word, String command) {
    input = "\n";
    assertThat(run(word, ID)).isEqualTo(1);
    inIsTerminal = false;
    assertThat(run(word, ID)).isEqualTo(1);
    assertThat(err()).contains("nobody can be asked here; --yes goes on without asking");
    assertThat(sent()).noneMatch(line -> line.startsWith("DIVERGED " + command));
  }

  @ParameterizedTest
  @CsvSource({
    "twist, unknown word 'twist'",
    "show, needs an id",
    "list n1/1-0-1-1-1, list takes no id",
    "diff n1/1-0-1-1-1 --overwrite, goes with replay only",
  })
  void wrong_words_are_bad_usage(String words, String complaint) {
    assertThat(run(words.split(" "))).isEqualTo(2);
    assertThat(err()).contains(complaint);
  }
}
