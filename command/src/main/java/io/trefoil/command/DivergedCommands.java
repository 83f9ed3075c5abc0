package io.trefoil.command;

import static io.trefoil.command.Flag.ADMIN;
import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.LOADING;
import static io.trefoil.command.Flag.NOSCRIPT;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.STALE;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What became of writes that left the history, and of writes of which nobody could say. The node
 * runs most of it. Two commands run on cells, at the leader, so that a key is compared and changed
 * in one step:
 *
 * <pre>
 * DIVERGED COMPARE key change expire-at common-stamp max-bytes [value | fields]
 * DIVERGED APPLY   key change expire-at common-stamp SAFE|ANY|stamp [value | fields]
 * change: PUT of a string | REMOVE | EXPIRE | FIELDS, some of them | REPLACE, all of them
 * </pre>
 *
 * Fields are given as {@link FieldChanges} has them. {@code expire-at} is in milliseconds since
 * 1970, 0 for never, -1 with FIELDS for what it is now. Stamps up to {@code common-stamp} are of
 * entries that both histories have; -1 when that is not known. Where leaders of several regions
 * write, {@link LeftChanges} do the same.
 */
final class DivergedCommands {
  private static final String OWN = "0.1.0";
  private static final String KEYS_OF_FILE = "O(N) with N the size of the file";
  private static final String FIELDS_OF_KEY = "O(N) with N the number of the key's fields";
  private static final int KEY = 2;
  private static final int CHANGE = 3;
  private static final int EXPIRE_AT = 4;
  private static final int COMMON_STAMP = 5;
  private static final int LIMIT_OR_MODE = 6;
  private static final int VALUE = 7;

  /** Of a field's value no more is told. */
  static final int MAX_FIELD_BYTES = 1 << 10;

  private DivergedCommands() {}

  static List<Command> rows() {
    return List.of(
        row("diverged", -2, "What left the history, and is kept in divergence files")
            .container(
                List.of(
                    node("diverged|list", 2, "O(N) with N the number of files")
                        .text("List the divergence files of all nodes"),
                    node("diverged|show", -3, KEYS_OF_FILE)
                        .text("Show the changes in a divergence file, in their order"),
                    node("diverged|diff", -3, KEYS_OF_FILE)
                        .text("Compare what a divergence file would leave with what is there"),
                    node("diverged|replay", -3, KEYS_OF_FILE)
                        .text("Write what a divergence file holds again, but for conflicts"),
                    node("diverged|discard", 3, "O(1)").text("Delete a divergence file"),
                    onKey("diverged|compare", "Compare a key with what DIFF found in a file")
                        .flags(READONLY)
                        .keys(KEY, KEY, 1)
                        .refused(StringCommands.NEEDS_ORDER)
                        .onCells(DivergedCommands::compare),
                    onKey("diverged|apply", "Write a key as REPLAY does, unless it has changed")
                        .flags(WRITE, DENYOOM)
                        .keys(KEY, KEY, 1)
                        .refused(StringCommands.NEEDS_ORDER)
                        .onCells(DivergedCommands::apply),
                    merging(
                            "diverged|preview",
                            -5,
                            Convergence.READ,
                            "Tell what merging a change would make of a key")
                        .flags(READONLY)
                        .onCells(LeftChanges::preview),
                    merging(
                            "diverged|merge",
                            -4,
                            Convergence.REPLAY,
                            "Merge a change of a key as REPLAY does")
                        .flags(WRITE, DENYOOM)
                        .onCells(LeftChanges::merge),
                    help(
                        "diverged",
                        "LIST",
                        "    List the divergence files of all nodes.",
                        "SHOW <id> [COUNT <n>] [FROM <i>]",
                        "    Show the changes in a file, from number <i> on.",
                        "DIFF <id> [COUNT <n>] [FROM <i>]",
                        "    Compare the keys of a file with what the database holds now.",
                        "REPLAY <id> [OVERWRITE [SEEN <digest>]]",
                        "    Write the keys again that are not in conflict. OVERWRITE: also those"
                            + " that are;",
                        "    SEEN: if they are as DIFF, whose digest it is, has shown them.",
                        "DISCARD <id>",
                        "    Delete a file."))),
        row("write", -2, "What became of a write")
            .container(
                List.of(
                    node("write|status", 3, "O(log N) with N the number of leaderships")
                        .text("Tell whether the write of an -UNCERTAIN reply is in the history"),
                    help(
                        "write",
                        "STATUS <database>/<partition>@<epoch>:<index>",
                        "    Tell whether a write is committed, lost, or still pending."))));
  }

