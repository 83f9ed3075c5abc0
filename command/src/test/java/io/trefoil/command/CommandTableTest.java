package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Args;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTableTest {
  private final CommandTable table = CommandTable.standard();

  @Test
  void everyRowIsFoundInAnyCase() {
    for (Command command : table.all()) {
      String[] words = command.name().split("\\|");
      assertThat(table.find(Args.of(words))).isSameAs(command);
      words[words.length - 1] = words[words.length - 1].toUpperCase(Locale.ROOT);
      assertThat(table.find(Args.of(words))).isSameAs(command);
      assertThat(table.named(command.name().toUpperCase(Locale.ROOT))).contains(command);
    }
  }

  @Test
  void nothingElseIsFound() {
    for (Command command : table.commands()) {
      assertThat(table.find(Args.of(command.name() + "~"))).isNull();
      assertThat(table.find(Args.of("_" + command.name().substring(1)))).isNull();
    }
    assertThat(table.find(Args.of(""))).isNull();
    assertThat(table.find(Args.of("client", "nosuch"))).isNull();
    assertThat(table.named("get|x")).isEmpty();
  }

  @Test
  void whatWritesReachesCellsAndSaysWhatItMeans() {
    for (Command command : table.all()) {
      boolean data = command.has(Flag.WRITE) || command.has(Flag.READONLY);
      assertThat(command.runs() == Runs.ON_CELLS).as(command.name()).isEqualTo(data);
      boolean ofSeveralWriters =
          List.of("siblings", "resolve", "diverged|preview", "diverged|merge")
              .contains(command.name());
      assertThat(command.meaning(Algorithm.SINGLE_LEADER))
          .isEqualTo(ofSeveralWriters ? Meaning.REFUSED : Meaning.SAME);
      boolean refuses =
          command.meaning(Algorithm.LEADERLESS) == Meaning.REFUSED
              || !command.refusedForm().isEmpty();
      assertThat(command.reason().isEmpty()).as(command.name()).isEqualTo(!refuses);
      if (command.meaning(Algorithm.LEADERLESS) == Meaning.REFUSED) {
        assertThat(command.scatter()).as(command.name()).isEqualTo(Scatter.NONE);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET a, 1, a",
    "MSET a 1 b 2, 2, a b",
    "MSET a 1 b, 2, a b",
    "DEL a b c, 3, a b c",
    "RENAME a b, 2, a b",
    "SINTERCARD 2 a b LIMIT 1, 2, a b",
    "SINTERCARD 3 a b, 0, ''",
    "SINTERCARD x a b, 0, ''",
    "OBJECT ENCODING a, 1, a",
    "LMPOP 2 a b LEFT, 2, a b",
    "BITOP AND a b c, 3, a b c",
    "SORT a, 1, a",
    "SORT a STORE b, 2, a b",
    "SORT a LIMIT 0 STORE GET STORE BY STORE STORE b, 2, a b",
    "SORT a STORE b STORE c, 2, a c",
    "SORT a GET STORE, 1, a",
    "SORT a STORE, 1, a",
    "SORT_RO a STORE b, 1, a",
    "PING a, 0, ''",
    "DEL, 0, ''",
  })
  void keysAreWhereTheRowSays(String line, int count, String keys) {
    Args args = Args.of(line.split(" "));
    Command command = table.find(args);
    assertThat(command.keyCount(args)).isEqualTo(count);
    StringBuilder found = new StringBuilder();
    for (int key = 0; key < count; key++) {
      found.append(key == 0 ? "" : " ").append(args.text(command.keyIndex(args, key)));
    }
    assertThat(found).hasToString(keys);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SET a 1 |",
        "SET a 1 EX 5 |",
        "SET a 1 NX | SET with NX, XX or GET needs one order of all writes",
        "SET a 1 PX 5 XX | SET with NX, XX or GET needs one order of all writes",
        "SETNX a 1 | SETNX needs one order of all writes",
        "INCR a |",
        "EXPIRE a 5 |",
        "EXPIRE a 5 GT | EXPIRE with NX, XX, GT or LT needs one order of all writes",
        "GET a |",
        "LPUSH a 1 |",
        "LPOP a | LPOP needs one order of all writes",
        "ZADD a 1 m |",
        "ZADD a CH 1 m |",
        "ZADD a CH GT 1 m | ZADD with NX, XX, GT, LT or INCR needs one order of all writes",
        "ZINCRBY a 2 m |",
        "ZINCRBY a x m |",
        "ZINCRBY a 2.5 m | ZINCRBY with a fraction, or more than 2^53, adds with rounding, so that"
            + " the order of additions matters",
        "LRANGE a 0 -1 |",
        "SORT a | SORT needs one order of all writes; SORT_RO does not",
        "SORT_RO a BY nosort GET # |",
        "SORT_RO a BY w_* | SORT_RO with BY or GET of other keys looks at keys that are not among"
            + " its words",
        "SORT_RO a GET w_* | SORT_RO with BY or GET of other keys looks at keys that are not among"
            + " its words",
        "BITFIELD_RO a GET u8 0 |",
      })
  void whatLosesItsMeaningIsRefusedByName(String line, String refusal) {
    Args args = Args.of(line.strip().split(" "));
    Command command = table.find(args);
    assertThat(command.refusal(Algorithm.SINGLE_LEADER, args, "carts")).isEmpty();
    for (Algorithm algorithm : List.of(Algorithm.LEADERLESS, Algorithm.MULTI_LEADER)) {
      if (refusal == null) {
        assertThat(command.refusal(algorithm, args, "carts")).isEmpty();
      } else {
        assertThat(command.refusal(algorithm, args, "carts"))
            .contains("UNSUPPORTED " + refusal + "; database 'carts' is " + algorithm);
      }
    }
  }

  @Test
  void whatIsAboutSeveralWritersIsRefusedWhereOneLeads() {
    Args args = Args.of("SIBLINGS", "a");
    assertThat(table.find(args).refusal(Algorithm.LEADERLESS, args, "carts")).isEmpty();
    assertThat(table.find(args).refusal(Algorithm.SINGLE_LEADER, args, "orders"))
        .contains(
            "UNSUPPORTED SIBLINGS is about writes that did not see each other; database 'orders'"
                + " is single-leader");
  }

  @Test
  void thePagesInTheDocumentationSayWhatTheTableSays() throws IOException {
    checkPage("commands.md", CommandDocs.markdown(table));
    checkPage("convergence.md", CommandDocs.convergence(table));
    checkPage("compatibility.md", CommandDocs.compatibility(table));
  }

  /** With {@code -Ddocs.rewrite} the page is written first. */
  private static void checkPage(String name, String rendered) throws IOException {
    Path page = Path.of("..", "docs", name);
    if (System.getProperty("docs.rewrite") != null) {
      Files.writeString(page, rendered);
    }
    assertThat(page).as("rewrite it with -Ddocs.rewrite").hasContent(rendered);
  }

  @Test
  void whatConvergesSaysWhatConcurrentUsesComeTo() {
    Set<Convergence> used = EnumSet.noneOf(Convergence.class);
    for (Command command : table.all()) {
      boolean converges = command.meaning(Algorithm.MULTI_LEADER) == Meaning.CONVERGES;
      assertThat(command.convergence().isPresent()).as(command.name()).isEqualTo(converges);
      command.convergence().ifPresent(used::add);
      command
          .convergence()
          .ifPresent(
              kind ->
                  assertThat(kind == Convergence.READ)
                      .as(command.name())
                      .isEqualTo(command.has(Flag.READONLY)));
    }
    assertThat(used).containsExactlyInAnyOrder(Convergence.values());
    for (Convergence kind : used) {
      assertThat(kind.together()).isNotBlank().doesNotContain("|");
      assertThat(kind.activeActive()).doesNotContain("|");
    }
  }

  @Test
  void thePageNamesEveryCommandOnce() {
    String page = CommandDocs.markdown(table);
    for (Command command : table.all()) {
      boolean container = !command.subcommands().isEmpty() && !command.name().equals("command");
      String cell = "| `" + command.upperName() + "` |";
      int first = page.indexOf(cell);
      assertThat(first >= 0).as(command.name()).isEqualTo(!container);
      assertThat(page.indexOf(cell, first + 1)).as(command.name()).isEqualTo(-1);
      assertThat(command.summary()).isNotBlank().doesNotContain("|");
    }
  }
}
