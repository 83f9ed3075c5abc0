package io.trefoil.cell;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ScoreTest {
  /** In their order. */
  private static final double[] SPECIAL = {
    Double.NEGATIVE_INFINITY,
    -Double.MAX_VALUE,
    -1e17,
    -2,
    Math.nextDown(-1.0),
    -1,
    -Double.MIN_NORMAL,
    -Math.nextDown(Double.MIN_NORMAL),
    -Double.MIN_VALUE,
    0,
    Double.MIN_VALUE,
    Math.nextDown(Double.MIN_NORMAL),
    Double.MIN_NORMAL,
    0.1,
    1,
    Math.nextUp(1.0),
    2,
    9007199254740992.0,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY
  };

  private static byte[] bytes(double score) {
    byte[] bytes = new byte[Score.BYTES];
    Score.write(score, bytes, 0);
    return bytes;
  }

  @Test
  void bytesAreInTheOrderOfTheScores() {
    for (int a = 0; a < SPECIAL.length; a++) {
      for (int b = 0; b < SPECIAL.length; b++) {
        assertThat(Integer.signum(Arrays.compareUnsigned(bytes(SPECIAL[a]), bytes(SPECIAL[b]))))
            .as("%s and %s", SPECIAL[a], SPECIAL[b])
            .isEqualTo(Integer.signum(Integer.compare(a, b)));
      }
    }
  }

  @Property
  void anyTwoScoresHaveBytesInTheirOrder(@ForAll long aBits, @ForAll long bBits) {
    double a = Double.longBitsToDouble(aBits);
    double b = Double.longBitsToDouble(bBits);
    if (Double.isNaN(a) || Double.isNaN(b)) {
      return;
    }
    int expected = a < b ? -1 : a > b ? 1 : 0;
    assertThat(Integer.signum(Arrays.compareUnsigned(bytes(a), bytes(b)))).isEqualTo(expected);
  }

  @Test
  void neighboursStayNeighbours() {
    Random random = new Random(1);
    for (int i = 0; i < 10_000; i++) {
      double score = Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(score)) {
        assertThat(Arrays.compareUnsigned(bytes(score), bytes(Math.nextUp(score)))).isNegative();
        assertThat(Arrays.compareUnsigned(bytes(score), bytes(Math.nextDown(score)))).isPositive();
      }
    }
  }

  @Test
  void whatIsWrittenIsReadAnywhereInAnArray() {
    for (double score : SPECIAL) {
      byte[] bytes = new byte[Score.BYTES + 5];
      Score.write(score, bytes, 3);
      assertThat(Score.read(bytes, 3)).isEqualTo(score);
      assertThat(new byte[] {bytes[0], bytes[1], bytes[2], bytes[11], bytes[12]}).containsOnly(0);
    }
  }

  @Test
  void zeroHasNoSign() {
    assertThat(bytes(-0.0)).isEqualTo(bytes(0.0));
    assertThat(1 / Score.read(bytes(-0.0), 0)).isEqualTo(Double.POSITIVE_INFINITY);
  }

  @Test
  void aboveInfinityThereIsRoom() {
    byte[] highest = bytes(Double.POSITIVE_INFINITY);
    assertThat(highest[0]).isEqualTo((byte) 0xff);
    assertThat(Arrays.compareUnsigned(highest, new byte[] {-1, -1})).isNegative();
  }
}
