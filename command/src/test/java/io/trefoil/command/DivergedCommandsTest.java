package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

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
    String reply = server.run(("DIVERGED COMPARE k " + change).split(" "));
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
  })
  void what_is_no_change_is_refused(String words) {
    given();
    assertThat(server.run(("DIVERGED " + words).split(" "))).startsWith("-ERR ");
    assertThat(server.run("GET", "k")).isEqualTo(bulk("v"));
  }
}
