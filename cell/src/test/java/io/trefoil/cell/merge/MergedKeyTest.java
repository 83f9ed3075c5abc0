package io.trefoil.cell.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class MergedKeyTest {
  private static final byte[] VALUE = "value".getBytes();

  private final Versions change = new Versions();

  private static byte[] bytes(MergedKey key) {
    ByteSink sink = new ByteSink();
    key.write(sink);
    return sink.toArray();
  }

  private static MergedKey copy(MergedKey key) {
    return new MergedKey().read(new ByteSource(bytes(key)));
  }

  private static MergedKey random(long seed) {
    Random random = new Random(seed);
    MergedKey key = new MergedKey();
    for (int i = random.nextInt(4); i > 0; i--) {
      int origin = 1 + random.nextInt(3);
      long stamp = 1 + random.nextInt(5);
      switch (random.nextInt(4)) {
        case 0 -> {
          Versions put = new Versions();
          new Versions().put(origin, stamp, VALUE, 0, (int) stamp, put);
          key.string().merge(put);
        }
        case 1 -> key.putFields(stamp < 3 ? CellType.HASH : CellType.SET, stamp, origin);
        case 2 -> key.putExpiry(stamp * 10 + origin, stamp, origin);
        default -> key.removed().saw(origin, stamp);
      }
    }
    return key;
  }

  @Property
  void mergesToTheSameInAnyOrderHoweverOften(@ForAll long a, @ForAll long b, @ForAll long c) {
    MergedKey first = copy(random(a));
    first.merge(copy(random(b)));
    first.merge(copy(random(c)));
    MergedKey second = copy(random(c));
    second.merge(copy(random(b)));
    second.merge(copy(random(a)));
    second.merge(copy(random(b)));

    assertThat(bytes(first)).isEqualTo(bytes(second));
    assertThat(second.merge(copy(first))).isFalse();
  }

  @Test
  void isOfTheTypeThatWasGivenLast() {
    MergedKey key = new MergedKey();
    assertThat(key.type(0)).isNull();
    key.putFields(CellType.HASH, 100, 1);
    assertThat(key.type(0)).isNull();
    assertThat(key.type(2)).isEqualTo(CellType.HASH);
    put(key, 2, 90);
    assertThat(key.type(2)).isEqualTo(CellType.HASH);
    put(key, 2, 110);
    assertThat(key.type(2)).isEqualTo(CellType.STRING);
  }

  @Test
  void expiresOnlyByWhatWasSaidOfItsPresentValue() {
    MergedKey key = new MergedKey();
    put(key, 1, 100);
    key.putExpiry(5000, 101, 1);
    assertThat(key.expireAt(CellType.STRING)).isEqualTo(5000);
    put(key, 1, 102);
    assertThat(key.expireAt(CellType.STRING)).isZero();
    key.putExpiry(6000, 103, 2);
    assertThat(key.expireAt(CellType.STRING)).isEqualTo(6000);
  }

  @Test
  void anotherOriginsAdditionLeavesACountersExpiry() {
    MergedKey key = new MergedKey();
    add(key, 1, 100);
    key.putExpiry(5000, 101, 1);
    add(key, 2, 200);
    assertThat(key.expireAt(CellType.STRING)).isEqualTo(5000);
    key.string().remove(change);
    key.string().merge(change);
    add(key, 2, 300);
    assertThat(key.expireAt(CellType.STRING)).isZero();
  }

  @Test
  void refusesFlagsAndTypesThatItDoesNotKnow() {
    assertThatThrownBy(() -> new MergedKey().read(new ByteSource(new byte[] {16})))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("flags 16");
    byte[] fieldsOfAString = {2, (byte) CellType.STRING.code(), 1, 0, 0, 0, 0, 0, 0, 0, 1};
    assertThatThrownBy(() -> new MergedKey().read(new ByteSource(fieldsOfAString)))
        .isInstanceOf(MalformedBytesException.class)
        .hasMessageContaining("string");
  }

  private void put(MergedKey key, int origin, long stamp) {
    key.string().put(origin, stamp, VALUE, 0, VALUE.length, change);
    key.string().merge(change);
  }

  private void add(MergedKey key, int origin, long stamp) {
    key.string().add(origin, stamp, 1, change);
    key.string().merge(change);
  }
}
