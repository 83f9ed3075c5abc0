package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Clock;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.LeftKeys.Change;
import io.trefoil.node.LeftKeys.Key;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a leader of a region had written and lost is merged again by the next one, from its file;
 * and may come back from other regions, too.
 */
class LeftMergesTest {
  private static final List<String> COMMANDS =
      List.of(
          "SET k v%d",
          "SET l %d",
          "INCRBY k %d",
          "INCRBY n %d",
          "DEL n",
          "DEL h",
          "DEL k",
          "PEXPIREAT n 99999%d",
          "PERSIST n",
          "HSET h a %d",
          "HSET k b %d",
          "HINCRBY h n %d",
          "HDEL h n a",
          "SADD s m%d x",
          "SREM s x",
          "DEL s",
          "RPUSH q r%d",
          "LPUSH q l%d x",
          "LINSERT q BEFORE x i%d",
          "LSET q 0 s%d",
          "LREM q 0 x",
          "LTRIM q 0 4",
          "DEL q",
          "ZADD z %d a",
          "ZADD z %d m%1$d 1 b",
          "ZINCRBY z %d n",
          "ZREM z a n",
          "ZREMRANGEBYRANK z 2 3",
          "DEL z");

  @TempDir private Path folder;
  private final Random random = new Random();
  private DivergenceFiles files;
  private int saved;
  private MergedReplica lost;
  private MergedReplica leader;
  private MergedReplica follower;
  private MergedReplica elsewhere;

  @BeforeEach
  void open() {
    Clock clock =
        new Clock() {
          @Override
          public long monotonicNanos() {
            return 0;
          }

          @Override
          public long wallMillis() {
            return 77;
          }
        };
    files = new DivergenceFiles(folder.resolve("divergence"), "n1", clock);
    lost = new MergedReplica(1, folder);
    leader = new MergedReplica(2, folder);
    follower = new MergedReplica(3, folder);
    elsewhere = new MergedReplica(4, folder);
  }

  @AfterEach
  void close() {
    List.of(lost, leader, follower, elsewhere).forEach(MergedReplica::close);
  }

  /** Runs a command that writes; null when it found nothing to write. */
  private static EntryBatch write(MergedReplica at, String command) {
    at.run(command.split(" "));
    return at.taken;
  }

  private static String read(MergedReplica at, String command) {
    return String.valueOf(at.run(command.split(" ")));
  }

  /** A reply, whatever the order of its elements. */
  private static List<String> sorted(MergedReplica at, String command) {
    Reply reply = at.run(command.split(" "));
    List<Reply> items = reply instanceof Reply.Several all ? all.items() : List.of(reply);
    return items.stream().map(String::valueOf).sorted().toList();
  }

  private static List<String> list(MergedReplica at, String command) {
    Reply.Several reply = (Reply.Several) at.run(command.split(" "));
    return reply.items().stream().map(DivergenceDiff::text).toList();
  }

  private DivergenceReader reader(List<EntryBatch> batches) throws IOException {
    Position first = new Position(1, ++saved * 1_000);
    LeftHistory left =
        new LeftHistory(
            new PartitionId(1, 0),
            "users",
            9,
            first,
            new Position(1, first.index() + batches.size()),
            1,
            batches);
    return new DivergenceReader(files.open(files.save(left).name()));
  }

  /** Merges what the file of these entries has; returns how the leader answered for each key. */
  private List<String> replay(List<EntryBatch> batches) throws IOException {
    List<String> answers = new ArrayList<>();
    try (DivergenceReader reader = reader(batches)) {
      for (Key key : LeftKeys.read(reader).list()) {
        assertThat(key.change()).isEqualTo(Change.MERGE);
        answers.add(merge(key, key.content(reader)));
      }
    }
    return answers;
  }

  private String merge(Key key, List<byte[]> content) {
    Args merge = DivergenceDiff.command("APPLY", null, key, content, "SAFE");
    String answer = DivergenceDiff.text(leader.run(merge));
    if (leader.taken != null) {
      follower.hear(2, leader.taken);
      elsewhere.hear(2, leader.taken);
    }
    return answer;
  }

  /** What the leader would make of the only key in the file. */
  private List<Reply> preview(List<EntryBatch> batches) throws IOException {
    try (DivergenceReader reader = reader(batches)) {
      Key key = LeftKeys.read(reader).list().get(0);
      Args ask = DivergenceDiff.command("COMPARE", null, key, key.content(reader), "100");
      return ((Reply.Several) leader.run(ask)).items();
    }
  }

  /** Elsewhere the same entries came in another order: there the same is to be seen. */
  private void assertAllHoldTheSame() {
    assertThat(leader.treeSum()).isEqualTo(follower.treeSum());
    for (String look :
        List.of("GET n", "GET l", "PEXPIRETIME n", "TYPE k", "HGETALL h", "SMEMBERS s")) {
      assertThat(sorted(leader, look)).as(look).isEqualTo(sorted(elsewhere, look));
    }
    for (String look : List.of("LRANGE q 0 -1", "ZRANGE z 0 -1 WITHSCORES")) {
      assertThat(read(leader, look)).as(look).isEqualTo(read(elsewhere, look));
    }
  }

