package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.cell.Score;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Comparing and writing one key of a divergence file. Stamps here count writes from 1. */
class DivergedCommandsTest {
  private static final long NOW = 1_000_000_000_000L;

  private final OnePartition server = new OnePartition();

  private static String bulk(String text) {
    return "$" + text.length() + "\r\n" + text + "\r\n";
  }

  /** What COMPARE says of key {@code k}. */
  private String state(String change) {
    return state("k", change);
  }

  private String state(String key, String change) {
    String reply = server.run(("DIVERGED COMPARE " + key + " " + change).split(" "));
    return reply.startsWith("*") ? reply.split("\r\n")[2] : reply;
  }

  /** Key {@code k} is v, by write 2. */
  private void given() {
    server.run("SET", "other", "x");
    server.run("SET", "k", "v");
  }

  @ParameterizedTest
  @CsvSource({
    // change, the last stamp that both histories have
    "PUT 0 %d 10 v, 1, same, missing",
    "PUT 0 %d 10 w, 1, conflict, missing",
    "PUT 0 %d 10 vv, 1, conflict, missing",
    "PUT 0 %d 10 w, 2, older, missing",
    "PUT 0 %d 10 w, -1, conflict, missing",
    "PUT 2000000000000 %d 10 v, 1, conflict, missing",
    "PUT 2000000000000 %d 10 v, 2, older, missing",
    // Expired meanwhile: it would not be there.
    "PUT 999999999999 %d 10 w, 1, conflict, same",
    "PUT 999999999999 %d 10 w, 2, older, same",
    "REMOVE 0 %d 10, 1, conflict, same",
    "REMOVE 0 %d 10, 2, older, same",
    "EXPIRE 0 %d 10, 1, same, conflict",
    "EXPIRE 2000000000000 %d 10, 1, conflict, conflict",
    "EXPIRE 2000000000000 %d 10, 2, older, conflict",
    "EXPIRE 999999999999 %d 10, 2, older, same",
  })
  void a_key_is_the_same_or_older_or_missing_or_in_conflict(
      String change, long common, String there, String absent) {
    server.cells.setNowMillis(NOW);
    server.run("SET", "other", "x");
    assertThat(state(String.format(change, common))).as("not there").isEqualTo(absent);
    server.run("SET", "k", "v");
    assertThat(state(String.format(change, common))).as("v, by write 2").isEqualTo(there);
  }

  @Test
  void a_comparison_tells_what_is_there() {
    given();
    server.run("PEXPIREAT", "k", "2000000000000");
    assertThat(server.run("DIVERGED", "COMPARE", "k", "PUT", "0", "-1", "0", "w"))
        .isEqualTo(
            "*6\r\n"
                + bulk("conflict")
                + ":3\r\n"
                + bulk("string")
                + ":2000000000000\r\n:1\r\n"
                + bulk(""));
    server.run("SET", "k", "longer");
    assertThat(server.run("DIVERGED", "COMPARE", "k", "REMOVE", "0", "-1", "4"))
        .endsWith(":6\r\n" + bulk("long"));
    assertThat(server.run("DIVERGED", "COMPARE", "none", "REMOVE", "0", "-1", "4"))
        .isEqualTo("*1\r\n" + bulk("same"));
  }

  @ParameterizedTest
  @CsvSource({
    // mode, last common stamp, what is answered, what is there then
    "SAFE, 1, conflict, v",
    "SAFE, 2, applied, w",
    "ANY, 1, applied, w",
    "2, 1, applied, w",
    "1, 1, changed, v",
    "0, 1, changed, v",
  })
  void a_key_that_is_there_is_written_only_as_far_as_the_mode_allows(
      String mode, String common, String outcome, String then) {
    given();
    assertThat(server.run("DIVERGED", "APPLY", "k", "PUT", "0", common, mode, "w"))
        .isEqualTo(bulk(outcome));
    assertThat(server.run("GET", "k")).isEqualTo(bulk(then));
  }

  @Test
  void writing_twice_is_writing_once() {
    for (String outcome : new String[] {"applied", "same", "same"}) {
      assertThat(server.run("DIVERGED", "APPLY", "k", "PUT", "2000000000000", "-1", "SAFE", "w"))
          .isEqualTo(bulk(outcome));
    }
    assertThat(server.run("PEXPIRETIME", "k")).isEqualTo(":2000000000000\r\n");
  }

