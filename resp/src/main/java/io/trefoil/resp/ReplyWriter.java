package io.trefoil.resp;

import io.trefoil.base.Invariants;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Writes replies one after another into a growing array, in RESP2 or RESP3. What RESP2 lacks is
 * written as Redis does: a map as a flat array, a set or push as an array, a boolean as 0 or 1, a
 * double, big number or verbatim text as a bulk string.
 *
 * <p>Nothing is allocated but when the array grows. The array stays across {@link #clear()}. Not
 * thread-safe.
 */
public final class ReplyWriter {
  private static final byte[] OK = ascii("+OK\r\n");
  private static final byte[] NIL_BULK = ascii("$-1\r\n");
  private static final byte[] NIL_ARRAY = ascii("*-1\r\n");
  private static final byte[] NIL = ascii("_\r\n");
  private static final byte[] TRUE = ascii("#t\r\n");
  private static final byte[] FALSE = ascii("#f\r\n");
  private static final byte[][] SMALL_INTEGERS = smallIntegers();

  private byte[] array;
  private int size;
  private int protocol = 2;

  public ReplyWriter() {
    this(512);
  }

  public ReplyWriter(int capacity) {
    array = new byte[Math.max(capacity, 64)];
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[][] smallIntegers() {
    byte[][] replies = new byte[128][];
    for (int i = 0; i < replies.length; i++) {
      replies[i] = ascii(":" + i + "\r\n");
    }
    return replies;
  }

  /** The version of RESP that is written: 2 or 3. */
  public int protocol() {
    return protocol;
  }

  public void setProtocol(int newProtocol) {
    Invariants.check(newProtocol == 2 || newProtocol == 3, "RESP is 2 or 3", newProtocol, 0);
    protocol = newProtocol;
  }

  public void ok() {
    raw(OK);
  }

  /** A status. Line ends in the text become spaces: they would end the reply. */
  public void simple(String text) {
    line('+', text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * An error.
   *
   * @param text its prefix and message, such as {@code "ERR syntax error"}. Line ends become
   *     spaces.
   */
  public void error(String text) {
    line('-', text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * An error that echoes a client's bytes: every char is one byte, as {@link Args#latin1} reads.
   */
  public void errorEchoing(String latin1) {
    line('-', latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  public void integer(long value) {
    if (value >= 0 && value < SMALL_INTEGERS.length) {
      raw(SMALL_INTEGERS[(int) value]);
    } else {
      header(':', value);
    }
  }

  public void bulk(byte[] source, int offset, int length) {
    int at = bulkReserve(length);
    System.arraycopy(source, offset, array, at, length);
  }

  public void bulk(byte[] source) {
    bulk(source, 0, source.length);
  }

  /** A bulk string of UTF-8. */
  public void bulkText(String text) {
    bulk(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A bulk string that is a number. */
  public void bulkLong(long value) {
    int at = bulkReserve(Decimal.length(value));
    Decimal.write(value, array, at);
  }

  /**
   * A bulk string of {@code length} bytes that the caller fills in.
   *
   * @return where in {@link #array()}, as it is after this call, its bytes go
   */
  public int bulkReserve(int length) {
    header('$', length);
    int at = reserve(Math.addExact(length, 2));
    array[at + length] = '\r';
    array[at + length + 1] = '\n';
    return at;
  }

  /** The absent value. */
  public void nil() {
    raw(protocol == 3 ? NIL : NIL_BULK);
  }

  /** The absent list: differs from {@link #nil()} in RESP2 only. */
  public void nilArray() {
    raw(protocol == 3 ? NIL : NIL_ARRAY);
  }

  /** The head of an array; its {@code count} elements are the next replies. */
  public void array(int count) {
    header('*', count);
  }

  /** The head of a map; the next replies are {@code count} times a key and its value. */
  public void map(int count) {
    if (protocol == 3) {
      header('%', count);
    } else {
      header('*', 2L * count);
    }
  }

  /**
   * The head of an attribute of RESP3, which precedes the reply that it is about; the next replies
   * are {@code count} times a key and its value.
   */
  public void attribute(int count) {
    Invariants.check(protocol == 3, "RESP2 has no attributes", protocol, 3);
    header('|', count);
  }

  /** The head of a set. */
  public void set(int count) {
    header(protocol == 3 ? '~' : '*', count);
  }

  /** The head of a message that answers no command. */
  public void push(int count) {
    header(protocol == 3 ? '>' : '*', count);
  }

  public void bool(boolean value) {
    if (protocol == 3) {
      raw(value ? TRUE : FALSE);
    } else {
      integer(value ? 1 : 0);
    }
  }

  /** A double with 17 significant digits, as C's {@code %.17g} writes it. */
  public void doubleValue(double value) {
    lineOrBulk(',', RedisDouble.format(value));
  }

  /** A bulk string that is a double, also in RESP3. */
  public void bulkDouble(double value) {
    bulk(ascii(RedisDouble.format(value)));
  }

  /** A whole number of any size. */
  public void bigNumber(BigInteger value) {
    lineOrBulk('(', value.toString());
  }

  /**
   * A text for people.
   *
   * @param format three letters, such as {@code txt}
   */
  public void verbatim(String format, String text) {
    Invariants.check(format.length() == 3, "a format has three letters", format.length(), 3);
    if (protocol != 3) {
      bulkText(text);
      return;
    }
    byte[] utf8 = (format + ":" + text).getBytes(StandardCharsets.UTF_8);
    header('=', utf8.length);
    raw(utf8);
    endLine();
  }

  /** Bytes that are replies already. */
  public void raw(byte[] source, int offset, int length) {
    int at = reserve(length);
    System.arraycopy(source, offset, array, at, length);
  }

  /** Bytes that are replies already. */
  public void raw(byte[] source) {
    raw(source, 0, source.length);
  }

  /**
   * Turns what was written from {@code start} on into an array of {@code count} elements, for a
   * list whose length is known only at its end.
   */
  public void arrayFrom(int start, int count) {
    Invariants.check(start >= 0 && start <= size, "outside what was written", start, size);
    int end = size;
    array(count);
    byte[] head = Arrays.copyOfRange(array, end, size);
    System.arraycopy(array, start, array, start + head.length, end - start);
    System.arraycopy(head, 0, array, start, head.length);
  }

  /** The array behind; bytes 0 to {@link #size()} are written. Changes when the writer grows. */
  public byte[] array() {
    return array;
  }

  public int size() {
    return size;
  }

  /** Forgets what was written from {@code newSize} on. */
  public void truncate(int newSize) {
    Invariants.check(newSize >= 0 && newSize <= size, "can't grow by truncating", newSize, size);
    size = newSize;
  }

  public void clear() {
    size = 0;
  }

  public byte[] toArray() {
    return Arrays.copyOf(array, size);
  }

  private void lineOrBulk(char type, String text) {
    if (protocol == 3) {
      line(type, ascii(text));
    } else {
      bulk(ascii(text));
    }
  }

  private void line(char type, byte[] text) {
    int at = reserve(text.length + 3);
    array[at++] = (byte) type;
    for (byte b : text) {
      array[at++] = b == '\r' || b == '\n' ? (byte) ' ' : b;
    }
    array[at++] = '\r';
    array[at] = '\n';
  }

  private void header(char type, long number) {
    int at = reserve(Decimal.length(number) + 3);
    array[at++] = (byte) type;
    at += Decimal.write(number, array, at);
    array[at++] = '\r';
    array[at] = '\n';
  }

  private void endLine() {
    int at = reserve(2);
    array[at] = '\r';
    array[at + 1] = '\n';
  }

  private int reserve(int length) {
    int start = size;
    int needed = Math.addExact(size, length);
    if (needed > array.length) {
      array = Arrays.copyOf(array, Math.max(needed, (int) Math.min(array.length * 2L, 1 << 30)));
    }
    size = needed;
    return start;
  }
}
