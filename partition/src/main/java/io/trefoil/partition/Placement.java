package io.trefoil.partition;

import io.trefoil.base.InvariantViolation;
import io.trefoil.base.Invariants;
import io.trefoil.base.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Chooses the nodes that hold the partitions of a new database. The first replica of a partition is
 * its preferred leader.
 *
 * <p><b>Replicas.</b> The nodes stand in a ring in which every region's nodes are as far apart as
 * they can be. Partitions take their replicas from the ring one after the other, so no node holds
 * more than one replica more than another, and neighbours on the ring are of different regions.
 *
 * <p><b>Leaders.</b> Of a partition's replicas the one that leads the fewest becomes the first.
 * Where that leaves a node two ahead of another, leaderships are passed on along partitions that
 * the nodes share until none is. That always ends balanced within one: giving each replica an equal
 * share of its partition's leadership is a balanced fractional flow, and a flow with whole bounds
 * has a whole solution.
 */
public final class Placement {
  /**
   * A node that can hold replicas.
   *
   * @param region where it is; any text, equal for nodes of one region
   */
  public record Site(NodeId node, String region) {}

  private final List<List<NodeId>> replicas = new ArrayList<>();
  private final Map<NodeId, Integer> leaderships = new TreeMap<>();

  private Placement(List<NodeId> ring, int partitions, int copies, int start) {
    for (NodeId node : ring) {
      leaderships.put(node, 0);
    }
    long at = start;
    for (int p = 0; p < partitions; p++) {
      List<NodeId> chosen = new ArrayList<>();
      for (int i = 0; i < copies; i++) {
        chosen.add(ring.get((int) (at++ % ring.size())));
      }
      putLeastLoadedFirst(chosen);
      replicas.add(chosen);
    }
    while (passOneOn()) {}
  }

  /**
   * The replicas of each partition, in the order of the partitions; the same arguments always give
   * the same answer, whatever the order of {@code sites}.
   *
   * @param copies replicas per partition, 1 to the number of sites
   * @param start where in the ring to begin (not negative), so that small databases do not all
   *     begin at one node
   */
  public static List<List<NodeId>> place(List<Site> sites, int partitions, int copies, int start) {
    Invariants.check(
        copies >= 1 && copies <= sites.size(), "a node holds one copy", copies, sites.size());
    Invariants.check(partitions >= 1 && start >= 0, "out of range", partitions, start);
    List<List<NodeId>> result = new ArrayList<>();
    for (List<NodeId> chosen : new Placement(ring(sites), partitions, copies, start).replicas) {
      result.add(List.copyOf(chosen));
    }
    return List.copyOf(result);
  }

  /** A node with its place in the ring, from 0 to 1. */
  private record Place(NodeId node, double at) {}

  private static List<NodeId> ring(List<Site> sites) {
    Map<String, List<NodeId>> regions = new TreeMap<>();
    for (Site site : sites) {
      regions.computeIfAbsent(site.region(), region -> new ArrayList<>()).add(site.node());
    }
    List<Place> places = new ArrayList<>();
    for (List<NodeId> nodes : regions.values()) {
      Collections.sort(nodes);
      for (int i = 0; i < nodes.size(); i++) {
        places.add(new Place(nodes.get(i), (i + 0.5) / nodes.size()));
      }
    }
    // The sort keeps the order of the regions where places are equal.
    places.sort(Comparator.comparingDouble(Place::at));
    return places.stream().map(Place::node).toList();
  }

  private void putLeastLoadedFirst(List<NodeId> chosen) {
    int best = 0;
    for (int i = 1; i < chosen.size(); i++) {
      if (leaderships.get(chosen.get(i)) < leaderships.get(chosen.get(best))) {
        best = i;
      }
    }
    Collections.swap(chosen, 0, best);
    leaderships.merge(chosen.get(0), 1, Integer::sum);
  }

  /** Passes one leadership from a node that leads most to one that leads two fewer, if any does. */
  private boolean passOneOn() {
    int most = Collections.max(leaderships.values());
    if (most - Collections.min(leaderships.values()) <= 1) {
      return false;
    }
    // Breadth first: the partition over which the search came to each node, null at the start.
    Map<NodeId, Integer> cameOver = new LinkedHashMap<>();
    Deque<NodeId> open = new ArrayDeque<>();
    for (Map.Entry<NodeId, Integer> entry : leaderships.entrySet()) {
      if (entry.getValue() == most) {
        cameOver.put(entry.getKey(), null);
        open.add(entry.getKey());
      }
    }
    while (!open.isEmpty()) {
      NodeId node = open.remove();
      if (leaderships.get(node) <= most - 2) {
        passAlong(cameOver, node);
        return true;
      }
      for (int p = 0; p < replicas.size(); p++) {
        if (replicas.get(p).get(0).equals(node)) {
          for (NodeId next : replicas.get(p)) {
            if (!cameOver.containsKey(next)) {
              cameOver.put(next, p);
              open.add(next);
            }
          }
        }
      }
    }
    throw new InvariantViolation("leaders can always be balanced within one");
  }

  private void passAlong(Map<NodeId, Integer> cameOver, NodeId receiver) {
    NodeId node = receiver;
    leaderships.merge(node, 1, Integer::sum);
    while (cameOver.get(node) != null) {
      List<NodeId> shared = replicas.get(cameOver.get(node));
      NodeId giver = shared.get(0);
      Collections.swap(shared, 0, shared.indexOf(node));
      node = giver;
    }
    leaderships.merge(node, -1, Integer::sum);
  }
}