  @Test
  void removals_and_expiries_are_applied_too() {
    given();
    assertThat(server.run("DIVERGED", "APPLY", "k", "EXPIRE", "2000000000000", "2", "SAFE"))
        .isEqualTo(bulk("applied"));
    assertThat(server.run("GET", "k")).isEqualTo(bulk("v"));
    assertThat(server.run("PEXPIRETIME", "k")).isEqualTo(":2000000000000\r\n");
    assertThat(server.run("DIVERGED", "APPLY", "k", "REMOVE", "0", "2", "SAFE"))
        .isEqualTo(bulk("conflict"));
    assertThat(server.run("DIVERGED", "APPLY", "k", "REMOVE", "0", "2", "ANY"))
        .isEqualTo(bulk("applied"));
    assertThat(server.run("EXISTS", "k")).isEqualTo(":0\r\n");
    assertThat(server.run("DIVERGED", "APPLY", "k", "EXPIRE", "2000000000000", "2", "ANY"))
        .as("there is nothing that could expire")
        .isEqualTo(bulk("conflict"));
  }

  /** Key {@code h} has f = 1 and g = 1 by write 2, and x, which nobody names, by write 3. */
  private void givenHash() {
    server.run("SET", "other", "x");
    server.run("HSET", "h", "f", "1", "g", "1");
    server.run("HSET", "h", "x", "1");
  }

  @ParameterizedTest
  @CsvSource({
    // change, the last stamp that both histories have, how it stands
    "FIELDS -1 %d 10 hash SET f 1, 1, same",
    "FIELDS -1 %d 10 hash SET f 2, 2, older",
    "FIELDS -1 %d 10 hash SET f 2, 1, conflict",
    "FIELDS -1 %d 10 hash SET new 1, 1, missing",
    "FIELDS -1 %d 10 hash SET f 2 SET new 1, 2, older",
    "FIELDS -1 %d 10 hash SET f 2 SET new 1, 1, conflict",
    "FIELDS -1 %d 10 hash DROP f -, 2, older",
    "FIELDS -1 %d 10 hash DROP f -, 1, conflict",
    "FIELDS -1 %d 10 hash DROP new -, 1, same",
    "FIELDS 0 %d 10 hash SET f 1, 1, same",
    "FIELDS 2000000000000 %d 10 hash SET f 1, 2, conflict",
    "FIELDS 2000000000000 %d 10 hash SET f 1, 3, older",
    // Expired meanwhile: it would not be there.
    "FIELDS 999999999999 %d 10 hash SET f 1, 2, conflict",
    "FIELDS 999999999999 %d 10 hash SET f 1, 3, older",
    // Another type by now.
    "FIELDS -1 %d 10 set SET f -, 9, conflict",
    "PUT 0 %d 10 v, 9, conflict",
    "REPLACE 0 %d 10 hash SET f 1 SET g 1, 3, older",
    "REPLACE 0 %d 10 hash SET f 1 SET g 1, 2, conflict",
    "REPLACE 0 %d 10 hash SET f 1 SET g 1 SET x 1, 1, same",
    "REMOVE 0 %d 10, 3, older",
    "REMOVE 0 %d 10, 2, conflict",
    "EXPIRE 2000000000000 %d 10, 3, older",
    "EXPIRE 2000000000000 %d 10, 2, conflict",
  })
  void a_key_with_fields_stands_as_the_worst_of_those_that_are_changed(
      String change, long common, String state) {
    server.cells.setNowMillis(NOW);
    givenHash();
    assertThat(state("h", String.format(change, common))).isEqualTo(state);
  }

  @Test
  void a_field_that_was_overwritten_since_is_a_change_of_a_key_that_goes() {
    givenHash();
    server.run("HSET", "h", "f", "2");
    assertThat(state("h", "REMOVE 0 3 10")).isEqualTo("conflict");
    assertThat(state("h", "REPLACE 0 3 10 hash SET f 1")).isEqualTo("conflict");
    assertThat(state("h", "FIELDS -1 3 10 hash SET g 2")).isEqualTo("older");
  }

