package io.trefoil.base;

/** The port through which shells read time; machines get time as an argument. */
public interface Clock {
  /** Milliseconds since 1970. May jump either way. */
  long wallMillis();

  /** Nanoseconds from an arbitrary start. Never goes back; only differences mean anything. */
  long monotonicNanos();
}
