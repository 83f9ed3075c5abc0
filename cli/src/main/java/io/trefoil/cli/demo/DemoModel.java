package io.trefoil.cli.demo;

import io.trefoil.cli.process.NodeProcess;
import java.util.List;

/**
 * All that the view shows at one moment.
 *
 * @param controller name of the node that leads the control plane; empty when none is known
 * @param current whether a node answered when last asked for the status
 * @param rule the commit rule that the writer is at
 * @param writer what the writer does, in a few words
 * @param acknowledgedPerSecond acknowledged writes in the last second
 * @param events what happened, oldest first, each with its time
 * @param tries commands to try
 * @param showTries whether those are shown in place of the events
 */
record DemoModel(
    List<NodeLine> nodes,
    List<RuleLine> rules,
    String controller,
    boolean current,
    CommitRule rule,
    String writer,
    long acknowledgedPerSecond,
    List<String> events,
    List<String> tries,
    boolean showTries,
    long uptimeSeconds) {

  /**
   * A node.
   *
   * @param state of its process
   * @param role in the writer's database; empty when it has none
   * @param replicaState what status says of its copy; empty when it has none
   */
  record NodeLine(
      String name,
      NodeProcess.State state,
      long pid,
      int port,
      String role,
      String replicaState,
      long lagEntries,
      long lagBytes,
      long lagMs) {}

  /** A rule that the writer has been at, its database and what became of the writes. */
  record RuleLine(CommitRule rule, DatabaseLine database, WriterLedger.Counts counts) {}

  DemoModel {
    nodes = List.copyOf(nodes);
    rules = List.copyOf(rules);
    events = List.copyOf(events);
    tries = List.copyOf(tries);
  }
}
