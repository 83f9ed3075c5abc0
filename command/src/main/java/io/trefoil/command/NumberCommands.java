package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.Cells;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.Decimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** Strings that are numbers. */
final class NumberCommands {
  /** Why sums of fractions don't converge. */
  static final String ROUNDS = "adds with rounding, so that the order of additions matters";

  static final String NO_SUM = "ERR increment would produce NaN or Infinity";
  static final String OVERFLOW = "ERR increment or decrement would overflow";

  private NumberCommands() {}

  static List<Command> rows() {
    return List.of(
        row("incr", 2, "1.0.0", "Increment the integer value of a key by one")
            .converges(Convergence.ADD)
            .onCells(call -> add(call, 1)),
        row("decr", 2, "1.0.0", "Decrement the integer value of a key by one")
            .converges(Convergence.ADD)
            .onCells(call -> add(call, -1)),
        row("incrby", 3, "1.0.0", "Increment the integer value of a key by the given amount")
            .converges(Convergence.ADD)
            .onCells(NumberCommands::incrby),
        row("decrby", 3, "1.0.0", "Decrement the integer value of a key by the given number")
            .converges(Convergence.ADD)
            .onCells(NumberCommands::decrby),
        row("incrbyfloat", 3, "2.6.0", "Increment the float value of a key by the given amount")
            .refused(ROUNDS)
            .differs(Difference.HEXADECIMAL_FLOATS)
            .onCells(NumberCommands::incrbyfloat));
  }

  private static Row row(String name, int arity, String since, String summary) {
    return new Row(name, arity, Group.STRING, since, "O(1)", summary)
        .flags(WRITE, DENYOOM, FAST)
        .key();
  }

  private static void incrby(Call call) {
    if (call.parseLong(2)) {
      add(call, call.args().parsed());
    }
  }

  private static void decrby(Call call) {
    if (!call.parseLong(2)) {
      return;
    }
    long delta = call.args().parsed();
    if (delta == Long.MIN_VALUE) {
      call.reply().error("ERR decrement would overflow");
    } else {
      add(call, -delta);
    }
  }

  private static void add(Call call, long delta) {
    long value = 0;
    long expireAt = Cells.NEVER;
    if (call.findString(1)) {
      if (!readNumber(call)) {
        call.reply().error(Errors.NOT_AN_INTEGER);
        return;
      }
      value = call.decimal().value();
      expireAt = call.cells().expireAtMillis();
    }
    long sum = value + delta;
    if (overflowed(value, delta, sum)) {
      call.reply().error(OVERFLOW);
      return;
    }
    byte[] text = call.scratch(Decimal.MAX_LENGTH);
    Args args = call.args();
    int length = Decimal.write(sum, text, 0);
    call.cells()
        .addToString(
            args.array(), args.offset(1), args.length(1), delta, text, 0, length, expireAt);
    call.reply().integer(sum);
  }

  /** Whether both have one sign and the sum the other. */
  static boolean overflowed(long value, long delta, long sum) {
    return ((value ^ sum) & (delta ^ sum)) < 0;
  }

  /** Reads the value of the key found last into {@link Call#decimal()}, if it is a number. */
  static boolean readNumber(Call call) {
    int length = call.cells().valueLength();
    if (length > Decimal.MAX_LENGTH) {
      return false;
    }
    byte[] text = call.scratch(Decimal.MAX_LENGTH);
    call.cells().copyValue(0, text, 0, length);
    return call.decimal().parse(text, 0, length);
  }

  private static Optional<LongDouble> readFloat(Cells cells) {
    if (cells.valueLength() > LongDouble.MAX_TEXT) {
      return Optional.empty();
    }
    byte[] text = cells.value();
    return LongDouble.parse(text, 0, text.length);
  }

  private static void incrbyfloat(Call call) {
    Args args = call.args();
    Optional<LongDouble> value = Optional.of(LongDouble.ZERO);
    long expireAt = Cells.NEVER;
    if (call.findString(1)) {
      value = readFloat(call.cells());
      expireAt = call.cells().expireAtMillis();
    }
    Optional<LongDouble> delta = LongDouble.parse(args.array(), args.offset(2), args.length(2));
    if (value.isEmpty() || delta.isEmpty()) {
      call.reply().error(Errors.NOT_A_FLOAT);
      return;
    }
    LongDouble sum = value.get().plus(delta.get());
    if (sum.isInfinite()) {
      call.reply().error(NO_SUM);
      return;
    }
    byte[] text = sum.humanText().getBytes(StandardCharsets.US_ASCII);
    call.put(1, text, 0, text.length, expireAt);
    call.reply().bulk(text);
  }
}
