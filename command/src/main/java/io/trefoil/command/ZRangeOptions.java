package io.trefoil.command;

import io.trefoil.cell.Fields;
import io.trefoil.command.MemberRange.By;
import io.trefoil.resp.Args;

/** The words of {@code ZRANGE} after its key, and of its kind. */
final class ZRangeOptions {
  private final Call call;
  private final Args args;
  private final boolean chooses;
  private By by;
  private boolean backwards;
  private boolean scores;
  private long offset;
  private long limit = -1;
  private MemberRange range;

  /** Of a command whose options say what the range is and in which direction it goes. */
  ZRangeOptions(Call call) {
    this(call, By.RANK, false, true);
  }

  /** Of a command that is about one kind of range and goes one way. */
  ZRangeOptions(Call call, By by, boolean backwards) {
    this(call, by, backwards, false);
  }

  private ZRangeOptions(Call call, By by, boolean backwards, boolean chooses) {
    this.call = call;
    this.args = call.args();
    this.by = by;
    this.backwards = backwards;
    this.chooses = chooses;
  }

  /**
   * Reads the range and the options.
   *
   * @param key number of the word that is the key; one that stores has its destination before it
   * @return false when the reply is an error
   */
  boolean parse(int key) {
    boolean stores = key > 1;
    boolean chosen = !chooses;
    boolean turned = !chooses;
    for (int i = key + 3; i < args.count(); i++) {
      if (!stores && args.isWord(i, "WITHSCORES")) {
        scores = true;
      } else if (args.isWord(i, "LIMIT") && i + 2 < args.count()) {
        if (!parseLimit(i)) {
          return false;
        }
        i += 2;
      } else if (!turned && args.isWord(i, "REV")) {
        backwards = true;
        turned = true;
      } else if (!chosen && (args.isWord(i, "BYLEX") || args.isWord(i, "BYSCORE"))) {
        by = args.isWord(i, "BYLEX") ? By.NAME : By.SCORE;
        chosen = true;
      } else {
        call.reply().error(Errors.SYNTAX);
        return false;
      }
    }
    return !conflicts() && parseRange(key + 1);
  }

  private boolean parseLimit(int at) {
    if (!call.parseLong(at + 1)) {
      return false;
    }
    offset = args.parsed();
    if (!call.parseLong(at + 2)) {
      return false;
    }
    limit = args.parsed();
    return true;
  }

  private boolean conflicts() {
    if (by == By.RANK && limit != -1) {
      call.reply()
          .error(
              "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or"
                  + " BYLEX");
      return true;
    }
    if (by == By.NAME && scores) {
      call.reply().error("ERR syntax error, WITHSCORES not supported in combination with BYLEX");
      return true;
    }
    return false;
  }

  /** Of a range that goes backwards the upper bound comes first; ranks count from where it goes. */
  private boolean parseRange(int first) {
    boolean turned = backwards && by != By.RANK;
    int min = turned ? first + 1 : first;
    int max = turned ? first : first + 1;
    range = MemberRange.parse(call, by, min, max, backwards);
    return range != null;
  }

  /** Where the members are that are asked for. */
  Ranks ranks(Fields members) {
    Ranks all = range.ranks(members);
    return by == By.RANK ? all : all.limited(offset, limit, backwards);
  }

  boolean backwards() {
    return backwards;
  }

  boolean scores() {
    return scores;
  }
}
