package io.trefoil.cell;

import io.trefoil.base.InvariantViolation;
import java.util.Arrays;

/**
 * Places of a list's elements: bytes that are compared as unsigned ones, in groups of eight. The
 * first group counts from the first element ever pushed, up and down. What is inserted between two
 * neighbours counts on from the lower one in its last group, down from the upper one, or in a group
 * more: so that names stay short also where one after the other is inserted at one spot.
 */
public final class ListPlaces {
  private static final int GROUP = 8;
  private static final long MIDDLE = Long.MIN_VALUE; // as unsigned

  private ListPlaces() {}

  /** Whether a place may have so many bytes: of others {@link #between} finds none between two. */
  public static boolean isLength(int length) {
    return length > 0 && length % GROUP == 0;
  }

  /**
   * A place between two, which is no beginning of {@code upper}: so with whatever is put after it,
   * it still is between them.
   *
   * @param lower null to come first
   * @param upper null to come last
   */
  public static byte[] between(byte[] lower, byte[] upper) {
    if (lower == null && upper == null) {
      return with(new byte[0], 0, MIDDLE);
    }
    if (upper == null) {
      return with(lower, 0, group(lower, 0) + 1);
    }
    if (lower == null) {
      return with(upper, 0, group(upper, 0) - 1);
    }
    return inside(lower, upper);
  }

  /** The bytes before {@code at}, filled up with zeros, and one more group. */
  private static byte[] with(byte[] beginning, int at, long group) {
    byte[] place = Arrays.copyOf(beginning, at + GROUP);
    for (int i = 0; i < GROUP; i++) {
      place[at + i] = (byte) (group >>> 56 - 8 * i);
    }
    return place;
  }

  /** Eight bytes as a number; those beyond the end are zeros. */
  private static long group(byte[] place, int at) {
    long group = 0;
    for (int i = at; i < at + GROUP; i++) {
      group = group << 8 | (i < place.length ? place[i] & 0xff : 0);
    }
    return group;
  }

  private static byte[] inside(byte[] lower, byte[] upper) {
    for (int at = 0; at < Math.max(lower.length, upper.length); at += GROUP) {
      long low = group(lower, at);
      long high = group(upper, at);
      if (low == high) {
        continue;
      }
      if (at >= lower.length && Long.compareUnsigned(high, 1) > 0) {
        return with(upper, at, high - 1);
      }
      boolean room = Long.compareUnsigned(high - low, 1) > 0;
      return room && at < lower.length ? with(lower, at, low + 1) : above(lower, at + GROUP);
    }
    throw new InvariantViolation("no place between two elements of a list");
  }

  /** A place above one that it shares the bytes before {@code from} with. */
  private static byte[] above(byte[] lower, int from) {
    int at = from;
    while (at < lower.length && group(lower, at) == -1) {
      at += GROUP;
    }
    return with(lower, at, at < lower.length ? group(lower, at) + 1 : MIDDLE);
  }
}
