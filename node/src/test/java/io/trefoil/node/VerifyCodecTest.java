package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.node.PartitionReport.DifferingKey;
import io.trefoil.node.PartitionReport.ReplicaDigest;
import io.trefoil.node.PartitionReport.Result;
import io.trefoil.storage.BucketDigests;
import io.trefoil.storage.CellList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class VerifyCodecTest {
  private static final PartitionId PARTITION = new PartitionId(3, 11);
  private static final long ID = 1L << 60;
  private static final long ALL_HASHES = 1L << 32;

  static Stream<VerifyMessage> messages() {
    return Stream.of(
        new VerifyMessage.Ask(PARTITION, ID),
        new VerifyMessage.Comparing(PARTITION, ID),
        new VerifyMessage.Report(PARTITION, ID, PartitionReport.notCompared("no leader")),
        new VerifyMessage.Report(PARTITION, ID, differing()),
        new VerifyMessage.Busy(PARTITION, ID),
        new VerifyMessage.Unable(PARTITION, ID, "too late"),
        new VerifyMessage.Reading(PARTITION, ID),
        new VerifyMessage.ListCells(PARTITION, ID, 5, ALL_HASHES),
        new VerifyMessage.Cells(PARTITION, ID, 0, new CellList(List.of(), ALL_HASHES)),
        new VerifyMessage.Cells(
            PARTITION,
            ID,
            7,
            new CellList(
                List.of(
                    new CellList.Cell(-1, 9_000, Bytes.utf8("key"), 77),
                    new CellList.Cell(1, 0, Bytes.EMPTY, -77)),
                8)),
        new VerifyMessage.Done(PARTITION, ID),
        new VerifyMessage.AskSums(PARTITION, ID, true),
        new VerifyMessage.AskSums(PARTITION, ID, false),
        new VerifyMessage.AskShown(PARTITION, ID, List.of(0, 17, 4_095), 1_700_000_000_000L));
  }

  private static PartitionReport differing() {
    return new PartitionReport(
        null,
        new Position(4, 1_000),
        55,
        List.of(
            new ReplicaDigest(new NodeId(1), null, -5),
            new ReplicaDigest(new NodeId(2), "did not answer", 0)),
        3,
        List.of(
            new DifferingKey(
                Bytes.utf8("k"), 1, Map.of(new NodeId(1), 5L, new NodeId(3), Long.MIN_VALUE))),
        false);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void messagesComeBackAsTheyWere(VerifyMessage message) {
    assertThat(VerifyCodec.decode(new ByteSource(encoded(message)))).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("messages")
  void aMessageThatIsCutOffIsRefused(VerifyMessage message) {
    byte[] whole = encoded(message);
    for (int length = 0; length < whole.length; length++) {
      ByteSource source = new ByteSource(whole, 0, length);
      assertThatThrownBy(() -> VerifyCodec.decode(source))
          .isInstanceOf(MalformedBytesException.class);
    }
  }

  @Test
  void digestsComeBackAsTheyWere() {
    Random random = new Random(1);
    long[] sums = random.longs(BucketDigests.COUNT).toArray();
    byte[] bytes =
        encoded(
            new VerifyMessage.Digests(
                PARTITION, ID, new Position(2, 9), new BucketDigests(sums, 123)));
    var read = (VerifyMessage.Digests) VerifyCodec.decode(new ByteSource(bytes));
    assertThat(read.position()).isEqualTo(new Position(2, 9));
    assertThat(read.digests().keyCount()).isEqualTo(123);
    for (int bucket = 0; bucket < sums.length; bucket++) {
      assertThat(read.digests().sum(bucket)).isEqualTo(sums[bucket]);
    }
  }

  @Test
  void sumsOfLeavesComeBackAsTheyWere() {
    long[] sums = new Random(2).longs(BucketDigests.COUNT).toArray();
    byte[] bytes =
        encoded(new VerifyMessage.Sums(PARTITION, ID, 4_096, new BucketDigests(sums, 7)));
    var read = (VerifyMessage.Sums) VerifyCodec.decode(new ByteSource(bytes));
    assertThat(read.broken()).isEqualTo(4_096);
    assertThat(read.sums().keyCount()).isEqualTo(7);
    assertThat(read.sums().total()).isEqualTo(new BucketDigests(sums, 7).total());
    assertThatThrownBy(
            () ->
                VerifyCodec.decode(
                    new ByteSource(
                        encoded(
                            new VerifyMessage.Sums(
                                PARTITION, ID, 4_097, new BucketDigests(sums, 7))))))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("a count of 4097");
  }

  @ParameterizedTest
  @CsvSource({
    "5, 5, an empty range would never end",
    "9, 5, backwards",
    "0, 4294967297, past the last hash",
  })
  void aRangeOfHashesThatIsNoneIsRefused(long from, long to, String why) {
    byte[] list = encoded(new VerifyMessage.ListCells(PARTITION, ID, from, to));
    byte[] cells =
        encoded(new VerifyMessage.Cells(PARTITION, ID, from, new CellList(List.of(), to)));
    for (byte[] bytes : List.of(list, cells)) {
      assertThatThrownBy(() -> VerifyCodec.decode(new ByteSource(bytes)))
          .as(why)
          .isInstanceOf(MalformedBytesException.class);
    }
  }

  @Test
  void aListOfMoreCellsThanFitIsRefusedBeforeItIsRead() {
    ByteSink sink = new ByteSink();
    sink.putByte(9).putVarint(3).putVarint(11).putVarint(ID).putVarint(0).putVarint(1);
    sink.putVarint(1_000_000);
    assertThatThrownBy(() -> VerifyCodec.decode(new ByteSource(sink.toArray())))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("a count of 1000000");
  }

  @ParameterizedTest
  @CsvSource({
    // the result of the whole, and of two partitions: e equal, i incomplete, d differs
    "EQUAL, e, e",
    "INCOMPLETE, e, i",
    "INCOMPLETE, i, e",
    "DIFFERS, d, e",
    "DIFFERS, i, d",
    "DIFFERS, d, i",
  })
  void whatDiffersCountsMostAndWhatWasNotComparedIsNeverEqual(
      Result whole, char first, char second) {
    assertThat(PartitionReport.worst(List.of(report(first), report(second)))).isEqualTo(whole);
  }

  private static PartitionReport report(char kind) {
    return switch (kind) {
      case 'd' -> differing();
      case 'i' -> notAll();
      default -> equal();
    };
  }

  private static PartitionReport equal() {
    List<ReplicaDigest> both =
        List.of(
            new ReplicaDigest(new NodeId(1), null, 5), new ReplicaDigest(new NodeId(2), null, 5));
    return new PartitionReport(null, new Position(1, 2), 1, both, 0, List.of(), true);
  }

  private static PartitionReport notAll() {
    List<ReplicaDigest> one =
        List.of(
            new ReplicaDigest(new NodeId(1), null, 5),
            new ReplicaDigest(new NodeId(2), "is not connected", 0));
    return new PartitionReport(null, new Position(1, 2), 1, one, 0, List.of(), true);
  }

  @Test
  void aPartitionThatWasNotComparedIsIncomplete() {
    assertThat(PartitionReport.notCompared("no leader").result()).isEqualTo(Result.INCOMPLETE);
  }

  private static byte[] encoded(VerifyMessage message) {
    ByteSink sink = new ByteSink();
    VerifyCodec.encode(sink, message);
    return sink.toArray();
  }
}
