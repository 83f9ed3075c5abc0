package io.trefoil.command;

import static io.trefoil.command.Flag.DENYOOM;
import static io.trefoil.command.Flag.FAST;
import static io.trefoil.command.Flag.READONLY;
import static io.trefoil.command.Flag.WRITE;

import io.trefoil.cell.CellType;
import io.trefoil.cell.Fields;
import io.trefoil.command.Command.Row;
import io.trefoil.resp.Args;
import io.trefoil.resp.Decimal;
import io.trefoil.resp.ReplyWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Hashes: each field is a cell of its own.
 *
 * @see <a href="https://redis.io/docs/latest/commands/?group=hash">Redis hashes</a>
 */
final class HashCommands {
  private HashCommands() {}

  static List<Command> rows() {
    return List.of(
        row(
                "hset",
                -4,
                "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the"
                    + " command is called with multiple field/value pairs.",
                "Set the string value of a hash field")
            .flags(WRITE, DENYOOM, FAST)
            .converges(Convergence.HSET)
            .onCells(HashCommands::hset),
        row(
                "hmset",
                -4,
                "O(N) where N is the number of fields being set.",
                "Set multiple hash fields to multiple values")
            .flags(WRITE, DENYOOM, FAST)
            .converges(Convergence.HSET)
            .onCells(HashCommands::hmset),
        row("hget", 3, "O(1)", "Get the value of a hash field")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(HashCommands::hget),
        row(
                "hmget",
                -3,
                "O(N) where N is the number of fields being requested.",
                "Get the values of all the given hash fields")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(HashCommands::hmget),
        row(
                "hgetall",
                2,
                "O(N) where N is the size of the hash.",
                "Get all the fields and values in a hash")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.ORDER_OF_HASHES, Difference.ALL_FIELDS)
            .onCells(HashCommands::hgetall),
        row(
                "hdel",
                -3,
                "O(N) where N is the number of fields to be removed.",
                "Delete one or more hash fields")
            .flags(WRITE, FAST)
            .converges(Convergence.HDEL)
            .onCells(
                call -> call.reply().integer(call.removeFields(call.fields(CellType.HASH), 2))),
        row("hlen", 2, "O(1)", "Get the number of fields in a hash")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(call -> call.reply().integer(call.fields(CellType.HASH).count())),
        row("hexists", 3, "O(1)", "Determine if a hash field exists")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(HashCommands::hexists),
        row("hkeys", 2, "O(N) where N is the size of the hash.", "Get all the fields in a hash")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.ORDER_OF_HASHES, Difference.ALL_FIELDS)
            .onCells(call -> replyParts(call, true)),
        row("hvals", 2, "O(N) where N is the size of the hash.", "Get all the values in a hash")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.ORDER_OF_HASHES, Difference.ALL_FIELDS)
            .onCells(call -> replyParts(call, false)),
        row("hstrlen", 3, "3.2.0", "O(1)", "Get the length of the value of a hash field")
            .flags(READONLY, FAST)
            .converges(Convergence.READ)
            .onCells(HashCommands::hstrlen),
        row("hsetnx", 4, "O(1)", "Set the value of a hash field, only if the field does not exist")
            .flags(WRITE, DENYOOM, FAST)
            .refused(StringCommands.NEEDS_ORDER)
            .onCells(HashCommands::hsetnx),
        row("hincrby", 4, "O(1)", "Increment the integer value of a hash field by the given number")
            .flags(WRITE, DENYOOM, FAST)
            .converges(Convergence.HINCRBY)
            .onCells(HashCommands::hincrby),
        row(
                "hincrbyfloat",
                4,
                "2.6.0",
                "O(1)",
                "Increment the float value of a hash field by the given amount")
            .flags(WRITE, DENYOOM, FAST)
            .refused(NumberCommands.ROUNDS)
            .differs(Difference.HEXADECIMAL_FLOATS)
            .onCells(HashCommands::hincrbyfloat),
        row(
                "hscan",
                -3,
                "2.8.0",
                "O(1) for every call. O(N) for a complete iteration.",
                "Incrementally iterate hash fields and associated values")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.SCAN_STEPS, Difference.SCAN_COUNT)
            .onCells(call -> FieldScan.run(call, CellType.HASH, true)),
        row(
                "hrandfield",
                -2,
                "6.2.0",
                "O(N) where N is the number of fields returned",
                "Get one or multiple random fields from a hash")
            .flags(READONLY)
            .converges(Convergence.READ)
            .differs(Difference.REPEATED_PICKS)
            .onCells(HashCommands::hrandfield));
  }

  private static Row row(String name, int arity, String cost, String summary) {
    return row(name, arity, "2.0.0", cost, summary);
  }

  private static Row row(String name, int arity, String since, String cost, String summary) {
    return new Row(name, arity, Group.HASH, since, cost, summary).key();
  }

  private static void hset(Call call) {
    if (hasPairs(call)) {
      call.reply().integer(putPairs(call));
    }
  }

  private static void hmset(Call call) {
    if (hasPairs(call)) {
      putPairs(call);
      call.reply().ok();
    }
  }

  /** Whether a value follows each field; if not, replies so. */
  private static boolean hasPairs(Call call) {
    boolean pairs = call.args().count() % 2 == 0;
    if (!pairs) {
      call.reply().error(Errors.wrongArity(call.command()));
    }
    return pairs;
  }

  /** Sets each field to the value that follows it; returns how many are new. */
  private static int putPairs(Call call) {
    Args args = call.args();
    Fields fields = call.fields(CellType.HASH);
    call.expect(fields, 2, 2);
    int added = 0;
    for (int i = 2; i < args.count(); i += 2) {
      added += putArguments(args, fields, i) ? 1 : 0;
    }
    fields.save();
    return added;
  }

  /** Sets the field that an argument names to the argument after it; returns whether it is new. */
  private static boolean putArguments(Args args, Fields fields, int index) {
    return fields.put(
        args.array(),
        args.offset(index),
        args.length(index),
        args.array(),
        args.offset(index + 1),
        args.length(index + 1));
  }

  private static void hsetnx(Call call) {
    Fields fields = call.fields(CellType.HASH);
    boolean absent = !call.findField(fields, 2);
    if (absent) {
      putArguments(call.args(), fields, 2);
      fields.save();
    }
    call.reply().integer(absent ? 1 : 0);
  }

  private static void hincrby(Call call) {
    if (!call.parseLong(3)) {
      return;
    }
    long delta = call.args().parsed();
    Fields fields = call.fields(CellType.HASH);
    long value = 0;
    if (call.findField(fields, 2)) {
      if (!readNumber(call, fields)) {
        call.reply().error("ERR hash value is not an integer");
        return;
      }
      value = call.decimal().value();
    }
    long sum = value + delta;
    if (NumberCommands.overflowed(value, delta, sum)) {
      call.reply().error(NumberCommands.OVERFLOW);
      return;
    }
    Args args = call.args();
    byte[] text = call.scratch(Decimal.MAX_LENGTH);
    int length = Decimal.write(sum, text, 0);
    fields.add(args.array(), args.offset(2), args.length(2), delta, text, 0, length);
    fields.save();
    call.reply().integer(sum);
  }

  /** Reads the value of the field found last into {@link Call#decimal()}, if it is a number. */
  private static boolean readNumber(Call call, Fields fields) {
    int length = fields.valueLength();
    if (length > Decimal.MAX_LENGTH) {
      return false;
    }
    byte[] text = call.scratch(Decimal.MAX_LENGTH);
    fields.copyValue(0, text, 0, length);
    return call.decimal().parse(text, 0, length);
  }

  private static void hincrbyfloat(Call call) {
    Args args = call.args();
    Optional<LongDouble> delta = LongDouble.parse(args.array(), args.offset(3), args.length(3));
    if (delta.isEmpty()) {
      call.reply().error(Errors.NOT_A_FLOAT);
      return;
    }
    if (delta.get().isInfinite()) {
      call.reply().error("ERR value is NaN or Infinity");
      return;
    }
    Fields fields = call.fields(CellType.HASH);
    Optional<LongDouble> value = Optional.of(LongDouble.ZERO);
    if (call.findField(fields, 2)) {
      value = readFloat(call, fields);
    }
    if (value.isEmpty()) {
      call.reply().error("ERR hash value is not a float");
      return;
    }
    LongDouble sum = value.get().plus(delta.get());
    if (sum.isInfinite()) {
      call.reply().error(NumberCommands.NO_SUM);
      return;
    }
    byte[] text = sum.humanText().getBytes(StandardCharsets.US_ASCII);
    fields.put(args.array(), args.offset(2), args.length(2), text, 0, text.length);
    fields.save();
    call.reply().bulk(text);
  }

  private static Optional<LongDouble> readFloat(Call call, Fields fields) {
    int length = fields.valueLength();
    if (length > LongDouble.MAX_TEXT) {
      return Optional.empty();
    }
    byte[] text = call.scratch(length);
    fields.copyValue(0, text, 0, length);
    return LongDouble.parse(text, 0, length);
  }

  private static void hrandfield(Call call) {
    Args args = call.args();
    if (args.count() == 2) {
      Fields fields = call.fields(CellType.HASH);
      if (fields.count() == 0) {
        call.reply().nil();
      } else {
        fields.pick(call.replying(true, false));
      }
      return;
    }
    if (!call.parsePicks(2)) {
      return;
    }
    long count = args.parsed();
    boolean values = args.count() == 4 && args.isWord(3, "WITHVALUES");
    if (args.count() > 3 && !values) {
      call.reply().error(Errors.SYNTAX);
    } else if (values && Math.abs(count) > Long.MAX_VALUE / 2) {
      call.reply().error("ERR value is out of range");
    } else {
      hrandfield(call, count, values);
    }
  }

  private static void hrandfield(Call call, long count, boolean values) {
    Fields fields = call.fields(CellType.HASH);
    ReplyWriter reply = call.reply();
    if (fields.count() == 0 || count == 0) {
      reply.array(0);
      return;
    }
    long picks = count < 0 ? -count : Math.min(count, fields.count());
    boolean pairs = values && reply.protocol() == 3;
    int start = reply.size();
    Fields.Visitor items = call.replying(true, values);
    Fields.Visitor visitor =
        !pairs
            ? items
            : (field, offset, length, value, valueOffset, valueLength) -> {
              reply.array(2);
              items.visit(field, offset, length, value, valueOffset, valueLength);
            };
    if (count < 0) {
      PickedFields.repeated(call, fields, picks, visitor);
    } else {
      PickedFields.different(call, fields, picks, visitor);
    }
    reply.arrayFrom(start, Math.toIntExact(values && !pairs ? 2 * picks : picks));
  }

  private static void hget(Call call) {
    replyField(call, call.fields(CellType.HASH), 2);
  }

  private static void hmget(Call call) {
    Fields fields = call.fields(CellType.HASH);
    call.expect(fields, 2);
    int count = call.args().count();
    call.reply().array(count - 2);
    for (int i = 2; i < count; i++) {
      replyField(call, fields, i);
    }
  }

  private static void replyField(Call call, Fields fields, int index) {
    if (call.findField(fields, index)) {
      call.replyValue(fields);
    } else {
      call.reply().nil();
    }
  }

  private static void hgetall(Call call) {
    Fields fields = call.fields(CellType.HASH);
    call.reply().map(Math.toIntExact(fields.count()));
    call.replyFields(fields, true, true);
  }

  private static void replyParts(Call call, boolean names) {
    Fields fields = call.fields(CellType.HASH);
    call.reply().array(Math.toIntExact(fields.count()));
    call.replyFields(fields, names, !names);
  }

  private static void hstrlen(Call call) {
    Fields fields = call.fields(CellType.HASH);
    call.reply().integer(call.findField(fields, 2) ? fields.valueLength() : 0);
  }

  private static void hexists(Call call) {
    boolean found = call.findField(call.fields(CellType.HASH), 2);
    call.reply().integer(found ? 1 : 0);
  }
}
