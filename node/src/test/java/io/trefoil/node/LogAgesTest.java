package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogAgesTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long START = -7 * SECOND; // a monotonic clock may begin anywhere
  private static final long MAX_AGE = 100 * SECOND;

  private final LogAges ages = new LogAges(MAX_AGE);

  private long look(long atSecond, long lastIndex) {
    return ages.look(START + atSecond * SECOND, lastIndex);
  }

  @Test
  void whatWasThereWhenItWasLookedAtIsOldWhenTheBoundHasPassedSince() {
    assertThat(look(0, 10)).isZero();
    assertThat(look(100, 50)).isZero();
    assertThat(look(101, 60)).isEqualTo(10);
  }

  @Test
  void anEntryIsToldSoonAfterItHasBecomeSoOldAndNeverBefore() {
    for (long second = 0; second < 1_000; second++) {
      long old = look(second, second + 1); // entry i was written in second i - 1
      assertThat(old).isLessThanOrEqualTo(Math.max(0, second - 100));
      assertThat(old).isGreaterThanOrEqualTo(second - 104);
    }
  }

  @Test
  void aLogThatIsLookedAtSeldomIsToldOfSeldom() {
    assertThat(look(0, 10)).isZero();
    assertThat(look(1_000, 90)).isEqualTo(10);
    assertThat(look(2_000, 90)).isEqualTo(90);
  }

  @Test
  void aLogThatStandsStillBecomesOldToItsEndAndWhatIsWrittenThenIsYoung() {
    look(0, 10);
    assertThat(look(200, 10)).isEqualTo(10);
    assertThat(look(300, 11)).isEqualTo(10);
    assertThat(look(399, 11)).isEqualTo(10);
    assertThat(look(401, 11)).isEqualTo(11);
  }
}
