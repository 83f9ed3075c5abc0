package io.trefoil.resp;

/**
 * Splits a line that a person typed into words, with the quoting of Redis: in double quotes {@code
 * \n \r \t \b \a \xHH} and a backslash before any other byte; in single quotes only {@code \'}. A
 * closing quote ends the word, so a space or the line's end must follow it.
 */
public final class InlineCommand {
  private final byte[] line;
  private final int end;
  private final byte[] words;
  private int at;
  private int size;

  private InlineCommand(byte[] line, int offset, int length, byte[] words) {
    this.line = line;
    this.at = offset;
    this.end = offset + length;
    this.words = words;
  }

  /** The words of a line, or no words and {@code false} in front of unbalanced quotes. */
  static boolean split(byte[] line, int offset, int length, byte[] words, Args args) {
    InlineCommand command = new InlineCommand(line, offset, length, words);
    while (command.skipSpaces()) {
      int start = command.size;
      if (!command.word()) {
        args.clear();
        return false;
      }
      args.add(start, command.size - start);
    }
    return true;
  }

  /**
   * The words of a line in an array of their own; {@code null} when its quotes are unbalanced. For
   * command lines, which quote as the protocol does.
   */
  public static Args split(byte[] line) {
    byte[] words = new byte[line.length];
    Args args = new Args();
    args.place(words, 0);
    return split(line, 0, line.length, words, args) ? args : null;
  }

  private boolean skipSpaces() {
    while (at < end && isSpace(line[at])) {
      at++;
    }
    return at < end;
  }

  private boolean word() {
    while (at < end) {
      byte b = line[at++];
      switch (b) {
        case ' ', '\n', '\r', '\t' -> {
          return true;
        }
        case '"' -> {
          return doubleQuoted();
        }
        case '\'' -> {
          return singleQuoted();
        }
        default -> words[size++] = b;
      }
    }
    return true;
  }

  private boolean doubleQuoted() {
    while (at < end) {
      byte b = line[at++];
      if (b == '"') {
        return endsHere();
      }
      words[size++] = b == '\\' && at < end ? escaped() : b;
    }
    return false;
  }

  private byte escaped() {
    if (line[at] == 'x' && at + 2 < end && hex(line[at + 1]) >= 0 && hex(line[at + 2]) >= 0) {
      int value = hex(line[at + 1]) * 16 + hex(line[at + 2]);
      at += 3;
      return (byte) value;
    }
    byte b = line[at++];
    return switch (b) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'a' -> 7;
      default -> b;
    };
  }

  private boolean singleQuoted() {
    while (at < end) {
      byte b = line[at++];
      if (b == '\'') {
        return endsHere();
      }
      if (b == '\\' && at < end && line[at] == '\'') {
        b = line[at++];
      }
      words[size++] = b;
    }
    return false;
  }

  private boolean endsHere() {
    return at == end || isSpace(line[at]);
  }

  private static int hex(byte digit) {
    return Character.digit(digit & 0xff, 16);
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b >= '\t' && b <= '\r';
  }
}
