package io.trefoil.command;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/**
 * C's {@code strtod}, by which Redis reads scores and weights: decimal or hexadecimal, rounded to
 * the nearest double, and infinity in its spellings. What is no number is NaN here, and so is NaN
 * itself: Redis takes it nowhere.
 */
final class CDouble {
  /** As of {@link LongDouble}; longer texts, which Redis reads, are no numbers here. */
  private static final int MAX_TEXT = LongDouble.MAX_TEXT;

  /** Numbers of so many digits are exact as doubles. */
  private static final int EXACT_DIGITS = 15;

  private CDouble() {}

  /**
   * Reads an argument: all of it is the number, with nothing before it, and it is not so large or
   * so small that only infinity or zero is left of it.
   */
  static double parse(byte[] array, int offset, int length) {
    if (length > MAX_TEXT) {
      return Double.NaN;
    }
    if (isShortNumber(array, offset, length)) {
      return shortNumber(array, offset, length);
    }
    String text = new String(array, offset, length, StandardCharsets.ISO_8859_1);
    double value = read(text);
    boolean left = Double.isInfinite(value) && !isInfinity(unsigned(text));
    return left || value == 0 && hasDigits(unsigned(text)) ? Double.NaN : value;
  }

  /** Most numbers are whole, and so short that a double has them exactly. */
  private static boolean isShortNumber(byte[] array, int offset, int length) {
    for (int i = offset; i < offset + length; i++) {
      if (!isDigit(array[i])) {
        return false;
      }
    }
    return length > 0 && length <= EXACT_DIGITS;
  }

  private static double shortNumber(byte[] array, int offset, int length) {
    long number = 0;
    for (int i = offset; i < offset + length; i++) {
      number = 10 * number + array[i] - '0';
    }
    return number;
  }

  /**
   * Reads a bound of a range, of which Redis is less strict: spaces may come before it, a zero byte
   * ends it, and nothing at all is zero.
   */
  static double parseBound(byte[] array, int offset, int length) {
    int end = offset;
    while (end < offset + length && array[end] != 0) {
      end++;
    }
    if (end == offset) {
      return 0;
    }
    int start = offset;
    while (start < end && (array[start] == ' ' || array[start] >= '\t' && array[start] <= '\r')) {
      start++;
    }
    return end - start > MAX_TEXT
        ? Double.NaN
        : read(new String(array, start, end - start, StandardCharsets.ISO_8859_1));
  }

  /**
   * Reads a text to sort by, as {@link #parseBound} does, but not so large or so small a number
   * that a double has fewer digits of it than of others: C calls that out of range.
   */
  static double parseSorted(byte[] text) {
    double value = parseBound(text, 0, text.length);
    String unsigned = unsigned(beforeZero(text).strip());
    if (Double.isInfinite(value) ? !isInfinity(unsigned) : value == 0 && hasDigits(unsigned)) {
      return Double.NaN;
    }
    boolean small = value != 0 && Math.abs(value) < Double.MIN_NORMAL;
    return small && !isHexadecimal(unsigned) && losesDigits(value, unsigned) ? Double.NaN : value;
  }

  private static boolean losesDigits(double value, String unsigned) {
    return new BigDecimal(unsigned).compareTo(new BigDecimal(Math.abs(value))) != 0;
  }

  private static String beforeZero(byte[] text) {
    String all = new String(text, StandardCharsets.ISO_8859_1);
    int zero = all.indexOf(0);
    return zero < 0 ? all : all.substring(0, zero);
  }

  private static String unsigned(String text) {
    return text.startsWith("-") || text.startsWith("+") ? text.substring(1) : text;
  }

  private static boolean isInfinity(String unsigned) {
    return unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity");
  }

  private static boolean isHexadecimal(String unsigned) {
    return unsigned.startsWith("0x") || unsigned.startsWith("0X");
  }

  private static double read(String text) {
    String unsigned = unsigned(text);
    double size;
    if (isInfinity(unsigned)) {
      size = Double.POSITIVE_INFINITY;
    } else if (isHexadecimal(unsigned)) {
      size = readHexadecimal(unsigned);
    } else {
      size = readDecimal(unsigned);
    }
    return text.startsWith("-") ? -size : size;
  }

  private static double readDecimal(String unsigned) {
    boolean numeric = unsigned.chars().allMatch(c -> isDigit(c) || ".eE+-".indexOf(c) >= 0);
    // Java takes another sign here, C does not.
    boolean twoSigns = unsigned.startsWith("-") || unsigned.startsWith("+");
    return numeric && !twoSigns ? readJava(unsigned) : Double.NaN;
  }

  /** Java wants an exponent and may have a letter for the type after it; C has the reverse. */
  private static double readHexadecimal(String unsigned) {
    int exponent = Math.max(unsigned.indexOf('p'), unsigned.indexOf('P'));
    String last = exponent < 0 ? "0" : unsigned.substring(exponent + 1);
    boolean numeric = last.chars().allMatch(c -> isDigit(c) || c == '+' || c == '-');
    return numeric ? readJava(exponent < 0 ? unsigned + "p0" : unsigned) : Double.NaN;
  }

  private static double readJava(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return Double.NaN;
    }
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  /** Whether a number's digits, before its exponent, are not all zero. */
  private static boolean hasDigits(String unsigned) {
    boolean hexadecimal = isHexadecimal(unsigned);
    String end = hexadecimal ? "pP" : "eE";
    for (int i = hexadecimal ? 2 : 0; i < unsigned.length(); i++) {
      char c = unsigned.charAt(i);
      if (end.indexOf(c) >= 0) {
        return false;
      }
      if (c != '0' && c != '.') {
        return true;
      }
    }
    return false;
  }
}
