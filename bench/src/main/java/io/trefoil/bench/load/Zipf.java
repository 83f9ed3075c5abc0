package io.trefoil.bench.load;

import java.util.SplittableRandom;

/**
 * Few keys are asked for often: the one of rank <i>r</i>, from 1 on, in proportion to
 * 1/<i>r</i><sup>θ</sup>. Ranks are scattered over the keys by a hash, so that neighbours are not
 * alike; two ranks may have one key. Ranks 1 and 2 are exact, the others nearly so.
 *
 * @see "Gray et al. 1994, Quickly generating billion-record synthetic databases, section 3.2"
 * @see "YCSB's ScrambledZipfianGenerator and its fnvhash64"
 */
public final class Zipf implements KeyChoice {
  private static final long FNV_OFFSET = 0xCBF29CE484222325L;
  private static final long FNV_PRIME = 1_099_511_628_211L;

  private final long keys;
  private final double theta;
  private final double zeta;
  private final double alpha;
  private final double eta;

  /**
   * @param theta above 0 and below 1
   */
  public Zipf(long keys, double theta) {
    this.keys = keys;
    this.theta = theta;
    this.zeta = zeta(keys, theta);
    this.alpha = 1 / (1 - theta);
    this.eta = (1 - Math.pow(2.0 / keys, 1 - theta)) / (1 - zeta(2, theta) / zeta);
  }

  /** The sum of 1/<i>r</i><sup>θ</sup> over so many ranks. */
  static double zeta(long ranks, double theta) {
    double sum = 0;
    for (long rank = 1; rank <= ranks; rank++) {
      sum += 1 / Math.pow(rank, theta);
    }
    return sum;
  }

  @Override
  public long next(SplittableRandom random) {
    return key(rank(random.nextDouble()));
  }

  /** The rank, from 0 on, at this share of all requests. */
  long rank(double share) {
    double scaled = share * zeta;
    if (scaled < 1) {
      return 0;
    }
    if (scaled < 1 + Math.pow(0.5, theta)) {
      return Math.min(1, keys - 1);
    }
    return Math.min(keys - 1, (long) (keys * Math.pow(eta * share - eta + 1, alpha)));
  }

  /** The key that has this rank. */
  long key(long rank) {
    long hash = FNV_OFFSET;
    for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
      hash = (hash ^ (rank >>> shift & 0xff)) * FNV_PRIME;
    }
    return Math.abs(hash) % keys;
  }
}