  private static Row row(String name, int arity, String summary) {
    return new Row(name, arity, Group.TREFOIL, OWN, "O(1)", summary);
  }

  private static Row onKey(String name, String summary) {
    return new Row(name, -7, Group.TREFOIL, OWN, FIELDS_OF_KEY, summary);
  }

  private static Row merging(String name, int arity, Convergence together, String summary) {
    return new Row(name, arity, Group.TREFOIL, OWN, FIELDS_OF_KEY, summary)
        .keys(KEY, KEY, 1)
        .converges(together)
        .refusedWithLeader(LeftChanges.NEEDS_SEVERAL_WRITERS);
  }

  private static Command help(String container, String... lines) {
    return row(container + "|help", 2, Help.SUMMARY)
        .flags(LOADING, STALE)
        .onConnection(Help.of(container.toUpperCase(Locale.ROOT), lines));
  }

  private static NodeRow node(String name, int arity, String cost) {
    return summary ->
        new Row(name, arity, Group.TREFOIL, OWN, cost, summary)
            .flags(ADMIN, NOSCRIPT, LOADING, STALE)
            .onNode();
  }

  /** A row but for its summary. */
  private interface NodeRow {
    Command text(String summary);
  }

  /** How a key, or a field, stands to what a file would leave it as; the worst last. */
  enum Standing {
    /** It is so already. */
    SAME,
    /** The key is not there. */
    MISSING,
    /** Nobody has written the key since the histories parted. */
    OLDER,
    /** The key has been written since, or may have been. */
    CONFLICT;

