package io.trefoil.node;

import io.trefoil.command.Session;
import io.trefoil.control.Configuration;
import java.util.List;

/**
 * How many replicas a command on a leaderless database is sure of.
 *
 * @param reads R: so many have told what they have of what it looked at
 * @param writes W: so many have stable copies of what it wrote
 */
record Level(int reads, int writes) {
  /** What the configurations of a partition say, whatever that is when the command runs. */
  static final Level DEFAULT = new Level(0, 0);

  private static final int ALL = Integer.MAX_VALUE;
  private static final int MAJORITY = ALL - 1;

  /** The level that a connection chose, or else the database's. */
  static Level of(Session session) {
    return switch (session.consistency()) {
      case QUORUM -> new Level(named(session.reads()), named(session.writes()));
      case EVENTUAL -> new Level(1, 0);
      default -> DEFAULT;
    };
  }

  private static int named(int number) {
    return switch (number) {
      case Session.ALL -> ALL;
      case Session.MAJORITY -> MAJORITY;
      default -> number;
    };
  }

  /**
   * In numbers. While two configurations stand, both must be asked for as much as the one that asks
   * for more; of a smaller one, all replicas are enough.
   */
  Level in(List<Configuration> standing) {
    int mostReads = 0;
    int mostWrites = 0;
    for (Configuration each : standing) {
      int replicas = each.replicas().size();
      mostReads = Math.max(mostReads, number(reads, each.reads(), replicas));
      mostWrites = Math.max(mostWrites, number(writes, each.copies(), replicas));
    }
    return new Level(mostReads, mostWrites);
  }

  private static int number(int named, int otherwise, int replicas) {
    return switch (named) {
      case 0 -> otherwise;
      case ALL -> replicas;
      case MAJORITY -> replicas / 2 + 1;
      default -> named;
    };
  }

  /** Why a database can't give so much, as an error text, or null. */
  String refusal(int replicas) {
    if (isTooMany(reads, replicas)) {
      return tooMany("R", reads, replicas);
    }
    return isTooMany(writes, replicas) ? tooMany("W", writes, replicas) : null;
  }

  private static boolean isTooMany(int number, int replicas) {
    return number > replicas && number < MAJORITY;
  }

  private static String tooMany(String what, int number, int replicas) {
    return String.format(
        "ERR %s %d needs %d replicas, the database has %d", what, number, number, replicas);
  }
}
