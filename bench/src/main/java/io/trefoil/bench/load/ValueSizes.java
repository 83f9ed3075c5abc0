package io.trefoil.bench.load;

import java.util.SplittableRandom;

/**
 * How large values are, in bytes: each size from the least to the most as likely as any other.
 *
 * @param least from 1 on
 */
public record ValueSizes(int least, int most) {
  int next(SplittableRandom random) {
    return least == most ? least : random.nextInt(least, most + 1);
  }

  @Override
  public String toString() {
    return least == most ? least + " bytes" : least + " to " + most + " bytes";
  }
}
