package io.trefoil.command;

import io.trefoil.resp.Args;

/** What {@code SCAN} and the scans of fields are told beside their cursor. */
final class ScanOptions {
  /** So much one step visits at most, so that it never holds up a loop for long. */
  private static final int MAX_COUNT = 100_000;

  private int count = 10;
  private Glob match;
  private String type;

  private ScanOptions() {}

  /**
   * Reads the options from argument {@code first} on.
   *
   * @param ofKeys whether a type may be asked for
   * @return null when the reply is an error
   */
  static ScanOptions parse(Call call, int first, boolean ofKeys) {
    ScanOptions options = new ScanOptions();
    Args args = call.args();
    for (int i = first; i < args.count(); i += 2) {
      boolean valued = i + 1 < args.count();
      if (valued && args.isWord(i, "COUNT")) {
        if (!options.parseCount(call, i + 1)) {
          return null;
        }
      } else if (valued && args.isWord(i, "MATCH")) {
        options.match = Glob.of(args, i + 1);
      } else if (valued && ofKeys && args.isWord(i, "TYPE")) {
        options.type = args.text(i + 1);
      } else {
        call.reply().error(Errors.SYNTAX);
        return null;
      }
    }
    return options;
  }

  private boolean parseCount(Call call, int index) {
    if (!call.parseLong(index)) {
      return false;
    }
    if (call.args().parsed() < 1) {
      call.reply().error(Errors.SYNTAX);
      return false;
    }
    count = (int) Math.min(call.args().parsed(), MAX_COUNT);
    return true;
  }

  /** About how many to visit. */
  int count() {
    return count;
  }

  /** Whether a name is one that is asked for. */
  boolean matches(byte[] name, int offset, int length) {
    return match == null || match.isAll() || match.matches(name, offset, length);
  }

  /** The type that is asked for; null for any. */
  String type() {
    return type;
  }
}
