package io.trefoil.command;

/** What a connection's reads promise. */
public enum Consistency {
  /** What the database's definition says. */
  DATABASE_DEFAULT,
  /** The latest acknowledged write. */
  LINEARIZABLE,
  /** The connection's own writes, and never older than what it has read. */
  SESSION,
  /** Not older than a bound. */
  BOUNDED,
  /** Whatever the replica has. */
  EVENTUAL,
  /** Of a leaderless database: as many replicas as the connection named. */
  QUORUM;

  /**
   * What reads promise while their connection watches keys: they show nothing older than what is
   * watched, or a decision by them would be taken for one by that.
   */
  public Consistency whileWatching() {
    return this == BOUNDED || this == EVENTUAL ? LINEARIZABLE : this;
  }
}
