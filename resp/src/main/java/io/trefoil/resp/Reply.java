package io.trefoil.resp;

import io.trefoil.base.Bytes;
import java.math.BigInteger;
import java.util.List;

/** A reply as a value: for clients, for gathering the replies of several partitions, for tests. */
public sealed interface Reply {
  /** A status, such as {@code OK}. */
  record Status(String text) implements Reply {}

  /**
   * An error.
   *
   * @param text prefix and message, such as {@code "ERR syntax error"}
   */
  record Failure(String text) implements Reply {
    /** Its first word: what clients decide by. */
    public String prefix() {
      int space = text.indexOf(' ');
      return space < 0 ? text : text.substring(0, space);
    }
  }

  /** A whole number of 64 bits. */
  record Whole(long value) implements Reply {}

  /** A bulk string. */
  record Bulk(Bytes bytes) implements Reply {}

  /** Absence; of a list in RESP2 it is told apart from that of a value. */
  record Nil(boolean ofList) implements Reply {}

  /** Several replies. A map's keys and values take turns. */
  record Several(Kind kind, List<Reply> items) implements Reply {
    public Several {
      items = List.copyOf(items);
    }
  }

  record Bool(boolean value) implements Reply {}

  record Real(double value) implements Reply {}

  record Big(BigInteger value) implements Reply {}

  /**
   * A text for people.
   *
   * @param format three letters
   */
  record Verbatim(String format, String text) implements Reply {}

  /** What several replies are together. */
  enum Kind {
    ARRAY,
    SET,
    PUSH,
    MAP
  }

  /** The absent value. */
  Reply NIL = new Nil(false);

  /** Writes the reply as it came, or in the terms of RESP2 if the writer is at that version. */
  static void write(Reply reply, ReplyWriter writer) {
    if (reply instanceof Status status) {
      writer.simple(status.text());
    } else if (reply instanceof Failure failure) {
      writer.error(failure.text());
    } else if (reply instanceof Whole whole) {
      writer.integer(whole.value());
    } else if (reply instanceof Bulk bulk) {
      writer.bulk(bulk.bytes().array());
    } else if (reply instanceof Several several) {
      writeSeveral(several, writer);
    } else {
      writeRare(reply, writer);
    }
  }

  private static void writeSeveral(Several several, ReplyWriter writer) {
    int count = several.items().size();
    switch (several.kind()) {
      case ARRAY -> writer.array(count);
      case SET -> writer.set(count);
      case PUSH -> writer.push(count);
      case MAP -> writer.map(count / 2);
    }
    several.items().forEach(item -> write(item, writer));
  }

  private static void writeRare(Reply reply, ReplyWriter writer) {
    if (reply instanceof Nil nil) {
      if (nil.ofList()) {
        writer.nilArray();
      } else {
        writer.nil();
      }
    } else if (reply instanceof Bool bool) {
      writer.bool(bool.value());
    } else if (reply instanceof Real real) {
      writer.doubleValue(real.value());
    } else if (reply instanceof Big big) {
      writer.bigNumber(big.value());
    } else if (reply instanceof Verbatim verbatim) {
      writer.verbatim(verbatim.format(), verbatim.text());
    }
  }
}
