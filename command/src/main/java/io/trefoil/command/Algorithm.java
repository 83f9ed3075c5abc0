package io.trefoil.command;

/** How a database is replicated, as far as a command's meaning depends on it. */
public enum Algorithm {
  SINGLE_LEADER("single-leader"),
  MULTI_LEADER("multi-leader"),
  LEADERLESS("leaderless");

  private final String text;

  Algorithm(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
