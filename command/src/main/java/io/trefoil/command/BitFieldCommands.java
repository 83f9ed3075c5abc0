package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Strings as rows of whole numbers of any number of bits.
 *
 * @see <a href="https://redis.io/docs/latest/commands/bitfield/">BITFIELD</a>
 */
final class BitFieldCommands {
  private static final String COST = "O(1) for each subcommand specified";
  private static final int MAX_SIGNED_BITS = 64;
  private static final int MAX_UNSIGNED_BITS = 63;

  private BitFieldCommands() {}

  static List<Command> rows() {
    return List.of(
        row("bitfield", "3.2.0", "Perform arbitrary bitfield integer operations on strings")
            .flags(WRITE, DENYOOM)
            .refused(BitCommands.LOSES_UPDATES)
            .onCells(call -> bitfield(call, true)),
        row(
                "bitfield_ro",
                "6.0.0",
                "Perform arbitrary bitfield integer operations on strings. Read-only variant of"
                    + " BITFIELD")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> bitfield(call, false)));
  }

  private static Row row(String name, String since, String summary) {
    return new Row(name, -2, Group.BITMAP, since, COST, summary).key();
  }

  private enum Kind {
    GET,
    SET,
    INCRBY
  }

  private enum Overflow {
    WRAP,
    SAT,
    FAIL
  }

  /**
   * One operation.
   *
   * @param offset of its first bit
   * @param operand what to set, or to add
   */
  private record Operation(
      Kind kind, boolean signed, int bits, long offset, long operand, Overflow overflow) {
    long end() {
      return offset + bits;
    }
  }

  private static void bitfield(Call call, boolean mayWrite) {
    List<Operation> operations = new ArrayList<>();
    if (!parse(call, operations)) {
      return;
    }
    long end =
        operations.stream()
            .filter(operation -> operation.kind != Kind.GET)
            .mapToLong(Operation::end)
            .max()
            .orElse(0);
    if (end == 0) {
      read(call, operations);
    } else if (!mayWrite) {
      call.reply().error("ERR BITFIELD_RO only supports the GET subcommand");
    } else if (StringCommands.fits(call, (end + 7) / 8)) {
      write(call, operations, (int) ((end + 7) / 8));
    }
  }

  /** Reads the operations; false when the reply is an error. */
  private static boolean parse(Call call, List<Operation> operations) {
    Args args = call.args();
    Overflow overflow = Overflow.WRAP;
    int i = 2;
    while (i < args.count()) {
      int left = args.count() - i - 1;
      if (args.isWord(i, "OVERFLOW") && left >= 1) {
        overflow = overflow(args, i + 1);
        if (overflow == null) {
          call.reply().error("ERR Invalid OVERFLOW type specified");
          return false;
        }
        i += 2;
        continue;
      }
      Kind kind = kind(args, i);
      int words = kind == Kind.GET ? 3 : 4;
      if (kind == null || left < words - 1) {
        call.reply().error(Errors.SYNTAX);
        return false;
      }
      Operation operation = operation(call, kind, i, overflow);
      if (operation == null) {
        return false;
      }
      operations.add(operation);
      i += words;
    }
    return true;
  }

  private static Overflow overflow(Args args, int index) {
    for (Overflow overflow : Overflow.values()) {
      if (args.isWord(index, overflow.name())) {
        return overflow;
      }
    }
    return null;
  }

  private static Kind kind(Args args, int index) {
    for (Kind kind : Kind.values()) {
      if (args.isWord(index, kind.name())) {
        return kind;
      }
    }
    return null;
  }

  /** Reads the operation whose words begin at {@code i}; null when the reply is an error. */
  private static Operation operation(Call call, Kind kind, int i, Overflow overflow) {
    Args args = call.args();
    boolean signed = args.length(i + 1) > 0 && args.array()[args.offset(i + 1)] == 'i';
    int bits = bits(call, i + 1, signed);
    if (bits == 0) {
      call.reply()
          .error(
              "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not"
                  + " supported but i64 is.");
      return null;
    }
    long offset = offset(call, i + 2, bits);
    if (offset < 0) {
      call.reply().error("ERR bit offset is not an integer or out of range");
      return null;
    }
    if (kind == Kind.GET) {
      return new Operation(kind, signed, bits, offset, 0, overflow);
    }
    return call.parseLong(i + 3)
        ? new Operation(kind, signed, bits, offset, args.parsed(), overflow)
        : null;
  }

  /** How many bits a type has, such as {@code u8}; 0 when it is none. */
  private static int bits(Call call, int index, boolean signed) {
    Args args = call.args();
    int length = args.length(index);
    int offset = args.offset(index);
    if (length < 2 || !signed && args.array()[offset] != 'u') {
      return 0;
    }
    if (!call.decimal().parse(args.array(), offset + 1, length - 1)) {
      return 0;
    }
    long bits = call.decimal().value();
    return bits < 1 || bits > (signed ? MAX_SIGNED_BITS : MAX_UNSIGNED_BITS) ? 0 : (int) bits;
  }

  /** A bit's offset, or after a hash sign that of a number; -1 when it is none. */
  private static long offset(Call call, int index, int bits) {
    Args args = call.args();
    int length = args.length(index);
    int offset = args.offset(index);
    int hash = length > 0 && args.array()[offset] == '#' ? 1 : 0;
    if (!call.decimal().parse(args.array(), offset + hash, length - hash)) {
      return -1;
    }
    long number = call.decimal().value();
    long limit = call.maxValueBytes() * 8;
    if (number < 0 || number >= limit) {
      return -1;
    }
    long bit = hash == 1 ? number * bits : number;
    return bit < limit ? bit : -1;
  }

  private static void read(Call call, List<Operation> operations) {
    boolean found = call.findString(1);
    int size = found ? call.cells().valueLength() : 0;
    byte[] window = call.scratch(MAX_SIGNED_BITS / 8 + 1);
    call.reply().array(operations.size());
    for (Operation operation : operations) {
      int start = (int) (operation.offset >> 3);
      int length = Math.min(MAX_SIGNED_BITS / 8 + 1, Math.max(size - start, 0));
      if (length > 0) {
        call.cells().copyValue(start, window, 0, length);
      }
      call.reply().integer(get(window, length, operation.offset & 7, operation));
    }
  }

  /** The number at a bit; what comes after the value is zero. */
  private static long get(byte[] value, int size, long offset, Operation operation) {
    long number = 0;
    for (long at = offset; at < offset + operation.bits; at++) {
      int octet = at >> 3 < size ? value[(int) (at >> 3)] : 0;
      number = number << 1 | octet >> 7 - (at & 7) & 1;
    }
    return operation.signed ? extended(number, operation.bits) : number;
  }

  /** A number of so many bits, the highest of which is its sign. */
  private static long extended(long number, int bits) {
    int unused = MAX_SIGNED_BITS - bits;
    return number << unused >> unused;
  }

  /** Runs operations on a value of at least {@code least} bytes. */
  private static void write(Call call, List<Operation> operations, int least) {
    boolean found = call.findString(1);
    int before = found ? call.cells().valueLength() : 0;
    long expireAt = found ? call.cells().expireAtMillis() : Cells.NEVER;
    int size = Math.max(before, least);
    byte[] value = call.scratch(size);
    if (found) {
      call.cells().copyValue(0, value, 0, before);
    }
    Arrays.fill(value, before, size, (byte) 0);
    boolean changed = size != before;
    call.reply().array(operations.size());
    for (Operation operation : operations) {
      changed |= run(call, operation, value, size);
    }
    if (changed) {
      call.put(1, value, 0, size, expireAt);
    }
  }

  /** Runs an operation, and replies; returns whether it changed the value. */
  private static boolean run(Call call, Operation operation, byte[] value, int size) {
    long old = get(value, size, operation.offset, operation);
    if (operation.kind == Kind.GET) {
      call.reply().integer(old);
      return false;
    }
    long base = operation.kind == Kind.SET ? operation.operand : old;
    long added = operation.kind == Kind.SET ? 0 : operation.operand;
    int beyond =
        operation.signed ? beyondSigned(operation, base, added) : beyond(operation, base, added);
    if (beyond != 0 && operation.overflow == Overflow.FAIL) {
      call.reply().nil();
      return false;
    }
    boolean stops = beyond != 0 && operation.overflow == Overflow.SAT;
    long number = stops ? limit(operation, beyond) : wrapped(operation, base + added);
    call.reply().integer(operation.kind == Kind.SET ? old : number);
    set(value, operation, number);
    return number != old;
  }

  /**
   * Whether a sum is above what a signed type holds, 1, or below, -1; 0 when it is neither. As in
   * Redis, whose differences wrap around, what is far below counts as above.
   */
  private static int beyondSigned(Operation operation, long base, long added) {
    long max = limit(operation, 1);
    long min = limit(operation, -1);
    boolean narrow = operation.bits < MAX_SIGNED_BITS;
    if (base > max || (narrow || base >= 0 && added > 0) && added > max - base) {
      return 1;
    }
    return base < min || (narrow || base < 0 && added < 0) && added < min - base ? -1 : 0;
  }

  /** As {@link #beyondSigned}. As in Redis, what is set to a negative number is too large. */
  private static int beyond(Operation operation, long base, long added) {
    long max = limit(operation, 1);
    if (base < 0 || base > max || added > max - base) {
      return 1;
    }
    return base + added < 0 ? -1 : 0;
  }

  /** The largest number of a type, or the smallest. */
  private static long limit(Operation operation, int side) {
    if (!operation.signed) {
      return side > 0 ? (1L << operation.bits) - 1 : 0;
    }
    long max = (1L << operation.bits - 1) - 1;
    return side > 0 ? max : -max - 1;
  }

  private static long wrapped(Operation operation, long sum) {
    return operation.signed ? extended(sum, operation.bits) : sum & (1L << operation.bits) - 1;
  }

  private static void set(byte[] value, Operation operation, long number) {
    for (int i = 0; i < operation.bits; i++) {
      long at = operation.offset + i;
      int shift = 7 - (int) (at & 7);
      long bit = number >> operation.bits - 1 - i & 1;
      int octet = value[(int) (at >> 3)] & ~(1 << shift);
      value[(int) (at >> 3)] = (byte) (octet | bit << shift);
    }
  }
}
