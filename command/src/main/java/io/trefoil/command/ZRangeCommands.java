package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.command.MemberRange.By;
import java.util.List;

/** Ranges of sorted sets: by rank, by score, and by name where all scores are the same. */
final class ZRangeCommands {
  private static final String COUNT_COST =
      "O(log(N)) with N being the number of elements in the sorted set.";
  private static final String COST =
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of"
          + " elements returned.";
  private static final String LIMITED_COST =
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of"
          + " elements being returned. If M is constant (e.g. always asking for the first 10"
          + " elements with LIMIT), you can consider it O(log(N)).";
  private static final String REMOVAL_COST =
      "O(log(N)+M) with N being the number of elements in the sorted set and M the number of"
          + " elements removed by the operation.";

  private ZRangeCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "zcount",
                4,
                "2.0.0",
                COUNT_COST,
                "Count the members in a sorted set with scores within the given values")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> count(call, By.SCORE)),
        row(
                "zlexcount",
                4,
                "2.8.9",
                COUNT_COST,
                "Count the number of members in a sorted set between a given lexicographical range")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> count(call, By.NAME)),
        range("zrange", "1.2.0", COST, "")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call))),
        range("zrevrange", "1.2.0", COST, ", by index, with scores ordered from high to low")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call, By.RANK, true))),
        range("zrangebyscore", "1.0.5", LIMITED_COST, ", by score")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call, By.SCORE, false))),
        range(
                "zrevrangebyscore",
                "2.2.0",
                LIMITED_COST,
                ", by score, with scores ordered from high to low")
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call, By.SCORE, true))),
        range("zrangebylex", "2.8.9", LIMITED_COST, ", by lexicographical range")
            .differs(Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call, By.NAME, false))),
        range(
                "zrevrangebylex",
                "2.8.9",
                LIMITED_COST,
                ", by lexicographical range, ordered from higher to lower strings.")
            .differs(Difference.ALL_FIELDS)
            .onCells(call -> replyRange(call, new ZRangeOptions(call, By.NAME, true))),
        row(
                "zrangestore",
                -5,
                "6.2.0",
                "O(log(N)+M) with N being the number of elements in the sorted set and M the number"
                    + " of elements stored into the destination key.",
                "Store a range of members from sorted set into another key")
            .flags(WRITE, DENYOOM)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(ZRangeCommands::store),
        removal("zremrangebyrank", "2.0.0", "within the given indexes")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> remove(call, By.RANK)),
        removal("zremrangebyscore", "1.2.0", "within the given scores")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> remove(call, By.SCORE)),
        removal("zremrangebylex", "2.8.9", "between the given lexicographical range")
            .differs(Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> remove(call, By.NAME)));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.SORTED_SET, since, cost, summary).key();
  }

  private static Row range(String name, String since, String cost, String how) {
    return row(name, -4, since, cost, "Return a range of members in a sorted set" + how)
        .flags(READONLY)
        .converges(Convergence.READ);
  }

  private static Row removal(String name, String since, String which) {
    return row(name, 4, since, REMOVAL_COST, "Remove all members in a sorted set " + which)
        .flags(WRITE)
        .converges(Convergence.ZREM);
  }

  private static void count(Call call, By by) {
    MemberRange range = MemberRange.parse(call, by, 2, 3, false);
    if (range != null) {
      call.reply().integer(range.ranks(call.fields(CellType.ZSET)).count());
    }
  }

  private static void replyRange(Call call, ZRangeOptions options) {
    if (!options.parse(1)) {
      return;
    }
    Fields members = call.fields(CellType.ZSET);
    Ranks ranks = options.ranks(members);
    MemberReply.Form form = MemberReply.Form.of(call, options.scores());
    ranks.visit(members, options.backwards(), new MemberReply(call, form, ranks.count()));
  }

  private static void store(Call call) {
    ZRangeOptions options = new ZRangeOptions(call);
    if (!options.parse(2)) {
      return;
    }
    Fields members = call.fields(CellType.ZSET, 2);
    MemberList stored = new MemberList();
    options.ranks(members).visit(members, options.backwards(), stored);
    stored.store(call, 1);
    call.reply().integer(stored.size());
  }

  private static void remove(Call call, By by) {
    MemberRange range = MemberRange.parse(call, by, 2, 3, false);
    if (range == null) {
      return;
    }
    Fields members = call.fields(CellType.ZSET);
    Ranks ranks = range.ranks(members);
    long count = ranks.count();
    if (count > 0 && count == members.count()) {
      call.remove(1);
    } else if (count > 0) {
      MemberList removed = new MemberList();
      ranks.visit(members, false, removed);
      removed.removeFrom(members);
    }
    call.reply().integer(count);
  }
}
