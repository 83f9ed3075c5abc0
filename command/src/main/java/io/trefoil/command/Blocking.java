package io.trefoil.command;

import io.trefoil.base.Bytes;
import io.trefoil.cell.CellType;
import io.trefoil.resp.Args;
import io.trefoil.resp.ReplyWriter;

/**
 * How a command waits: for what, and for how long. It waits when its handler left {@link
 * Call#emptyHanded} and its keys can be waited for; else the nil that the handler replied is its
 * answer.
 */
public final class Blocking {
  /** In the place of a timeout: it is none. */
  public static final long NO_TIMEOUT = -1;

  static final String NOT_A_TIMEOUT = "ERR timeout is not a float or out of range";
  static final String NEGATIVE = "ERR timeout is negative";

  private final CellType type;
  private final int timeoutWord;
  private final boolean anyKey;

  private Blocking(CellType type, int timeoutWord, boolean anyKey) {
    this.type = type;
    this.timeoutWord = timeoutWord;
    this.anyKey = anyKey;
  }

  /**
   * A command that waits for any of its keys.
   *
   * @param timeoutWord which word says how long; negative ones count from the last word, -1
   */
  static Blocking onAnyKey(CellType type, int timeoutWord) {
    return new Blocking(type, timeoutWord, true);
  }

  /** A command that waits for its first key, and says last how long. */
  static Blocking onFirstKey(CellType type) {
    return new Blocking(type, -1, false);
  }

  /** The type of what it waits for. */
  public CellType type() {
    return type;
  }

  /** How many of its keys a command waits for, from the first on. */
  public int keyCount(Command command, Args args) {
    return anyKey ? command.keyCount(args) : 1;
  }

  /** The same command about one key that it waits for. */
  public Args on(Bytes key, Command command, Args args) {
    if (!anyKey) {
      return args;
    }
    int first = command.keyIndex(args, 0);
    boolean counted = command.has(Flag.MOVABLEKEYS);
    Args one = new Args();
    for (int word = 0; word < first; word++) {
      if (counted && word == first - 1) {
        one.append("1");
      } else {
        one.append(args.array(), args.offset(word), args.length(word));
      }
    }
    one.append(key.array(), 0, key.length());
    for (int word = first + command.keyCount(args); word < args.count(); word++) {
      one.append(args.array(), args.offset(word), args.length(word));
    }
    return one;
  }

  /** How long a command waits at most; 0 for ever, {@link #NO_TIMEOUT} when that is no timeout. */
  public long timeoutMillis(Args args) {
    LongDouble seconds = seconds(args);
    return seconds == null ? NO_TIMEOUT : Math.max(seconds.ceilThousandfold(), NO_TIMEOUT);
  }

  /** Whether the timeout is one, if the command has any; if not, replies so. */
  static boolean checkTimeout(Call call) {
    Blocking blocking = call.command().blocking();
    return blocking == null || blocking.checkTimeoutOf(call);
  }

  private boolean checkTimeoutOf(Call call) {
    LongDouble seconds = seconds(call.args());
    if (seconds == null) {
      call.reply().error(NOT_A_TIMEOUT);
      return false;
    }
    if (seconds.ceilThousandfold() < 0) {
      call.reply().error(NEGATIVE);
      return false;
    }
    return true;
  }

  private LongDouble seconds(Args args) {
    int word = timeoutWord < 0 ? args.count() + timeoutWord : timeoutWord;
    return LongDouble.parseAny(args.array(), args.offset(word), args.length(word)).orElse(null);
  }

  /** The reply when the time is over: as in Redis, the same of every command. */
  public static byte[] timedOut(int protocol) {
    ReplyWriter reply = new ReplyWriter();
    reply.setProtocol(protocol);
    reply.nilArray();
    return reply.toArray();
  }
}
