package io.trefoil.node;

import io.trefoil.base.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Which keys differ between two copies that both go on, look after look: what stays the same and
 * different while nothing is on its way has diverged. Pure.
 */
final class RegionLooks {
  /** So long a key must differ without a change on either side. */
  static final long STAYS_NANOS = 3_000_000_000L;

  static final int MAX_LOOKS = 10;
  private static final int MAX_KEYS = 100;

  private final String region;
  private SortedMap<Bytes, RegionReport.Key> differing = new TreeMap<>(LeafListing::compare);
  private SortedMap<Bytes, Stays> before = new TreeMap<>(LeafListing::compare);
  private boolean isWhole = true;
  private int looks;

  /** A key that differs, and since when it does so without a change. */
  private record Stays(RegionReport.Key key, long sinceNanos) {}

  RegionLooks(String region) {
    this.region = region;
  }

  /** Notes what is to be seen of a key on both sides; 0 where nothing is. */
  void note(Bytes key, long here, long there) {
    if (here == there) {
      return;
    }
    if (differing.size() < MAX_KEYS) {
      differing.put(key, new RegionReport.Key(key, here, there));
    } else {
      isWhole = false;
    }
  }

  /**
   * Ends a look.
   *
   * @param isStill whether nothing of either log is known to be on its way
   * @return the report, or empty when it is to be looked at once more
   */
  Optional<RegionReport> end(long nowNanos, boolean isStill) {
    looks++;
    SortedMap<Bytes, Stays> stays = new TreeMap<>(LeafListing::compare);
    List<RegionReport.Key> diverged = new ArrayList<>();
    for (RegionReport.Key each : differing.values()) {
      Stays known = before.get(each.name());
      boolean same = isStill && known != null && known.key().equals(each);
      long since = same ? known.sinceNanos() : nowNanos;
      stays.put(each.name(), new Stays(each, since));
      if (nowNanos - since >= STAYS_NANOS) {
        diverged.add(each);
      }
    }
    int inFlight = differing.size() - diverged.size();
    if (inFlight == 0 && isWhole || looks == MAX_LOOKS) {
      return Optional.of(new RegionReport(region, null, inFlight, diverged, isWhole));
    }
    before = stays;
    differing = new TreeMap<>(LeafListing::compare);
    isWhole = true;
    return Optional.empty();
  }
}
