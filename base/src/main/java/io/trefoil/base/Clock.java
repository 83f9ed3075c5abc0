package io.trefoil.base;

/** The port through which shells read time; machines get time as an argument. */
public interface Clock {
  /** Milliseconds since 1970. May jump either way. */
  long wallMillis();

  /** Nanoseconds from an arbitrary start. Never goes back; only differences mean anything. */
  long monotonicNanos();

  /** As {@link #monotonicNanos}, to measure how long work takes; nothing else is decided by it. */
  default long workNanos() {
    return monotonicNanos();
  }
}
