package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.Arrays;
import java.util.List;

/** Strings as rows of bits, the highest bit of a byte first. */
final class BitCommands {
  static final String LOSES_UPDATES =
      "rewrites a value it has read, so that concurrent ones would be lost";

  /** How much of a value is looked at at once, in bytes. */
  private static final int STEP = 4096;

  private BitCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "getbit",
                3,
                "2.2.0",
                "O(1)",
                "Returns the bit value at offset in the string value stored at key")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(BitCommands::getbit),
        row(
                "setbit",
                4,
                "2.2.0",
                "O(N) where N is the resulting size.",
                "Sets or clears the bit at offset in the string value stored at key")
            .flags(WRITE, DENYOOM)
            .refused(LOSES_UPDATES)
            .onCells(BitCommands::setbit),
        row("bitcount", -2, "2.6.0", "O(N)", "Count set bits in a string")
            .flags(READONLY)
            .converges(Convergence.READ)
            .onCells(BitCommands::bitcount),
        row("bitpos", -3, "2.8.7", "O(N)", "Find first bit set or clear in a string")
            .flags(READONLY)
            .converges(Convergence.READ)
            .onCells(BitCommands::bitpos),
        row("bitop", -4, "2.6.0", "O(N)", "Perform bitwise operations between strings")
            .flags(WRITE, DENYOOM)
            .keys(2, -1, 1)
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(BitCommands::bitop));
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.BITMAP, since, cost, summary).key();
  }

  /** Reads argument 2 as a bit's offset into {@link Args#parsed()}, or replies that it is none. */
  private static boolean readOffset(Call call) {
    boolean right =
        call.args().parseLong(2)
            && call.args().parsed() >= 0
            && call.args().parsed() >> 3 < call.maxValueBytes();
    if (!right) {
      call.reply().error("ERR bit offset is not an integer or out of range");
    }
    return right;
  }

  private static void getbit(Call call) {
    if (!readOffset(call)) {
      return;
    }
    long offset = call.args().parsed();
    int bit = 0;
    if (call.findString(1) && offset >> 3 < call.cells().valueLength()) {
      byte[] octet = call.scratch(1);
      call.cells().copyValue((int) (offset >> 3), octet, 0, 1);
      bit = octet[0] >> shift(offset) & 1;
    }
    call.reply().integer(bit);
  }

  private static int shift(long offset) {
    return 7 - (int) (offset & 7);
  }

  private static void setbit(Call call) {
    if (!readOffset(call)) {
      return;
    }
    long offset = call.args().parsed();
    if (!call.args().parseLong(3) || (call.args().parsed() & ~1) != 0) {
      call.reply().error("ERR bit is not an integer or out of range");
      return;
    }
    int bit = (int) call.args().parsed();
    boolean found = call.findString(1);
    int before = found ? call.cells().valueLength() : 0;
    long expireAt = found ? call.cells().expireAtMillis() : Cells.NEVER;
    int at = (int) (offset >> 3);
    int after = Math.max(before, at + 1);
    byte[] value = call.scratch(after);
    if (found) {
      call.cells().copyValue(0, value, 0, before);
    }
    Arrays.fill(value, before, after, (byte) 0);
    int old = value[at] >> shift(offset) & 1;
    if (old != bit || after != before) {
      value[at] ^= (byte) ((old ^ bit) << shift(offset));
      call.put(1, value, 0, after, expireAt);
    }
    call.reply().integer(old);
  }

  private static void bitcount(Call call) {
    // As in Redis, an absent key hides wrong arguments.
    if (!call.findString(1)) {
      call.reply().integer(0);
      return;
    }
    byte[] value = call.cells().value();
    Args args = call.args();
    switch (args.count()) {
      case 2 -> call.reply().integer(count(value, 0, value.length * 8L - 1));
      case 4, 5 -> bitcountRange(call, value);
      default -> call.reply().error(Errors.SYNTAX);
    }
  }

  private static void bitcountRange(Call call, byte[] value) {
    Args args = call.args();
    if (!call.parseLong(2)) {
      return;
    }
    long first = args.parsed();
    if (!call.parseLong(3)) {
      return;
    }
    long last = args.parsed();
    if (first < 0 && last < 0 && first > last) {
      call.reply().integer(0);
      return;
    }
    boolean bits = args.count() == 5 && args.isWord(4, "BIT");
    if (args.count() == 5 && !bits && !args.isWord(4, "BYTE")) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    long size = bits ? value.length * 8L : value.length;
    long from = Math.max(first < 0 ? size + first : first, 0);
    long to = Math.min(Math.max(last < 0 ? size + last : last, 0), size - 1);
    if (from > to) {
      call.reply().integer(0);
    } else {
      call.reply().integer(bits ? count(value, from, to) : count(value, from * 8, to * 8 + 7));
    }
  }

  /** How many of bits {@code from} to {@code to}, both included, are set. */
  private static long count(byte[] value, long from, long to) {
    long count = 0;
    for (long at = from; at <= to; ) {
      if ((at & 7) == 0 && at + 7 <= to) {
        count += Integer.bitCount(value[(int) (at >> 3)] & 0xff);
        at += 8;
      } else {
        count += value[(int) (at >> 3)] >> shift(at) & 1;
        at++;
      }
    }
    return count;
  }

  private static void bitpos(Call call) {
    Args args = call.args();
    if (!call.parseLong(2)) {
      return;
    }
    if ((args.parsed() & ~1) != 0) {
      call.reply().error("ERR The bit argument must be 1 or 0.");
      return;
    }
    int bit = (int) args.parsed();
    // As in Redis, an absent key hides wrong arguments.
    if (!call.findString(1)) {
      call.reply().integer(bit == 1 ? -1 : 0);
    } else if (args.count() == 3) {
      bitpos(call, bit, 0, call.cells().valueLength() * 8L - 1, false);
    } else {
      bitposRange(call, bit);
    }
  }

  private static void bitposRange(Call call, int bit) {
    Args args = call.args();
    if (args.count() > 6) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    if (!call.parseLong(3)) {
      return;
    }
    long first = args.parsed();
    boolean bits = args.count() == 6 && args.isWord(5, "BIT");
    if (args.count() == 6 && !bits && !args.isWord(5, "BYTE")) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    boolean ends = args.count() > 4;
    if (ends && !call.parseLong(4)) {
      return;
    }
    long last = ends ? args.parsed() : -1;
    long size = call.cells().valueLength() * (bits ? 8L : 1);
    long from = Math.max(first < 0 ? size + first : first, 0);
    long to = Math.min(Math.max(last < 0 ? size + last : last, 0), size - 1);
    if (from > to) {
      call.reply().integer(-1);
    } else if (bits) {
      bitpos(call, bit, from, to, ends);
    } else {
      bitpos(call, bit, from * 8, to * 8 + 7, ends);
    }
  }

  /**
   * Replies with the first of the bits {@code from} to {@code to} of the value found that is {@code
   * bit}. Where no end was given, what follows the value is clear.
   */
  private static void bitpos(Call call, int bit, long from, long to, boolean ends) {
    long found = from > to ? -1 : find(call, bit, from, to);
    boolean behind = found < 0 && bit == 0 && !ends && from <= to;
    call.reply().integer(behind ? to + 1 : found);
  }

  private static long find(Call call, int bit, long from, long to) {
    byte[] step = call.scratch(STEP);
    int dull = bit == 1 ? 0 : 0xff;
    int last = (int) (to >> 3);
    for (int start = (int) (from >> 3); start <= last; start += STEP) {
      int length = Math.min(STEP, last - start + 1);
      call.cells().copyValue(start, step, 0, length);
      for (int i = 0; i < length; i++) {
        long at = (step[i] & 0xff) == dull ? -1 : find(step[i], start + i, bit, from, to);
        if (at >= 0) {
          return at;
        }
      }
    }
    return -1;
  }

  private static long find(byte octet, long index, int bit, long from, long to) {
    long end = Math.min(index * 8 + 7, to);
    for (long at = Math.max(index * 8, from); at <= end; at++) {
      if ((octet >> shift(at) & 1) == bit) {
        return at;
      }
    }
    return -1;
  }

  private enum Operation {
    AND,
    OR,
    XOR,
    NOT;

    static Operation of(Args args, int index) {
      for (Operation operation : values()) {
        if (args.isWord(index, operation.name())) {
          return operation;
        }
      }
      return null;
    }

    byte apply(byte a, byte b) {
      return switch (this) {
        case AND -> (byte) (a & b);
        case OR -> (byte) (a | b);
        case XOR -> (byte) (a ^ b);
        case NOT -> (byte) ~b;
      };
    }
  }

  private static void bitop(Call call) {
    Args args = call.args();
    Operation operation = Operation.of(args, 1);
    if (operation == null) {
      call.reply().error(Errors.SYNTAX);
      return;
    }
    if (operation == Operation.NOT && args.count() != 4) {
      call.reply().error("ERR BITOP NOT must be called with a single source key.");
      return;
    }
    int longest = 0;
    for (int key = 3; key < args.count(); key++) {
      longest = Math.max(longest, call.findString(key) ? call.cells().valueLength() : 0);
    }
    if (longest == 0) {
      call.remove(2);
    } else {
      call.put(2, combined(call, operation, longest), 0, longest, Cells.NEVER);
    }
    call.reply().integer(longest);
  }

  /** The sources' values, which end in zeros if they are shorter, combined to one. */
  private static byte[] combined(Call call, Operation operation, int length) {
    byte[] result = new byte[length];
    byte[] step = call.scratch(STEP);
    for (int key = 3; key < call.args().count(); key++) {
      int size = call.find(key) ? call.cells().valueLength() : 0;
      boolean first = key == 3 && operation != Operation.NOT;
      for (int start = 0; start < length; start += STEP) {
        int stepLength = Math.min(STEP, length - start);
        int there = Math.min(Math.max(size - start, 0), stepLength);
        if (there > 0) {
          call.cells().copyValue(start, step, 0, there);
        }
        Arrays.fill(step, there, stepLength, (byte) 0);
        for (int i = 0; i < stepLength; i++) {
          int at = start + i;
          result[at] = first ? step[i] : operation.apply(result[at], step[i]);
        }
      }
    }
    return result;
  }
}
