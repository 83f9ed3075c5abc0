package io.trefoil.command;

import static io.trefoil.command.Flag.READONLY;

import io.trefoil.cell.CellType;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;
import java.util.List;

/**
 * The longest common subsequence of two strings.
 *
 * @see <a href="https://redis.io/docs/latest/commands/lcs/">LCS</a>
 */
final class LcsCommands {
  private LcsCommands() {}

  static List<Command> rows() {
    return List.of(
        new Row(
                "lcs",
                -3,
                Group.STRING,
                "7.0.0",
                "O(N*M) where N and M are the lengths of s1 and s2, respectively",
                "Find longest common substring")
            .flags(READONLY)
            .keys(1, 2, 1)
            .converges(Convergence.READ)
            .onCells(LcsCommands::lcs));
  }

  private static void lcs(Call call) {
    if (isOther(call, 1) || isOther(call, 2)) {
      call.reply().error("ERR The specified keys must contain string values");
      return;
    }
    byte[] a = value(call, 1);
    byte[] b = value(call, 2);
    Options options = new Options();
    if (!options.parse(call)) {
      return;
    }
    long cells = (a.length + 1L) * (b.length + 1L);
    if (cells * Integer.BYTES > Math.min(call.maxValueBytes(), Refused.MAX_FIELDS_BYTES)) {
      call.reply()
          .error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
      return;
    }
    Table table = new Table(a, b);
    if (options.indexes) {
      table.replyMatches(call.reply(), options);
    } else if (options.length) {
      call.reply().integer(table.length(a.length, b.length));
    } else {
      call.reply().bulk(table.common());
    }
  }

  /** Whether a key is there, and no string. */
  private static boolean isOther(Call call, int key) {
    return call.find(key) && call.cells().type() != CellType.STRING;
  }

  private static byte[] value(Call call, int key) {
    return call.find(key) ? call.cells().value() : new byte[0];
  }

  private static final class Options {
    boolean indexes;
    boolean length;
    boolean withLengths;
    long leastMatch;

    /** Reads them; false when the reply is an error. */
    boolean parse(Call call) {
      Args args = call.args();
      for (int i = 3; i < args.count(); i++) {
        if (args.isWord(i, "IDX")) {
          indexes = true;
        } else if (args.isWord(i, "LEN")) {
          length = true;
        } else if (args.isWord(i, "WITHMATCHLEN")) {
          withLengths = true;
        } else if (args.isWord(i, "MINMATCHLEN") && i + 1 < args.count()) {
          if (!call.parseLong(++i)) {
            return false;
          }
          leastMatch = args.parsed();
        } else {
          call.reply().error(Errors.SYNTAX);
          return false;
        }
      }
      if (indexes && length) {
        call.reply().error("ERR If you want both the length and indexes, please just use IDX.");
      }
      return !indexes || !length;
    }
  }

  /** How long the longest common subsequence is of each beginning of one with each of another. */
  private static final class Table {
    private final byte[] a;
    private final byte[] b;
    private final int[] lengths;

    Table(byte[] a, byte[] b) {
      this.a = a;
      this.b = b;
      lengths = new int[(a.length + 1) * (b.length + 1)];
      for (int i = 1; i <= a.length; i++) {
        for (int j = 1; j <= b.length; j++) {
          lengths[index(i, j)] =
              a[i - 1] == b[j - 1]
                  ? length(i - 1, j - 1) + 1
                  : Math.max(length(i - 1, j), length(i, j - 1));
        }
      }
    }

    private int index(int i, int j) {
      return i * (b.length + 1) + j;
    }

    int length(int i, int j) {
      return lengths[index(i, j)];
    }

    byte[] common() {
      byte[] common = new byte[length(a.length, b.length)];
      int left = common.length;
      int i = a.length;
      int j = b.length;
      while (left > 0) {
        if (a[i - 1] == b[j - 1]) {
          common[--left] = a[--i];
          j--;
        } else if (length(i - 1, j) > length(i, j - 1)) {
          i--;
        } else {
          j--;
        }
      }
      return common;
    }

    /** Replies with the ranges that are the same in both, the last first, and the whole length. */
    void replyMatches(ReplyWriter reply, Options options) {
      reply.map(2);
      reply.bulkText("matches");
      int start = reply.size();
      int matches = 0;
      int i = a.length;
      int j = b.length;
      while (i > 0 && j > 0) {
        int same = 0;
        while (same < Math.min(i, j) && a[i - 1 - same] == b[j - 1 - same]) {
          same++;
        }
        i -= same;
        j -= same;
        if (same > 0 && same >= options.leastMatch) {
          replyMatch(reply, i, j, same, options.withLengths);
          matches++;
        }
        if (i > 0 && j > 0) {
          boolean shorterA = length(i - 1, j) > length(i, j - 1);
          i -= shorterA ? 1 : 0;
          j -= shorterA ? 0 : 1;
        }
      }
      reply.arrayFrom(start, matches);
      reply.bulkText("len");
      reply.integer(length(a.length, b.length));
    }

    private static void replyMatch(ReplyWriter reply, int i, int j, int length, boolean told) {
      reply.array(told ? 3 : 2);
      reply.array(2);
      reply.integer(i);
      reply.integer(i + length - 1L);
      reply.array(2);
      reply.integer(j);
      reply.integer(j + length - 1L);
      if (told) {
        reply.integer(length);
      }
    }
  }
}
