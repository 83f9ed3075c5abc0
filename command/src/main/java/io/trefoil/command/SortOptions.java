package io.trefoil.command;

import io.trefoil.resp.Args;
import java.util.ArrayList;
import java.util.List;

/** The words that may follow the key of {@code SORT}. */
final class SortOptions {
  boolean descending;
  boolean alpha;
  long skipped;

  /** How many elements are wanted; negative for all. */
  long limit = -1;

  /** What to sort by; null for the elements themselves. */
  KeyPattern by;

  /** Whether the order is to stay: a pattern to sort by is the same for all. */
  boolean unsorted;

  /** What to answer for each element; if empty, the element. */
  final List<KeyPattern> gets = new ArrayList<>();

  /** The word that names the key to store to; 0 when there is none. */
  int store;

  /** Reads them; false when the reply is an error. */
  boolean parse(Call call, boolean mayStore) {
    Args args = call.args();
    for (int i = 2; i < args.count(); i += words(args, i)) {
      if (args.isWord(i, "ASC")) {
        descending = false;
      } else if (args.isWord(i, "DESC")) {
        descending = true;
      } else if (args.isWord(i, "ALPHA")) {
        alpha = true;
      } else if (words(args, i) == 1 || !mayStore && args.isWord(i, "STORE")) {
        call.reply().error(Errors.SYNTAX);
        return false;
      } else if (!parseValued(call, i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * How many words the option that begins at word {@code i} has; 1 when some of them are missing.
   */
  private static int words(Args args, int i) {
    if (args.isWord(i, "LIMIT")) {
      return i + 2 < args.count() ? 3 : 1;
    }
    boolean valued = args.isWord(i, "BY") || args.isWord(i, "GET") || args.isWord(i, "STORE");
    return valued && i + 1 < args.count() ? 2 : 1;
  }

  private boolean parseValued(Call call, int i) {
    Args args = call.args();
    if (args.isWord(i, "LIMIT")) {
      return parseLimit(call, i);
    }
    if (args.isWord(i, "STORE")) {
      store = i + 1;
      return true;
    }
    KeyPattern pattern = KeyPattern.of(args, i + 1);
    // Another key may be in another partition.
    if (pattern.namesKeys() && call.partitionCount() > 1) {
      String option = args.isWord(i, "BY") ? "BY" : "GET";
      call.reply().error("ERR " + option + " option of SORT denied in cluster mode.");
      return false;
    }
    if (args.isWord(i, "GET")) {
      gets.add(pattern);
    } else {
      by = pattern;
      unsorted |= !pattern.namesKeys();
    }
    return true;
  }

  private boolean parseLimit(Call call, int i) {
    if (!call.parseLong(i + 1)) {
      return false;
    }
    skipped = Math.max(call.args().parsed(), 0);
    if (!call.parseLong(i + 2)) {
      return false;
    }
    limit = call.args().parsed();
    return true;
  }

  /** The word that names the key to store to; 0 when there is none. */
  static int storeWord(Args args) {
    int store = 0;
    for (int i = 2; i < args.count(); i += words(args, i)) {
      if (args.isWord(i, "STORE") && words(args, i) == 2) {
        store = i + 1;
      }
    }
    return store;
  }

  /** Whether it looks at keys that are not among its words. */
  static boolean looksElsewhere(Args args) {
    for (int i = 2; i < args.count(); i += words(args, i)) {
      boolean pattern = args.isWord(i, "BY") || args.isWord(i, "GET");
      if (pattern && words(args, i) == 2 && KeyPattern.of(args, i + 1).namesKeys()) {
        return true;
      }
    }
    return false;
  }
}
