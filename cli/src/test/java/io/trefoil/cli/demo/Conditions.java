package io.trefoil.cli.demo;

import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits in tests. */
final class Conditions {
  private static final long LIMIT_NANOS = 20_000_000_000L;

  private Conditions() {}

  /** Waits until the condition holds; fails with what the text says then. */
  static void await(BooleanSupplier condition, Supplier<String> text) {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("waited in vain; last seen: " + text.get());
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
