package io.trefoil.cell;

import io.trefoil.base.InvariantViolation;
import java.util.Arrays;

/**
 * Places of a list's elements: bytes that are compared as unsigned ones. A place begins with eight
 * bytes that count from the first element ever pushed, up and down; what is inserted between two
 * neighbours has the lower one's bytes, or such as are above them, and more.
 */
public final class ListPlaces {
  private static final int HEAD = 8;
  private static final long FIRST = Long.MIN_VALUE; // the middle, as unsigned

  private ListPlaces() {}

  /**
   * A place between two, which is no beginning of {@code upper}: so with whatever is put after it,
   * it still is between them.
   *
   * @param lower null to come first
   * @param upper null to come last
   */
  public static byte[] between(byte[] lower, byte[] upper) {
    if (lower == null && upper == null) {
      return head(FIRST);
    }
    if (upper == null) {
      return head(headOf(lower) + 1);
    }
    if (lower == null) {
      return head(headOf(upper) - 1);
    }
    return inside(lower, upper);
  }

  private static byte[] head(long number) {
    byte[] bytes = new byte[HEAD];
    for (int i = 0; i < HEAD; i++) {
      bytes[i] = (byte) (number >>> 56 - 8 * i);
    }
    return bytes;
  }

  private static long headOf(byte[] place) {
    long number = 0;
    for (int i = 0; i < HEAD; i++) {
      number = number << 8 | place[i] & 0xff;
    }
    return number;
  }

  /**
   * The first digit that has room above the lower place is raised, by half of the room; below it
   * there is as much as anybody wants.
   */
  private static byte[] inside(byte[] lower, byte[] upper) {
    boolean touches = true; // so far, the place is the beginning of the upper one
    for (int i = 0; i <= lower.length + upper.length; i++) {
      int low = i < lower.length ? lower[i] & 0xff : 0;
      int high = !touches ? 256 : i < upper.length ? upper[i] & 0xff : 0;
      if (high - low > 1) {
        byte[] place = Arrays.copyOf(lower, i + 1);
        place[i] = (byte) (low + (high - low) / 2);
        return place;
      }
      touches &= low == high;
    }
    throw new InvariantViolation("no place between two elements of a list");
  }
}
