package io.trefoil.chaos;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Whom a fault met.
 *
 * @param node index of the node; -1 when it met several
 * @param region index of the region, of a fault that is of regions; else -1
 * @param who in words; empty for all
 * @param inside regions in which not all is well by it: not those that it only cut off from others
 */
record Met(int node, int region, String who, Set<Integer> inside) {
  Met {
    inside = Set.copyOf(inside);
  }

  /**
   * @param node that it met, of all those that it might
   */
  static Met of(PlannedFault fault, int node, Layout layout) {
    int region = layout.regionOf(node);
    String name = layout.regions().get(region);
    Set<Integer> inside = inside(fault, node, layout);
    return switch (fault.kind()) {
      case KILL_ALL, RESET -> new Met(-1, -1, "", inside);
      case REGION_KILL, REGION_CUT, REGION_SLOW -> new Met(-1, region, name, inside);
      case REGION_LINK_CUT -> {
        int second = layout.otherRegion(region, fault.other());
        yield new Met(-1, region, name + " and " + layout.regions().get(second), inside);
      }
      default -> new Met(node, -1, layout.name(node), inside);
    };
  }

  private static Set<Integer> inside(PlannedFault fault, int node, Layout layout) {
    FaultKind kind = fault.kind();
    if (kind.isBetweenRegions() || kind.isBetweenNodes() && layout.nodesEach() == 1) {
      return Set.of();
    }
    int region = layout.regionOf(node);
    int others = layout.regionOf(fault.other() == node ? fault.node() : fault.other());
    return switch (kind) {
      case KILL_ALL, RESET, RING -> all(layout);
      case SPLIT -> ofTwo(region, layout.nodes() > Links.SMALL ? others : region);
      case BRIDGE -> others == region ? Set.of(region) : Set.of();
      default -> Set.of(region);
    };
  }

  private static Set<Integer> all(Layout layout) {
    return IntStream.range(0, layout.regions().size()).boxed().collect(Collectors.toSet());
  }

  private static Set<Integer> ofTwo(int one, int other) {
    return one == other ? Set.of(one) : Set.of(one, other);
  }
}
