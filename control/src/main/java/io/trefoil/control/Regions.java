package io.trefoil.control;

import io.trefoil.base.Invariants;
import java.util.HashSet;
import java.util.List;

/**
 * How a multi-leader database replicates between its regions, each of which is a cluster of its
 * own.
 *
 * @param here this cluster's region, one of {@code names}
 * @param names 1 to {@link #MAX}, in the order given at creation, which is the same in all regions:
 *     a region's number in the database is its place, counted from 1, and never changes
 * @param conflict what a read shows of writes that knew nothing of each other
 */
public record Regions(String here, List<String> names, Topology topology, Conflict conflict) {
  /** The most regions that a database can have. */
  public static final int MAX = 15;

  public Regions {
    names = List.copyOf(names);
    Invariants.check(
        !names.isEmpty() && names.size() <= MAX, "regions out of range", names.size(), MAX);
    Invariants.check(new HashSet<>(names).size() == names.size(), "a region is there once");
    Invariants.check(names.contains(here), "this cluster is in one of the regions");
    Invariants.check(
        topology.hub().isEmpty() || names.contains(topology.hub()),
        "the hub of a star is one of its regions");
  }

  /**
   * The number of one of the regions, from 1.
   *
   * @param name one of {@link #names}
   */
  public int number(String name) {
    int place = names.indexOf(name);
    Invariants.check(place >= 0, "a region that the database does not have");
    return place + 1;
  }

  public int numberHere() {
    return number(here);
  }

  /** All but the one here, in their order. */
  public List<String> others() {
    return names.stream().filter(name -> !name.equals(here)).toList();
  }
}
