package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class TallyTest {
  private static final long MILLISECOND = 1_000_000;
  private static final long SECOND = 1_000 * MILLISECOND;

  @Test
  void sharesAreOfTheGoodRequestsOfAllThreads() {
    Tally one = new Tally();
    Tally two = new Tally();
    for (int millis = 1; millis <= 1_000; millis++) {
      (millis <= 500 ? one : two).addGood(5, 5 + millis * MILLISECOND);
    }
    one.addMissing();
    two.addError("ERR no");
    one.addError("ERR no");
    one.addUnsent(3);
    one.seeBacklog(7);
    one.seeBacklog(2);
    two.seeBacklog(5);
    Tally sum = Tally.sum(List.of(one, two));
    assertThat(sum.good()).isEqualTo(1_000);
    assertThat(sum.missing()).isEqualTo(1);
    assertThat(sum.errors()).isEqualTo(2);
    assertThat(sum.errorTexts()).containsExactly("ERR no");
    assertThat(sum.unsent()).isEqualTo(3);
    assertThat(sum.backlogMax()).isEqualTo(12);
    assertThat(sum.millis(0.5)).isCloseTo(500, within(0.5));
    assertThat(sum.millis(0.99)).isCloseTo(990, within(1.0));
    assertThat(sum.millisMax()).isCloseTo(1_000, within(1.0));
  }

  @Test
  void whatTookLongerThanAnyCountsAsTheLongest() {
    Tally tally = new Tally();
    tally.addGood(0, Long.MAX_VALUE / 2);
    assertThat(tally.millisMax()).isCloseTo(600_000, within(600.0));
  }

  @Test
  void aFewDifferentErrorsAreKept() {
    Tally tally = new Tally();
    for (int i = 0; i < 1_000; i++) {
      tally.addError("ERR " + i);
    }
    assertThat(tally.errors()).isEqualTo(1_000);
    assertThat(tally.errorTexts()).hasSize(5).contains("ERR 0");
  }

  @Test
  void eachSecondIsToldOfWithTheRequestsThatWereAnsweredInIt() {
    Series series = new Series(100);
    Tally one = new Tally(series.new Part());
    Tally two = new Tally(series.new Part());
    one.addGood(100, 100 + 2 * MILLISECOND);
    two.addGood(100, 100 + 4 * MILLISECOND);
    one.addGood(100 + 2 * SECOND, 100 + 2 * SECOND + 8 * MILLISECOND);
    one.end();
    two.end();
    assertThat(series.seconds()).extracting(Series.Second::second).containsExactly(0, 1, 2);
    assertThat(series.seconds()).extracting(Series.Second::answered).containsExactly(2L, 0L, 1L);
    assertThat(series.seconds().get(0).max()).isCloseTo(4, within(0.05));
    assertThat(series.seconds().get(2).p50()).isCloseTo(8, within(0.1));
  }
}