    /** Of a cell that is there and differs. */
    static Standing ofWritten(boolean isOlder) {
      return isOlder ? OLDER : CONFLICT;
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private enum Change {
    PUT,
    REMOVE,
    EXPIRE,
    FIELDS,
    REPLACE;

    boolean isOfFields() {
      return this == FIELDS || this == REPLACE;
    }

    private static Optional<Change> of(Args args) {
      return Arrays.stream(values()).filter(each -> args.isWord(CHANGE, each.name())).findFirst();
    }
  }

  private static void compare(Call call) {
    Change change = parse(call);
    if (change == null || !call.parseLong(LIMIT_OR_MODE)) {
      return;
    }
    int limit = (int) Math.min(Math.max(call.args().parsed(), 0), Integer.MAX_VALUE);
    long version = version(call, change);
    Standing standing = standing(call, change, version);
    boolean found = call.find(KEY);
    call.reply().array(!found ? 1 : change.isOfFields() ? 7 : 6);
    call.reply().bulkText(standing.word());
    if (found) {
      Cells cells = call.cells();
      call.reply().integer(version);
      call.reply().bulkText(cells.type().redisName());
      call.reply().integer(cells.expireAtMillis());
      int length = isString(call) ? cells.valueLength() : 0;
      call.reply().integer(length);
      if (isString(call)) {
        call.replyValue(0, Math.min(length, limit));
      } else {
        call.reply().bulkText("");
      }
      if (change.isOfFields()) {
        fields(call, change).reply(commonStamp(call), Math.min(limit, MAX_FIELD_BYTES));
      }
    }
  }

  private static void apply(Call call) {
    Change change = parse(call);
    if (change == null) {
      return;
    }
    Args args = call.args();
    boolean safe = args.isWord(LIMIT_OR_MODE, "SAFE");
    boolean any = args.isWord(LIMIT_OR_MODE, "ANY");
    if (!safe && !any && !call.parseLong(LIMIT_OR_MODE)) {
      return;
    }
    long seen = args.parsed();
    long version = version(call, change);
    Standing standing = standing(call, change, version);
    boolean found = call.find(KEY);
    if (standing == Standing.SAME) {
      call.reply().bulkText(standing.word());
    } else if (safe && standing == Standing.CONFLICT || change == Change.EXPIRE && !found) {
      call.reply().bulkText(Standing.CONFLICT.word());
    } else if (!safe && !any && seen != version) {
      call.reply().bulkText("changed");
    } else {
      change(call, change);
      call.reply().bulkText("applied");
    }
  }

  private static void change(Call call, Change change) {
    if (leavesNothing(call, change)) {
      call.remove(KEY);
    } else if (change.isOfFields()) {
      fields(call, change).apply(expireAt(call));
    } else if (change == Change.PUT) {
      call.putArgument(KEY, VALUE, expireAt(call));
    } else {
      call.setExpiry(KEY, expireAt(call));
    }
  }

  /** The change, or null: then the reply says what is wrong with the arguments. */
  private static Change parse(Call call) {
    Change change = Change.of(call.args()).orElse(null);
    int words = change == Change.PUT ? VALUE + 1 : VALUE;
    boolean good =
        change != null
            && (change.isOfFields() ? fields(call, change) != null : call.args().count() == words);
    if (!good) {
      call.reply().error(Errors.SYNTAX);
      return null;
    }
    boolean numbers = call.parseLong(EXPIRE_AT) && call.parseLong(COMMON_STAMP);
    return numbers ? change : null;
  }

  private static FieldChanges fields(Call call, Change change) {
    return FieldChanges.parse(call, KEY, VALUE, change == Change.REPLACE);
  }

  private static long expireAt(Call call) {
    call.args().parseLong(EXPIRE_AT);
    return call.args().parsed();
  }

  private static long commonStamp(Call call) {
    call.args().parseLong(COMMON_STAMP);
    return call.args().parsed();
  }

  /** Whether the key would be gone by now: removed, or expired meanwhile. */
  private static boolean leavesNothing(Call call, Change change) {
    long expireAt = expireAt(call);
    boolean expires = expireAt != Cells.NEVER && expireAt != FieldChanges.EXPIRY_AS_IT_IS;
    boolean expired = expires && expireAt <= call.cells().nowMillis();
    return change == Change.REMOVE || expired;
  }

  private static Standing standing(Call call, Change change, long version) {
    boolean gone = leavesNothing(call, change);
    if (!gone && change.isOfFields()) {
      return fields(call, change).standing(expireAt(call), commonStamp(call), version);
    }
    if (!call.find(KEY)) {
      return gone ? Standing.SAME : change == Change.PUT ? Standing.MISSING : Standing.CONFLICT;
    }
    if (!gone && isAlready(call, change)) {
      return Standing.SAME;
    }
    boolean otherType = !gone && change == Change.PUT && !isString(call);
    return Standing.ofWritten(!otherType && version <= commonStamp(call));
  }

  /** As {@link FieldChanges#version}, of any change. */
  private static long version(Call call, Change change) {
    boolean gone = leavesNothing(call, change);
    if (!gone && change.isOfFields()) {
      return fields(call, change).version();
    }
    boolean ofExpiryAlone = !gone && change == Change.EXPIRE;
    if (!call.find(KEY)) {
      return 0;
    }
    return ofExpiryAlone ? call.cells().stamp() : newestStamp(call, KEY);
  }

  /**
   * Stamp of the last change of the key found: a field that is overwritten leaves the key's own.
   */
  static long newestStamp(Call call, int key) {
    Cells cells = call.cells();
    if (isString(call)) {
      return cells.stamp();
    }
    Args args = call.args();
    return cells
        .fields(cells.type(), args.array(), args.offset(key), args.length(key))
        .newestStamp();
  }

  static boolean isString(Call call) {
    return call.cells().type() == CellType.STRING;
  }

  /** Whether the key found is as the change would leave it. */
  private static boolean isAlready(Call call, Change change) {
    Cells cells = call.cells();
    if (cells.expireAtMillis() != expireAt(call)) {
      return false;
    }
    Args args = call.args();
    return change == Change.EXPIRE
        || isString(call)
            && cells.valueLength() == args.length(VALUE)
            && Arrays.equals(cells.value(), args.copy(VALUE));
  }
}
