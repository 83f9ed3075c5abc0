package io.trefoil.command;

import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;

/** When keys expire. */
final class ExpiryCommands {
  private ExpiryCommands() {}

  static List<Command> rows() {
    return List.of(
        expire("expire", "1.0.0", "Set a key's time to live in seconds")
            .onCells(call -> expire(call, true, true)),
        expire("pexpire", "2.6.0", "Set a key's time to live in milliseconds")
            .onCells(call -> expire(call, false, true)),
        expire("expireat", "1.2.0", "Set the expiration for a key as a UNIX timestamp")
            .onCells(call -> expire(call, true, false)),
        expire(
                "pexpireat",
                "2.6.0",
                "Set the expiration for a key as a UNIX timestamp specified in milliseconds")
            .onCells(call -> expire(call, false, false)),
        read("ttl", "1.0.0", "Get the time to live for a key in seconds")
            .onCells(call -> timeLeft(call, true, false)),
        read("pttl", "2.6.0", "Get the time to live for a key in milliseconds")
            .onCells(call -> timeLeft(call, false, false)),
        read("expiretime", "7.0.0", "Get the expiration Unix timestamp for a key")
            .onCells(call -> timeLeft(call, true, true)),
        read("pexpiretime", "7.0.0", "Get the expiration Unix timestamp for a key in milliseconds")
            .onCells(call -> timeLeft(call, false, true)),
        row("persist", 2, "2.2.0", "Remove the expiration from a key")
            .flags(WRITE, FAST)
            .converges(Convergence.PERSIST)
            .onCells(ExpiryCommands::persist));
  }

  private static Row expire(String name, String since, String summary) {
    return row(name, -3, since, summary)
        .flags(WRITE, FAST)
        .convergesUnless(
            args -> args.count() > 3,
            "NX, XX, GT or LT",
            StringCommands.NEEDS_ORDER,
            Convergence.EXPIRE);
  }

  private static Row read(String name, String since, String summary) {
    return row(name, 2, since, summary).flags(READONLY, FAST).converges(Convergence.READ);
  }

  private static Row row(String name, int arity, String since, String summary) {
    return new Row(name, arity, Group.GENERIC, since, "O(1)", summary).key();
  }

  private static void expire(Call call, boolean inSeconds, boolean relative) {
    boolean right = checkOptions(call) && call.parseLong(2);
    if (!right) {
      return;
    }
    long time = call.args().parsed();
    long base = relative ? call.cells().nowMillis() : 0;
    boolean overflows = inSeconds && (time > Long.MAX_VALUE / 1000 || time < Long.MIN_VALUE / 1000);
    time *= inSeconds ? 1000 : 1;
    if (overflows || time > Long.MAX_VALUE - base) {
      call.reply().error(Errors.invalidExpireTime(call.command()));
      return;
    }
    expireAt(call, time + base);
  }

  private static void expireAt(Call call, long when) {
    if (!call.find(1) || !changes(call.args(), call.cells().expireAtMillis(), when)) {
      call.reply().integer(0);
      return;
    }
    if (when <= call.cells().nowMillis()) {
      call.remove(1);
    } else {
      call.setExpiry(1, when);
    }
    call.reply().integer(1);
  }

  /** Whether the options are known and don't exclude each other; if not, replies so. */
  private static boolean checkOptions(Call call) {
    Args args = call.args();
    for (int i = 3; i < args.count(); i++) {
      boolean known =
          args.isWord(i, "NX")
              || args.isWord(i, "XX")
              || args.isWord(i, "GT")
              || args.isWord(i, "LT");
      if (!known) {
        String option = Errors.echo(args, i, Integer.MAX_VALUE);
        call.reply().errorEchoing("ERR Unsupported option " + option);
        return false;
      }
    }
    boolean greater = has(args, "GT");
    boolean less = has(args, "LT");
    if (has(args, "NX") && (has(args, "XX") || greater || less)) {
      call.reply().error("ERR NX and XX, GT or LT options at the same time are not compatible");
      return false;
    }
    if (greater && less) {
      call.reply().error("ERR GT and LT options at the same time are not compatible");
      return false;
    }
    return true;
  }

  private static boolean has(Args args, String option) {
    for (int i = 3; i < args.count(); i++) {
      if (args.isWord(i, option)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the options let {@code when} replace {@code current}; no expiry is infinitely late. */
  private static boolean changes(Args args, long current, long when) {
    boolean expires = current != Cells.NEVER;
    if (has(args, "NX") && expires || has(args, "XX") && !expires) {
      return false;
    }
    if (has(args, "GT") && (!expires || when <= current)) {
      return false;
    }
    return !(has(args, "LT") && expires && when >= current);
  }

  private static void timeLeft(Call call, boolean inSeconds, boolean absolute) {
    if (!call.find(1)) {
      call.reply().integer(-2);
      return;
    }
    long expireAt = call.cells().expireAtMillis();
    if (expireAt == Cells.NEVER) {
      call.reply().integer(-1);
      return;
    }
    long millis = absolute ? expireAt : Math.max(expireAt - call.cells().nowMillis(), 0);
    // Rounded to the nearest second, without overflow for the farthest times.
    long seconds = millis / 1000 + (millis % 1000 >= 500 ? 1 : 0);
    call.reply().integer(inSeconds ? seconds : millis);
  }

  private static void persist(Call call) {
    boolean expires = call.find(1) && call.cells().expireAtMillis() != Cells.NEVER;
    if (expires) {
      call.setExpiry(1, Cells.NEVER);
    }
    call.reply().integer(expires ? 1 : 0);
  }
}
