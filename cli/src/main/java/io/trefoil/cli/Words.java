package io.trefoil.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits a typed line into the words of a command, with redis-cli's quotes: between double quotes
 * {@code \n \r \t \b \a \xHH \" \\} are escapes; between single quotes only {@code \'} is.
 */
final class Words {
  private final byte[] line;
  private int at;

  private Words(String line) {
    this.line = line.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * The words of the line; none when it is blank.
   *
   * @throws IllegalArgumentException when a quote is not closed, or a word goes on after it
   */
  static List<byte[]> split(String line) {
    return new Words(line).split();
  }

  private List<byte[]> split() {
    List<byte[]> words = new ArrayList<>();
    skipSpace();
    while (at < line.length) {
      words.add(nextWord());
      skipSpace();
    }
    return words;
  }

  private void skipSpace() {
    while (at < line.length && isSpace(line[at])) {
      at++;
    }
  }

  private byte[] nextWord() {
    ByteArrayOutputStream word = new ByteArrayOutputStream();
    while (at < line.length && !isSpace(line[at])) {
      byte b = line[at++];
      if (b == '"' || b == '\'') {
        quoted(b, word);
      } else {
        word.write(b);
      }
    }
    return word.toByteArray();
  }

  private void quoted(byte quote, ByteArrayOutputStream word) {
    while (at < line.length && line[at] != quote) {
      byte b = line[at++];
      if (b == '\\' && at < line.length) {
        word.write(quote == '"' ? escaped() : escapedInSingleQuotes());
      } else {
        word.write(b);
      }
    }
    if (at == line.length) {
      throw new IllegalArgumentException("a quote is not closed");
    }
    at++;
    if (at < line.length && !isSpace(line[at])) {
      throw new IllegalArgumentException("a space must follow a closing quote");
    }
  }

  private int escapedInSingleQuotes() {
    return line[at] == '\'' ? line[at++] : '\\';
  }

  private int escaped() {
    byte b = line[at++];
    if (b == 'x' && at + 1 < line.length) {
      int high = Character.digit(line[at], 16);
      int low = Character.digit(line[at + 1], 16);
      if (high >= 0 && low >= 0) {
        at += 2;
        return high * 16 + low;
      }
    }
    int escape = "nrtba".indexOf(b);
    return escape >= 0 ? "\n\r\t\b\u0007".charAt(escape) : b;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b >= '\t' && b <= '\r';
  }
}
