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
            .refused("rewrites a value it has read, so that concurrent ones would be lost")
            .onCells(BitCommands::setbit),
        row("bitcount", -2, "2.6.0", "O(N)", "Count set bits in a string")
            .flags(READONLY)
            .converges(Convergence.READ)
            .onCells(BitCommands::bitcount));
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
}
