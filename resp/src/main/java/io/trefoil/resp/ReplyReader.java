package io.trefoil.resp;

import io.trefoil.base.Bytes;
import io.trefoil.base.Invariants;
import io.trefoil.base.MalformedBytesException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Reads replies, RESP2 and RESP3, from bytes that come in pieces: {@link #feed} them, then take
 * {@link #next} until it is empty. No part of a reply is read twice.
 *
 * <p>Bounded: a reply of more than {@code maxReplyBytes}, or nested more than {@value #MAX_DEPTH}
 * deep, throws {@link MalformedBytesException}, as does what isn't RESP; the connection is then of
 * no use. Attributes are read and left out. Not thread-safe.
 */
public final class ReplyReader {
  static final int MAX_DEPTH = 32;
  private static final int NONE = -1;

  private final int maxReplyBytes;
  private final Decimal decimal = new Decimal();
  private final Deque<Frame> open = new ArrayDeque<>();
  private byte[] array = new byte[512];
  private int at;
  private int end;
  private int searched;
  private long replyBytes;

  /** An aggregate whose items are still coming. */
  private static final class Frame {
    final char type;
    final List<Reply> items;
    int left;

    Frame(char type, int left) {
      this.type = type;
      this.left = left;
      this.items = new ArrayList<>(Math.min(left, 1024));
    }
  }

  public ReplyReader(int maxReplyBytes) {
    Invariants.check(maxReplyBytes > 0, "a reply needs room", maxReplyBytes, 0);
    this.maxReplyBytes = maxReplyBytes;
  }

  /** The one reply that {@code bytes} are. */
  public static Reply read(byte[] bytes) {
    ReplyReader reader = new ReplyReader(Math.max(bytes.length, 1));
    reader.feed(bytes, 0, bytes.length);
    Reply reply =
        reader.next().orElseThrow(() -> new MalformedBytesException("the reply isn't whole"));
    if (reader.at != reader.end) {
      throw new MalformedBytesException((reader.end - reader.at) + " bytes after the reply");
    }
    return reply;
  }

  /**
   * Where the reply that begins at {@code start} ends, with the attribute that may precede it.
   *
   * @param replies whole ones, of a {@link ReplyWriter}
   */
  public static int end(byte[] replies, int start) {
    Decimal number = new Decimal();
    int at = start;
    for (long left = 1; left > 0; left--) {
      int line = at + 1;
      int lineEnd = line;
      while (replies[lineEnd] != '\r') {
        lineEnd++;
      }
      char type = (char) (replies[at] & 0xff);
      at = lineEnd + 2;
      if ("$=!*~>%|".indexOf(type) >= 0) {
        Invariants.check(number.parse(replies, line, lineEnd - line), "a reply says its length");
        long count = Math.max(number.value(), 0);
        boolean bulk = "$=!".indexOf(type) >= 0;
        at += bulk && number.value() >= 0 ? (int) count + 2 : 0;
        left += bulk ? 0 : type == '%' || type == '|' ? 2 * count : count;
        left += type == '|' ? 1 : 0;
      }
    }
    return at;
  }

  /** Takes bytes over; the array may be used again afterwards. */
  public void feed(byte[] source, int offset, int length) {
    if (at > 0) {
      System.arraycopy(array, at, array, 0, end - at);
      end -= at;
      searched -= at;
      at = 0;
    }
    int needed = Math.addExact(end, length);
    if (needed > array.length) {
      array = Arrays.copyOf(array, Math.max(needed, (int) Math.min(array.length * 2L, 1 << 30)));
    }
    System.arraycopy(source, offset, array, end, length);
    end = needed;
  }

  /** The next whole reply, if its bytes have come. */
  public Optional<Reply> next() {
    while (true) {
      int start = at;
      Optional<Reply> part = part();
      replyBytes += at - start;
      if (replyBytes > maxReplyBytes) {
        throw new MalformedBytesException("a reply of more than " + maxReplyBytes + " bytes");
      }
      if (part.isEmpty()) {
        if (at == start) {
          return Optional.empty();
        }
        continue;
      }
      Optional<Reply> whole = close(part.get());
      if (whole.isPresent()) {
        replyBytes = 0;
        return whole;
      }
    }
  }

  /** Reads one scalar, or opens an aggregate and is empty but has moved on. */
  private Optional<Reply> part() {
    int lineEnd = lineEnd();
    if (lineEnd == NONE) {
      return Optional.empty();
    }
    char type = (char) (array[at] & 0xff);
    return switch (type) {
      case '+' -> line(lineEnd, new Reply.Status(text(lineEnd)));
      case '-' -> line(lineEnd, new Reply.Failure(text(lineEnd)));
      case ':' -> line(lineEnd, new Reply.Whole(number(lineEnd)));
      case '_' -> line(lineEnd, Reply.NIL);
      case '#' -> line(lineEnd, new Reply.Bool(bool(lineEnd)));
      case ',' -> line(lineEnd, new Reply.Real(real(text(lineEnd))));
      case '(' -> line(lineEnd, new Reply.Big(big(text(lineEnd))));
      case '$', '=', '!' -> bulk(type, lineEnd);
      case '*', '~', '>', '%', '|' -> aggregate(type, lineEnd);
      default ->
          throw new MalformedBytesException("a reply can't begin with byte " + (array[at] & 0xff));
    };
  }

  private Optional<Reply> line(int lineEnd, Reply reply) {
    at = lineEnd + 2;
    searched = at;
    return Optional.of(reply);
  }

  private Optional<Reply> bulk(char type, int lineEnd) {
    long length = number(lineEnd);
    if (length == -1 && type == '$') {
      return line(lineEnd, Reply.NIL);
    }
    checkCount(length, maxReplyBytes - replyBytes);
    int start = lineEnd + 2;
    if (end - start < length + 2) {
      return Optional.empty();
    }
    int stop = start + (int) length;
    if (array[stop] != '\r' || array[stop + 1] != '\n') {
      throw new MalformedBytesException("a bulk string longer than announced");
    }
    Reply reply = bulkReply(type, start, (int) length);
    return line(stop, reply);
  }

  private Reply bulkReply(char type, int start, int length) {
    if (type == '$') {
      return new Reply.Bulk(Bytes.copyOf(array, start, length));
    }
    String text = new String(array, start, length, StandardCharsets.UTF_8);
    if (type == '!') {
      return new Reply.Failure(text);
    }
    if (length < 4 || array[start + 3] != ':') {
      throw new MalformedBytesException("a verbatim text without format");
    }
    return new Reply.Verbatim(text.substring(0, 3), text.substring(4));
  }

  private Optional<Reply> aggregate(char type, int lineEnd) {
    long count = number(lineEnd);
    if (count == -1 && type == '*') {
      return line(lineEnd, new Reply.Nil(true));
    }
    boolean pairs = type == '%' || type == '|';
    // The shortest item is three bytes.
    checkCount(count, (maxReplyBytes - replyBytes) / (pairs ? 6 : 3));
    if (count == 0 && type != '|') {
      return line(lineEnd, new Reply.Several(kind(type), List.of()));
    }
    at = lineEnd + 2;
    searched = at;
    if (count > 0) {
      if (open.size() == MAX_DEPTH) {
        throw new MalformedBytesException("a reply nested more than " + MAX_DEPTH + " deep");
      }
      open.push(new Frame(type, (int) (pairs ? 2 * count : count)));
    }
    return Optional.empty();
  }

  /** Adds a part to the aggregates it completes; present when it was the reply's last part. */
  private Optional<Reply> close(Reply part) {
    Reply done = part;
    while (!open.isEmpty()) {
      Frame frame = open.peek();
      frame.items.add(done);
      frame.left--;
      if (frame.left > 0) {
        return Optional.empty();
      }
      open.pop();
      if (frame.type == '|') {
        return Optional.empty();
      }
      done = new Reply.Several(kind(frame.type), frame.items);
    }
    return Optional.of(done);
  }

  private static Reply.Kind kind(char type) {
    return switch (type) {
      case '~' -> Reply.Kind.SET;
      case '>' -> Reply.Kind.PUSH;
      case '%' -> Reply.Kind.MAP;
      default -> Reply.Kind.ARRAY;
    };
  }

  private int lineEnd() {
    for (int i = Math.max(searched, at); i + 1 < end; i++) {
      if (array[i] == '\r' && array[i + 1] == '\n') {
        // Found again, at once, when a bulk string's bytes are still to come.
        searched = i;
        return i;
      }
    }
    searched = Math.max(at, end - 1);
    if (replyBytes + end - at > maxReplyBytes) {
      throw new MalformedBytesException("a reply of more than " + maxReplyBytes + " bytes");
    }
    return NONE;
  }

  private String text(int lineEnd) {
    return new String(array, at + 1, lineEnd - at - 1, StandardCharsets.UTF_8);
  }

  private long number(int lineEnd) {
    if (!decimal.parse(array, at + 1, lineEnd - at - 1)) {
      throw new MalformedBytesException("'" + text(lineEnd) + "' is not a number");
    }
    return decimal.value();
  }

  private boolean bool(int lineEnd) {
    String text = text(lineEnd);
    if (!text.equals("t") && !text.equals("f")) {
      throw new MalformedBytesException("'" + text + "' is not a boolean");
    }
    return text.equals("t");
  }

  private static double real(String text) {
    return switch (text) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case "nan" -> Double.NaN;
      default -> {
        try {
          yield Double.parseDouble(text);
        } catch (NumberFormatException e) {
          throw new MalformedBytesException("'" + text + "' is not a double");
        }
      }
    };
  }

  private static BigInteger big(String text) {
    try {
      return new BigInteger(text);
    } catch (NumberFormatException e) {
      throw new MalformedBytesException("'" + text + "' is not a whole number");
    }
  }

  private static void checkCount(long count, long max) {
    if (count < 0 || count > max) {
      throw new MalformedBytesException("a count of " + count + ", allowed are 0 to " + max);
    }
  }
}
