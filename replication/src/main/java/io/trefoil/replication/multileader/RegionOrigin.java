package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;

/**
 * The number of an origin: what one leadership of one region wrote itself. A region's index may
 * come to mean another entry when its leader changes; an origin's never does.
 */
public final class RegionOrigin {
  /** Regions of a database have numbers from 1 to this one. */
  public static final int MAX_REGION = 15;

  private static final int REGION_BITS = 4;

  /** Largest epoch that has a number. */
  public static final long MAX_EPOCH = Integer.MAX_VALUE >> REGION_BITS;

  private RegionOrigin() {}

  /**
   * @param region from 1 to {@link #MAX_REGION}
   * @param epoch from 1 to {@link #MAX_EPOCH}
   * @return positive
   */
  public static int number(int region, long epoch) {
    Invariants.check(region >= 1 && region <= MAX_REGION, "no such region", region, MAX_REGION);
    Invariants.check(epoch >= 1 && epoch <= MAX_EPOCH, "no such epoch", epoch, MAX_EPOCH);
    return (int) epoch << REGION_BITS | region;
  }

  public static int regionOf(int origin) {
    return origin & MAX_REGION;
  }

  public static long epochOf(int origin) {
    return origin >> REGION_BITS;
  }

  /** For people: {@code region/epoch}. */
  public static String text(int origin) {
    return regionOf(origin) + "/" + epochOf(origin);
  }
}
