package io.trefoil.control;

/** How a database's data gets to its replicas. The order is part of the stored format. */
public enum Replication {
  SINGLE_LEADER,
  LEADERLESS,
  MULTI_LEADER;

  /** As people write it: {@code SINGLE-LEADER}. */
  @Override
  public String toString() {
    return name().replace('_', '-');
  }
}
