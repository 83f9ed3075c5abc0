package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.command.Command.Row;
import io.trefoil.command.ListElements.End;
import io.trefoil.resp.Args;
import java.util.List;

/**
 * Commands that take something from the end of a list or a sorted set, and wait when there is
 * nothing. Their handlers never do: they leave {@link Call#emptyHanded}.
 *
 * @see Blocking
 */
final class BlockingCommands {
  private static final Blocking LIST = Blocking.onAnyKey(CellType.LIST, -1);
  private static final Blocking ZSET = Blocking.onAnyKey(CellType.ZSET, -1);
  private static final Blocking SOURCE = Blocking.onFirstKey(CellType.LIST);
  private static final Blocking SOME_OF_LIST = Blocking.onAnyKey(CellType.LIST, 1);
  private static final Blocking SOME_OF_ZSET = Blocking.onAnyKey(CellType.ZSET, 1);

  private static final String LIST_COST = "O(N) where N is the number of provided keys.";
  private static final String ZSET_COST =
      "O(log(N)) with N being the number of elements in the sorted set.";

  private BlockingCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "blpop",
                -3,
                Group.LIST,
                "2.0.0",
                LIST_COST,
                "Remove and get the first element in a list, or block until one is available")
            .flags(WRITE, NOSCRIPT)
            .keys(1, -2, 1)
            .blocks(LIST)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> popElement(call, End.LEFT)),
        row(
                "brpop",
                -3,
                Group.LIST,
                "2.0.0",
                LIST_COST,
                "Remove and get the last element in a list, or block until one is available")
            .flags(WRITE, NOSCRIPT)
            .keys(1, -2, 1)
            .blocks(LIST)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> popElement(call, End.RIGHT)),
        row(
                "blmove",
                6,
                Group.LIST,
                "6.2.0",
                "O(1)",
                "Pop an element from a list, push it to another list and return it; or block until"
                    + " one is available")
            .flags(WRITE, DENYOOM, NOSCRIPT)
            .keys(1, 2, 1)
            .blocks(SOURCE)
            .differs(Difference.WAITING_POPS)
            .onCells(BlockingCommands::blmove),
        row(
                "brpoplpush",
                4,
                Group.LIST,
                "2.2.0",
                "O(1)",
                "Pop an element from a list, push it to another list and return it; or block until"
                    + " one is available")
            .flags(WRITE, DENYOOM, NOSCRIPT)
            .keys(1, 2, 1)
            .blocks(SOURCE)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> move(call, End.RIGHT, End.LEFT)),
        row(
                "blmpop",
                -5,
                Group.LIST,
                "7.0.0",
                "O(N+M) where N is the number of provided keys and M is the number of elements"
                    + " returned.",
                "Pop elements from a list, or block until one is available")
            .flags(WRITE)
            .countedKeys(2)
            .blocks(SOME_OF_LIST)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> ListCommands.popFromFirst(call, 2)),
        row(
                "bzpopmin",
                -3,
                Group.SORTED_SET,
                "5.0.0",
                ZSET_COST,
                "Remove and return the member with the lowest score from one or more sorted sets, or"
                    + " block until one is available")
            .flags(WRITE, NOSCRIPT, FAST)
            .keys(1, -2, 1)
            .blocks(ZSET)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> popMember(call, false)),
        row(
                "bzpopmax",
                -3,
                Group.SORTED_SET,
                "5.0.0",
                ZSET_COST,
                "Remove and return the member with the highest score from one or more sorted sets,"
                    + " or block until one is available")
            .flags(WRITE, NOSCRIPT, FAST)
            .keys(1, -2, 1)
            .blocks(ZSET)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> popMember(call, true)),
        row(
                "bzmpop",
                -5,
                Group.SORTED_SET,
                "7.0.0",
                "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of"
                    + " elements in the sorted set, and M being the number of elements popped.",
                "Remove and return members with scores in a sorted set or block until one is"
                    + " available")
            .flags(WRITE)
            .countedKeys(2)
            .blocks(SOME_OF_ZSET)
            .differs(Difference.WAITING_POPS)
            .onCells(call -> ZPop.popFromFirst(call, 2)));
  }

  private static Row row(
      String name, int arity, Group group, String since, String cost, String summary) {
    return new Row(name, arity, group, since, cost, summary).refused(StringCommands.NEEDS_ORDER);
  }

  private static void popElement(Call call, End end) {
    if (Blocking.checkTimeout(call) && !popElementOfFirst(call, end)) {
      call.reply().nilArray();
      call.leaveEmptyHanded();
    }
  }

  /** Replies with the key and an element of the first list that has any. */
  private static boolean popElementOfFirst(Call call, End end) {
    Args args = call.args();
    for (int key = 1; key < args.count() - 1; key++) {
      ListElements list = ListElements.of(call, key);
      if (list.count() > 0) {
        call.reply().array(2);
        call.reply().bulk(args.array(), args.offset(key), args.length(key));
        list.pop(end, 1);
        return true;
      }
    }
    return false;
  }

  private static void popMember(Call call, boolean max) {
    int keys = call.args().count() - 2;
    if (Blocking.checkTimeout(call) && !ZPop.popOneFromFirst(call, keys, max)) {
      call.reply().nilArray();
      call.leaveEmptyHanded();
    }
  }

  private static void blmove(Call call) {
    End from = ListCommands.end(call.args(), 3);
    End to = ListCommands.end(call.args(), 4);
    if (from == null || to == null) {
      call.reply().error(Errors.SYNTAX);
    } else {
      move(call, from, to);
    }
  }

  private static void move(Call call, End from, End to) {
    if (Blocking.checkTimeout(call) && !ListCommands.move(call, from, to)) {
      call.reply().nil();
      call.leaveEmptyHanded();
    }
  }
}
