package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.resp.Reply;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code docs/compatibility.md} says beside the replies, which are compared elsewhere. */
class CompatibilityTest {
  private final CommandTable table = CommandTable.standard();

  @Test
  void everyCommandOfRedisIsHereOrSaidToBeAbsent(@TempDir Path folder) throws Exception {
    Set<String> here = new TreeSet<>();
    table.all().forEach(command -> here.add(command.name()));
    Set<String> absent = new TreeSet<>();
    for (List<String> names : AbsentCommands.byReason().values()) {
      names.forEach(name -> assertThat(absent.add(name)).as(name + " is listed once").isTrue());
    }
    assertThat(here).doesNotContainAnyElementsOf(absent);
    try (RealRedis redis = RealRedis.start(folder);
        RealRedis.Connection connection = redis.connect()) {
      Set<String> both = new TreeSet<>(here);
      both.addAll(absent);
      Set<String> theirs = new TreeSet<>();
      for (Reply name : ComparedWithRedis.items(connection.run("COMMAND", "LIST"))) {
        theirs.add(ComparedWithRedis.text(name));
      }
      assertThat(without(theirs, both)).as("commands of Redis 7.0").isEmpty();
      assertThat(without(absent, theirs)).as("absent, but also in Redis").isEmpty();
    }
  }

  private static Set<String> without(Set<String> all, Set<String> others) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(others);
    return rest;
  }

  @Test
  void everyDifferenceIsOneOfACommandAndFitsItsCell() {
    Set<Difference> used = EnumSet.noneOf(Difference.class);
    table.all().forEach(command -> used.addAll(command.differences()));
    assertThat(used).containsExactlyInAnyOrder(Difference.values());
    for (Difference difference : used) {
      assertThat(difference.here()).isNotBlank().doesNotContain("|");
      assertThat(difference.form() + difference.reason()).doesNotContain("|");
    }
  }

  @Test
  void thePageNamesEveryCommandThatRedisHas() {
    String page = CommandDocs.compatibility(table);
    for (Command command : table.all()) {
      boolean container = !command.subcommands().isEmpty() && command.arity() < -1;
      boolean told = page.contains("`" + command.upperName() + "`");
      assertThat(told || container || command.group() == Group.TREFOIL).as(command.name()).isTrue();
    }
  }
}
