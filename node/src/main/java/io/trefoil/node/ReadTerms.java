package io.trefoil.node;

import io.trefoil.base.PartitionId;
import io.trefoil.base.Position;
import io.trefoil.command.Consistency;
import io.trefoil.command.SeenPositions;

/**
 * What a command's reads promise, and whose session it belongs to. See {@code docs/reads.md}.
 *
 * @param level never {@link Consistency#DATABASE_DEFAULT}
 * @param boundMillis how old they may be when they are {@link Consistency#BOUNDED}
 * @param seen of the session; null when it is nobody's, or the database is leaderless
 * @param quorum how many replicas of a leaderless database are to be sure of
 */
record ReadTerms(Consistency level, int boundMillis, SeenPositions seen, Level quorum) {
  static final ReadTerms LINEARIZABLE =
      new ReadTerms(Consistency.LINEARIZABLE, 0, null, Level.DEFAULT);

  boolean isSession() {
    return level == Consistency.SESSION;
  }

  /** The same of a command that the leader is to run: it sees all that was acknowledged. */
  ReadTerms onLeader() {
    return isSession() ? this : new ReadTerms(Consistency.LINEARIZABLE, 0, seen, quorum);
  }

  /** What must not be lacking in the history that a reply tells of. */
  Position floor(PartitionId partition) {
    return isSession() ? seen.of(partition) : Position.ZERO;
  }
}
