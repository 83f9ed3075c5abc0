package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.Cells;
import io.trefoil.cell.Siblings;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;

/**
 * Strings that were written by several who had not seen each other's, in databases that keep all of
 * them: to read them, and to decide between them.
 *
 * <pre>
 * SIBLINGS key                                     context, then value, milliseconds and node each
 * RESOLVE  key context value [EX seconds | PX milliseconds]
 * </pre>
 */
final class SiblingCommands {
  private static final String OWN = "0.1.0";
  private static final String ONE_ORDER = "is about writes that did not see each other";
  private static final int CONTEXT = 2;
  private static final int VALUE = 3;
  private static final int OPTIONS = 4;

  private SiblingCommands() {}

  static List<Command> rows() {
    return List.of(
        row("siblings", 2, "Show all values that were written without seeing each other")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .refusedWithLeader(ONE_ORDER)
            .onCells(SiblingCommands::siblings),
        row("resolve", -4, "Set a key in place of all the siblings that SIBLINGS showed")
            .flags(WRITE, DENYOOM)
            .key()
            .converges(Convergence.RESOLVE)
            .refusedWithLeader(ONE_ORDER)
            .onCells(SiblingCommands::resolve));
  }

  private static Row row(String name, int arity, String summary) {
    String cost = "O(N) with N the number of siblings";
    return new Row(name, arity, Group.TREFOIL, OWN, cost, summary);
  }

  private static void siblings(Call call) {
    if (!call.findString(1)) {
      call.reply().nilArray();
      return;
    }
    Siblings siblings = call.cells().siblings();
    call.reply().array(1 + siblings.writes().size());
    call.reply().bulk(siblings.context());
    for (Siblings.Sibling each : siblings.writes()) {
      call.reply().array(3);
      call.reply().bulk(each.value());
      call.reply().integer(each.millis());
      call.reply().bulkText(each.node());
    }
  }

  private static void resolve(Call call) {
    Args args = call.args();
    SetOptions options = new SetOptions();
    if (!hasKnownOptions(args) || !options.parse(args, OPTIONS, true)) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    if (!options.readExpiry(call)) {
      return;
    }
    call.findString(1);
    long expireAt = options.hasExpiry() ? options.expireAtMillis() : Cells.NEVER;
    call.cells()
        .resolve(
            args.array(),
            args.offset(1),
            args.length(1),
            args.copy(CONTEXT),
            args.array(),
            args.offset(VALUE),
            args.length(VALUE),
            expireAt);
    call.reply().ok();
  }

  private static boolean hasKnownOptions(Args args) {
    return args.count() == OPTIONS
        || args.count() == OPTIONS + 2
            && (args.isWord(OPTIONS, "EX") || args.isWord(OPTIONS, "PX"));
  }
}
