package io.trefoil.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZipfTest {
  private static final int DRAWS = 1_000_000;

  /** So many standard deviations are exceeded in one of some 1,700,000 runs; the seed is fixed. */
  private static final double DEVIATIONS = 5;

  private static double deviation(double share) {
    return DEVIATIONS * Math.sqrt(share * (1 - share) / DRAWS);
  }

  @ParameterizedTest
  @CsvSource({"1000,0.99", "1000000,0.99", "1000,0.5", "2,0.9", "1,0.99"})
  void theTopRanksHaveTheirExactShares(int keys, double theta) {
    Zipf zipf = new Zipf(keys, theta);
    SplittableRandom random = new SplittableRandom(7);
    int[] drawn = new int[keys];
    for (int i = 0; i < DRAWS; i++) {
      drawn[(int) zipf.rank(random.nextDouble())]++;
    }
    double zeta = Zipf.zeta(keys, theta);
    for (int rank = 1; rank <= Math.min(2, keys); rank++) {
      double share = 1 / Math.pow(rank, theta) / zeta;
      assertThat(drawn[rank - 1] / (double) DRAWS).isCloseTo(share, within(deviation(share)));
    }
  }

  /** The formula is an approximation from the third rank on: within a fifth in every octave. */
  @Test
  void theOtherRanksHaveTheirSharesNearly() {
    int keys = 4_096;
    Zipf zipf = new Zipf(keys, 0.99);
    SplittableRandom random = new SplittableRandom(7);
    int[] drawn = new int[13];
    double[] expected = new double[13];
    for (int rank = 1; rank <= keys; rank++) {
      expected[octave(rank)] += 1 / Math.pow(rank, 0.99) / Zipf.zeta(keys, 0.99);
    }
    for (int i = 0; i < DRAWS; i++) {
      drawn[octave((int) zipf.rank(random.nextDouble()) + 1)]++;
    }
    for (int octave = 0; octave < 12; octave++) {
      assertThat(drawn[octave] / (double) DRAWS / expected[octave]).isBetween(0.8, 1.2);
    }
  }

  private static int octave(int rank) {
    return Integer.SIZE - 1 - Integer.numberOfLeadingZeros(rank);
  }

  @Test
  void ranksAreScatteredAsInYcsb() {
    Zipf zipf = new Zipf(1_000_000, 0.99);
    // By another implementation of YCSB's fnvhash64, and its absolute value.
    assertThat(zipf.key(0)).isEqualTo(377_211L);
    assertThat(zipf.key(1)).isEqualTo(966_620L);
  }

  @Test
  void everyKeyExists() {
    SplittableRandom random = new SplittableRandom(7);
    for (int keys = 1; keys < 50; keys++) {
      Zipf zipf = new Zipf(keys, 0.7);
      assertThat(zipf.rank(Math.nextDown(1.0))).isBetween(0L, keys - 1L);
      for (int i = 0; i < 100; i++) {
        assertThat(zipf.next(random)).isBetween(0L, keys - 1L);
      }
    }
  }
}
