package io.trefoil.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.bench.Sample.Figure;
import java.util.List;
import org.junit.jupiter.api.Test;

class MediansTest {
  private static final List<Sample> SIDE =
      List.of(Samples.of(30, 2), Samples.of(10, 8), Samples.of(50, 3));
  private static final List<Sample> PEER =
      List.of(Samples.of(10, 4), Samples.of(20, 4), Samples.of(40, 1));

  @Test
  void theMedianIsTheOneInTheMiddleOrBetweenTwo() {
    assertThat(Medians.of(SIDE, Figure.RATE)).isEqualTo(30);
    assertThat(Medians.of(SIDE.subList(0, 2), Figure.RATE)).isEqualTo(20);
    assertThat(Medians.of(SIDE.subList(1, 2), Figure.P99)).isEqualTo(8);
  }

  @Test
  void ratiosAreOfPairsThatWereMeasuredInTurn() {
    assertThat(Medians.ratio(SIDE, PEER, Figure.RATE)).isEqualTo(new Medians.Ratio(1.25, 0.5, 3));
    assertThat(Medians.ratio(SIDE, PEER, Figure.P99)).isEqualTo(new Medians.Ratio(2, 0.5, 3));
  }
}
