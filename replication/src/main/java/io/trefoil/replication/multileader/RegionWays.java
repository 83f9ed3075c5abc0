package io.trefoil.replication.multileader;

import io.trefoil.base.Invariants;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * Which regions a region pulls from, its neighbours, and by which of them each other region's
 * entries come, the best first. That is all a topology is.
 */
public final class RegionWays {
  private final SortedMap<Integer, List<Integer>> ways = new TreeMap<>();
  private final SortedSet<Integer> neighbours = new TreeSet<>();

  private RegionWays(int self, List<Integer> regions, IntFunction<List<Integer>> waysTo) {
    Invariants.check(new TreeSet<>(regions).size() == regions.size(), "a region comes once");
    Invariants.check(regions.contains(self), "a region is one of the regions", self, 0);
    for (int region : regions) {
      Invariants.check(
          region >= 1 && region <= RegionOrigin.MAX_REGION, "no such region", region, self);
      if (region != self) {
        ways.put(region, List.copyOf(waysTo.apply(region)));
        neighbours.addAll(ways.get(region));
      }
    }
  }

  /**
   * Each from itself; when its link is cut, from any other that reaches it, in the order of {@code
   * regions}.
   */
  public static RegionWays allToAll(int self, List<Integer> regions) {
    return new RegionWays(
        self,
        regions,
        region ->
            Stream.concat(
                    Stream.of(region), regions.stream().filter(it -> it != self && it != region))
                .toList());
  }

  /**
   * {@code regions} in this order are the ring. Each by the side that is nearer, else by the other
   * one; of two that are equally near, first by the region before this one.
   */
  public static RegionWays ring(int self, List<Integer> regions) {
    int count = regions.size();
    int at = regions.indexOf(self);
    Invariants.check(at >= 0, "a region is one of the regions", self, 0);
    int before = regions.get((at + count - 1) % count);
    int after = regions.get((at + 1) % count);
    return new RegionWays(
        self,
        regions,
        region -> {
          int forward = (regions.indexOf(region) - at + count) % count;
          boolean nearerForward = forward < count - forward;
          List<Integer> sides = new ArrayList<>(List.of(before));
          if (after != before) {
            sides.add(nearerForward ? 0 : 1, after);
          }
          return sides;
        });
  }

  /** All by the hub; the hub gets each from itself. */
  public static RegionWays star(int self, int hub, List<Integer> regions) {
    Invariants.check(regions.contains(hub), "the hub is one of the regions", hub, 0);
    return new RegionWays(self, regions, region -> List.of(self == hub ? region : hub));
  }

  public SortedSet<Integer> neighbours() {
    return Collections.unmodifiableSortedSet(neighbours);
  }

  /** All but this one. */
  public SortedSet<Integer> regions() {
    return Collections.unmodifiableSortedSet(new TreeSet<>(ways.keySet()));
  }

  /** Neighbours by which another region's entries come, the best first; at least one. */
  public List<Integer> ways(int region) {
    Invariants.check(ways.containsKey(region), "no other region has this number", region, 0);
    return ways.get(region);
  }
}
