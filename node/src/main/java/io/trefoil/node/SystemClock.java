package io.trefoil.node;

import io.trefoil.base.Clock;

/** The machine's clocks. */
final class SystemClock implements Clock {
  @Override
  public long wallMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public long monotonicNanos() {
    return System.nanoTime();
  }
}
