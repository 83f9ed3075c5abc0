package io.trefoil.replication.leaderless;

/** A replica's log as the stream of its own entries. */
@FunctionalInterface
public interface OwnLog {
  /**
   * What the log holds from {@code fromIndex} on. A run of foreign entries is best one stretch,
   * with the own batch after it: a message is sent for each stretch. Must show what is stable.
   *
   * @param fromIndex at most the index up to which the log is stable
   * @return null when memory no longer has that index
   */
  Stretch recent(long fromIndex);
}
