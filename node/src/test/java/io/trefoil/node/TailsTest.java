package io.trefoil.node;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.control.ClusterState;
import io.trefoil.node.SnapshotWorld.Tasks;
import io.trefoil.replication.kernel.EpochTable;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the leader of a partition answers to those who tail it. */
class TailsTest {
  private static final PartitionId FIRST = new PartitionId(1, 0);
  private static final PartitionId OTHER = new PartitionId(1, 1);
  private static final long LEASE_NANOS = 1_000_000_000;

  private final SnapshotWorld world = new SnapshotWorld(1L << 40);
  private final DataLoop loop = world.leader.loop;
  private final Tasks background = new Tasks();
  private final Routes routes = new Routes();
  private final Tails tails =
      new Tails(
          loop,
          routes,
          new Forwards(loop, routes),
          new AsyncReplies(loop),
          background,
          () -> ClusterState.EMPTY);

  /** What an answer said. */
  private record Page(Position next, Position committed, List<String> lines) {}

  private List<String> begin(String... words) {
    List<String> replies = new ArrayList<>();
    Delivery delivery = (by, reply) -> replies.add(new String(reply, UTF_8));
    loop.execute(() -> tails.answer(Args.of(words), leader(), delivery));
    world.tasks.runAll();
    return replies;
  }

  private String answer(String from, int count) {
    loop.lease().onGranted(world.monotonicNanos(), LEASE_NANOS, 0);
    List<String> replies =
        begin("TAIL", "1", "PARTITION", "0", "FROM", from, "COUNT", Integer.toString(count));
    background.runAll();
    world.tasks.runAll();
    assertThat(replies).hasSize(1);
    return replies.get(0);
  }

  private Page tail(String from, int count) {
    String answer = answer(from, count);
    assertThat(answer).startsWith("*3");
    List<Reply> parts = ((Reply.Several) ReplyReader.read(answer.getBytes(UTF_8))).items();
    return new Page(
        Position.parse(text(parts.get(0))),
        Position.parse(text(parts.get(1))),
        ((Reply.Several) parts.get(2)).items().stream().map(TailsTest::text).toList());
  }

  private static String text(Reply reply) {
    return new String(((Reply.Bulk) reply).bytes().array(), UTF_8);
  }

  private PartitionReplica leader() {
    return world.leader.replicas.find(FIRST);
  }

  private static List<String> keys(Page page) {
    return page.lines().stream()
        .map(line -> line.replaceAll(".*\"key\":\"([^\"]*)\".*", "$1"))
        .toList();
  }

  private void write(int count) {
    for (int i = 0; i < count; i++) {
      world.write(FIRST, "k" + leader().lastIndex(), 10);
    }
  }

  @Test
  void entriesComeInTheirOrderAndSoManyAsAreWanted() {
    write(5);
    Page first = tail("START", 3);
    assertThat(keys(first)).containsExactly("k1", "k2"); // the first entry opens the epoch
    assertThat(first.next()).isEqualTo(new Position(1, 3));
    assertThat(first.committed()).isEqualTo(new Position(1, 6));
    assertThat(keys(tail("1:3", 10))).containsExactly("k3", "k4", "k5");
    assertThat(tail("1:6", 10))
        .isEqualTo(new Page(first.committed(), first.committed(), List.of()));
    assertThat(tail("END", 10).next()).isEqualTo(first.committed());
  }

  @Test
  void aLineTellsWhereItsChangeStands() {
    world.write(FIRST, "a", 0);
    assertThat(tail("START", 10).lines().get(0))
        .matches(
            "\\{\"database\":\"1\",\"partition\":0,\"position\":\"1:2\",\"stamp\":\\d+,"
                + "\"change\":\"put\",\"type\":\"string\",\"key\":\"a\",\"value\":\"\"}");
  }

  @Test
  void whatIsNotInMemoryIsReadFromTheJournalInPages() {
    write(3);
    fillMemory();
    assertThat(leader().recent().firstIndex()).isGreaterThan(2);
    assertThat(keys(tail("START", 4))).containsExactly("k1", "k2", "k3");
    Position next = tail("START", 4).next();
    int pages = 0;
    for (Page page = null; page == null || next.index() < page.committed().index(); pages++) {
      page = tail(next.toString(), TailQuery.MAX_COUNT);
      assertThat(page.lines()).hasSize((int) (page.next().index() - next.index()));
      next = page.next();
    }
    assertThat(pages).isGreaterThan(1);
  }

  /** More than a leader keeps in memory of what all have. */
  private void fillMemory() {
    for (int i = 0; i < 100; i++) {
      world.write(FIRST, "large" + i, 64 << 10);
    }
    world.pass(20);
  }

  @Test
  void whatTheJournalLetGoOfIsGoneAndTheOldestIsTold() {
    write(3);
    Position begin = tail("START", 2).next();
    world.connect();
    fillMemory();
    world.passUntil("all is there", () -> world.isEqual(FIRST));
    world.leader.release(128 << 10, 0);
    world.leader.release(128 << 10, 0);
    String gone = answer(begin.toString(), 10);
    assertThat(gone).matches("(?s)-GONE 1:\\d+ is the oldest position that partition 0 of '1' .*");
    String oldest = gone.split(" ")[1];
    assertThat(tail(oldest, 1)).isEqualTo(tail("START", 1));
  }

  @Test
  void whatIsKeptForThoseWhoTailStaysThoughAllHaveIt() {
    write(3);
    Position begin = tail("START", 2).next();
    world.connect();
    fillMemory();
    world.passUntil("all is there", () -> world.isEqual(FIRST));
    world.leader.release(64 << 20, 64 << 20);
    world.leader.release(64 << 20, 64 << 20);
    assertThat(keys(tail(begin.toString(), 2))).containsExactly("k2", "k3");
  }