  @Test
  void whatWasAddedCountsOnceHoweverOftenItComes() throws IOException {
    EntryBatch first = write(lost, "INCRBY n 10");
    leader.hear(1, first);
    List<EntryBatch> gone = List.of(write(lost, "INCRBY n 5"), write(lost, "INCRBY n 2"));
    write(leader, "INCRBY n 100");

    List<Reply> preview = preview(gone);
    assertThat(DivergenceDiff.text(preview.get(0))).isEqualTo("merges");
    assertThat(DivergenceDiff.text(preview.get(5))).isEqualTo("110");
    assertThat(DivergenceDiff.text(preview.get(7))).isEqualTo("117");
    assertThat(replay(gone)).containsExactly("applied");
    assertThat(read(leader, "GET n")).contains("117");
    gone.forEach(each -> leader.hear(1, each)); // another region had them
    assertThat(read(leader, "GET n")).contains("117");
    assertThat(replay(gone)).containsExactly("same");
    assertThat(DivergenceDiff.text(preview(gone).get(0))).isEqualTo("same");
  }

  @Test
  void aLaterWriteStaysAndSoDoesALaterRemovalOfWhatWasSeen() throws IOException {
    EntryBatch hash = write(lost, "HSET h seen 1");
    leader.hear(1, hash);
    List<EntryBatch> gone = List.of(write(lost, "SET l lost"), write(lost, "HSET h unseen 1"));
    leader.now = 2_000;
    write(leader, "SET l later");
    write(leader, "DEL h");

    assertThat(replay(gone)).containsExactly("applied", "applied");
    assertThat(read(leader, "GET l")).contains("later");
    assertThat(read(leader, "HGETALL h")).contains("unseen").doesNotContain("\"seen\"");
    write(leader, "SET l last");
    assertThat(read(leader, "GET l")).contains("last");
  }

  @Test
  void aFieldIsShownAsItWouldBe() throws IOException {
    List<EntryBatch> gone = List.of(write(lost, "HINCRBY h n 7"), write(lost, "HSET h f v"));
    List<Reply> preview = preview(gone);
    assertThat(DivergenceDiff.text(preview.get(2))).isEqualTo("none");
    assertThat(((Reply.Several) preview.get(6)).items())
        .extracting(DivergenceDiff::text)
        .containsExactly("merges", "7", "", "merges", "v", "");
    try (DivergenceReader reader = reader(gone)) {
      Key key = LeftKeys.read(reader).list().get(0);
      assertThat(FieldDiff.of(Change.MERGE, key.content(reader), preview))
          .extracting(each -> new String(each.name()) + "=" + new String(each.file()))
          .containsExactly("n=7", "f=v");
    }
  }

  @Test
  void elementsAndScoresThatWereLostAreWhereTheyBelong() throws IOException {
    leader.hear(1, write(lost, "RPUSH q a b"));
    leader.hear(1, write(lost, "ZADD z 1 a 2 b"));
    List<EntryBatch> gone =
        List.of(
            write(lost, "LINSERT q BEFORE b between"),
            write(lost, "LREM q 1 a"),
            write(lost, "ZINCRBY z 5 a"),
            write(lost, "ZADD z 1.5 c"),
            write(lost, "ZREM z b"));
    leader.now = 2_000;
    write(leader, "RPUSH q c");
    write(leader, "ZADD z 9 d");

    assertThat(replay(gone)).containsExactly("applied", "applied");
    assertThat(list(leader, "LRANGE q 0 -1")).containsExactly("between", "b", "c");
    assertThat(list(leader, "ZRANGE z 0 -1 WITHSCORES"))
        .containsExactly("c", "1.5", "a", "6", "d", "9");
    assertThat(replay(gone)).containsExactly("same", "same");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void whateverWasLostIsThereAgainAsIfItHadNotBeen(int seed) throws IOException {
    random.setSeed(seed);
    List<EntryBatch> gone = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      EntryBatch entry = write(lost, command(i));
      if (entry == null) {
        continue;
      }
      elsewhere.hear(1, entry);
      if (i < 30) {
        leader.hear(1, entry);
        follower.hear(1, entry);
      } else {
        gone.add(entry);
      }
    }
    for (int i = 60; i < 90; i++) {
      writeAsLeader(command(i));
    }
    boolean comesBackFirst = random.nextBoolean();
    if (comesBackFirst) {
      comesBack(gone);
    }
    replay(gone);
    for (int i = 90; i < 100; i++) {
      writeAsLeader(command(i));
    }
    assertAllHoldTheSame();
    comesBack(gone);
    assertAllHoldTheSame();
    assertThat(replay(gone)).containsOnly("same");
  }

  private String command(int number) {
    lost.now = leader.now = 1_000 + 10L * number;
    return String.format(COMMANDS.get(random.nextInt(COMMANDS.size())), number);
  }

  private void writeAsLeader(String command) {
    EntryBatch entry = write(leader, command);
    if (entry != null) {
      follower.hear(2, entry);
      elsewhere.hear(2, entry);
    }
  }

  private void comesBack(List<EntryBatch> gone) {
    for (EntryBatch each : gone) {
      leader.hear(1, each);
      follower.hear(1, each);
    }
  }
}
