package io.trefoil.bench.load;

/** How a request ended. */
public enum Outcome {
  GOOD,
  /** A read found nothing. */
  MISSING,
  ERROR
}
