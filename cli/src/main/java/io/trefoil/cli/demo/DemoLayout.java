package io.trefoil.cli.demo;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Which nodes a demo has: one cluster of three, or two for each region.
 *
 * @param regions none, or each a cluster of its own
 * @param nodes names, those of a region in a row
 * @param clusterSize how many found a cluster together
 */
record DemoLayout(List<String> regions, List<String> nodes, int clusterSize) {
  /** Between regions, in each direction: about that from Europe to the west of America. */
  static final long LINK_DELAY_MILLIS = 80;

  private static final int NODES = 3;
  private static final int NODES_IN_REGION = 2;

  static DemoLayout of(List<String> regions) {
    if (regions.isEmpty()) {
      return new DemoLayout(List.of(), numbered("n", NODES), NODES);
    }
    List<String> nodes = new ArrayList<>();
    regions.forEach(region -> nodes.addAll(numbered(region + "-n", NODES_IN_REGION)));
    return new DemoLayout(List.copyOf(regions), List.copyOf(nodes), NODES_IN_REGION);
  }

  private static List<String> numbered(String prefix, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(number -> prefix + number).toList();
  }

  /** The region of a node; empty for none. */
  String region(String node) {
    return regions.isEmpty() ? "" : regions.get(nodes.indexOf(node) / clusterSize);
  }

  /** The index of the node that others of its cluster join. */
  int founder(String node) {
    return nodes.indexOf(node) / clusterSize * clusterSize;
  }
}
