package io.trefoil.command;

import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.resp.Args;

/**
 * Members whose scores are between two.
 *
 * @param aboveMin whether the lower bound itself is left out
 * @param belowMax whether the upper bound itself is left out
 */
record ScoreRange(double min, boolean aboveMin, double max, boolean belowMax)
    implements MemberRange {
  static final String NO_FLOAT = "ERR min or max is not a float";

  /**
   * Reads two bounds, which are numbers or a parenthesis and a number that is left out.
   *
   * @return null when they are none
   */
  static ScoreRange parse(Args args, int min, int max) {
    double lower = bound(args, min);
    double upper = bound(args, max);
    return Double.isNaN(lower) || Double.isNaN(upper)
        ? null
        : new ScoreRange(lower, leavesOut(args, min), upper, leavesOut(args, max));
  }

  private static boolean leavesOut(Args args, int index) {
    return args.length(index) > 0 && args.array()[args.offset(index)] == '(';
  }

  private static double bound(Args args, int index) {
    int skipped = leavesOut(args, index) ? 1 : 0;
    return CDouble.parseBound(
        args.array(), args.offset(index) + skipped, args.length(index) - skipped);
  }

  @Override
  public Ranks ranks(Fields members) {
    return members.count() == 0
        ? Ranks.NONE
        : Ranks.between(rank(members, min, aboveMin), rank(members, max, !belowMax));
  }

  /**
   * How many members have a lower score, or the same.
   *
   * @param orSame whether those with the same score count
   */
  private static long rank(Fields members, double score, boolean orSame) {
    byte[] place = new byte[Score.BYTES];
    Score.write(score, place, 0);
    if (orSame) {
      increment(place);
    }
    return members.rank(place, 0, place.length);
  }

  /** The first place after all that begin with this score; above infinity there is room. */
  private static void increment(byte[] place) {
    int at = place.length - 1;
    while (++place[at] == 0) {
      at--;
    }
  }
}
