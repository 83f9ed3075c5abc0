package io.trefoil.node;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RepairRateTest {
  @ParameterizedTest
  @CsvSource({
    // busy, forgot, sharing, what one gets of 32,000
    "0, false, 1, 32000",
    "0.5, false, 1, 32000",
    "0.75, false, 1, 16000",
    "0.9375, false, 1, 4000",
    "1, false, 1, 1000",
    "1.2, false, 1, 1000",
    "0, true, 1, 32000",
    "0.75, true, 1, 16000",
    "0.9375, true, 1, 8000",
    "1, true, 1, 8000",
    "0, false, 4, 8000",
    "1, true, 4, 2000",
    "1, false, 32000, 1",
    "1, false, 64000, 1",
  })
  void itYieldsFromHalfBusyOnAndNeverStops(double busy, boolean forgot, int sharing, long rate) {
    assertThat(RepairRate.of(32_000, busy, forgot, sharing)).isEqualTo(rate);
  }
}
