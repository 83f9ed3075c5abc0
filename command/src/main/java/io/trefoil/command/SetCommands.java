package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.base.Bytes;
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
            .differs(Difference.ORDER_OF_HASHES, Difference.ALL_FIELDS)
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
            .onCells(call -> call.reply().integer(call.fields(CellType.SET).count())),
        row(
                "sscan",
                -3,
                "2.8.0",
                "O(1) for every call. O(N) for a complete iteration.",
                "Incrementally iterate Set elements")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.SCAN_STEPS, Difference.SCAN_COUNT)
            .onCells(call -> FieldScan.run(call, CellType.SET, false)),
        row(
                "srandmember",
                -2,
                "Without the count argument O(1), otherwise O(N) where N is the absolute value of"
                    + " the passed count.",
                "Get one or multiple random members from a set")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.REPEATED_PICKS)
            .onCells(SetCommands::srandmember),
        row(
                "spop",
                -2,
                "Without the count argument O(1), otherwise O(N) where N is the value of the passed"
                    + " count.",
                "Remove and return one or multiple random members from a set")
            .flags(WRITE, FAST)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.SETS_IN_MEMORY)
            .onCells(SetCommands::spop),
        row("smove", 4, "O(1)", "Move a member from one set to another")
            .flags(WRITE, FAST)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(SetCommands::smove));
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
    call.expect(members, 2);
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

  private static void srandmember(Call call) {
    if (call.args().count() > 3) {
      call.reply().error(Errors.SYNTAX);
    } else if (call.args().count() == 2) {
      pickOne(call, call.fields(CellType.SET));
    } else if (call.parsePicks(2)) {
      srandmember(call, call.args().parsed());
    }
  }

  private static void srandmember(Call call, long count) {
    Fields members = call.fields(CellType.SET);
    if (members.count() == 0 || count == 0) {
      call.reply().array(0);
      return;
    }
    long picks = count < 0 ? -count : Math.min(count, members.count());
    int start = call.reply().size();
    Fields.Visitor visitor = call.replying(true, false);
    if (count < 0) {
      PickedFields.repeated(call, members, picks, visitor);
    } else {
      PickedFields.different(call, members, picks, visitor);
    }
    call.reply().arrayFrom(start, Math.toIntExact(picks));
  }

  /** Replies with a member, or that there is none. */
  private static void pickOne(Call call, Fields members) {
    if (members.count() == 0) {
      call.reply().nil();
    } else {
      members.pick(call.replying(true, false));
    }
  }

  private static void spop(Call call) {
    Args args = call.args();
    if (args.count() > 3) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    boolean counted = args.count() == 3;
    if (counted && !call.parseTaken(2)) {
      return;
    }
    long wanted = counted ? args.parsed() : 1;
    Fields members = call.fields(CellType.SET);
    long count = Math.min(wanted, members.count());
    if (counted) {
      call.reply().set(Math.toIntExact(count));
    } else if (count == 0) {
      call.reply().nil();
    }
    if (count > 0) {
      pop(call, members, count);
    }
  }

  private static void pop(Call call, Fields members, long count) {
    boolean all = count == members.count();
    MemberSet popped = new MemberSet();
    PickedFields.different(call, members, count, popped);
    for (Bytes member : popped.all()) {
      call.reply().bulk(member.array(), 0, member.length());
    }
    if (all) {
      call.remove(1); // one write, however many
      return;
    }
    popped.expectIn(members);
    for (Bytes member : popped.all()) {
      members.remove(member.array(), 0, member.length());
    }
    members.save();
  }

  private static void smove(Call call) {
    if (call.fields(CellType.SET, 1).count() == 0) {
      call.reply().integer(0); // whatever the destination holds
      return;
    }
    call.fields(CellType.SET, 2);
    Fields source = call.fields(CellType.SET, 1);
    boolean there = call.findField(source, 3);
    if (there && !call.args().same(1, 2)) {
      move(call, source);
    }
    call.reply().integer(there ? 1 : 0);
  }

  private static void move(Call call, Fields source) {
    Args args = call.args();
    source.remove(args.array(), args.offset(3), args.length(3));
    source.save();
    Fields destination = call.fields(CellType.SET, 2);
    if (!call.findField(destination, 3)) {
      destination.put(args.array(), args.offset(3), args.length(3), args.array(), 0, 0);
      destination.save();
    }
  }

  private static void sismember(Call call) {
    boolean found = call.findField(call.fields(CellType.SET), 2);
    call.reply().integer(found ? 1 : 0);
  }

  private static void smismember(Call call) {
    Fields members = call.fields(CellType.SET);
    call.expect(members, 2);
    int count = call.args().count();
    call.reply().array(count - 2);
    for (int i = 2; i < count; i++) {
      call.reply().integer(call.findField(members, i) ? 1 : 0);
    }
  }
}
