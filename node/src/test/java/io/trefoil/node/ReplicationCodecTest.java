package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.replication.kernel.EntryBatch;
import io.trefoil.replication.kernel.Message;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ReplicationCodecTest {
  private static final Arbitrary<Long> NUMBERS = Arbitraries.longs().between(1, 1L << 60);

  private static final Arbitrary<Position> POSITIONS =
      Combinators.combine(NUMBERS, NUMBERS).as(Position::new);

  @Provide
  Arbitrary<Message> messages() {
    Arbitrary<Message> appends =
        Combinators.combine(NUMBERS, POSITIONS, NUMBERS, NUMBERS, NUMBERS, lengths())
            .as(
                (epoch, previous, commit, everywhere, logTime, lengths) ->
                    new Message.Append(
                        epoch,
                        previous,
                        batch(epoch, previous, lengths),
                        commit,
                        everywhere,
                        logTime));
    Arbitrary<Message> appended =
        Combinators.combine(NUMBERS, NUMBERS, Arbitraries.of(true, false))
            .as(Message.Appended::new);
    Arbitrary<Message> mismatches =
        Combinators.combine(NUMBERS, POSITIONS, POSITIONS).as(Message.Mismatch::new);
    return Arbitraries.oneOf(
        appends,
        appended,
        mismatches,
        NUMBERS.map(Message.NeedSnapshot::new),
        NUMBERS.map(Message.Whole::new),
        NUMBERS.map(Message.Stale::new));
  }

  private static Arbitrary<int[]> lengths() {
    return Arbitraries.integers().between(0, 300).array(int[].class).ofMaxSize(5);
  }

  /** Entries of the epoch or an older one; no lengths, no batch. */
  private static EntryBatch batch(long epoch, Position previous, int[] lengths) {
    return lengths.length == 0
        ? null
        : Batches.of(Math.max(1, epoch - lengths.length), previous.index() + 1, lengths);
  }

  @Property
  void a_message_comes_back_as_it_was(@ForAll("messages") Message message) {
    assertThat(ReplicationCodec.decode(new ByteSource(encoded(message)))).isEqualTo(message);
  }

  @Property
  void a_message_cut_short_is_refused(@ForAll("messages") Message message, @ForAll int where) {
    byte[] whole = encoded(message);
    byte[] cut = Arrays.copyOf(whole, Math.floorMod(where, whole.length));
    assertThatThrownBy(() -> ReplicationCodec.decode(new ByteSource(cut)))
        .isInstanceOf(MalformedBytesException.class);
  }

  @Property
  void what_follows_a_message_is_refused(@ForAll("messages") Message message) {
    byte[] whole = encoded(message);
    byte[] longer = Arrays.copyOf(whole, whole.length + 1);
    assertThatThrownBy(() -> ReplicationCodec.decode(new ByteSource(longer)))
        .isInstanceOf(MalformedBytesException.class);
  }

  /** Bytes from the network end in a message or in this exception, in nothing else. */
  @Property
  void any_bytes_are_a_message_or_refused(
      @ForAll("messages") Message message, @ForAll int where, @ForAll byte other) {
    byte[] bytes = encoded(message);
    bytes[Math.floorMod(where, bytes.length)] = other;
    Message read;
    try {
      read = ReplicationCodec.decode(new ByteSource(bytes));
    } catch (MalformedBytesException e) {
      return;
    }
    assertThat(ReplicationCodec.decode(new ByteSource(encoded(read)))).isEqualTo(read);
  }

  @Property
  void partitions_come_back(@ForAll int database, @ForAll int number) {
    PartitionId partition = new PartitionId(database & 0x7fff_fffe, number & 0x7fff_fffe);
    ByteSink sink = new ByteSink(16);
    ReplicationCodec.putPartition(sink, partition);
    assertThat(ReplicationCodec.getPartition(new ByteSource(sink.toArray()))).isEqualTo(partition);
  }

  private static byte[] encoded(Message message) {
    ByteSink sink = new ByteSink(64);
    ReplicationCodec.encode(sink, message);
    return sink.toArray();
  }
}
