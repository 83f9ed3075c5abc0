package io.trefoil.cli;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A reply in RESP2 or RESP3, as a value. Immutable; a bulk string's bytes are not to be changed.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">The protocol</a>
 */
public sealed interface Reply {
  /** {@code +OK}. */
  record SimpleString(String text) implements Reply {}

  /** {@code -ERR …}, or RESP3's bulk error. The first word is the kind of error. */
  record Failure(String message) implements Reply {
    /** The first word, such as {@code NOREPLICAS}. */
    public String prefix() {
      int space = message.indexOf(' ');
      return space < 0 ? message : message.substring(0, space);
    }
  }

  /** {@code :1}. */
  record Int(long value) implements Reply {}

  /** A bulk string: any bytes. */
  record BulkString(byte[] bytes) implements Reply {
    /** A bulk string of the text's UTF-8 bytes. */
    public static BulkString of(String text) {
      return new BulkString(text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof BulkString && Arrays.equals(bytes, ((BulkString) other).bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return "BulkString[" + text() + "]";
    }
  }

  /** RESP3's text that is meant for people, without its three-letter format. */
  record Verbatim(String content) implements Reply {}

  /** No value: RESP3's null, RESP2's null bulk string and null array. */
  record Nil() implements Reply {}

  /** RESP3's boolean. */
  record Bool(boolean value) implements Reply {}

  /** RESP3's double, as the server wrote it. */
  record Decimal(String digits) implements Reply {}

  /** RESP3's big number, as the server wrote it. */
  record BigNumber(String digits) implements Reply {}

  /** Replies in a row. */
  record Items(Kind kind, List<Reply> values) implements Reply {
    /** Which of RESP's rows it is. */
    public enum Kind {
      ARRAY,
      SET,
      PUSH
    }

    public Items {
      values = List.copyOf(values);
    }
  }

  /** RESP3's map, in the server's order. */
  record Pairs(List<Pair> values) implements Reply {
    public Pairs {
      values = List.copyOf(values);
    }
  }

  /** One key and value of a map. */
  record Pair(Reply key, Reply value) {}

  /** A reply with RESP3's attributes: what the server adds about it. */
  record Attributed(Pairs attributes, Reply reply) implements Reply {}

  /**
   * The reply as plain text: the value of a scalar, the message of an error, empty for null.
   *
   * @throws IllegalStateException for rows and maps, which are no text
   */
  default String text() {
    if (this instanceof SimpleString) {
      return ((SimpleString) this).text();
    } else if (this instanceof BulkString) {
      return new String(((BulkString) this).bytes(), StandardCharsets.UTF_8);
    } else if (this instanceof Failure) {
      return ((Failure) this).message();
    } else if (this instanceof Int) {
      return Long.toString(((Int) this).value());
    } else if (this instanceof Verbatim) {
      return ((Verbatim) this).content();
    } else if (this instanceof Nil) {
      return "";
    } else if (this instanceof Bool) {
      return Boolean.toString(((Bool) this).value());
    } else if (this instanceof Decimal) {
      return ((Decimal) this).digits();
    } else if (this instanceof BigNumber) {
      return ((BigNumber) this).digits();
    } else if (this instanceof Attributed) {
      return ((Attributed) this).reply().text();
    }
    throw new IllegalStateException("a row or map has no text: " + this);
  }

  /** The reply without its attributes. */
  default Reply bare() {
    return this instanceof Attributed ? ((Attributed) this).reply().bare() : this;
  }
}
