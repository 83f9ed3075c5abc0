package io.trefoil.command;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * C's {@code long double} on x86-64, in which Redis does {@code INCRBYFLOAT}: 64 bits of
 * significand, rounded to the nearest, ties to even. Exact arithmetic, so the digits are Redis's
 * digits. Texts in hexadecimal, which C reads too, are not read.
 */
final class LongDouble {
  /** As in Redis: no text of a number is longer. */
  static final int MAX_TEXT = 5 * 1024 - 1;

  private static final int SIGNIFICAND_BITS = 64;
  private static final int MIN_EXPONENT = -16445;
  private static final int MAX_EXPONENT = 16384 - SIGNIFICAND_BITS;
  private static final int MAX_DECIMAL_EXPONENT = 4933;
  private static final int MIN_DECIMAL_EXPONENT = -4952;
  private static final int HUMAN_DECIMALS = 17;

  static final LongDouble ZERO = new LongDouble(BigDecimal.ZERO);
  private static final LongDouble INFINITE = new LongDouble(null);

  private final BigDecimal finite;

  private LongDouble(BigDecimal finite) {
    this.finite = finite;
  }

  /** The number that a text is, read like C's {@code strtold} under Redis's extra rules. */
  static Optional<LongDouble> parse(byte[] array, int offset, int length) {
    if (length == 0 || length > MAX_TEXT) {
      return Optional.empty();
    }
    String text = new String(array, offset, length, StandardCharsets.ISO_8859_1);
    String unsigned = text.charAt(0) == '-' || text.charAt(0) == '+' ? text.substring(1) : text;
    if (unsigned.equalsIgnoreCase("inf") || unsigned.equalsIgnoreCase("infinity")) {
      return Optional.of(INFINITE);
    }
    if (!unsigned.chars().allMatch(LongDouble::isNumeric)) {
      return Optional.empty();
    }
    try {
      return inRange(new BigDecimal(text));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** As {@link #parse}, and hexadecimal texts as far as a double holds them. */
  static Optional<LongDouble> parseAny(byte[] array, int offset, int length) {
    Optional<LongDouble> decimal = parse(array, offset, length);
    if (decimal.isPresent() || length == 0) {
      return decimal;
    }
    double other = CDouble.parse(array, offset, length);
    return Double.isFinite(other)
        ? Optional.of(new LongDouble(new BigDecimal(other)))
        : Optional.empty();
  }

  private static boolean isNumeric(int c) {
    return c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-';
  }

  private static Optional<LongDouble> inRange(BigDecimal value) {
    if (value.signum() == 0) {
      return Optional.of(ZERO);
    }
    // Before any arithmetic: a short text may stand for a number of a billion digits.
    long magnitude = (long) value.precision() - value.scale();
    if (magnitude > MAX_DECIMAL_EXPONENT || magnitude < MIN_DECIMAL_EXPONENT) {
      return Optional.empty();
    }
    LongDouble rounded = round(value);
    return rounded.isInfinite() || rounded.finite.signum() == 0
        ? Optional.empty()
        : Optional.of(rounded);
  }

  boolean isInfinite() {
    return finite == null;
  }

  LongDouble plus(LongDouble other) {
    return isInfinite() || other.isInfinite() ? INFINITE : round(finite.add(other.finite));
  }

  /**
   * A thousand times this, rounded up, as C converts it on x86-64: what is no {@code long} is the
   * least one.
   */
  long ceilThousandfold() {
    LongDouble scaled = isInfinite() ? INFINITE : round(finite.multiply(BigDecimal.valueOf(1_000)));
    if (scaled.isInfinite()) {
      return Long.MIN_VALUE;
    }
    BigInteger whole = scaled.finite.setScale(0, RoundingMode.CEILING).toBigInteger();
    return whole.bitLength() < Long.SIZE ? whole.longValue() : Long.MIN_VALUE;
  }

  /** With up to 17 decimals and no trailing zeros. */
  String humanText() {
    BigDecimal decimals = finite.setScale(HUMAN_DECIMALS, RoundingMode.HALF_EVEN);
    return decimals.signum() == 0 ? "0" : decimals.stripTrailingZeros().toPlainString();
  }

  private static LongDouble round(BigDecimal value) {
    if (value.signum() == 0) {
      return ZERO;
    }
    BigInteger numerator = value.unscaledValue().abs();
    BigInteger denominator = BigInteger.ONE;
    if (value.scale() > 0) {
      denominator = BigInteger.TEN.pow(value.scale());
    } else {
      numerator = numerator.multiply(BigInteger.TEN.pow(-value.scale()));
    }
    int exponent = numerator.bitLength() - denominator.bitLength() - SIGNIFICAND_BITS;
    exponent = Math.max(exponent, MIN_EXPONENT);
    BigInteger significand = divide(numerator, denominator, exponent);
    if (significand.bitLength() > SIGNIFICAND_BITS) {
      exponent++;
      significand = divide(numerator, denominator, exponent);
    }
    if (significand.bitLength() > SIGNIFICAND_BITS) {
      // Rounding up gave 2^64: a power of two, for which one bit more of exponent loses nothing.
      exponent++;
      significand = significand.shiftRight(1);
    }
    if (exponent > MAX_EXPONENT) {
      return INFINITE;
    }
    BigDecimal rounded = scaled(significand, exponent);
    return new LongDouble(value.signum() < 0 ? rounded.negate() : rounded);
  }

  /** {@code numerator / denominator / 2^exponent}, rounded half to even. */
  private static BigInteger divide(BigInteger numerator, BigInteger denominator, int exponent) {
    BigInteger n = exponent < 0 ? numerator.shiftLeft(-exponent) : numerator;
    BigInteger d = exponent > 0 ? denominator.shiftLeft(exponent) : denominator;
    BigInteger[] parts = n.divideAndRemainder(d);
    int half = parts[1].shiftLeft(1).compareTo(d);
    boolean up = half > 0 || half == 0 && parts[0].testBit(0);
    return up ? parts[0].add(BigInteger.ONE) : parts[0];
  }

  private static BigDecimal scaled(BigInteger significand, int exponent) {
    return exponent >= 0
        ? new BigDecimal(significand.shiftLeft(exponent))
        : new BigDecimal(significand.multiply(BigInteger.valueOf(5).pow(-exponent)), -exponent);
  }
}
