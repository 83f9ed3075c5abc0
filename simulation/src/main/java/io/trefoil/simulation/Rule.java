package io.trefoil.simulation;

/** The commit rules. */
public enum Rule {
  ASYNC,
  SEMI_SYNC,
  MAJORITY,
  SYNC;

  /** c for {@code replicas} replicas. {@code SEMI_SYNC} is with one follower. */
  int copies(int replicas) {
    return switch (this) {
      case ASYNC -> 1;
      case SEMI_SYNC -> Math.min(2, replicas);
      case MAJORITY -> replicas / 2 + 1;
      case SYNC -> replicas;
    };
  }
}
