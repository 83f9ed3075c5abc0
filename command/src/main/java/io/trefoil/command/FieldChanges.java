package io.trefoil.command;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Score;
import io.trefoil.command.DivergedCommands.Standing;
import io.trefoil.resp.Args;
import java.util.Arrays;
import java.util.Locale;

/**
 * What a divergence file changes of a key that has fields, which are members and elements, too. In
 * the words of a command, each change is three of them:
 *
 * <pre>
 * hash|set|list|zset, then for each field: SET field value (of a set it is empty) | DROP field ""
 * </pre>
 *
 * An element's field is its place ({@link ListPlaces}), a sorted set's value a {@link Score}. What
 * is not named stays as it is; or, of a key that is replaced, goes.
 */
final class FieldChanges {
  /** In the place of an expiry: whatever it is now. */
  static final long EXPIRY_AS_IT_IS = -1;

  /** Of more fields that differ nobody is told the values. */
  static final int MAX_VALUES = 100;

  private static final int WORDS = 3;

  private final Call call;
  private final Args args;
  private final int key;
  private final CellType type;
  private final int first;
  private final boolean replaces;

  private FieldChanges(Call call, int key, CellType type, int first, boolean replaces) {
    this.call = call;
    this.args = call.args();
    this.key = key;
    this.type = type;
    this.first = first;
    this.replaces = replaces;
  }

  /**
   * Reads the words from number {@code at} on.
   *
   * @param key number of the word that is the key
   * @param replaces whether the key has no other fields then
   * @return null when they are no such words
   */
  static FieldChanges parse(Call call, int key, int at, boolean replaces) {
    Args args = call.args();
    CellType type = args.count() <= at ? null : type(args, at);
    if (type == null || (args.count() - at - 1) % WORDS != 0) {
      return null;
    }
    for (int i = at + 1; i < args.count(); i += WORDS) {
      if (!isChange(args, type, i)) {
        return null;
      }
    }
    return new FieldChanges(call, key, type, at + 1, replaces);
  }

  /** A list is in the order of its names, a sorted set in that of its values. */
  private static boolean isChange(Args args, CellType type, int at) {
    boolean sets = args.isWord(at, "SET");
    if (!sets && !args.isWord(at, "DROP")) {
      return false;
    }
    if (type == CellType.LIST) {
      return ListPlaces.isLength(args.length(at + 1));
    }
    return type != CellType.ZSET || !sets || args.length(at + 2) == Score.BYTES;
  }

  private static CellType type(Args args, int at) {
    for (CellType type : CellType.WITH_FIELDS) {
      if (args.isWord(at, type.redisName().toUpperCase(Locale.ROOT))) {
        return type;
      }
    }
    return null;
  }

  private boolean sets(int at) {
    return args.isWord(at, "SET");
  }

  private Fields fields() {
    return call.cells().fields(type, args.array(), args.offset(key), args.length(key));
  }

  /**
   * How the key stands to what it would be then: as the field stands that stands worst.
   *
   * @param expireAt as it would be, or {@link #EXPIRY_AS_IT_IS}
   * @param commonStamp of the last entry that both histories have
   * @param version as {@link #version} gives it
   */
  Standing standing(long expireAt, long commonStamp, long version) {
    Cells cells = call.cells();
    if (!call.find(key)) {
      return anySet() ? Standing.MISSING : Standing.SAME;
    }
    if (cells.type() != type) {
      return Standing.CONFLICT;
    }
    boolean otherExpiry = expireAt != EXPIRY_AS_IT_IS && expireAt != cells.expireAtMillis();
    boolean headIsOlder = cells.stamp() <= commonStamp;
    Fields fields = fields();
    if (replaces) {
      boolean same = !otherExpiry && isAll(fields);
      return same ? Standing.SAME : Standing.ofWritten(version <= commonStamp);
    }
    Standing worst = otherExpiry ? Standing.ofWritten(headIsOlder) : Standing.SAME;
    for (int i = first; i < args.count(); i += WORDS) {
      Standing standing = standing(fields, i, commonStamp);
      worst = standing.compareTo(worst) > 0 ? standing : worst;
    }
    return worst;
  }

