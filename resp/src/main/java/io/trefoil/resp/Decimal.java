package io.trefoil.resp;

/**
 * Whole numbers as Redis reads and writes them: an optional minus, no plus, no leading zeros, no
 * spaces, 64 bits. Stricter than {@link Long#parseLong(String)}, so that a string is a number only
 * if it is exactly what would be written for that number.
 *
 * <p>An instance holds the last number that {@link #parse} read, so that reading allocates nothing.
 */
public final class Decimal {
  /** The longest text of a number: that of {@link Long#MIN_VALUE}. */
  public static final int MAX_LENGTH = 20;

  private long value;

  /** Whether the bytes are a number; it is then {@link #value()}. */
  public boolean parse(byte[] array, int offset, int length) {
    if (length < 1 || length > MAX_LENGTH) {
      return false;
    }
    boolean negative = array[offset] == '-';
    int at = negative ? offset + 1 : offset;
    int end = offset + length;
    if (length == 1 && array[offset] == '0') {
      value = 0;
      return true;
    }
    if (at == end || array[at] < '1' || array[at] > '9') {
      return false;
    }
    // Summed as a negative number: only there is room for the absolute value of Long.MIN_VALUE.
    long sum = 0;
    for (; at < end; at++) {
      int digit = array[at] - '0';
      if (digit < 0 || digit > 9 || sum < Long.MIN_VALUE / 10) {
        return false;
      }
      sum *= 10;
      if (sum < Long.MIN_VALUE + digit) {
        return false;
      }
      sum -= digit;
    }
    if (!negative && sum == Long.MIN_VALUE) {
      return false;
    }
    value = negative ? sum : -sum;
    return true;
  }

  /** The number that the last successful {@link #parse} read. */
  public long value() {
    return value;
  }

  /** How many bytes {@link #write} writes for a number. */
  public static int length(long number) {
    if (number < 0) {
      return number == Long.MIN_VALUE ? MAX_LENGTH : 1 + length(-number);
    }
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    return digits;
  }

  /**
   * Writes a number to {@code to} from {@code offset}, where {@link #length} bytes must be free.
   *
   * @return how many bytes it took
   */
  public static int write(long number, byte[] to, int offset) {
    int length = length(number);
    int at = offset + length;
    long rest = number;
    do {
      to[--at] = (byte) ('0' + Math.abs(rest % 10));
      rest /= 10;
    } while (rest != 0);
    if (number < 0) {
      to[--at] = '-';
    }
    return length;
  }
}
