package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.cell.Score;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;

/**
 * Sorted sets: each member is a cell of its own, a field whose value is its {@link Score}. These
 * commands are about members by name, and about those at the ends.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=sorted-set">Redis sorted sets</a>
 */
final class ZSetCommands {
  /** As in Redis: so many members, none of them longer, are kept in one piece. */
  private static final int ONE_PIECE_MEMBERS = 128;

  private static final int ONE_PIECE_MEMBER_BYTES = 64;

  private ZSetCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "zadd",
                -4,
                "1.2.0",
                "O(log(N)) for each item added, where N is the number of elements in the sorted"
                    + " set.",
                "Add one or more members to a sorted set, or update its score if it already"
                    + " exists")
            .flags(WRITE, DENYOOM, FAST)
            .convergesUnless(
                ZAdd::looksFirst,
                "NX, XX, GT, LT or INCR",
                StringCommands.NEEDS_ORDER,
                Convergence.ZADD)
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.LONG_FLOATS)
            .onCells(call -> ZAdd.run(call, false)),
        row(
                "zincrby",
                4,
                "1.2.0",
                "O(log(N)) where N is the number of elements in the sorted set.",
                "Increment the score of a member in a sorted set")
            .flags(WRITE, DENYOOM, FAST)
            .convergesUnless(
                ZAdd::addsFraction,
                "a fraction, or more than 2^53,",
                NumberCommands.ROUNDS,
                Convergence.ZINCRBY)
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.LONG_FLOATS)
            .onCells(call -> ZAdd.run(call, true)),
        row(
                "zrem",
                -3,
                "1.2.0",
                "O(M*log(N)) with N being the number of elements in the sorted set and M the number"
                    + " of elements to be removed.",
                "Remove one or more members from a sorted set")
            .flags(WRITE, FAST)
            .converges(Convergence.ZREM)
            .onCells(
                call -> call.reply().integer(call.removeFields(call.fields(CellType.ZSET), 2))),
        row(
                "zscore",
                3,
                "1.2.0",
                "O(1)",
                "Get the score associated with the given member in a sorted set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .differs(Difference.ZERO_HAS_NO_SIGN)
            .onCells(call -> replyScore(call, call.fields(CellType.ZSET), 2)),
        row(
                "zmscore",
                -3,
                "6.2.0",
                "O(N) where N is the number of members being requested.",
                "Get the score associated with the given members in a sorted set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .differs(Difference.ZERO_HAS_NO_SIGN)
            .onCells(ZSetCommands::zmscore),
        row("zcard", 2, "1.2.0", "O(1)", "Get the number of members in a sorted set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> call.reply().integer(call.fields(CellType.ZSET).count())),
        row("zrank", 3, "2.0.0", "O(log(N))", "Determine the index of a member in a sorted set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> zrank(call, false)),
        row(
                "zrevrank",
                3,
                "2.0.0",
                "O(log(N))",
                "Determine the index of a member in a sorted set, with scores ordered from high to"
                    + " low")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> zrank(call, true)),
        row(
                "zpopmin",
                -2,
                "5.0.0",
                POP_COST,
                "Remove and return members with the lowest scores in a sorted set")
            .flags(WRITE, FAST)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> ZPop.pop(call, false)),
        row(
                "zpopmax",
                -2,
                "5.0.0",
                POP_COST,
                "Remove and return members with the highest scores in a sorted set")
            .flags(WRITE, FAST)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> ZPop.pop(call, true)),
        new Row(
                "zmpop",
                -4,
                Group.SORTED_SET,
                "7.0.0",
                "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of"
                    + " elements in the sorted set, and M being the number of elements popped.",
                "Remove and return members with scores in a sorted set")
            .flags(WRITE)
            .countedKeys(1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ZERO_HAS_NO_SIGN, Difference.SORTED_SETS_IN_MEMORY)
            .onCells(call -> ZPop.popFromFirst(call, 1)),
        row(
                "zrandmember",
                -2,
                "6.2.0",
                "O(N) where N is the number of elements returned",
                "Get one or multiple random elements from a sorted set")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.REPEATED_PICKS, Difference.ZERO_HAS_NO_SIGN)
            .onCells(ZRandomMembers::run),
        row(
                "zscan",
                -3,
                "2.8.0",
                "O(1) for every call. O(N) for a complete iteration, including enough command calls"
                    + " for the cursor to return back to 0. N is the number of elements inside the"
                    + " collection..",
                "Incrementally iterate sorted sets elements and associated scores")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(
                Difference.SCORES_OF_SMALL_SETS, Difference.SCAN_COUNT, Difference.ZERO_HAS_NO_SIGN)
            .onCells(ZScan::run));
  }

  private static final String POP_COST =
      "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of"
          + " elements popped.";

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.SORTED_SET, since, cost, summary).key();
  }

  private static void replyScore(Call call, Fields members, int index) {
    if (call.findField(members, index)) {
      call.reply().doubleValue(ZAdd.readScore(call, members));
    } else {
      call.reply().nil();
    }
  }

  private static void zmscore(Call call) {
    Fields members = call.fields(CellType.ZSET);
    call.expect(members, 2);
    int count = call.args().count();
    call.reply().array(count - 2);
    for (int i = 2; i < count; i++) {
      replyScore(call, members, i);
    }
  }

  private static void zrank(Call call, boolean backwards) {
    Fields members = call.fields(CellType.ZSET);
    if (!call.findField(members, 2)) {
      call.reply().nil();
      return;
    }
    Args args = call.args();
    int length = args.length(2);
    byte[] place = call.scratch(Score.BYTES + length);
    members.copyValue(0, place, 0, Score.BYTES);
    System.arraycopy(args.array(), args.offset(2), place, Score.BYTES, length);
    long rank = members.rank(place, 0, Score.BYTES + length);
    call.reply().integer(backwards ? members.count() - 1 - rank : rank);
  }

  /** Whether Redis would keep so few and so short members in one piece, its {@code listpack}. */
  static boolean isInOnePiece(Fields members) {
    long count = members.count();
    if (count > ONE_PIECE_MEMBERS) {
      return false;
    }
    int[] longest = new int[1];
    members.visit(
        0,
        count,
        false,
        (member, offset, length, value, valueOffset, valueLength) ->
            longest[0] = Math.max(longest[0], length));
    return longest[0] <= ONE_PIECE_MEMBER_BYTES;
  }

  /** As {@code OBJECT ENCODING} has it of the sorted set that is argument {@code index}. */
  static String encoding(Call call, int index) {
    return isInOnePiece(call.fields(CellType.ZSET, index)) ? "listpack" : "skiplist";
  }
}
