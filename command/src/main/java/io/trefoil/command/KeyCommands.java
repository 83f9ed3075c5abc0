package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.STALE;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.List;

/** Keys of any type, by name. */
final class KeyCommands {
  /** As in Redis: the longest string that is stored in one piece with its head. */
  private static final int EMBEDDED_BYTES = 44;

  /** What a key costs beside its bytes and its value's, roughly. */
  private static final int KEY_OVERHEAD_BYTES = 64;

  /** What a field costs, roughly: it is not looked at. */
  private static final int FIELD_BYTES = 100;

  private KeyCommands() {}

  static List<Command> rows() {
    return List.of(
        row("del", -2, "1.0.0", "O(N) where N is the number of keys.", "Delete a key")
            .flags(WRITE)
            .keys(1, -1, 1)
            .scatter(Scatter.SUM)
            .converges(Convergence.REMOVE)
            .onCells(KeyCommands::del),
        row("unlink", -2, "4.0.0", "O(N) where N is the number of keys.", "Delete a key")
            .flags(WRITE, FAST)
            .keys(1, -1, 1)
            .scatter(Scatter.SUM)
            .converges(Convergence.REMOVE)
            .onCells(KeyCommands::del),
        row(
                "exists",
                -2,
                "1.0.0",
                "O(N) where N is the number of keys to check.",
                "Determine if a key exists")
            .flags(READONLY, FAST)
            .keys(1, -1, 1)
            .scatter(Scatter.SUM)
            .converges(Convergence.READ)
            .onCells(KeyCommands::exists),
        row(
                "touch",
                -2,
                "3.2.1",
                "O(N) where N is the number of keys that will be touched.",
                "Returns the number of existing keys specified.")
            .flags(READONLY, FAST)
            .keys(1, -1, 1)
            .scatter(Scatter.SUM)
            .converges(Convergence.READ)
            .onCells(KeyCommands::exists),
        row("type", 2, "1.0.0", "O(1)", "Determine the type stored at key")
            .flags(READONLY, FAST)
            .key()
            .converges(Convergence.READ)
            .onCells(KeyCommands::type),
        row("rename", 3, "1.0.0", COPY_COST, "Rename a key")
            .flags(WRITE)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.COPIED_FIELDS)
            .onCells(KeyCommands::rename),
        row("renamenx", 3, "1.0.0", COPY_COST, "Rename a key, only if the new key does not exist")
            .flags(WRITE, FAST)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.COPIED_FIELDS)
            .onCells(KeyCommands::renamenx),
        row("copy", -3, "6.2.0", COPY_COST, "Copy a key")
            .flags(WRITE, DENYOOM)
            .keys(1, 2, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .differs(Difference.COPY_DB, Difference.COPIED_FIELDS)
            .onCells(KeyCommands::copy),
        row("object", -2, "2.2.3", "Depends on subcommand.", "Look at a key's value from inside")
            .container(objectRows()),
        new Row(
                "memory",
                -2,
                Group.SERVER,
                "4.0.0",
                "Depends on subcommand.",
                "A container for memory diagnostics commands")
            .container(memoryRows()));
  }

  private static final String COPY_COST = "O(N) where N is the size of the value.";

  private static List<Command> objectRows() {
    return List.of(
        row("object|encoding", 3, "2.2.3", "O(1)", "Inspect the internal encoding of a value")
            .flags(READONLY)
            .keys(2, 2, 1)
            .converges(Convergence.READ)
            .differs(Difference.ENCODING_OF_FIELDS, Difference.ENCODING_AS_IT_IS)
            .onCells(KeyCommands::encoding),
        row("object|refcount", 3, "2.2.3", "O(1)", "Get the number of references to a value: 1")
            .flags(READONLY)
            .keys(2, 2, 1)
            .converges(Convergence.READ)
            .differs(Difference.REFCOUNT)
            .onCells(KeyCommands::refcount),
        row("object|idletime", 3, "2.2.3", "O(1)", "Answers that idle times are not tracked")
            .flags(READONLY)
            .keys(2, 2, 1)
            .converges(Convergence.READ)
            .differs(Difference.IDLE_TIME)
            .onCells(call -> untracked(call, "ERR idle time is not tracked")),
        row("object|freq", 3, "4.0.0", "O(1)", "Answers that access frequencies are not tracked")
            .flags(READONLY)
            .keys(2, 2, 1)
            .converges(Convergence.READ)
            .differs(Difference.IDLE_TIME)
            .onCells(
                call ->
                    untracked(
                        call,
                        "ERR An LFU maxmemory policy is not selected, access frequency not"
                            + " tracked. Please note that when switching between policies at"
                            + " runtime LRU and LFU data will take some time to adjust.")),
        row("object|help", 2, "6.2.0", "O(1)", Help.SUMMARY)
            .flags(LOADING, STALE)
            .categories("keyspace")
            .onConnection(
                Help.of(
                    "OBJECT",
                    "ENCODING <key>",
                    "    Return the kind of internal representation used in order to store the"
                        + " value",
                    "    associated with a <key>.",
                    "FREQ <key>",
                    "    Not tracked.",
                    "IDLETIME <key>",
                    "    Not tracked.",
                    "REFCOUNT <key>",
                    "    Return the number of references of the value associated with the"
                        + " specified",
                    "    <key>.")));
  }

  private static List<Command> memoryRows() {
    return List.of(
        new Row(
                "memory|usage",
                -3,
                Group.SERVER,
                "4.0.0",
                "O(1)",
                "Estimate the memory usage of a key")
            .flags(READONLY)
            .keys(2, 2, 1)
            .converges(Convergence.READ)
            .differs(Difference.MEMORY_USAGE)
            .onCells(KeyCommands::memoryUsage),
        new Row("memory|help", 2, Group.SERVER, "4.0.0", "O(1)", Help.SUMMARY)
            .flags(LOADING, STALE)
            .onConnection(
                Help.of(
                    "MEMORY",
                    "USAGE <key> [SAMPLES <count>]",
                    "    Return memory in bytes used by <key> and its value.")));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.GENERIC, since, cost, summary);
  }

  private static void del(Call call) {
    int removed = 0;
    for (int i = 1; i < call.args().count(); i++) {
      if (call.find(i)) {
        call.remove(i);
        removed++;
      }
    }
    call.reply().integer(removed);
  }

  private static void exists(Call call) {
    int found = 0;
    for (int i = 1; i < call.args().count(); i++) {
      found += call.find(i) ? 1 : 0;
    }
    call.reply().integer(found);
  }

  private static void type(Call call) {
    call.reply().simple(call.find(1) ? call.cells().type().redisName() : "none");
  }

  private static void rename(Call call) {
    if (!call.find(1)) {
      call.reply().error(Errors.NO_SUCH_KEY);
      return;
    }
    if (!call.args().same(1, 2)) {
      move(call);
    }
    call.reply().ok();
  }

  private static void renamenx(Call call) {
    if (!call.find(1)) {
      call.reply().error(Errors.NO_SUCH_KEY);
      return;
    }
    // The new name being the old one, it exists.
    boolean free = !call.find(2);
    if (free) {
      move(call);
    }
    call.reply().integer(free ? 1 : 0);
  }

  /** Gives what key 1 holds, and its expiry, to key 2. */
  private static void move(Call call) {
    copyContent(call);
    call.remove(1);
  }

  /**
   * Lets key 2 hold what key 1 holds, and expire with it: of a key that has fields, all of them.
   *
   * @throws Refused when that is too much for one write
   */
  private static void copyContent(Call call) {
    call.find(1);
    Cells cells = call.cells();
    long expireAt = cells.expireAtMillis();
    CellType type = cells.type();
    if (!type.hasFields()) {
      byte[] value = cells.value();
      call.put(2, value, 0, value.length, expireAt);
      return;
    }
    FieldList copied = new FieldList();
    call.fields(type).forEach(copied);
    if (call.find(2)) {
      call.remove(2);
    }
    Args args = call.args();
    copied.putInto(cells.fields(type, args.array(), args.offset(2), args.length(2)));
    if (expireAt != Cells.NEVER) {
      call.setExpiry(2, expireAt);
    }
  }

  private static void copy(Call call) {
    Args args = call.args();
    boolean replace = false;
    for (int i = 3; i < args.count(); i++) {
      if (args.isWord(i, "REPLACE")) {
        replace = true;
      } else if (args.isWord(i, "DB") && i + 1 < args.count()) {
        // Another database is other partitions, perhaps on other nodes.
        if (call.parseLong(i + 1)) {
          call.reply().error("UNSUPPORTED COPY stays in its database; DB is not supported");
        }
        return;
      } else {
        call.reply().error(Errors.SYNTAX);
        return;
      }
    }
    if (args.same(1, 2)) {
      call.reply().error("ERR source and destination objects are the same");
      return;
    }
    boolean copies = call.find(1) && (replace || !call.find(2));
    if (copies) {
      copyContent(call);
    }
    call.reply().integer(copies ? 1 : 0);
  }

  private static void encoding(Call call) {
    if (!call.find(2)) {
      call.reply().nil();
    } else if (call.cells().type() == CellType.ZSET) {
      call.reply().bulkText(ZSetCommands.encoding(call, 2));
    } else if (call.cells().type() == CellType.LIST) {
      call.reply().bulkText("quicklist");
    } else if (call.cells().type().hasFields()) {
      call.reply().bulkText("hashtable");
    } else if (NumberCommands.readNumber(call)) {
      call.reply().bulkText("int");
    } else {
      call.reply().bulkText(call.cells().valueLength() <= EMBEDDED_BYTES ? "embstr" : "raw");
    }
  }

  private static void refcount(Call call) {
    if (call.find(2)) {
      call.reply().integer(1);
    } else {
      call.reply().nil();
    }
  }

  private static void untracked(Call call, String error) {
    if (call.find(2)) {
      call.reply().error(error);
    } else {
      call.reply().nil();
    }
  }

  private static void memoryUsage(Call call) {
    Args args = call.args();
    for (int i = 3; i < args.count(); i += 2) {
      if (!args.isWord(i, "SAMPLES") || i + 1 == args.count()) {
        call.reply().error(Errors.SYNTAX);
        return;
      }
      if (!call.parseLong(i + 1)) {
        return;
      }
      if (args.parsed() < 0) {
        call.reply().error(Errors.SYNTAX);
        return;
      }
    }
    if (call.find(2)) {
      call.reply().integer(args.length(2) + KEY_OVERHEAD_BYTES + valueBytes(call));
    } else {
      call.reply().nil();
    }
  }

  /** What the key found takes beside its name, roughly. */
  private static long valueBytes(Call call) {
    Cells cells = call.cells();
    if (!cells.type().hasFields()) {
      return cells.valueLength();
    }
    Args args = call.args();
    Fields fields = cells.fields(cells.type(), args.array(), args.offset(2), args.length(2));
    return fields.count() * FIELD_BYTES;
  }
}
