package io.trefoil.cli.demo;

import io.trefoil.cli.process.NodeProcess;
import java.util.List;

/**
 * All that the view of leaderless databases shows at one moment.
 *
 * @param controller name of the node that leads the control plane; empty when none is known
 * @param current whether a node answered when last asked for the status
 * @param clients what the writers and readers do, in a few words
 * @param acknowledgedPerSecond acknowledged writes in the last second, to both databases
 * @param events what happened, oldest first, each with its time
 * @param tries commands to try
 * @param showTries whether those are shown in place of the events
 */
record LeaderlessModel(
    List<NodeLine> nodes,
    List<DatabaseRow> databases,
    String controller,
    boolean current,
    String clients,
    long acknowledgedPerSecond,
    List<String> events,
    List<String> tries,
    boolean showTries,
    long uptimeSeconds) {

  /**
   * A node with its copies of both databases.
   *
   * @param state of its process
   * @param clients which of them ask it: {@code writers}, {@code readers} or none
   * @param copy state of the copy that is worse off; empty when it has none
   * @param hints entries that coordinators keep for it
   * @param awayMs how long the one that has waited longest has not heard of it
   */
  record NodeLine(
      String name,
      NodeProcess.State state,
      long pid,
      int port,
      String clients,
      String copy,
      long hints,
      long hintsBytes,
      long awayMs) {}

  /**
   * A database and what became of its clients' requests.
   *
   * @param state empty while it is not there yet
   */
  record DatabaseRow(Quorums quorums, String state, Register.Counts counts) {}

  LeaderlessModel {
    nodes = List.copyOf(nodes);
    databases = List.copyOf(databases);
    events = List.copyOf(events);
    tries = List.copyOf(tries);
  }
}
