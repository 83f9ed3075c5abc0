package io.trefoil.command;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Texts of doubles as C's {@code strtod} reads them: spaces before, hexadecimal digits, {@code inf}
 * and the empty text, which is 0. As in C a text ends at a zero byte.
 */
final class DoubleText {
  /** No longer text is read as a number. */
  private static final int MAX_TEXT = 64 * 1024;

  private static final Pattern TEXT =
      Pattern.compile(
          "[ \\t\\n\\x0B\\f\\r]*([+-]?)(?:"
              + "(?<infinite>inf|infinity)"
              + "|(?<hex>0x(?:[0-9a-f]+\\.?[0-9a-f]*|\\.[0-9a-f]+))(?<power>p[+-]?[0-9]+)?"
              + "|(?<decimal>[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:e[+-]?[0-9]+)?)",
          Pattern.CASE_INSENSITIVE);

  private DoubleText() {}

  /** The number; empty when the text is none, or one that a double is not near to. */
  static OptionalDouble parse(byte[] text) {
    int length = 0;
    while (length < text.length && text[length] != 0) {
      length++;
    }
    if (length == 0) {
      return OptionalDouble.of(0);
    }
    if (length > MAX_TEXT) {
      return OptionalDouble.empty();
    }
    Matcher matcher = TEXT.matcher(new String(text, 0, length, StandardCharsets.ISO_8859_1));
    return matcher.matches() ? value(matcher) : OptionalDouble.empty();
  }

  private static OptionalDouble value(Matcher text) {
    if (text.group("infinite") != null) {
      boolean negative = text.group(1).equals("-");
      return OptionalDouble.of(negative ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }
    boolean hex = text.group("hex") != null;
    String number = text.group().strip();
    double value = Double.parseDouble(hex && text.group("power") == null ? number + "p0" : number);
    String digits = hex ? text.group("hex").substring(2) : text.group("decimal");
    boolean zero = digits.chars().allMatch(digit -> digit == '0' || digit == '.');
    boolean outOfRange = Double.isInfinite(value) || value == 0 && !zero;
    if (outOfRange || !hex && losesDigits(value, number)) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(value);
  }

  /** Whether a number is so small that a double of it has fewer digits than others. */
  private static boolean losesDigits(double value, String number) {
    return value != 0
        && Math.abs(value) < Double.MIN_NORMAL
        && new BigDecimal(number).compareTo(new BigDecimal(value)) != 0;
  }
}
