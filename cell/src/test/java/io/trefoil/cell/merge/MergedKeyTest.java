package io.trefoil.cell.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.cell.CellType;
import java.util.ArrayList;
import java.util.List;
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
    assertThat(second.digest()).isEqualTo(first.digest());
  }

  private static final class Coordinator {
    final int origin;
    final MergedKey key = new MergedKey();

    Coordinator(int origin) {
      this.origin = origin;
    }
  }

  /** Whoever acts has heard of all before; so there is one account. */
  @Property
  void neitherAForgottenKeyNorItsExpiryComesBackHoweverLate(@ForAll long seed) {
    Random random = new Random(seed);
    Coordinator[] all = {new Coordinator(1), new Coordinator(2), new Coordinator(3)};
    List<byte[]> sent = new ArrayList<>();
    long horizon = 0;
    long expires = 0;
    boolean there = false;
    for (long stamp = 1; stamp < 60; stamp++) {
      Coordinator at = all[random.nextInt(3)];
      MergedKey made = new MergedKey();
      switch (random.nextInt(4)) {
        case 0 -> {
          at.key.string().put(at.origin, stamp, VALUE, 0, VALUE.length, made.string());
          there = true;
          expires = 0;
        }
        case 1 -> {
          made.putExpiry(stamp * 1_000, stamp, at.origin);
          expires = there ? stamp * 1_000 : 0;
        }
        case 2 -> {
          at.key.string().remove(made.string());
          there = false;
          expires = 0;
        }
        default -> made.removed().saw(at.origin, stamp);
      }
      for (Coordinator each : all) {
        each.key.merge(copy(made), horizon);
      }
      for (Coordinator each : all) {
        if (random.nextInt(3) == 0) {
          horizon = stamp;
          each.key.purge(horizon);
        }
        if (!sent.isEmpty()) {
          byte[] late = sent.get(random.nextInt(sent.size()));
          each.key.merge(new MergedKey().read(new ByteSource(late)), horizon);
        }
      }
      sent.add(bytes(made));
      sent.add(bytes(at.key));
      for (Coordinator each : all) {
        assertThat(each.key.type(0)).isEqualTo(there ? CellType.STRING : null);
        assertThat(there ? each.key.expireAt(CellType.STRING) : 0).isEqualTo(expires);
      }
    }
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
