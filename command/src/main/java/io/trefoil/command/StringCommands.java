package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.Arrays;
import java.util.List;

/**
 * Strings as wholes and by ranges of bytes.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=string">Redis strings</a>
 */
final class StringCommands {
  static final String NEEDS_ORDER = "needs one order of all writes";
  private static final String LOSES_UPDATES =
      "rewrites a value it has read, so that concurrent ones would be lost";

  private StringCommands() {}

  static List<Command> rows() {
    return List.of(
        row("get", 2, "1.0.0", "O(1)", "Get the value of a key")
            .flags(READONLY, FAST)
            .key()
            .converges(Convergence.READ)
            .onCells(StringCommands::get),
        row("set", -3, "1.0.0", "O(1)", "Set the string value of a key")
            .flags(WRITE, DENYOOM)
            .key()
            .convergesUnless(
                StringCommands::looksFirst, "NX, XX or GET", NEEDS_ORDER, Convergence.SET)
            .onCells(StringCommands::set),
        row("setnx", 3, "1.0.0", "O(1)", "Set the value of a key, only if the key does not exist")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .refused(NEEDS_ORDER)
            .onCells(StringCommands::setnx),
        row("setex", 4, "2.0.0", "O(1)", "Set the value and expiration of a key")
            .flags(WRITE, DENYOOM)
            .key()
            .converges(Convergence.SET)
            .onCells(call -> setExpiring(call, true)),
        row("psetex", 4, "2.6.0", "O(1)", "Set the value and expiration in milliseconds of a key")
            .flags(WRITE, DENYOOM)
            .key()
            .converges(Convergence.SET)
            .onCells(call -> setExpiring(call, false)),
        row("getset", 3, "1.0.0", "O(1)", "Set the string value of a key and return its old value")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .refused(NEEDS_ORDER)
            .onCells(StringCommands::getset),
        row("getdel", 2, "6.2.0", "O(1)", "Get the value of a key and delete the key")
            .flags(WRITE, FAST)
            .key()
            .refused(NEEDS_ORDER)
            .onCells(StringCommands::getdel),
        row(
                "getex",
                -2,
                "6.2.0",
                "O(1)",
                "Get the value of a key and optionally set its expiration")
            .flags(WRITE, FAST)
            .key()
            .converges(Convergence.GETEX)
            .onCells(StringCommands::getex),
        row(
                "mget",
                -2,
                "1.0.0",
                "O(N) where N is the number of keys to retrieve.",
                "Get the values of all the given keys")
            .flags(READONLY, FAST)
            .keys(1, -1, 1)
            .scatter(Scatter.BY_KEY)
            .converges(Convergence.READ)
            .onCells(StringCommands::mget),
        row(
                "mset",
                -3,
                "1.0.1",
                "O(N) where N is the number of keys to set.",
                "Set multiple keys to multiple values")
            .flags(WRITE, DENYOOM)
            .keys(1, -1, 2)
            .scatter(Scatter.ALL_OK)
            .converges(Convergence.MSET)
            .onCells(StringCommands::mset),
        row(
                "msetnx",
                -3,
                "1.0.1",
                "O(N) where N is the number of keys to set.",
                "Set multiple keys to multiple values, only if none of the keys exist")
            .flags(WRITE, DENYOOM)
            .keys(1, -1, 2)
            .refused(NEEDS_ORDER)
            .onCells(StringCommands::msetnx),
        row("append", 3, "2.0.0", "O(N) where N is the resulting size.", "Append a value to a key")
            .flags(WRITE, DENYOOM, FAST)
            .key()
            .refused(LOSES_UPDATES)
            .onCells(StringCommands::append),
        row("strlen", 2, "2.2.0", "O(1)", "Get the length of the value stored in a key")
            .flags(READONLY, FAST)
            .key()
            .converges(Convergence.READ)
            .onCells(StringCommands::strlen),
        row("getrange", 4, "2.4.0", GETRANGE_COST, "Get a substring of the string stored at a key")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .onCells(StringCommands::getrange),
        row("substr", 4, "1.0.0", GETRANGE_COST, "Get a substring of the string stored at a key")
            .flags(READONLY)
            .key()
            .converges(Convergence.READ)
            .onCells(StringCommands::getrange),
        row(
                "setrange",
                4,
                "2.2.0",
                "O(N) where N is the resulting size.",
                "Overwrite part of a string at key starting at the specified offset")
            .flags(WRITE, DENYOOM)
            .key()
            .refused(LOSES_UPDATES)
            .onCells(StringCommands::setrange));
  }

