package io.trefoil.simulation.cluster;

import io.trefoil.control.Conflict;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * What a world of several regions is like, beside what is drawn of each.
 *
 * @param nodes of each region
 * @param topology as a client says it
 * @param latencyMillis that a message takes longer from one region to another
 * @param skewMillis by how much each region's clocks are ahead
 * @param allAddresses whether all nodes of a region are named where it is linked, and not one
 */
record RegionShape(
    List<Integer> nodes,
    String topology,
    Conflict conflict,
    int latencyMillis,
    List<Long> skewMillis,
    boolean allAddresses) {
  private static final List<String> NAMES = List.of("eu", "us", "asia");
  private static final int MOST_NODES = 3;
  private static final int HOUR_MILLIS = 3_600_000;

  static RegionShape draw(SplittableRandom random, int replicas) {
    int count = 2 + random.nextInt(2);
    List<Integer> nodes =
        IntStream.range(0, count)
            .mapToObj(i -> Math.min(MOST_NODES, replicas + random.nextInt(2)))
            .toList();
    String topology =
        switch (random.nextInt(3)) {
          case 0 -> "ALL-TO-ALL";
          case 1 -> "RING";
          default -> "STAR " + NAMES.get(random.nextInt(count));
        };
    Conflict conflict = random.nextInt(5) == 0 ? Conflict.SIBLINGS : Conflict.LWW;
    int latencyMillis = random.nextInt(3) == 0 ? 20 + random.nextInt(200) : random.nextInt(10);
    boolean apart = random.nextInt(3) == 0;
    List<Long> skews =
        IntStream.range(0, count)
            .mapToObj(i -> apart ? random.nextLong(6L * HOUR_MILLIS) : 0L)
            .toList();
    return new RegionShape(nodes, topology, conflict, latencyMillis, skews, random.nextInt(3) > 0);
  }

  int count() {
    return nodes.size();
  }

  List<String> names() {
    return NAMES.subList(0, count());
  }

  /** Whether the regions' clocks tell different times. */
  boolean clocksAreApart() {
    return skewMillis.stream().distinct().count() > 1;
  }

  int allNodes() {
    return nodes.stream().mapToInt(Integer::intValue).sum();
  }
}
