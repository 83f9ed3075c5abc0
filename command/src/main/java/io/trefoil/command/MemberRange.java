package io.trefoil.command;

import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;

/** Which members of a sorted set a command is about: by rank, by score, or by name. */
interface MemberRange {
  /** Where these members are in a sorted set. */
  Ranks ranks(Fields members);

  /** What the two words of a range are. */
  enum By {
    RANK,
    SCORE,
    NAME
  }

  /**
   * Reads a range.
   *
   * @param min number of the word that is the lower bound, or of a range by rank the first rank
   * @param backwards whether ranks count from the end
   * @return null when the reply is an error
   */
  static MemberRange parse(Call call, By by, int min, int max, boolean backwards) {
    return switch (by) {
      case RANK -> parseRanks(call, min, max, backwards);
      case SCORE -> or(call, ScoreRange.parse(call.args(), min, max), ScoreRange.NO_FLOAT);
      case NAME -> or(call, NameRange.parse(call.args(), min, max), NameRange.NO_ITEM);
    };
  }

  private static MemberRange or(Call call, MemberRange range, String error) {
    if (range == null) {
      call.reply().error(error);
    }
    return range;
  }

  private static MemberRange parseRanks(Call call, int start, int stop, boolean backwards) {
    Args args = call.args();
    if (!call.parseLong(start)) {
      return null;
    }
    long first = args.parsed();
    return call.parseLong(stop) ? new ByRank(first, args.parsed(), backwards) : null;
  }

  /**
   * Members between two ranks, the second one included; negative ones count from the end.
   *
   * @param backwards whether all of that counts from the end, and negative ones from the beginning
   */
  record ByRank(long start, long stop, boolean backwards) implements MemberRange {
    @Override
    public Ranks ranks(Fields members) {
      long count = members.count();
      long first = start < 0 ? Math.max(start + count, 0) : Math.min(start, count);
      long end = stop < 0 ? stop + count + 1 : Math.min(stop, count - 1) + 1;
      return backwards ? Ranks.between(count - end, count - first) : Ranks.between(first, end);
    }
  }
}