  /** A list's places here are eight letters, and so is a score. */
  @Test
  void elements_are_set_and_dropped_by_their_places() {
    String words =
        "DIVERGED APPLY l FIELDS -1 1 SAFE list SET bbbbbbbb 2 SET aaaaaaaa 1 SET cccccccc 3";
    assertThat(server.run(words.split(" "))).isEqualTo(bulk("applied"));
    assertThat(server.run("LRANGE", "l", "0", "-1"))
        .isEqualTo("*3\r\n" + bulk("1") + bulk("2") + bulk("3"));
    assertThat(server.run(words.split(" "))).isEqualTo(bulk("same"));
    assertThat(state("l", "FIELDS -1 1 10 list SET aaaaaaaa x DROP dddddddd -")).isEqualTo("older");
    server.run("LPOP", "l");
    assertThat(state("l", "FIELDS -1 1 10 list SET aaaaaaaa 1")).isEqualTo("missing");
    assertThat(state("l", "REPLACE 0 1 10 list SET bbbbbbbb 2 SET cccccccc 3")).isEqualTo("same");
    assertThat(
            server.run(
                "DIVERGED APPLY l FIELDS -1 9 SAFE list SET bbbbbbbbbbbbbbbb between DROP cccccccc -"
                    .split(" ")))
        .isEqualTo(bulk("applied"));
    assertThat(server.run("LRANGE", "l", "0", "-1"))
        .isEqualTo("*2\r\n" + bulk("2") + bulk("between"));
  }

  @Test
  void members_of_a_sorted_set_have_their_scores_again() {
    server.run("SET", "other", "x");
    server.run("ZADD", "z", "1", "a", "2", "b");
    String[] words = {
      "DIVERGED",
      "APPLY",
      "z",
      "FIELDS",
      "-1",
      "2",
      "SAFE",
      "zset",
      "SET",
      "a",
      score(7.5),
      "DROP",
      "b",
      "",
      "SET",
      "c",
      score(-1)
    };
    assertThat(server.run(words)).isEqualTo(bulk("applied"));
    assertThat(server.run("ZRANGE", "z", "0", "-1", "WITHSCORES"))
        .isEqualTo("*4\r\n" + bulk("c") + bulk("-1") + bulk("a") + bulk("7.5"));
    assertThat(server.run(words)).isEqualTo(bulk("same"));
    server.run("ZINCRBY", "z", "1", "a");
    assertThat(server.run(words)).isEqualTo(bulk("conflict"));
  }

