package io.trefoil.chaos;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Which nodes there are, and in which region each is. Nodes and regions go by their index; a
 * region's nodes follow each other.
 *
 * @param regions their names, each of which is a cluster of its own; one without a name where there
 *     is one cluster, in no region
 * @param nodesEach nodes of each region
 */
record Layout(List<String> regions, int nodesEach) {
  Layout {
    regions = List.copyOf(regions);
  }

  static Layout ofOneCluster(int nodes) {
    return new Layout(List.of(""), nodes);
  }

  boolean hasRegions() {
    return !regions.get(0).isEmpty();
  }

  int nodes() {
    return regions.size() * nodesEach;
  }

  int regionOf(int node) {
    return node / nodesEach;
  }

  /** The nodes of a region. */
  List<Integer> nodesOf(int region) {
    return IntStream.range(region * nodesEach, (region + 1) * nodesEach).boxed().toList();
  }

  /** Those of them among all. */
  <T> List<T> of(int region, List<T> all) {
    return all.subList(region * nodesEach, (region + 1) * nodesEach);
  }

  String name(int node) {
    String number = Integer.toString(node % nodesEach + 1);
    return hasRegions() ? regions.get(regionOf(node)) + "-" + number : "n" + number;
  }

  List<String> names() {
    return IntStream.range(0, nodes()).mapToObj(this::name).toList();
  }

  /**
   * The second of two regions that a fault is about.
   *
   * @param other a node that was drawn, of whatever region
   */
  int otherRegion(int region, int other) {
    int drawn = regionOf(other);
    return drawn == region ? (region + 1) % regions.size() : drawn;
  }
}
