package io.trefoil.replication.multileader;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** How far each origin is here: origin → index up to which everything of it is. */
public final class RegionVector {
  private final TreeMap<Integer, Long> upTo;

  public RegionVector() {
    this(new TreeMap<>());
  }

  public RegionVector(SortedMap<Integer, Long> upTo) {
    this.upTo = new TreeMap<>(upTo);
  }

  public boolean covers(int origin, long index) {
    return upTo(origin) >= index;
  }

  /** 0 when nothing of the origin is here. */
  public long upTo(int origin) {
    return upTo.getOrDefault(origin, 0L);
  }

  /** Everything of the origin up to {@code index} is here. Known already: nothing. */
  public void advance(int origin, long index) {
    upTo.merge(origin, index, Math::max);
  }

  public RegionVector copy() {
    return new RegionVector(upTo);
  }

  /** A view, in order of the origins' numbers. */
  public SortedMap<Integer, Long> view() {
    return Collections.unmodifiableSortedMap(upTo);
  }

  /** As in {@code 1/3:1021 2/1:7}: of region 1, epoch 3 up to 1021. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    upTo.forEach(
        (origin, index) ->
            text.append(text.length() == 0 ? "" : " ")
                .append(RegionOrigin.text(origin))
                .append(':')
                .append(index));
    return text.toString();
  }
}
