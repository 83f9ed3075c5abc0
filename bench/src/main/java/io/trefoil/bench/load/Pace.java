package io.trefoil.bench.load;

/**
 * How fast requests come.
 *
 * @param perSecond of all threads together, or 0: the next one whenever a reply came
 * @param isExponential whether the gaps between them are by chance
 */
public record Pace(double perSecond, boolean isExponential) {
  /** As many as connections and pipeline allow. */
  public static final Pace MAX = new Pace(0, false);

  boolean isMax() {
    return perSecond == 0;
  }
}
