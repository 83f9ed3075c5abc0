package io.trefoil.cli;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads replies from a stream, RESP2 and RESP3. The peer is not trusted: a reply's size and depth
 * are bounded, and memory is taken as bytes arrive, not as they are announced. Not thread-safe.
 */
final class RespReader {
  private static final int DEPTH_MAX = 64;
  private static final int LINE_BYTES_MAX = 64 * 1024;

  /** What an element costs in memory beside its bytes, roughly; it makes empty elements count. */
  private static final int ELEMENT_BYTES = 32;

  private final InputStream in;
  private final long replyBytesMax;
  private long bytesLeft;

  RespReader(InputStream in, long replyBytesMax) {
    this.in = in;
    this.replyBytesMax = replyBytesMax;
  }

  /**
   * The next reply.
   *
   * @throws EOFException when the stream ends
   * @throws MalformedReplyException when the bytes are no reply, or too many
   */
  Reply read() throws IOException {
    bytesLeft = replyBytesMax;
    return read(0);
  }

  private Reply read(int depth) throws IOException {
    if (depth > DEPTH_MAX) {
      throw new MalformedReplyException("a reply nested deeper than " + DEPTH_MAX);
    }
    spend(ELEMENT_BYTES);
    int type = readByte();
    switch (type) {
      case '+':
        return new Reply.SimpleString(readLine());
      case '-':
        return new Reply.Failure(readLine());
      case ':':
        return new Reply.Int(parseLong(readLine()));
      case '$':
        return readBulk();
      case '_':
        readLine();
        return new Reply.Nil();
      case '#':
        return new Reply.Bool(parseBool(readLine()));
      case ',':
        return new Reply.Decimal(readLine());
      case '(':
        return new Reply.BigNumber(readLine());
      case '!':
        return new Reply.Failure(utf8(readBytes(readCount())));
      case '=':
        return readVerbatim();
      case '*':
        return readItems(Reply.Items.Kind.ARRAY, depth);
      case '~':
        return readItems(Reply.Items.Kind.SET, depth);
      case '>':
        return readItems(Reply.Items.Kind.PUSH, depth);
      case '%':
        return readPairs(depth);
      case '|':
        return new Reply.Attributed(readPairs(depth), read(depth + 1));
      default:
        throw new MalformedReplyException(
            String.format("no reply starts with the byte 0x%02x; is this a Redis port?", type));
    }
  }

  private Reply readBulk() throws IOException {
    int size = readCount();
    return size < 0 ? new Reply.Nil() : new Reply.BulkString(readBytes(size));
  }

  private Reply readVerbatim() throws IOException {
    String text = utf8(readBytes(readCount()));
    if (text.length() < 4 || text.charAt(3) != ':') {
      throw new MalformedReplyException("a verbatim string starts with three letters and a colon");
    }
    return new Reply.Verbatim(text.substring(4));
  }

  private Reply readItems(Reply.Items.Kind kind, int depth) throws IOException {
    int count = readCount();
    if (count < 0) {
      return new Reply.Nil();
    }
    List<Reply> values = new ArrayList<>(Math.min(count, 1024));
    for (int i = 0; i < count; i++) {
      values.add(read(depth + 1));
    }
    return new Reply.Items(kind, values);
  }

  private Reply.Pairs readPairs(int depth) throws IOException {
    int count = readCount();
    List<Reply.Pair> pairs = new ArrayList<>(Math.max(0, Math.min(count, 1024)));
    for (int i = 0; i < count; i++) {
      Reply key = read(depth + 1);
      pairs.add(new Reply.Pair(key, read(depth + 1)));
    }
    return new Reply.Pairs(pairs);
  }

  /** A size or count; -1 is RESP2's null. */
  private int readCount() throws IOException {
    long count = parseLong(readLine());
    if (count < -1 || count > Integer.MAX_VALUE) {
      throw new MalformedReplyException("a size of " + count);
    }
    return (int) count;
  }

  private byte[] readBytes(int size) throws IOException {
    if (size < 0) {
      throw new MalformedReplyException("a size of " + size);
    }
    spend(size);
    // Grows with what arrives: an announced size alone takes no memory.
    byte[] bytes = in.readNBytes(size);
    if (bytes.length < size) {
      throw new EOFException("the connection closed inside a reply");
    }
    if (readByte() != '\r' || readByte() != '\n') {
      throw new MalformedReplyException("a string longer than its size");
    }
    return bytes;
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(32);
    for (int b = readByte(); b != '\r'; b = readByte()) {
      if (line.size() == LINE_BYTES_MAX) {
        throw new MalformedReplyException("a line longer than " + LINE_BYTES_MAX + " bytes");
      }
      line.write(b);
    }
    if (readByte() != '\n') {
      throw new MalformedReplyException("a line that does not end with CR LF");
    }
    spend(line.size());
    return line.toString(StandardCharsets.UTF_8);
  }

  private int readByte() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new EOFException("the server closed the connection");
    }
    return b;
  }

  private void spend(long bytes) throws MalformedReplyException {
    bytesLeft -= bytes;
    if (bytesLeft < 0) {
      throw new MalformedReplyException("a reply larger than " + replyBytesMax + " bytes");
    }
  }

  private static long parseLong(String text) throws MalformedReplyException {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new MalformedReplyException("not a number: '" + text + "'");
    }
  }

  private static boolean parseBool(String text) throws MalformedReplyException {
    if (!text.equals("t") && !text.equals("f")) {
      throw new MalformedReplyException("neither t nor f: '" + text + "'");
    }
    return text.equals("t");
  }

  private static String utf8(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
