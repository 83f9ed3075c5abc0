package io.trefoil.command;

import io.trefoil.resp.Args;

/**
 * Redis's patterns: {@code *} any bytes, {@code ?} one byte, {@code [a-c]} and {@code [^a]} one of
 * a set, a backslash before a byte that stands for itself. Matches as Redis 7.0 does, oddities
 * included (an unclosed set ends with the pattern; an empty text matches only the empty pattern),
 * but in a loop, so that no pattern can exhaust the stack.
 */
public final class Glob {
  private final byte[] pattern;
  private final int offset;
  private final int length;
  private final boolean anyCase;
  private int next;

  Glob(byte[] pattern, int offset, int length, boolean anyCase) {
    this.pattern = pattern;
    this.offset = offset;
    this.length = length;
    this.anyCase = anyCase;
  }

  /** The pattern that is an argument; it must stay in place while this is used. */
  public static Glob of(Args args, int index) {
    return new Glob(args.array(), args.offset(index), args.length(index), false);
  }

  /** The pattern that these bytes are; they never change. */
  public static Glob of(byte[] pattern) {
    return new Glob(pattern, 0, pattern.length, false);
  }

  /** Whether the pattern is a single star, which commands take for "all". */
  boolean isAll() {
    return length == 1 && pattern[offset] == '*';
  }

  public boolean matches(byte[] text, int textOffset, int textLength) {
    if (textLength == 0) {
      return length == 0;
    }
    int p = 0;
    int t = 0;
    // Where to go on when the bytes after the last star don't match: one byte further in the text.
    int afterStar = -1;
    int starText = 0;
    while (t < textLength) {
      if (at(p) == '*' && p < length) {
        afterStar = ++p;
        starText = t;
      } else if (p < length && matchesOne(p, text[textOffset + t])) {
        p = next;
        t++;
      } else if (afterStar >= 0) {
        p = afterStar;
        t = ++starText;
      } else {
        return false;
      }
    }
    while (p < length && at(p) == '*') {
      p++;
    }
    return p == length;
  }

  /**
   * Whether the element of the pattern at {@code p} is {@code b}; moves {@link #next} behind it.
   */
  private boolean matchesOne(int p, byte b) {
    switch (at(p)) {
      case '?' -> {
        next = p + 1;
        return true;
      }
      case '[' -> {
        return matchesSet(p + 1, b);
      }
      case '\\' -> {
        int escaped = p + 1 < length ? p + 1 : p;
        next = escaped + 1;
        return same(at(escaped), b);
      }
      default -> {
        next = p + 1;
        return same(at(p), b);
      }
    }
  }

  private boolean matchesSet(int start, byte b) {
    int p = start;
    boolean not = p < length && at(p) == '^';
    if (not) {
      p++;
    }
    boolean match = false;
    while (p < length && at(p) != ']') {
      if (at(p) == '\\' && p + 1 < length) {
        match |= at(p + 1) == b;
        p += 2;
      } else if (p + 2 < length && at(p + 1) == '-') {
        match |= inRange(at(p), at(p + 2), b);
        p += 3;
      } else {
        match |= same(at(p), b);
        p++;
      }
    }
    next = Math.min(p + 1, length);
    return match != not;
  }

  // Bytes are compared with their sign, as C's char on the platforms of Redis.
  private boolean inRange(byte a, byte b, byte value) {
    byte low = lower((byte) Math.min(a, b));
    byte high = lower((byte) Math.max(a, b));
    byte c = lower(value);
    return c >= low && c <= high;
  }

  private boolean same(byte a, byte b) {
    return lower(a) == lower(b);
  }

  private byte lower(byte b) {
    return anyCase && b >= 'A' && b <= 'Z' ? (byte) (b + 32) : b;
  }

  private byte at(int p) {
    return p < length ? pattern[offset + p] : 0;
  }
}
