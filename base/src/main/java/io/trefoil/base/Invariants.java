package io.trefoil.base;

/**
 * Checks that stay on in production. A replica that finds its state impossible stops loudly rather
 * than serve: a crash beats a wrong answer.
 */
public final class Invariants {
  private Invariants() {}

  /** Throws {@link InvariantViolation} with {@code message} unless {@code holds}. */
  public static void check(boolean holds, String message) {
    if (!holds) {
      throw new InvariantViolation(message);
    }
  }

  /** As {@link #check(boolean, String)}, with two numbers that are only formatted on failure. */
  public static void check(boolean holds, String message, long a, long b) {
    if (!holds) {
      throw new InvariantViolation(message + " (" + a + ", " + b + ")");
    }
  }
}
