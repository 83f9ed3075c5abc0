package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Bytes;
import io.trefoil.base.PartitionId;
import io.trefoil.cell.CellType;
import io.trefoil.command.Command;
import io.trefoil.command.CommandTable;
import io.trefoil.node.Waiters.Waiter;
import io.trefoil.node.Waiters.Wanted;
import io.trefoil.resp.Args;
import org.junit.jupiter.api.Test;

class WaitersTest {
  private final CommandTable table = CommandTable.standard();
  private final Waiters waiters = new Waiters(null, new PartitionId(1, 3));

  private Waiter waiter(long deadlineMillis, String... words) {
    Args args = Args.of(words);
    Command command = table.find(args);
    return new Waiter(command, args, 2, deadlineMillis, (by, reply) -> {});
  }

  private Waiter add(String line) {
    Waiter waiter = waiter(Long.MAX_VALUE, line.split(" "));
    assertThat(waiters.tooMuch(waiter)).isNull();
    waiters.add(waiter);
    return waiter;
  }

  private static Wanted list(String key) {
    return new Wanted(CellType.LIST, Bytes.utf8(key));
  }

  @Test
  void whoCameFirstIsFirstInEachOfItsKeys() {
    Waiter first = add("BLPOP a b a 0");
    Waiter second = add("BRPOP b 0");
    Waiter third = add("BLMOVE b c LEFT LEFT 0");
    assertThat(waiters.first(list("b"))).isSameAs(first);
    assertThat(waiters.first(list("c"))).as("where it moves to it does not wait").isNull();
    assertThat(waiters.first(new Wanted(CellType.ZSET, Bytes.utf8("b")))).isNull();
    assertThat(waiters.remove(first)).isTrue();
    assertThat(waiters.remove(first)).isFalse();
    assertThat(waiters.first(list("a"))).isNull();
    assertThat(waiters.first(list("b"))).isSameAs(second);
    waiters.remove(second);
    waiters.remove(third);
    assertThat(waiters.isEmpty()).isTrue();
  }

  @Test
  void onlyWhatIsWaitedForIsReadyAndOnce() {
    Waiter waiter = add("BLPOP a b 0");
    waiters.ready(list("c"));
    waiters.ready(new Wanted(CellType.ZSET, Bytes.utf8("a")));
    assertThat(waiters.hasReady()).isFalse();
    waiters.ready(list("b"));
    waiters.ready(list("a"));
    waiters.ready(list("b"));
    assertThat(waiters.takeReady()).isEqualTo(list("b"));
    waiters.remove(waiter);
    assertThat(waiters.takeReady()).isNull();
  }

  @Test
  void othersGoFirstWhileTheyAreToBeTried() {
    add("BLPOP a 0");
    Args args = Args.of("BLPOP", "x", "a", "0");
    Command command = table.find(args);
    assertThat(waiters.precede(command, args)).isFalse();
    waiters.ready(list("a"));
    assertThat(waiters.precede(command, args)).isTrue();
    waiters.fetching(waiters.takeReady());
    assertThat(waiters.precede(command, args)).isTrue();
    waiters.ready(list("a"));
    waiters.takeReady();
    assertThat(waiters.precede(command, args)).isFalse();
  }

  @Test
  void theirTimeIsOverInTheOrderOfTheirDeadlines() {
    Waiter late = waiter(30, "BLPOP", "a", "1");
    Waiter soon = waiter(20, "BLPOP", "a", "1");
    Waiter asSoon = waiter(20, "BLPOP", "a", "1");
    waiters.add(late);
    waiters.add(soon);
    waiters.add(asSoon);
    add("BLPOP a 0");
    assertThat(waiters.firstLate(20)).isNull();
    assertThat(waiters.firstLate(21)).isSameAs(soon);
    waiters.remove(soon);
    assertThat(waiters.firstLate(21)).isSameAs(asSoon);
    waiters.remove(asSoon);
    assertThat(waiters.firstLate(21)).isNull();
    assertThat(waiters.firstLate(Long.MAX_VALUE - 1)).isSameAs(late);
  }

  @Test
  void theyAreBoundedInNumber() {
    for (int i = 0; i < Waiters.MAX_WAITERS; i++) {
      add("BLPOP a 0");
    }
    Waiter waiter = waiter(0, "BLPOP", "a", "0");
    assertThat(waiters.tooMuch(waiter))
        .isEqualTo(
            "ERR too much waits for keys of partition 3: at most 10000 commands wait, which take at"
                + " most 64 MB");
    waiters.remove(waiters.first(list("a")));
    assertThat(waiters.tooMuch(waiter)).isNull();
  }

  @Test
  void theyAreBoundedInWhatTheyTake() {
    String[] words = new String[500_000];
    java.util.Arrays.fill(words, "k");
    words[0] = "BLPOP";
    words[words.length - 1] = "0";
    assertThat(waiters.tooMuch(waiter(0, words))).startsWith("ERR too much waits");
    Waiter large = waiter(0, "BLPOP", "k".repeat(25 << 20), "0");
    assertThat(waiters.tooMuch(large)).isNull();
    waiters.add(large);
    assertThat(waiters.tooMuch(large)).startsWith("ERR too much waits");
    waiters.remove(large);
    assertThat(waiters.tooMuch(large)).isNull();
  }
}