  @Test
  void theCapOnTheJournalHoldsForThoseWhoTailToo() {
    world.connect();
    fillMemory();
    world.passUntil("all is there", () -> world.isEqual(FIRST));
    world.leader.release(1 << 20, 64 << 20);
    world.leader.release(1 << 20, 64 << 20);
    assertThat(world.leader.journal.sizeBytes()).isBetween(1L << 19, (1 << 20) + 4 * (64L << 10));
  }

  @Test
  void oneIsMadeAtATimeAndSoManyMayWait() {
    write(3);
    loop.lease().onGranted(world.monotonicNanos(), LEASE_NANOS, 0);
    List<List<String>> asked = new ArrayList<>();
    for (int i = 0; i <= 1 + Tails.MAX_WAITING; i++) {
      asked.add(begin("TAIL", "1", "PARTITION", "0", "FROM", "START"));
    }
    List<String> last = asked.remove(asked.size() - 1);
    assertThat(last).singleElement().asString().startsWith("-TRYAGAIN ");
    assertThat(background.waiting()).isEqualTo(1);
    assertThat(asked).allMatch(List::isEmpty);
    while (background.waiting() > 0) {
      background.runAll();
      world.tasks.runAll();
    }
    assertThat(asked).allMatch(each -> each.size() == 1 && each.get(0).startsWith("*3"));
  }

  @Test
  void whoLeadsNoMoreWhenTheJournalIsReadDoesNotAnswer() {
    write(3);
    loop.lease().onGranted(world.monotonicNanos(), LEASE_NANOS, 0);
    List<String> replies = begin("TAIL", "1", "PARTITION", "0", "FROM", "START");
    world.leader.onState(world.state(2, false));
    world.tasks.runAll();
    background.runAll();
    world.tasks.runAll();
    assertThat(replies).singleElement().asString().startsWith("-CLUSTERDOWN ");
  }

  @Test
  void whoHoldsNoLeaseDoesNotAnswer() {
    write(3);
    for (String from : List.of("END", "1:99", "7:1")) {
      List<String> replies = begin("TAIL", "1", "PARTITION", "0", "FROM", from);
      assertThat(replies).singleElement().asString().startsWith("-CLUSTERDOWN ");
    }
  }

  @Test
  void whatNobodyWasEverToldIsNoPosition() {
    assertThat(answer("1:99", 10))
        .startsWith("-ERR TAIL: partition 0 of '1' has no position 1:99:");
    assertThat(answer("7:1", 10)).startsWith("-ERR TAIL: partition 0 of '1' has no position 7:1:");
  }

  /** Epochs 3, 5 and 9 wrote the log; 4, 6, 7 and 8 left nothing in it. */
  private static EpochTable log() {
    EpochTable log = new EpochTable();
    log.append(3, 1);
    log.append(5, 11);
    log.append(9, 21);
    return log;
  }

  @ParameterizedTest
  @CsvSource({
    "5:21, 25, DIVERGED 5:20 is the last entry that the history of p has in common",
    "5:99, 25, DIVERGED 5:20 is the last entry that the history of p has in common",
    "3:11, 25, DIVERGED 3:10 is the last entry that the history of p has in common",
    // What 4 and 8 wrote may have followed on less.
    "4:11, 25, DIVERGED 3:10 is the last entry that the history of p can have in common",
    "8:15, 25, DIVERGED 5:15 is the last entry that the history of p can have in common",
    // The leader has committed nothing of its own: another one may still replace it.
    "5:21, 20, TRYAGAIN",
    "9:31, 25, ERR TAIL: p has no position 9:31: ",
    "10:31, 25, ERR TAIL: p has no position 10:31: ",
  })
  void whereHistoriesPartedIsTold(String from, long commit, String error) {
    assertThat(Tails.notHistory(Position.parse(from), "p", 9, log(), commit, 30)).startsWith(error);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TAIL db",
        "TAIL db PARTITION 0",
        "TAIL db PARTITION 0 FROM",
        "TAIL db PARTITION 0 SINCE START",
        "TAIL db FROM START PARTITION 0",
        "TAIL db PARTITION -1 FROM START",
        "TAIL db PARTITION p FROM START",
        "TAIL db PARTITION 0 FROM 17",
        "TAIL db PARTITION 0 FROM -1:17",
        "TAIL db PARTITION 0 FROM 1:17:4",
        "TAIL db PARTITION 0 FROM 9999999999999999999:1",
        "TAIL db PARTITION 0 FROM START COUNT",
        "TAIL db PARTITION 0 FROM START COUNT 0",
        "TAIL db PARTITION 0 FROM START COUNT 10001",
        "TAIL db PARTITION 0 FROM START COUNT 1 2",
      })
  void whatIsNoTailSaysWhatWouldBe(String words) {
    assertThat(TailQuery.parse(Args.of(words.split(" "))).error()).startsWith("ERR TAIL: ");
  }

  @Test
  void wordsAreTakenInAnyCase() {
    assertThat(
            TailQuery.parse(Args.of("tail", "db", "partition", "3", "from", "4:1", "count", "7")))
        .isEqualTo(
            new TailQuery.Parsed(new TailQuery("db", 3, false, new Position(4, 1), 7), null));
    assertThat(TailQuery.parse(Args.of("TAIL", "db", "PARTITION", "0", "FROM", "start")).query())
        .isEqualTo(new TailQuery("db", 0, true, null, TailQuery.COUNT));
  }
}
