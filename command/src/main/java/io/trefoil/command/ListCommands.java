package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.command.Command.Row;
import io.trefoil.command.ListElements.End;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.List;

/**
 * Lists: each element is a cell of its own.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=list">Redis lists</a>
 */
final class ListCommands {
  private static final String PUSH_COST =
      "O(1) for each element added, so O(N) to add N elements when the command is called with"
          + " multiple arguments.";
  private static final String POP_COST = "O(N) where N is the number of elements returned";
  private static final String INDEX_COST = "O(log(N)) where N is the length of the list";
  private static final String NOT_POSITIVE = "ERR value is out of range, must be positive";

  private ListCommands() {}

  static List<Command> rows() {
    return List.of(
        row("lpush", -3, "1.0.0", PUSH_COST, "Prepend one or multiple elements to a list")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .converges(Convergence.PUSH)
            .onCells(call -> push(call, End.LEFT)),
        row("rpush", -3, "1.0.0", PUSH_COST, "Append one or multiple elements to a list")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .converges(Convergence.PUSH)
            .onCells(call -> push(call, End.RIGHT)),
        row(
                "lpushx",
                -3,
                "2.2.0",
                PUSH_COST,
                "Prepend an element to a list, only if the list exists")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(call -> pushIfPresent(call, End.LEFT)),
        row(
                "rpushx",
                -3,
                "2.2.0",
                PUSH_COST,
                "Append an element to a list, only if the list exists")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(call -> pushIfPresent(call, End.RIGHT)),
        row("lpop", -2, "1.0.0", POP_COST, "Remove and get the first elements in a list")
            .flags(WRITE, FAST)
            .key()
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ALL_FIELDS)
            .onCells(call -> pop(call, End.LEFT)),
        row("rpop", -2, "1.0.0", POP_COST, "Remove and get the last elements in a list")
            .flags(WRITE, FAST)
            .key()
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ALL_FIELDS)
            .onCells(call -> pop(call, End.RIGHT)),
        row(
                "lrange",
                4,
                "1.0.0",
                "O(log(N)+M) where N is the length of the list and M the number of elements"
                    + " returned",
                "Get a range of elements from a list")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .differs(Difference.ALL_FIELDS)
            .onCells(ListCommands::lrange),
        row("llen", 2, "1.0.0", "O(1)", "Get the length of a list")
            .flags(READONLY, FAST)
            .key()
            .converges(Convergence.READ)
            .onCells(call -> call.reply().integer(ListElements.of(call, 1).count())),
        row("lindex", 3, "1.0.0", INDEX_COST, "Get an element from a list by its index")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .onCells(ListCommands::lindex),
        row("lset", 4, "1.0.0", INDEX_COST, "Set the value of an element in a list by its index")
            .flags(WRITE, DENYOOM)
            .key()
            .converges(Convergence.LSET)
            .onCells(ListCommands::lset),
        row(
                "lrem",
                4,
                "1.0.0",
                "O(N+M) where N is the length of the list and M is the number of elements"
                    + " removed.",
                "Remove elements from a list")
            .flags(WRITE)
            .key()
            .converges(Convergence.LREM)
            .onCells(ListCommands::lrem),
        row(
                "ltrim",
                4,
                "1.0.0",
                "O(N) where N is the number of elements to be removed by the operation.",
                "Trim a list to the specified range")
            .flags(WRITE)
            .key()
            .converges(Convergence.LREM)
            .onCells(ListCommands::ltrim),
        row(
                "linsert",
                5,
                "2.2.0",
                "O(N) where N is the number of elements to traverse before seeing the value pivot.",
                "Insert an element before or after another element in a list")
            .flags(WRITE, DENYOOM)
            .key()
            .converges(Convergence.PUSH)
            .onCells(ListCommands::linsert),
        row(
                "lpos",
                -3,
                "6.0.6",
                "O(N) where N is the number of elements to traverse before enough are found, at"
                    + " most MAXLEN.",
                "Return the index of matching elements on a list")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .differs(Difference.ALL_FIELDS)
            .onCells(ListCommands::lpos),
        row(
                "lmove",
                5,
                "6.2.0",
                "O(1)",
                "Pop an element from a list, push it to another list and return it")
            .flags(WRITE, DENYOOM)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(ListCommands::lmove),
        row(
                "rpoplpush",
                3,
                "1.2.0",
                "O(1)",
                "Remove the last element in a list, prepend it to another list and return it")
            .flags(WRITE, DENYOOM)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(call -> replyOrNil(call, move(call, End.RIGHT, End.LEFT))),
        row(
                "lmpop",
                -4,
                "7.0.0",
                "O(N+M) where N is the number of provided keys and M is the number of elements"
                    + " returned.",
                "Pop elements from a list")
            .flags(WRITE)
            .countedKeys(1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.ALL_FIELDS)
            .onCells(call -> popFromFirst(call, 1)));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.LIST, since, cost, summary);
  }

  private static void push(Call call, End end) {
    Args args = call.args();
    ListElements list = ListElements.of(call, 1);
    for (int i = 2; i < args.count(); i++) {
      list.push(end, args.array(), args.offset(i), args.length(i));
    }
    long count = list.count();
    list.save();
    call.reply().integer(count);
  }

  private static void pushIfPresent(Call call, End end) {
    if (ListElements.of(call, 1).count() > 0) {
      push(call, end);
    } else {
      call.reply().integer(0);
    }
  }

  private static void pop(Call call, End end) {
    Args args = call.args();
    if (args.count() == 2) {
      popOne(call, end);
    } else if (args.count() > 3) {
      call.reply().error(Errors.wrongArity(call.command()));
    } else if (parseAtLeast(call, 2, 0, NOT_POSITIVE)) {
      popSeveral(call, end, args.parsed());
    }
  }

  private static void popOne(Call call, End end) {
    ListElements list = ListElements.of(call, 1);
    if (list.count() > 0) {
      list.pop(end, 1);
    } else {
      call.reply().nil();
    }
  }

  private static void popSeveral(Call call, End end, long count) {
    ListElements list = ListElements.of(call, 1);
    if (list.count() == 0) {
      call.reply().nilArray();
    } else {
      replyPopped(call, list, end, count);
    }
  }

  /** Replies with the array of up to {@code count} elements and removes them. */
  private static void replyPopped(Call call, ListElements list, End end, long count) {
    long popped = Math.min(count, list.count());
    call.reply().array(Math.toIntExact(popped));
    list.pop(end, popped);
  }

  private static boolean parseAtLeast(Call call, int index, long least, String error) {
    if (call.args().parseLong(index) && call.args().parsed() >= least) {
      return true;
    }
    call.reply().error(error);
    return false;
  }

  private static void lrange(Call call) {
    Args args = call.args();
    if (!call.parseLong(2)) {
      return;
    }
    long first = args.parsed();
    if (!call.parseLong(3)) {
      return;
    }
    ListElements list = ListElements.of(call, 1);
    long from = firstRank(list, first);
    long count = Math.max(lastRank(list, args.parsed()) - from + 1, 0);
    call.reply().array(Math.toIntExact(count));
    if (count > 0) {
      list.reply(from, count);
    }
  }

  /** The rank of a range's first element, from 0 to their count. */
  private static long firstRank(ListElements list, long index) {
    long count = list.count();
    return Math.min(Math.max(index < 0 ? count + index : index, 0), count);
  }

  /** The rank of a range's last element, from -1 to the last one's. */
  private static long lastRank(ListElements list, long index) {
    long count = list.count();
    return Math.min(Math.max(index < 0 ? count + index : index, -1), count - 1);
  }

  private static void lindex(Call call) {
    ListElements list = ListElements.of(call, 1);
    // As in Redis, an absent key hides a wrong number.
    if (list.count() == 0) {
      call.reply().nil();
    } else if (call.parseLong(2)) {
      long rank = list.rank(call.args().parsed());
      if (rank < 0) {
        call.reply().nil();
      } else {
        list.reply(rank, 1);
      }
    }
  }

  private static void lset(Call call) {
    ListElements list = ListElements.of(call, 1);
    if (list.count() == 0) {
      call.reply().error(Errors.NO_SUCH_KEY);
      return;
    }
    if (!call.parseLong(2)) {
      return;
    }
    long rank = list.rank(call.args().parsed());
    if (rank < 0) {
      call.reply().error("ERR index out of range");
      return;
    }
    list.set(rank, 3);
    list.save();
    call.reply().ok();
  }

  private static void lrem(Call call) {
    if (!call.parseLong(2)) {
      return;
    }
    long wanted = call.args().parsed();
    // As in Redis, the smallest number, which has no absolute value, removes all, as 0 does.
    long limit = Math.abs(wanted);
    ListElements list = ListElements.of(call, 1);
    FieldNames found = new FieldNames();
    list.search(
        wanted < 0 ? End.RIGHT : End.LEFT,
        Long.MAX_VALUE,
        3,
        (rank, place, offset, length) -> {
          found.add(place, offset, length);
          return found.count() != limit;
        });
    list.remove(found);
    call.reply().integer(found.count());
  }

  private static void ltrim(Call call) {
    Args args = call.args();
    if (!call.parseLong(2)) {
      return;
    }
    long first = args.parsed();
    if (!call.parseLong(3)) {
      return;
    }
    ListElements list = ListElements.of(call, 1);
    if (list.count() > 0) {
      long from = firstRank(list, first);
      long last = lastRank(list, args.parsed());
      if (from > last) {
        list.trim(list.count(), 0);
      } else {
        list.trim(from, list.count() - 1 - last);
      }
    }
    call.reply().ok();
  }

  private static void linsert(Call call) {
    boolean after = call.args().isWord(2, "AFTER");
    if (!after && !call.args().isWord(2, "BEFORE")) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    ListElements list = ListElements.of(call, 1);
    long[] pivot = {-1};
    list.search(
        End.LEFT,
        Long.MAX_VALUE,
        3,
        (rank, place, offset, length) -> {
          pivot[0] = rank;
          return false;
        });
    long count = list.count();
    if (pivot[0] < 0) {
      call.reply().integer(count == 0 ? 0 : -1);
      return;
    }
    list.insert(after ? pivot[0] + 1 : pivot[0], 4);
    list.save();
    call.reply().integer(count + 1);
  }

  private static void lpos(Call call) {
    PositionOptions options = new PositionOptions();
    if (!options.parse(call)) {
      return;
    }
    ReplyWriter reply = call.reply();
    int start = reply.size();
    // As in Redis, the smallest rank, which has no absolute value, is -1.
    long first = Math.abs(options.rank);
    long[] seen = new long[2]; // how many were found, and how many of them were answered
    long maxLength = options.maxLength == 0 ? Long.MAX_VALUE : options.maxLength;
    ListElements.of(call, 1)
        .search(
            options.rank < 0 ? End.RIGHT : End.LEFT,
            maxLength,
            2,
            (rank, place, offset, length) -> {
              if (++seen[0] >= first) {
                refuseIfTooLarge(reply.size() - start);
                reply.integer(rank);
                seen[1]++;
              }
              return seen[1] == 0 || options.several && seen[1] != options.count;
            });
    if (options.several) {
      reply.arrayFrom(start, Math.toIntExact(seen[1]));
    } else if (seen[1] == 0) {
      reply.nil();
    }
  }

  private static void refuseIfTooLarge(int replyBytes) {
    if (replyBytes > Refused.MAX_FIELDS_BYTES) {
      throw Refused.TOO_LARGE;
    }
  }

  /** What may follow the words of {@code LPOS key element}. */
  private static final class PositionOptions {
    long rank = 1;
    boolean several;

    /** 0 for all. */
    long count;

    /** 0 for the whole list. */
    long maxLength;

    /** Reads them; false when the reply is an error. */
    boolean parse(Call call) {
      for (int i = 3; i < call.args().count(); i += 2) {
        if (i + 1 == call.args().count()) {
          call.reply().error(Errors.SYNTAX);
          return false;
        }
        if (!parseOption(call, i)) {
          return false;
        }
      }
      return true;
    }

    private boolean parseOption(Call call, int i) {
      Args args = call.args();
      if (args.isWord(i, "RANK")) {
        return parseRank(call, i + 1);
      }
      if (args.isWord(i, "COUNT")) {
        several = parseAtLeast(call, i + 1, 0, "ERR COUNT can't be negative");
        count = args.parsed();
        return several;
      }
      if (args.isWord(i, "MAXLEN")) {
        boolean right = parseAtLeast(call, i + 1, 0, "ERR MAXLEN can't be negative");
        maxLength = args.parsed();
        return right;
      }
      call.reply().error(Errors.SYNTAX);
      return false;
    }

    private boolean parseRank(Call call, int index) {
      if (!call.parseLong(index)) {
        return false;
      }
      rank = call.args().parsed();
      if (rank == 0) {
        call.reply()
            .error(
                "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second"
                    + " ... or use negative to start from the end of the list");
      }
      return rank != 0;
    }
  }

  private static void lmove(Call call) {
    End from = end(call.args(), 3);
    End to = end(call.args(), 4);
    if (from == null || to == null) {
      call.reply().error(Errors.SYNTAX);
    } else {
      replyOrNil(call, move(call, from, to));
    }
  }

  /** The end that a word names, or null. */
  static End end(Args args, int index) {
    if (args.isWord(index, "LEFT")) {
      return End.LEFT;
    }
    return args.isWord(index, "RIGHT") ? End.RIGHT : null;
  }

  private static void replyOrNil(Call call, boolean replied) {
    if (!replied) {
      call.reply().nil();
    }
  }

  /**
   * Moves an element from an end of list 1 to one of list 2, and replies with it.
   *
   * @return whether there was one; if not, there is no reply
   */
  static boolean move(Call call, End from, End to) {
    ListElements source = ListElements.of(call, 1);
    if (source.count() == 0) {
      return false;
    }
    ListElements.Element moved = source.element(from);
    ListElements target = ListElements.of(call, 2);
    target.push(to, moved.value(), 0, moved.value().length);
    if (call.args().same(1, 2)) {
      target.remove(moved.place());
      target.save();
    } else {
      target.save();
      ListElements popped = ListElements.of(call, 1);
      popped.remove(moved.place());
      popped.save();
    }
    call.reply().bulk(moved.value());
    return true;
  }

  /**
   * Removes elements from the first list that has any, as the words from {@code numkeys} on say.
   *
   * @param countWord the word {@code numkeys}
   */
  static void popFromFirst(Call call, int countWord) {
    Args args = call.args();
    if (!parseAtLeast(call, countWord, 1, "ERR numkeys should be greater than 0")) {
      return;
    }
    long keys = args.parsed();
    int first = countWord + 1;
    End end = keys > args.count() - first - 1 ? null : end(args, first + (int) keys);
    if (end == null) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    long count = parsePopCount(call, first + (int) keys + 1);
    if (count == 0 || !Blocking.checkTimeout(call)) {
      return;
    }
    if (!popFirst(call, first, (int) keys, end, count)) {
      call.reply().nilArray();
      call.leaveEmptyHanded();
    }
  }

  /** How many to pop, as the words from {@code index} on say; 0 when the reply is an error. */
  static long parsePopCount(Call call, int index) {
    Args args = call.args();
    if (index == args.count()) {
      return 1;
    }
    if (!args.isWord(index, "COUNT") || index + 1 == args.count()) {
      call.reply().error(Errors.SYNTAX);
      return 0;
    }
    if (!parseAtLeast(call, index + 1, 1, "ERR count should be greater than 0")) {
      return 0;
    }
    long count = args.parsed();
    if (index + 2 < args.count()) {
      call.reply().error(Errors.SYNTAX);
      return 0;
    }
    return count;
  }

  /**
   * Removes up to {@code count} elements from an end of the first list that has any, and replies
   * with its key and with them.
   *
   * @param first of {@code keys} arguments
   * @return whether one has any; if not, there is no reply
   */
  static boolean popFirst(Call call, int first, int keys, End end, long count) {
    Args args = call.args();
    for (int key = first; key < first + keys; key++) {
      ListElements list = ListElements.of(call, key);
      if (list.count() > 0) {
        call.reply().array(2);
        call.reply().bulk(args.array(), args.offset(key), args.length(key));
        replyPopped(call, list, end, count);
        return true;
      }
    }
    return false;
  }
}
