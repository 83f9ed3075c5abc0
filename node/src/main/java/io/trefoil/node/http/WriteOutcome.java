package io.trefoil.node.http;

import java.util.Locale;

/** What became of a write, as its client was told. */
public enum WriteOutcome {
  /** Acknowledged. */
  COMMITTED,
  /** Certainly not applied. */
  REFUSED,
  /** Perhaps applied. */
  UNCERTAIN;

  /** As the label says it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
