package io.trefoil.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.InvariantViolation;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyReader;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class ScatteredTest {
  private static final CommandTable TABLE = CommandTable.standard();

  @Test
  void eachPartitionGetsItsKeysWithTheirValues() {
    Args args = Args.of("MSET", "a", "1", "b", "2", "c", "3");
    Scattered mset = Scattered.byKey(TABLE.find(args), args, new int[] {5, 2, 5});
    assertThat(mset.parts()).extracting(Scattered.Part::partition).containsExactly(2, 5);
    assertThat(mset.parts())
        .extracting(part -> part.args().toString())
        .containsExactly("MSET b 2", "MSET a 1 c 3");
    assertThat(mset.parts().get(0).args().array()).isSameAs(args.array());
  }

  @Test
  void valuesComeBackInTheOrderOfTheKeys() {
    Args args = Args.of("MGET", "a", "b", "c");
    Scattered mget = Scattered.byKey(TABLE.find(args), args, new int[] {5, 2, 5});
    assertThat(gathered(mget, "*1\r\n$1\r\nB\r\n", "*2\r\n$1\r\nA\r\n$-1\r\n"))
        .isEqualTo("*3\r\n$1\r\nA\r\n$1\r\nB\r\n$-1\r\n");
  }

  @Test
  void repliesBecomeOneByTheCommandsRule() {
    assertThat(gathered(everywhere(3, "DBSIZE"), ":3\r\n", ":0\r\n", ":4\r\n")).isEqualTo(":7\r\n");
    assertThat(gathered(everywhere(2, "FLUSHDB"), "+OK\r\n", "+OK\r\n")).isEqualTo("+OK\r\n");
    assertThat(
            gathered(
                everywhere(3, "KEYS", "*"), "*1\r\n$1\r\na\r\n", "*0\r\n", "*1\r\n$1\r\nb\r\n"))
        .isEqualTo("*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assertThat(gathered(everywhere(2, "RANDOMKEY"), "$-1\r\n", "$1\r\na\r\n"))
        .isEqualTo("$1\r\na\r\n");
    assertThat(gathered(everywhere(2, "RANDOMKEY"), "$-1\r\n", "$-1\r\n")).isEqualTo("$-1\r\n");
  }

  @Test
  void aWriteThatIsAppliedInPartIsUncertainAndNeverToBeRetried() {
    Args args = Args.of("MSET", "a", "1", "b", "2");
    Scattered mset = Scattered.byKey(TABLE.find(args), args, new int[] {0, 1});
    String refused = "-NOREPLICAS n3 is away\r\n";
    assertThat(gathered(mset, "+OK\r\n", refused))
        .isEqualTo("-UNCERTAIN MSET was applied in part: NOREPLICAS n3 is away\r\n");
    assertThat(gathered(mset, refused, refused)).isEqualTo(refused);
    assertThat(gathered(mset, refused, "-UNCERTAIN write 1:2\r\n"))
        .isEqualTo("-UNCERTAIN write 1:2\r\n");
    assertThat(gathered(mset, "-UNCERTAIN write 4/0@1:2 a\r\n", "-UNCERTAIN write 4/1@3:4 b\r\n"))
        .as("each can be asked about")
        .isEqualTo("-UNCERTAIN write 4/0@1:2 a; write 4/1@3:4 b\r\n");
  }

  @Test
  void aReadThatFailsInOnePartitionFails() {
    assertThat(gathered(everywhere(2, "DBSIZE"), ":3\r\n", "-CLUSTERDOWN no leader\r\n"))
        .isEqualTo("-CLUSTERDOWN no leader\r\n");
  }

  @Test
  void aMissingValueIsLeftToTheHandler() {
    Args args = Args.of("MSET", "a", "1", "b");
    Command command = TABLE.find(args);
    assertThat(command.keyCount(args)).isEqualTo(2);
    Scattered mset = Scattered.byKey(command, args, new int[] {3, 1});
    assertThat(mset.parts()).extracting(Scattered.Part::partition).containsExactly(3);
    assertThat(mset.parts().get(0).args()).isSameAs(args);
  }

  @Test
  void whatMustStayTogetherIsNotSplit() {
    Args args = Args.of("RENAME", "a", "b");
    assertThatThrownBy(() -> Scattered.byKey(TABLE.find(args), args, new int[] {0, 1}))
        .isInstanceOf(InvariantViolation.class);
    assertThat(Scattered.inOnePartition(new int[] {4, 4})).isTrue();
    assertThat(Scattered.inOnePartition(new int[] {4, 5})).isFalse();
    assertThat(Scattered.inOnePartition(new int[] {})).isTrue();
  }

  /** The model is one partition that holds everything. */
  @Property(tries = 200)
  void aScatteredCommandAnswersAsOneInOnePlace(
      @ForAll @Size(min = 1, max = 8) List<@IntRange(max = 5) Integer> keys,
      @ForAll @IntRange(min = 1, max = 4) int partitions,
      @ForAll @IntRange(max = 4) int which) {
    String name = List.of("MGET", "DEL", "EXISTS", "UNLINK", "TOUCH").get(which);
    MapCells whole = new MapCells();
    List<MapCells> parts = new ArrayList<>();
    for (int i = 0; i < partitions; i++) {
      parts.add(new MapCells());
    }
    for (int key = 0; key < 3; key++) {
      byte[] bytes = ("k" + key).getBytes(StandardCharsets.US_ASCII);
      whole.putString(bytes, 0, 2, bytes, 1, 1, 0);
      parts.get(key % partitions).putString(bytes, 0, 2, bytes, 1, 1, 0);
    }
    List<String> words = new ArrayList<>(List.of(name));
    keys.forEach(key -> words.add("k" + key));
    Args args = Args.of(words.toArray(String[]::new));
    Command command = TABLE.find(args);
    int[] partitionOfKey = keys.stream().mapToInt(key -> key % partitions).toArray();
    Scattered scattered = Scattered.byKey(command, args, partitionOfKey);
    List<String> replies = new ArrayList<>();
    for (Scattered.Part part : scattered.parts()) {
      replies.add(run(command, part.args(), parts.get(part.partition()), part.partition(), 1));
    }
    assertThat(gathered(scattered, replies.toArray(String[]::new)))
        .isEqualTo(run(command, args, whole, 0, 1));
  }

  @Test
  void aScanVisitsEveryKeyOfEveryPartition() {
    List<MapCells> parts = List.of(new MapCells(), new MapCells(), new MapCells());
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      byte[] key = ("key" + i).getBytes(StandardCharsets.US_ASCII);
      // The middle partition stays empty.
      parts.get(i % 2 * 2).putString(key, 0, key.length, key, 0, 0, 0);
      expected.add("key" + i);
    }
    List<String> visited = new ArrayList<>();
    String cursor = "0";
    do {
      Args args = Args.of("SCAN", cursor, "COUNT", "3");
      int partition = ScanCursor.partition(args, parts.size());
      String reply = run(TABLE.find(args), args, parts.get(partition), partition, parts.size());
      List<Reply> items = ((Reply.Several) read(reply)).items();
      cursor = ((Reply.Bulk) items.get(0)).bytes().toString();
      for (Reply key : ((Reply.Several) items.get(1)).items()) {
        visited.add(((Reply.Bulk) key).bytes().toString());
      }
    } while (!cursor.equals("0"));
    assertThat(visited).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void aCursorThatNoScanGaveEndsTheIteration() {
    Args args = Args.of("SCAN", Long.toString(7L << 32));
    assertThat(ScanCursor.partition(args, 3)).isZero();
    assertThat(run(TABLE.find(args), args, new MapCells(), 0, 3))
        .isEqualTo("*2\r\n$1\r\n0\r\n*0\r\n");
    assertThat(ScanCursor.partition(Args.of("SCAN", "x"), 3)).isZero();
  }

  private static Scattered everywhere(int partitions, String... words) {
    Args args = Args.of(words);
    return Scattered.everywhere(TABLE.find(args), args, IntStream.range(0, partitions).toArray());
  }

  private static String run(
      Command command, Args args, MapCells cells, int partition, int partitionCount) {
    ReplyWriter reply = new ReplyWriter();
    new Call(1000).onCells(command, args, cells, partition, partitionCount, reply).run();
    return new String(reply.toArray(), StandardCharsets.ISO_8859_1);
  }

  private static String gathered(Scattered scattered, String... replies) {
    ReplyWriter out = new ReplyWriter();
    List<Reply> values = new ArrayList<>();
    for (String reply : replies) {
      values.add(read(reply));
    }
    scattered.gather(values, out);
    return new String(out.toArray(), StandardCharsets.ISO_8859_1);
  }

  private static Reply read(String reply) {
    return ReplyReader.read(reply.getBytes(StandardCharsets.ISO_8859_1));
  }
}
