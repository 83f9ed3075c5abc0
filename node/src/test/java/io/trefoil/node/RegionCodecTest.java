package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Bytes;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.Position;
import io.trefoil.replication.multileader.Piece;
import io.trefoil.replication.multileader.RegionMessage;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class RegionCodecTest {
  private final RegionCodec codec = new RegionCodec();

  private byte[] encoded(RegionMessage message) {
    ByteSink sink = new ByteSink();
    codec.encode(sink, message);
    return sink.toArray();
  }

  private RegionMessage again(RegionMessage message) {
    return RegionCodec.decode(new ByteSource(encoded(message)));
  }

  private static Piece piece(int entries, int bytes) {
    ByteSink body = new ByteSink();
    for (int i = 0; i < entries; i++) {
      body.putBlock(new byte[bytes], 0, bytes);
    }
    return new Piece(17, 900, entries, Bytes.wrap(body.toArray()));
  }

  private static RegionMessage.Batch batch(Piece... pieces) {
    return new RegionMessage.Batch(
        5, new Position(2, 80), new Position(3, 99), 1_000, 1_700_000_000_000L, List.of(pieces));
  }

  @Test
  void everyMessageComesBack() {
    List<RegionMessage> messages =
        List.of(
            new RegionMessage.Pull(1L << 40, new Position(3, 7), new TreeSet<>(Set.of(1, 15))),
            new RegionMessage.Pull(2, Position.ZERO, new TreeSet<>()),
            batch(Piece.word(33, 12), piece(3, 8), Piece.word(17, 91)),
            batch(),
            new RegionMessage.Acked(9, new Position(3, 99)),
            new RegionMessage.TooOld(9));
    for (RegionMessage message : messages) {
      assertThat(again(message)).isEqualTo(message);
    }
  }

  @Test
  void entriesThatAreMuchAlikeTakeLittle() {
    RegionMessage.Batch large = batch(piece(500, 100));
    assertThat(encoded(large).length).isLessThan(2_000);
    assertThat(again(large)).isEqualTo(large);
  }

  @Property(tries = 100)
  void whatIsRandomComesBackToo(@ForAll long seed) {
    byte[] value = new byte[new Random(seed).nextInt(3_000)];
    new Random(seed).nextBytes(value);
    ByteSink body = new ByteSink().putBlock(value, 0, value.length);
    RegionMessage.Batch message = batch(new Piece(17, 90, 1, Bytes.wrap(body.toArray())));
    assertThat(again(message)).isEqualTo(message);
  }

  @Property(tries = 300)
  void damageIsRefusedOrTakenForAnotherMessageAndNothingWorse(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] bytes = encoded(batch(Piece.word(33, 12), piece(1 + random.nextInt(60), 30)));
    for (int i = 0; i <= random.nextInt(3); i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    int length = random.nextBoolean() ? bytes.length : random.nextInt(bytes.length);
    try {
      RegionCodec.decode(new ByteSource(bytes, 0, length));
    } catch (MalformedBytesException refused) {
      assertThat(refused).hasMessageNotContaining("null");
    }
  }

  @Test
  void aLieAboutTheLengthTakesNoMemory() {
    ByteSink sink = new ByteSink();
    sink.putByte(2).putVarint(1);
    ReplicationCodec.putPosition(sink, new Position(1, 1));
    ReplicationCodec.putPosition(sink, new Position(1, 2));
    sink.putVarint(5).putVarint(0).putVarint(500 << 20).putByte(1).putInt(0);
    assertThatThrownBy(() -> RegionCodec.decode(new ByteSource(sink.toArray())))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("can't hold");
  }
}
