package io.trefoil.control;

/**
 * How a leaderless database replicates.
 *
 * @param reads the R: how many replicas a read asks, 1 to N
 * @param writes the W: how many copies must be stable before a client gets its reply, 1 to N
 * @param sloppy whether a hint that is kept for an absent replica counts towards W
 */
public record Quorums(int reads, int writes, boolean sloppy, Conflict conflict) {
  /** For which nothing was said: majorities of {@code replicas}. */
  public static Quorums defaults(int replicas) {
    return new Quorums(majority(replicas), majority(replicas), false, Conflict.LWW);
  }

  /**
   * Whether every read asks a replica that has the last acknowledged write: R + W &gt; N. Never
   * when hints count: no replica is asked for those.
   */
  public boolean overlap(int replicas) {
    return !sloppy && reads + writes > replicas;
  }

  /** Whether every write reaches a replica that has the one before: 2W &gt; N, without hints. */
  public boolean writesOverlap(int replicas) {
    return !sloppy && 2 * writes > replicas;
  }

  /** For another number of replicas: what was a majority is one again, the rest stays. */
  Quorums resized(int before, int after) {
    return new Quorums(
        reads == majority(before) ? majority(after) : reads,
        writes == majority(before) ? majority(after) : writes,
        sloppy,
        conflict);
  }

  private static int majority(int replicas) {
    return CommitRule.MAJORITY.copies(replicas);
  }
}