  private boolean anySet() {
    for (int i = first; i < args.count(); i += WORDS) {
      if (sets(i)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the key has these fields and no other. */
  private boolean isAll(Fields fields) {
    long named = 0;
    for (int i = first; i < args.count(); i += WORDS) {
      if (!isAlready(fields, i)) {
        return false;
      }
      named += sets(i) ? 1 : 0;
    }
    return fields.count() == named;
  }

  private Standing standing(Fields fields, int at, long commonStamp) {
    if (isAlready(fields, at)) {
      return Standing.SAME;
    }
    return call.findField(fields, at + 1)
        ? Standing.ofWritten(fields.stamp() <= commonStamp)
        : Standing.MISSING;
  }

  private boolean isAlready(Fields fields, int at) {
    boolean found = call.findField(fields, at + 1);
    if (!found || !sets(at)) {
      return found == sets(at);
    }
    int length = fields.valueLength();
    if (length != args.length(at + 2)) {
      return false;
    }
    byte[] value = new byte[length];
    fields.copyValue(0, value, 0, length);
    return Arrays.equals(value, args.copy(at + 2));
  }

  /**
   * Stamp of the last change of what these changes would write over; 0 when the key is not there.
   * To be asked for once, and first: all fields of a large key can be visited once in a command.
   */
  long version() {
    Cells cells = call.cells();
    if (!call.find(key)) {
      return 0;
    }
    if (cells.type() != type) {
      return DivergedCommands.newestStamp(call, key);
    }
    long newest = cells.stamp();
    Fields fields = fields();
    for (int i = first; i < args.count(); i += WORDS) {
      if (call.findField(fields, i + 1)) {
        newest = Math.max(newest, fields.stamp());
      }
    }
    // Only now: whenever a field has to be fetched, the command begins again.
    return replaces ? fields.newestStamp() : newest;
  }

  /** Makes them; a key of another type is replaced. */
  void apply(long expireAt) {
    Cells cells = call.cells();
    if (call.find(key) && (replaces || cells.type() != type)) {
      call.remove(key);
    }
    Fields fields = fields();
    for (int i = first; i < args.count(); i += WORDS) {
      if (isAlready(fields, i)) {
        continue;
      }
      if (sets(i)) {
        fields.put(
            args.array(),
            args.offset(i + 1),
            args.length(i + 1),
            args.array(),
            args.offset(i + 2),
            args.length(i + 2));
      } else {
        fields.remove(args.array(), args.offset(i + 1), args.length(i + 1));
      }
    }
    fields.save();
    boolean expires = expireAt != EXPIRY_AS_IT_IS && call.find(key);
    if (expires && cells.expireAtMillis() != expireAt) {
      call.setExpiry(key, expireAt);
    }
  }

  /**
   * Replies with each field's state and value, one after the other. The value is nil when the field
   * is not there, is the same, or comes after {@link #MAX_VALUES} that are not.
   *
   * @param limit of a longer value, so many bytes are given
   */
  void reply(long commonStamp, int limit) {
    boolean there = call.find(key) && call.cells().type() == type;
    Fields fields = there ? fields() : null;
    int values = 0;
    call.reply().array((args.count() - first) / WORDS * 2);
    for (int i = first; i < args.count(); i += WORDS) {
      Standing absent = sets(i) ? Standing.MISSING : Standing.SAME;
      Standing standing = there ? standing(fields, i, commonStamp) : absent;
      call.reply().bulkText(standing.word());
      boolean isTold = there && standing != Standing.SAME && values++ < MAX_VALUES;
      if (isTold && call.findField(fields, i + 1)) {
        int length = Math.min(fields.valueLength(), limit);
        int at = call.reply().bulkReserve(length);
        fields.copyValue(0, call.reply().array(), at, length);
      } else {
        call.reply().nil();
      }
    }
  }
}