  private static final String GETRANGE_COST = "O(N) where N is the length of the returned string.";

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.STRING, since, cost, summary);
  }

  private static void get(Call call) {
    if (call.findString(1)) {
      call.replyValue();
    } else {
      call.reply().nil();
    }
  }

  private static void set(Call call) {
    if (call.args().count() == 3) {
      call.putArgument(1, 2, Cells.NEVER);
      call.reply().ok();
      return;
    }
    SetOptions options = new SetOptions();
    if (!options.parse(call.args(), 3, true)) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    if (options.readExpiry(call)) {
      set(call, options);
    }
  }

  private static void set(Call call, SetOptions options) {
    boolean found = call.find(1);
    long expireAt = options.expireAtMillis();
    if (found && options.keepExpiry) {
      expireAt = call.cells().expireAtMillis();
    }
    boolean sets = found ? !options.ifAbsent : !options.ifPresent;
    if (options.get) {
      get(call);
    }
    if (sets) {
      call.putArgument(1, 2, expireAt);
    }
    if (!options.get) {
      if (sets) {
        call.reply().ok();
      } else {
        call.reply().nil();
      }
    }
  }

  /** Whether a SET does something that depends on what was there. */
  private static boolean looksFirst(Args args) {
    SetOptions options = new SetOptions();
    return options.parse(args, 3, true) && (options.ifAbsent || options.ifPresent || options.get);
  }

  private static void setnx(Call call) {
    boolean absent = !call.find(1);
    if (absent) {
      call.putArgument(1, 2, Cells.NEVER);
    }
    call.reply().integer(absent ? 1 : 0);
  }

  private static void setExpiring(Call call, boolean inSeconds) {
    SetOptions options = new SetOptions();
    if (options.readExpiry(call, 2, inSeconds, true)) {
      call.putArgument(1, 3, options.expireAtMillis());
      call.reply().ok();
    }
  }

  private static void getset(Call call) {
    get(call);
    call.putArgument(1, 2, Cells.NEVER);
  }

  private static void getdel(Call call) {
    get(call);
    call.remove(1);
  }

  private static void getex(Call call) {
    SetOptions options = new SetOptions();
    if (!options.parse(call.args(), 2, false)) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    // As in Redis, an absent key hides a wrong number.
    if (!call.findString(1)) {
      call.reply().nil();
      return;
    }
    if (!options.readExpiry(call)) {
      return;
    }
    boolean expires = call.cells().expireAtMillis() != Cells.NEVER;
    call.replyValue();
    if (options.hasAbsoluteExpiry() && options.expireAtMillis() <= call.cells().nowMillis()) {
      call.remove(1);
    } else if (options.hasExpiry()) {
      call.setExpiry(1, options.expireAtMillis());
    } else if (options.persist && expires) {
      call.setExpiry(1, Cells.NEVER);
    }
  }

  private static void mget(Call call) {
    int count = call.args().count();
    call.reply().array(count - 1);
    for (int i = 1; i < count; i++) {
      if (call.find(i) && call.cells().type() == CellType.STRING) {
        call.replyValue();
      } else {
        call.reply().nil();
      }
    }
  }

  private static void mset(Call call) {
    if (hasPairs(call)) {
      putPairs(call);
      call.reply().ok();
    }
  }

  private static void msetnx(Call call) {
    if (!hasPairs(call)) {
      return;
    }
    for (int i = 1; i < call.args().count(); i += 2) {
      if (call.find(i)) {
        call.reply().integer(0);
        return;
      }
    }
    putPairs(call);
    call.reply().integer(1);
  }

  private static boolean hasPairs(Call call) {
    if (call.args().count() % 2 == 1) {
      return true;
    }
    call.reply().error(Errors.wrongArity(call.command()));
    return false;
  }

  private static void putPairs(Call call) {
    for (int i = 1; i < call.args().count(); i += 2) {
      call.putArgument(i, i + 1, Cells.NEVER);
    }
  }

  private static void append(Call call) {
    Args args = call.args();
    int added = args.length(2);
    if (!call.findString(1)) {
      call.putArgument(1, 2, Cells.NEVER);
      call.reply().integer(added);
      return;
    }
    Cells cells = call.cells();
    int before = cells.valueLength();
    if (fits(call, (long) before + added)) {
      byte[] value = call.scratch(before + added);
      cells.copyValue(0, value, 0, before);
      System.arraycopy(args.array(), args.offset(2), value, before, added);
      call.put(1, value, 0, before + added, cells.expireAtMillis());
      call.reply().integer(before + added);
    }
  }

  /** Whether a value may be so large; if not, replies so. */
  static boolean fits(Call call, long size) {
    if (size >= 0 && size <= call.maxValueBytes()) {
      return true;
    }
    call.reply().error(Errors.TOO_LONG);
    return false;
  }

  private static void strlen(Call call) {
    call.reply().integer(call.findString(1) ? call.cells().valueLength() : 0);
  }

  private static void getrange(Call call) {
    if (!call.parseLong(2)) {
      return;
    }
    long first = call.args().parsed();
    if (!call.parseLong(3)) {
      return;
    }
    long last = call.args().parsed();
    int size = call.findString(1) ? call.cells().valueLength() : 0;
    // As in Redis: two ends that are swapped and both negative select nothing, before clipping.
    boolean swapped = first < 0 && last < 0 && first > last;
    long from = Math.max(first < 0 ? size + first : first, 0);
    long to = Math.min(Math.max(last < 0 ? size + last : last, 0), size - 1L);
    if (swapped || from > to) {
      call.reply().bulk(call.args().array(), 0, 0);
    } else {
      call.replyValue((int) from, (int) (to - from + 1));
    }
  }

  private static void setrange(Call call) {
    Args args = call.args();
    if (!call.parseLong(2)) {
      return;
    }
    long offset = args.parsed();
    if (offset < 0) {
      call.reply().error("ERR offset is out of range");
      return;
    }
    boolean found = call.findString(1);
    int before = found ? call.cells().valueLength() : 0;
    int length = args.length(3);
    if (length == 0) {
      call.reply().integer(before);
    } else if (fits(call, offset + length)) {
      int after = (int) Math.max(before, offset + length);
      byte[] value = call.scratch(after);
      long expireAt = found ? call.cells().expireAtMillis() : Cells.NEVER;
      if (found) {
        call.cells().copyValue(0, value, 0, before);
      }
      Arrays.fill(value, before, after, (byte) 0);
      System.arraycopy(args.array(), args.offset(3), value, (int) offset, length);
      call.put(1, value, 0, after, expireAt);
      call.reply().integer(after);
    }
  }
}
