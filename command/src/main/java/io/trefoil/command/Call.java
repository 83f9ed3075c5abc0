package io.trefoil.command;

import io.trefoil.base.Invariants;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.Fields;
import io.trefoil.resp.Args;
import io.trefoil.resp.Decimal;
import io.trefoil.resp.ReplyWriter;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What a handler gets: one command and what it may touch. Used again for the next command; one per
 * thread.
 *
 * <p>A handler that {@link Runs#ON_CELLS runs on cells} touches {@link #args()}, {@link #cells()}
 * and {@link #reply()} only, so that it can run on another node than the connection's.
 */
public final class Call {
  private static final int KEPT_SCRATCH_BYTES = 64 * 1024;

  private final long maxValueBytes;
  private final Decimal decimal = new Decimal();
  private byte[] scratch = new byte[256];

  private Command command;
  private Args args;
  private ReplyWriter reply;
  private Cells cells;
  private int partition;
  private int partitionCount = 1;
  private Session session;
  private Server server;
  private Call nested;
  private boolean emptyHanded;

  /**
   * @param maxValueBytes the largest string value that a command may make
   */
  public Call(long maxValueBytes) {
    Invariants.check(maxValueBytes > 0, "a value needs room", maxValueBytes, 0);
    this.maxValueBytes = maxValueBytes;
  }

  /** Sets up a command that runs on the cells of one partition of {@code partitionCount}. */
  public Call onCells(
      Command command,
      Args args,
      Cells cells,
      int partition,
      int partitionCount,
      ReplyWriter reply) {
    this.command = command;
    this.args = args;
    this.cells = cells;
    this.partition = partition;
    this.partitionCount = partitionCount;
    this.reply = reply;
    session = null;
    server = null;
    emptyHanded = false;
    return this;
  }

  /** Sets up a command that runs on the connection. */
  public Call onConnection(
      Command command, Args args, Session session, Server server, ReplyWriter reply) {
    this.command = command;
    this.args = args;
    this.session = session;
    this.server = server;
    this.reply = reply;
    cells = null;
    return this;
  }

  /** Runs the command by its handler. */
  public void run() {
    int start = reply.size();
    try {
      command.handler().run(this);
    } catch (Refused e) {
      reply.truncate(start);
      reply.error(e.error());
    }
  }

  /**
   * Whether the command replied that it found nothing, and would rather wait where it can: see
   * {@link Blocking}.
   */
  public boolean emptyHanded() {
    return emptyHanded;
  }

  void leaveEmptyHanded() {
    emptyHanded = true;
  }

  /** A call for a command that this one consists of. */
  Call nested() {
    if (nested == null) {
      nested = new Call(maxValueBytes);
    }
    return nested;
  }

  public Command command() {
    return command;
  }

  public Args args() {
    return args;
  }

  public ReplyWriter reply() {
    return reply;
  }

  public Cells cells() {
    return checked(cells, "cells");
  }

  /** The partition whose {@link #cells()} these are, from 0. */
  public int partition() {
    return partition;
  }

  /** How many partitions the database has. */
  public int partitionCount() {
    return partitionCount;
  }

  public Session session() {
    return checked(session, "a session");
  }

  public Server server() {
    return checked(server, "a server");
  }

  /** The largest string value that a command may make, in bytes. */
  public long maxValueBytes() {
    return maxValueBytes;
  }

  /** Looks the key up that is argument {@code index}. */
  boolean find(int index) {
    return cells().find(args.array(), args.offset(index), args.length(index));
  }

  /**
   * Looks up the string of the key that is argument {@code index}.
   *
   * @throws Refused when it holds something else
   */
  boolean findString(int index) {
    boolean found = find(index);
    if (found && cells.type() != CellType.STRING) {
      throw Refused.WRONG_TYPE;
    }
    return found;
  }

  /**
   * The fields of the key that is argument 1, which is of this type or absent.
   *
   * @throws Refused when it holds something else
   */
  Fields fields(CellType type) {
    return fields(type, 1);
  }

  /** As above, of the key that is argument {@code index}. */
  Fields fields(CellType type, int index) {
    Fields fields = cells().fields(type, args.array(), args.offset(index), args.length(index));
    if (fields == null) {
      throw Refused.WRONG_TYPE;
    }
    return fields;
  }

  /** Whether there is a field that argument {@code index} names. */
  boolean findField(Fields fields, int index) {
    return fields.find(args.array(), args.offset(index), args.length(index));
  }

  /** Says that the fields are looked for that arguments name, from {@code first} on. */
  void expect(Fields fields, int first) {
    expect(fields, first, 1);
  }

  /** As above, of the arguments that each come {@code step} after the one before. */
  void expect(Fields fields, int first, int step) {
    fields.expect(() -> arguments(first, step));
  }

  /** Copies of the arguments from {@code first} on that each come {@code step} after another. */
  Stream<byte[]> arguments(int first, int step) {
    return IntStream.iterate(first, i -> i < args.count(), i -> i + step).mapToObj(args::copy);
  }

  /** Removes the fields that the arguments from {@code first} on name; returns how many. */
  int removeFields(Fields fields, int first) {
    expect(fields, first);
    int removed = 0;
    for (int i = first; i < args.count(); i++) {
      removed += fields.remove(args.array(), args.offset(i), args.length(i)) ? 1 : 0;
    }
    if (removed > 0) {
      fields.save();
    }
    return removed;
  }

  /**
   * Replies with all fields: their names, their values, or each name followed by its value.
   *
   * @throws Refused when that is too much
   */
  void replyFields(Fields fields, boolean names, boolean values) {
    fields.forEach(replying(names, values));
  }

  /** Adds fields to the reply, as {@link #replyFields} does; refuses what is too much. */
  Fields.Visitor replying(boolean names, boolean values) {
    int start = reply.size();
    return (field, offset, length, value, valueOffset, valueLength) -> {
      if ((long) reply.size() - start + length + valueLength > Refused.MAX_FIELDS_BYTES) {
        throw Refused.TOO_LARGE;
      }
      if (names) {
        reply.bulk(field, offset, length);
      }
      if (values) {
        reply.bulk(value, valueOffset, valueLength);
      }
    };
  }

  /** Replies with the value of the field found last. */
  void replyValue(Fields fields) {
    int length = fields.valueLength();
    int at = reply.bulkReserve(length);
    fields.copyValue(0, reply.array(), at, length);
  }

  /** Sets the key that is argument {@code keyIndex} to a string. */
  void put(int keyIndex, byte[] value, int offset, int length, long expireAtMillis) {
    cells()
        .putString(
            args.array(),
            args.offset(keyIndex),
            args.length(keyIndex),
            value,
            offset,
            length,
            expireAtMillis);
  }

  /** Sets the key at {@code keyIndex} to the argument at {@code valueIndex}. */
  void putArgument(int keyIndex, int valueIndex, long expireAtMillis) {
    put(keyIndex, args.array(), args.offset(valueIndex), args.length(valueIndex), expireAtMillis);
  }

  void remove(int keyIndex) {
    cells().remove(args.array(), args.offset(keyIndex), args.length(keyIndex));
  }

  void setExpiry(int keyIndex, long expireAtMillis) {
    cells().setExpiry(args.array(), args.offset(keyIndex), args.length(keyIndex), expireAtMillis);
  }

  /** Replies with the value of the key found last. */
  void replyValue() {
    replyValue(0, cells.valueLength());
  }

  /** Replies with a part of the value of the key found last. */
  void replyValue(int from, int length) {
    int at = reply.bulkReserve(length);
    cells.copyValue(from, reply.array(), at, length);
  }

  /** Reads an argument as a number into {@link Args#parsed()}, or replies that it is none. */
  boolean parseLong(int index) {
    if (args.parseLong(index)) {
      return true;
    }
    reply.error(Errors.NOT_AN_INTEGER);
    return false;
  }

  /**
   * Reads an argument as how many fields to pick into {@link Args#parsed()}, or replies that it is
   * no such number; a negative one allows to pick a field more than once.
   */
  boolean parsePicks(int index) {
    if (!parseLong(index)) {
      return false;
    }
    if (args.parsed() == Long.MIN_VALUE) {
      reply.error(
          "ERR value is out of range, value must between -9223372036854775807 and"
              + " 9223372036854775807");
      return false;
    }
    return true;
  }

  /**
   * Reads an argument as how many to take into {@link Args#parsed()}, or replies that it is none.
   */
  boolean parseTaken(int index) {
    boolean parsed = args.parseLong(index) && args.parsed() >= 0;
    if (!parsed) {
      reply.error("ERR value is out of range, must be positive");
    }
    return parsed;
  }

  /**
   * Reads the option {@code LIMIT} that may follow, from argument {@code first} on.
   *
   * @return 0 for none; -1 when the reply is an error
   */
  long parseLimit(int first) {
    long limit = 0;
    for (int i = first; i < args.count(); i += 2) {
      if (!args.isWord(i, "LIMIT") || i + 1 == args.count()) {
        reply.error(Errors.SYNTAX);
        return -1;
      }
      if (!args.parseLong(i + 1) || args.parsed() < 0) {
        reply.error("ERR LIMIT can't be negative");
        return -1;
      }
      limit = args.parsed();
    }
    return limit;
  }

  /** An array of at least {@code size} bytes to work in, of any content. */
  byte[] scratch(int size) {
    if (size > KEPT_SCRATCH_BYTES) {
      return new byte[size];
    }
    if (scratch.length < size) {
      scratch = new byte[Math.max(size, scratch.length * 2)];
    }
    return scratch;
  }

  /** A reader of numbers to work with. */
  Decimal decimal() {
    return decimal;
  }

  private <T> T checked(T part, String name) {
    if (part == null) {
      Invariants.check(false, command.name() + " does not run where there are " + name);
    }
    return part;
  }
}
