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
    int other = fault.other() == node ? fault.node() : fault.other();
    return switch (fault.kind()) {
      case KILL_ALL, RESET -> new Met(-1, -1, "", all(layout));
      case RING -> ofNode(node, all(layout), layout);
      case SPLIT -> ofNode(node, ofTwo(region, layout.regionOf(other)), layout);
      case BRIDGE ->
          ofNode(node, layout.regionOf(other) == region ? Set.of(region) : Set.of(), layout);
      case REGION_KILL -> new Met(-1, region, layout.regions().get(region), Set.of(region));
      case REGION_CUT, REGION_SLOW -> new Met(-1, region, layout.regions().get(region), Set.of());
      case REGION_LINK_CUT -> {
        String second = layout.regions().get(layout.otherRegion(region, fault.other()));
        yield new Met(-1, region, layout.regions().get(region) + " and " + second, Set.of());
      }
      default -> ofNode(node, Set.of(region), layout);
    };
  }

  private static Met ofNode(int node, Set<Integer> inside, Layout layout) {
    return new Met(node, -1, layout.name(node), inside);
  }

  private static Set<Integer> all(Layout layout) {
    return IntStream.range(0, layout.regions().size()).boxed().collect(Collectors.toSet());
  }

  private static Set<Integer> ofTwo(int one, int other) {
    return one == other ? Set.of(one) : Set.of(one, other);
  }
}
