package io.trefoil.resp;

/**
 * Finds the commands in a connection's bytes, without copying them.
 *
 * <p><b>Use.</b> The connection owns an array and knows which of its bytes have come and are not
 * yet consumed. It calls {@link #parse} with that range and afterwards always moves the range's
 * start by {@link #consumed()}, until the answer is not {@link Outcome#COMMAND}. Between calls it
 * may append, move the unconsumed bytes, or put them into another array: the parser keeps only
 * distances from the range's start.
 *
 * <p><b>Cost.</b> No byte is looked at twice, however the commands are cut into packets.
 *
 * <p><b>Bounds.</b> A size is refused when it is announced, before its bytes have come, so a
 * connection never holds more than {@link RespLimits#maxCommandBytes()} and one read.
 *
 * <p>Texts of errors, limits and leniencies (a line ends at its CR, whatever follows) are those of
 * Redis 7.0. Not thread-safe.
 */
public final class RespParser {
  /** What a call of {@link #parse} found. */
  public enum Outcome {
    /** A whole command, in {@link #args()}; at least one word. */
    COMMAND,
    /** More bytes are needed. */
    INCOMPLETE,
    /** Not the protocol. {@link #error()} is to be sent, then the connection closed. */
    ERROR
  }

  private static final int NONE = -1;

  private final RespLimits limits;
  private final Args args = new Args();
  private final Decimal decimal = new Decimal();
  private boolean authenticated = true;
  private String error = "";

  private byte[] array;
  private int from;
  private int to;

  // Distances from the start of the range: of the next unread byte, and up to where the current
  // line has been searched for its end.
  private int read;
  private int searched;
  private int argsLeft;
  private int bulkLength = NONE;
  private boolean finished;
  private int consumed;

  public RespParser(RespLimits limits) {
    this.limits = limits;
  }

  /**
   * Whether the client has logged in; until then Redis's tighter limits hold. True at first. To be
   * told after every command: the next one may be in the same packet as the login.
   */
  public void setAuthenticated(boolean authenticated) {
    this.authenticated = authenticated;
  }

  /** Reads on in bytes {@code from} to {@code to} of {@code array}. */
  public Outcome parse(byte[] array, int from, int to) {
    this.array = array;
    this.from = from;
    this.to = to;
    consumed = 0;
    if (finished) {
      finished = false;
      args.clear();
    }
    while (this.from < to) {
      Outcome outcome = array[this.from] == '*' ? multibulk() : inline();
      if (outcome != Outcome.COMMAND) {
        return outcome;
      }
      endCommand();
      if (args.count() > 0) {
        finished = true;
        return outcome;
      }
    }
    return Outcome.INCOMPLETE;
  }

  /** How many bytes the last {@link #parse} was done with, whatever its outcome. */
  public int consumed() {
    return consumed;
  }

  /** The command that {@link #parse} found; used again by the next one. */
  public Args args() {
    return args;
  }

  /** The error's text as a client gets it, without the dash before it. */
  public String error() {
    return error;
  }

  /**
   * How many bytes are surely needed, counted from the range's start, before {@link #parse} can get
   * on: what a buffer may be grown to at once. At most {@link RespLimits#maxCommandBytes()}.
   */
  public int needed() {
    return bulkLength == NONE ? read + 1 : read + bulkLength + 2;
  }

  private void endCommand() {
    consumed += read;
    from += read;
    read = 0;
    searched = 0;
  }

  private Outcome multibulk() {
    if (argsLeft == 0) {
      Outcome outcome = multibulkLength();
      if (outcome != Outcome.COMMAND || argsLeft == 0) {
        return outcome;
      }
    }
    while (argsLeft > 0) {
      if (bulkLength == NONE) {
        Outcome outcome = bulkLength();
        if (outcome != Outcome.COMMAND) {
          return outcome;
        }
      }
      if (to - from - read < bulkLength + 2) {
        return Outcome.INCOMPLETE;
      }
      args.add(read, bulkLength);
      read += bulkLength + 2;
      searched = read;
      bulkLength = NONE;
      argsLeft--;
    }
    args.place(array, from);
    return Outcome.COMMAND;
  }

  private Outcome multibulkLength() {
    int lineEnd = lineEnd('\r');
    if (lineEnd == NONE) {
      return lineTooLong() ? fail("too big mbulk count string") : Outcome.INCOMPLETE;
    }
    if (!decimal.parse(array, from + 1, lineEnd - 1) || decimal.value() > RespLimits.MAX_ARGS) {
      return fail("invalid multibulk length");
    }
    if (!authenticated && decimal.value() > RespLimits.MAX_ARGS_UNAUTHENTICATED) {
      return fail("unauthenticated multibulk length");
    }
    argsLeft = (int) Math.max(decimal.value(), 0);
    read = lineEnd + 2;
    searched = read;
    return Outcome.COMMAND;
  }

  private Outcome bulkLength() {
    int lineEnd = lineEnd('\r');
    if (lineEnd == NONE) {
      return lineTooLong() ? fail("too big bulk count string") : Outcome.INCOMPLETE;
    }
    byte type = array[from + read];
    if (type != '$') {
      return fail("expected '$', got '" + (char) (type & 0xff) + "'");
    }
    if (!decimal.parse(array, from + read + 1, lineEnd - read - 1)
        || decimal.value() < 0
        || decimal.value() > limits.maxBulkBytes()) {
      return fail("invalid bulk length");
    }
    if (!authenticated && decimal.value() > RespLimits.MAX_BULK_UNAUTHENTICATED) {
      return fail("unauthenticated bulk length");
    }
    if (lineEnd + 2 + decimal.value() + 2 > limits.maxCommandBytes()) {
      return fail("too big command");
    }
    bulkLength = (int) decimal.value();
    read = lineEnd + 2;
    searched = read;
    return Outcome.COMMAND;
  }

  private Outcome inline() {
    int lineEnd = lineEnd('\n');
    if (lineEnd == NONE) {
      return lineTooLong() ? fail("too big inline request") : Outcome.INCOMPLETE;
    }
    int length = lineEnd > 0 && array[from + lineEnd - 1] == '\r' ? lineEnd - 1 : lineEnd;
    byte[] words = new byte[length];
    args.place(words, 0);
    if (!InlineCommand.split(array, from, length, words, args)) {
      return fail("unbalanced quotes in request");
    }
    read = lineEnd + 1;
    return Outcome.COMMAND;
  }

  /**
   * Distance of the end of the line that begins at {@link #read}, or NONE. A line that ends with CR
   * counts only when the byte after it has come too.
   */
  private int lineEnd(char end) {
    int limit = Math.min(to - from, read + RespLimits.MAX_LINE_BYTES + 1);
    int last = end == '\r' ? Math.min(limit, to - from - 1) : limit;
    for (int at = searched; at < last; at++) {
      if (array[from + at] == end) {
        return at;
      }
    }
    searched = Math.max(searched, last);
    return NONE;
  }

  private boolean lineTooLong() {
    return searched - read > RespLimits.MAX_LINE_BYTES;
  }

  private Outcome fail(String what) {
    error = "ERR Protocol error: " + what;
    return Outcome.ERROR;
  }
}
