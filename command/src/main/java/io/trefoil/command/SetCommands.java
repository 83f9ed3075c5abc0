package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;

/**
 * Sets: each member is a cell of its own, a field without a value.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=set">Redis sets</a>
 */
final class SetCommands {
  private SetCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "sadd",
                -3,
                "O(1) for each element added, so O(N) to add N elements when the command is called"
                    + " with multiple arguments.",
                "Add one or more members to a set")
            .flags(WRITE, DENYOOM, FAST)
            .converges(Convergence.SADD)
            .onCells(SetCommands::sadd),
        row(
                "srem",
                -3,
                "O(N) where N is the number of members to be removed.",
                "Remove one or more members from a set")
            .flags(WRITE, FAST)
            .converges(Convergence.SREM)
            .onCells(call -> call.reply().integer(call.removeFields(call.fields(CellType.SET), 2))),
        row("smembers", 2, "O(N) where N is the set cardinality.", "Get all the members in a set")
            .flags(READONLY)
            .converges(Convergence.READ)
            .onCells(SetCommands::smembers),
        row("sismember", 3, "O(1)", "Determine if a given value is a member of a set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(SetCommands::sismember),
        row(
                "smismember",
                -3,
                "6.2.0",
                "O(N) where N is the number of elements being checked for membership",
                "Returns the membership associated with the given elements for a set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(SetCommands::smismember),
        row("scard", 2, "O(1)", "Get the number of members in a set")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> call.reply().integer(call.fields(CellType.SET).count())));
  }

  private static Row row(String name, int arity, String cost, String summary) {
    return row(name, arity, "1.0.0", cost, summary);
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.SET, since, cost, summary).key();
  }

  private static void sadd(Call call) {
    Args args = call.args();
    Fields members = call.fields(CellType.SET);
    int added = 0;
    boolean changed = false;
    for (int i = 2; i < args.count(); i++) {
      boolean fresh = !call.findField(members, i);
      if (fresh || members.repeatsMatter()) {
        members.put(args.array(), args.offset(i), args.length(i), args.array(), 0, 0);
        changed = true;
      }
      added += fresh ? 1 : 0;
    }
    if (changed) {
      members.save();
    }
    call.reply().integer(added);
  }

  private static void smembers(Call call) {
    Fields members = call.fields(CellType.SET);
    call.reply().set(Math.toIntExact(members.count()));
    call.replyFields(members, true, false);
  }

  private static void sismember(Call call) {
    boolean found = call.findField(call.fields(CellType.SET), 2);
    call.reply().integer(found ? 1 : 0);
  }

  private static void smismember(Call call) {
    Fields members = call.fields(CellType.SET);
    int count = call.args().count();
    call.reply().array(count - 2);
    for (int i = 2; i < count; i++) {
      call.reply().integer(call.findField(members, i) ? 1 : 0);
    }
  }
}