  private static String score(double score) {
    byte[] bytes = new byte[Score.BYTES];
    Score.write(score, bytes, 0);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /** Of a large key that is on disk, they can be visited once in a command. */
  @ParameterizedTest
  @CsvSource({
    "COMPARE h REMOVE 0 1 10, 1",
    "COMPARE h REPLACE 0 1 10 hash SET f 2, 1",
    "COMPARE h FIELDS 0 1 10 hash SET f 2, 0",
    "COMPARE h FIELDS 0 1 10 set SET f -, 1",
    "COMPARE h PUT 0 1 10 v, 1",
    "APPLY h REMOVE 0 1 3, 1",
    "APPLY h REPLACE 0 1 3 hash SET f 2, 1",
    "APPLY h FIELDS 0 1 3 hash SET f 2, 0",
    "APPLY h PUT 0 1 3 v, 1",
  })
  void all_fields_are_visited_once_at_most(String words, int visits) {
    givenHash();
    assertThat(server.run(("DIVERGED " + words).split(" "))).doesNotStartWith("-");
    assertThat(server.cells.visits()).isEqualTo(visits);
  }

  @Test
  void what_is_not_there_is_missing_unless_nothing_would_be() {
    assertThat(state("h", "FIELDS -1 1 10 hash SET f 1 DROP g -")).isEqualTo("missing");
    assertThat(state("h", "FIELDS -1 1 10 hash DROP g -")).isEqualTo("same");
    assertThat(state("h", "REPLACE 0 1 10 set SET a -")).isEqualTo("missing");
  }

  @Test
  void a_comparison_tells_of_each_field() {
    givenHash();
    assertThat(
            server.run(
                "DIVERGED COMPARE h FIELDS -1 2 3 hash SET f 2 SET x 2 DROP no - SET new 1 SET g 1"
                    .split(" ")))
        .isEqualTo(
            "*7\r\n"
                + bulk("conflict")
                + ":3\r\n"
                + bulk("hash")
                + ":0\r\n:0\r\n"
                + bulk("")
                + "*10\r\n"
                + bulk("older")
                + bulk("1")
                + bulk("conflict")
                + bulk("1")
                + bulk("same")
                + "$-1\r\n"
                + bulk("missing")
                + "$-1\r\n"
                + bulk("same")
                + "$-1\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    // mode, last common stamp, what is answered, what f is then
    "SAFE, 1, conflict, 1",
    "SAFE, 2, applied, 2",
    "ANY, 1, applied, 2",
    "3, 1, applied, 2",
    "2, 1, changed, 1",
    "0, 1, changed, 1",
  })
  void fields_are_written_only_as_far_as_the_mode_allows(
      String mode, String common, String outcome, String then) {
    givenHash();
    String[] words = {
      "DIVERGED",
      "APPLY",
      "h",
      "FIELDS",
      "-1",
      common,
      mode,
      "hash",
      "SET",
      "f",
      "2",
      "DROP",
      "g",
      ""
    };
    assertThat(server.run(words)).isEqualTo(bulk(outcome));
    assertThat(server.run("HGET", "h", "f")).isEqualTo(bulk(then));
    boolean applied = outcome.equals("applied");
    assertThat(server.run("HEXISTS", "h", "g")).isEqualTo(applied ? ":0\r\n" : ":1\r\n");
    assertThat(server.run("HGET", "h", "x")).as("nobody named it").isEqualTo(bulk("1"));
    if (applied) {
      assertThat(server.run(words)).isEqualTo(bulk("same"));
    }
  }

  @Test
  void a_version_that_was_seen_is_none_once_a_named_field_is_overwritten() {
    givenHash();
    String words = "DIVERGED APPLY h FIELDS -1 1 3 hash SET f 3";
    server.run("HSET", "h", "f", "2");
    assertThat(server.run(words.split(" "))).isEqualTo(bulk("changed"));
    server.run("HSET", "h", "g", "2");
    assertThat(server.run(words.replace(" 3 hash", " 4 hash").split(" ")))
        .isEqualTo(bulk("applied"));
  }

  @Test
  void a_key_that_is_replaced_has_no_other_fields_and_expires_as_it_would() {
    givenHash();
    assertThat(server.run("DIVERGED APPLY h REPLACE 2000000000000 3 SAFE hash SET f 2".split(" ")))
        .isEqualTo(bulk("applied"));
    assertThat(server.run("HGETALL", "h")).isEqualTo("*2\r\n" + bulk("f") + bulk("2"));
    assertThat(server.run("PEXPIRETIME", "h")).isEqualTo(":2000000000000\r\n");
  }

  @Test
  void a_key_of_another_type_is_replaced_only_when_told_to() {
    server.run("SET", "k", "v");
    String words = "DIVERGED APPLY k FIELDS -1 9 SAFE set SET a - SET b -";
    assertThat(server.run(words.split(" "))).isEqualTo(bulk("conflict"));
    assertThat(server.run("GET", "k")).isEqualTo(bulk("v"));
    assertThat(server.run(words.replace("SAFE", "ANY").split(" "))).isEqualTo(bulk("applied"));
    assertThat(server.run("SCARD", "k")).isEqualTo(":2\r\n");
  }

  @Test
  void the_last_field_takes_its_key_with_it() {
    server.run("SADD", "s", "a");
    assertThat(
            server.run(
                "DIVERGED", "APPLY", "s", "FIELDS", "-1", "9", "SAFE", "set", "DROP", "a", ""))
        .isEqualTo(bulk("applied"));
    assertThat(server.run("EXISTS", "s")).isEqualTo(":0\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "APPLY k PUT 0 -1 SAFE",
    "APPLY k REMOVE 0 -1 SAFE v",
    "APPLY k TWIST 0 -1 SAFE",
    "APPLY k PUT x -1 SAFE v",
    "APPLY k PUT 0 x SAFE v",
    "APPLY k PUT 0 -1 PERHAPS v",
    "COMPARE k PUT 0 -1 x v",
    "COMPARE k PUT 0 -1",
    "APPLY k FIELDS 0 -1 SAFE",
    "APPLY k FIELDS 0 -1 SAFE string SET f v",
    "APPLY k FIELDS 0 -1 SAFE hash SET f",
    "APPLY k FIELDS 0 -1 SAFE hash PUT f v",
    "APPLY k FIELDS 0 -1 ANY list SET short v",
    "APPLY k FIELDS 0 -1 ANY list SET ninebytes v",
    "APPLY k FIELDS 0 -1 ANY list SET eight+18 v DROP short -",
    "APPLY k FIELDS 0 -1 ANY list SET '' v",
    "APPLY k REPLACE 0 -1 ANY zset SET m 1.5",
    "APPLY k REPLACE 0 -1 ANY zset SET m ninebytes",
  })
  void what_is_no_change_is_refused(String words) {
    given();
    assertThat(server.run(("DIVERGED " + words).split(" "))).startsWith("-ERR ");
    assertThat(server.run("GET", "k")).isEqualTo(bulk("v"));
  }
}
