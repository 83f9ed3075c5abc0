package io.trefoil.cell;

/**
 * A member's score in a sorted set as eight bytes that are in the order of the scores: the bits of
 * an IEEE 754 double, with the sign turned round, and all of a negative one. Zero has no sign.
 */
public final class Score {
  public static final int BYTES = 8;

  private Score() {}

  /** Writes a score, which is a number, to {@code bytes} from {@code at}. */
  public static void write(double score, byte[] bytes, int at) {
    long bits = Double.doubleToRawLongBits(score + 0.0); // -0.0 + 0.0 is 0.0
    long ordered = bits < 0 ? ~bits : bits ^ Long.MIN_VALUE;
    for (int i = 0; i < BYTES; i++) {
      bytes[at + i] = (byte) (ordered >>> 56 - 8 * i);
    }
  }

  /** The score that is written from {@code at}. */
  public static double read(byte[] bytes, int at) {
    long ordered = 0;
    for (int i = 0; i < BYTES; i++) {
      ordered = ordered << 8 | bytes[at + i] & 0xff;
    }
    return Double.longBitsToDouble(ordered < 0 ? ordered ^ Long.MIN_VALUE : ~ordered);
  }
}
