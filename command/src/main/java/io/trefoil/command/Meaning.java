package io.trefoil.command;

/** What becomes of a command's meaning on an algorithm that has no single order of writes. */
public enum Meaning {
  /** As in Redis. */
  SAME,
  /** Concurrent uses are merged: all replicas end up equal, each reply is one replica's view. */
  CONVERGES,
  /** It would lose its meaning and is refused with a reason. */
  REFUSED
}
