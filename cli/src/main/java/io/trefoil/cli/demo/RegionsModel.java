package io.trefoil.cli.demo;

import io.trefoil.cli.ClusterStatus;
import io.trefoil.cli.process.NodeProcess;
import java.util.List;

/**
 * All that the view of a database in several regions shows at one moment.
 *
 * @param controllers names of the nodes that lead the regions' control planes
 * @param current whether in each region a node answered when last asked for the status
 * @param delayMillis of the link, in each direction
 * @param link its state in a few words
 * @param clients what the writers do, in a word
 * @param conflicts how many values were hidden
 * @param events what happened, oldest first, each with its time
 * @param tries commands to try
 * @param showTries whether those are shown in place of the events
 */
record RegionsModel(
    List<NodeLine> nodes,
    List<RegionRow> regions,
    String controllers,
    boolean current,
    long delayMillis,
    String link,
    String clients,
    long conflicts,
    List<String> events,
    List<String> tries,
    boolean showTries,
    long uptimeSeconds) {

  /**
   * A node.
   *
   * @param state of its process
   * @param role in its region's copy of the database; empty when it has none
   * @param copy what status says of it; empty when it has none
   */
  record NodeLine(
      String name,
      NodeProcess.State state,
      long pid,
      int port,
      String region,
      String role,
      String copy) {}

  /**
   * A region.
   *
   * @param leader name of the leading node; empty when there is none
   * @param state of the database there; empty while it is not
   * @param perSecond acknowledged writes in the last second
   * @param link to the other region; null while no leader tells of it
   */
  record RegionRow(
      String name,
      String leader,
      String state,
      long perSecond,
      RegionLedger.Counts counts,
      ClusterStatus.Link link) {}

  RegionsModel {
    nodes = List.copyOf(nodes);
    regions = List.copyOf(regions);
    events = List.copyOf(events);
    tries = List.copyOf(tries);
  }
}
