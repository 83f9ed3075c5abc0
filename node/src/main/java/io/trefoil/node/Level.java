package io.trefoil.node;

import io.trefoil.command.Session;
import io.trefoil.control.Quorums;

/**
 * How many replicas a command on a leaderless database is sure of.
 *
 * @param reads R: so many have told what they have of what it looked at
 * @param writes W: so many have stable copies of what it wrote
 */
record Level(int reads, int writes) {
  /** Whatever the database's definition says, when a node has yet to know it. */
  static final Level DEFAULT = new Level(0, 0);

  /** The level that a connection chose, or else the database's. */
  static Level of(Session session, Quorums quorums, int replicas) {
    return switch (session.consistency()) {
      case QUORUM ->
          new Level(
              named(session.reads(), quorums.reads(), replicas),
              named(session.writes(), quorums.writes(), replicas));
      case EVENTUAL -> new Level(1, quorums.writes());
      default -> new Level(quorums.reads(), quorums.writes());
    };
  }

  private static int named(int number, int otherwise, int replicas) {
    return switch (number) {
      case Session.ALL -> replicas;
      case Session.MAJORITY -> replicas / 2 + 1;
      default -> number == 0 ? otherwise : number;
    };
  }

  /** With the database's numbers where it has none. */
  Level or(Quorums quorums) {
    return new Level(reads == 0 ? quorums.reads() : reads, writes == 0 ? quorums.writes() : writes);
  }

  /** Why a database can't give so much, as an error text, or null. */
  String refusal(int replicas) {
    if (reads > replicas) {
      return tooMany("R", reads, replicas);
    }
    return writes > replicas ? tooMany("W", writes, replicas) : null;
  }

  private static String tooMany(String what, int number, int replicas) {
    return String.format(
        "ERR %s %d needs %d replicas, the database has %d", what, number, number, replicas);
  }
}
