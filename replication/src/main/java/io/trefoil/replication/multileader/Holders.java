package io.trefoil.replication.multileader;

import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Which neighbour is the one to bring each other region's entries: its holder. */
final class Holders {
  private final RegionWays ways;
  private final RegionSettings settings;
  private final SortedMap<Integer, Integer> holders = new TreeMap<>();

  Holders(RegionWays ways, RegionSettings settings) {
    this.ways = ways;
    this.settings = settings;
    ways.regions().forEach(region -> holders.put(region, ways.ways(region).get(0)));
  }

  SortedSet<Integer> heldBy(int neighbour) {
    SortedSet<Integer> held = new TreeSet<>();
    holders.forEach(
        (region, holder) -> {
          if (holder == neighbour) {
            held.add(region);
          }
        });
    return held;
  }

  void reconsider(SortedMap<Integer, NeighbourLink> links, long nowMillis) {
    holders.replaceAll((region, holder) -> next(region, holder, links, nowMillis));
  }

  /**
   * A holder that is live stays until a better way has settled: each change throws away what is on
   * its way. One that is not live is replaced at once.
   */
  private int next(
      int region, int holder, SortedMap<Integer, NeighbourLink> links, long nowMillis) {
    boolean holderIsLive = links.get(holder).isLive();
    for (int neighbour : ways.ways(region)) {
      NeighbourLink link = links.get(neighbour);
      if (neighbour == holder && holderIsLive) {
        return holder;
      }
      if (holderIsLive ? link.isSettled(nowMillis, settings.settleMillis()) : link.isLive()) {
        return neighbour;
      }
    }
    return ways.ways(region).get(0);
  }
}
