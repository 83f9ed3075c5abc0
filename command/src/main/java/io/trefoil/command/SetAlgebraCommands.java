package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** What several sets have in common, together, or one of them alone. */
final class SetAlgebraCommands {
  private static final String INTERSECTION_COST =
      "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of"
          + " sets.";
  private static final String ALL_COST =
      "O(N) where N is the total number of elements in all given sets.";

  private SetAlgebraCommands() {}

  static List<Command> rows() {
    return List.of(
        read("sinter", INTERSECTION_COST, "Intersect multiple sets")
            .differs(Difference.ORDER_OF_HASHES, Difference.SETS_IN_MEMORY)
            .onCells(call -> reply(call, intersection(call, 1, call.args().count()))),
        read("sunion", ALL_COST, "Add multiple sets")
            .differs(Difference.ORDER_OF_HASHES, Difference.SETS_IN_MEMORY)
            .onCells(call -> reply(call, union(call, 1))),
        read("sdiff", ALL_COST, "Subtract multiple sets")
            .differs(Difference.ORDER_OF_HASHES, Difference.SETS_IN_MEMORY)
            .onCells(call -> reply(call, difference(call, 1))),
        write(
                "sinterstore",
                INTERSECTION_COST,
                "Intersect multiple sets and store the resulting set in a key")
            .differs(Difference.SETS_IN_MEMORY)
            .onCells(call -> store(call, intersection(call, 2, call.args().count()))),
        write("sunionstore", ALL_COST, "Add multiple sets and store the resulting set in a key")
            .differs(Difference.SETS_IN_MEMORY)
            .onCells(call -> store(call, union(call, 2))),
        write("sdiffstore", ALL_COST, "Subtract multiple sets and store the resulting set in a key")
            .differs(Difference.SETS_IN_MEMORY)
            .onCells(call -> store(call, difference(call, 2))),
        new Row(
                "sintercard",
                -3,
                Group.SET,
                "7.0.0",
                INTERSECTION_COST,
                "Intersect multiple sets and return the cardinality of the result")
            .flags(READONLY)
            .countedKeys(1)
            .converges(Convergence.READ)
            .onCells(SetAlgebraCommands::sintercard));
  }

  private static Row read(String name, String cost, String summary) {
    return new Row(name, -2, Group.SET, "1.0.0", cost, summary)
        .flags(READONLY)
        .keys(1, -1, 1)
        .converges(Convergence.READ);
  }

  private static Row write(String name, String cost, String summary) {
    return new Row(name, -3, Group.SET, "1.0.0", cost, summary)
        .flags(WRITE, DENYOOM)
        .keys(1, -1, 1)
        .refused(StringCommands.NEEDS_ORDER);
  }

  private static void reply(Call call, MemberSet members) {
    call.reply().set(members.size());
    for (Bytes member : members.all()) {
      call.reply().bulk(member.array(), 0, member.length());
    }
  }

  /** Lets key 1 hold the members, whatever it held, and not expire. */
  private static void store(Call call, MemberSet members) {
    if (call.find(1)) {
      call.remove(1);
    }
    if (!members.isEmpty()) {
      members.putInto(call.fields(CellType.SET, 1));
    }
    call.reply().integer(members.size());
  }

  private static void sintercard(Call call) {
    Args args = call.args();
    if (!args.parseLong(1) || args.parsed() < 1) {
      call.reply().error("ERR numkeys should be greater than 0");
      return;
    }
    if (args.parsed() > args.count() - 2) {
      call.reply().error("ERR Number of keys can't be greater than number of args");
      return;
    }
    int end = 2 + (int) args.parsed();
    long limit = call.parseLimit(end);
    if (limit >= 0) {
      long most = limit == 0 ? Long.MAX_VALUE : limit;
      call.reply().integer(Math.min(most, intersection(call, 2, end, most).size()));
    }
  }

  private static MemberSet intersection(Call call, int first, int end) {
    return intersection(call, first, end, Long.MAX_VALUE);
  }

  private record Source(int key, long count) {}

  /**
   * What the sets of some arguments have in common: begins with the smallest.
   *
   * @param most so many are enough
   */
  private static MemberSet intersection(Call call, int first, int end, long most) {
    List<Source> sources = new ArrayList<>();
    for (int i = first; i < end; i++) {
      sources.add(new Source(i, call.fields(CellType.SET, i).count()));
    }
    sources.sort(Comparator.comparingLong(Source::count));
    MemberSet common = new MemberSet();
    call.fields(CellType.SET, sources.get(0).key).forEach(common);
    for (int i = 1; i < sources.size() && !common.isEmpty(); i++) {
      Fields others = call.fields(CellType.SET, sources.get(i).key);
      common = common.commonWith(others, i + 1 < sources.size() ? Long.MAX_VALUE : most);
    }
    return common;
  }

  private static MemberSet union(Call call, int first) {
    MemberSet all = new MemberSet();
    for (int i = first; i < call.args().count(); i++) {
      call.fields(CellType.SET, i).forEach(all);
    }
    return all;
  }

  private static MemberSet difference(Call call, int first) {
    MemberSet left = new MemberSet();
    call.fields(CellType.SET, first).forEach(left);
    for (int i = first + 1; i < call.args().count(); i++) {
      left.removeAll(call.fields(CellType.SET, i)); // also of an empty set: it looks at their types
    }
    return left;
  }
}
