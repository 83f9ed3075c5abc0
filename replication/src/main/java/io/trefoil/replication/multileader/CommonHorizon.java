package io.trefoil.replication.multileader;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Invariants;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Up to which stamp every region has every entry, by what their leaders tell in their logs: so what
 * was removed up to there can't come back, and may be forgotten. It is a function of the log, and
 * the same on all replicas of a region.
 *
 * <p><b>A region is complete up to a stamp</b> when of every other region it has an entry with that
 * stamp or a later one: a region's stamps grow along its log, and its entries come in their order.
 * But a region may lose the end of an epoch which others have (see {@code
 * docs/protocols/multi-leader.md}, lost epochs): such an entry is older than later ones of its
 * region. So what all were complete up to counts only when all have told since that they have
 * whatever any of them had then.
 *
 * <p><b>{@link #purgeable} is an earlier horizon.</b> An origin that had not heard of a counter's
 * removal goes on with its total. It had heard when the horizon passed the removal; all that it
 * counted until then is here when the horizon has passed that moment, too.
 *
 * <p>A region that says nothing keeps everything where it is, and no time limit changes that.
 *
 * <p><b>Regions come and go.</b> Each tells under the version of the regions that its leader knows,
 * and only what was told under the newest of them counts. So that nothing is forgotten before a new
 * region has it, a leader answers no pull before it has told under a version that has that region.
 */
public final class CommonHorizon {
  private static final int MAX_ORIGINS = 1 << 16;

  /** Under the newest version. */
  private final SortedMap<Integer, Told> told = new TreeMap<>();

  private int version;

  /** What is to be had by all, before its stamp counts; null while not all have told. */
  private Told candidate;

  private long horizon;
  private long purgeable;

  /** Becomes purgeable when the horizon has passed {@code waitsFor}. */
  private long next;

  private long waitsFor;
  private long lastStamp;
  private long lastChange;

  /**
   * What a region's leader says of its log, by an entry in it.
   *
   * @param version of the database's regions, from 1
   * @param regions numbers of those that the database has in that version
   * @param complete the stamp up to which the region has every entry of every region; 0 for none
   * @param lastChange the stamp of the last entry that changed a cell in the region; 0 for none
   * @param vector origin → index up to which the region has everything of it
   * @param log the region's own origins → where each ends in its log; what it lost of one and has
   *     from others is not in that
   */
  public record Told(
      int version,
      SortedSet<Integer> regions,
      long complete,
      long lastChange,
      SortedMap<Integer, Long> vector,
      SortedMap<Integer, Long> log) {
    public Told {
      regions = Collections.unmodifiableSortedSet(new TreeSet<>(regions));
      vector = Collections.unmodifiableSortedMap(new TreeMap<>(vector));
      log = Collections.unmodifiableSortedMap(new TreeMap<>(log));
      Invariants.check(complete >= 0, "a stamp is not negative", complete, 0);
    }

    private boolean covers(int origin, long index) {
      return vector.getOrDefault(origin, 0L) >= index;
    }

    public void write(ByteSink sink) {
      sink.putVarint(version).putVarint(regions.size());
      regions.forEach(sink::putVarint);
      sink.putLong(complete).putLong(lastChange);
      write(sink, vector);
      write(sink, log);
    }

    private static void write(ByteSink sink, SortedMap<Integer, Long> indexes) {
      sink.putVarint(indexes.size());
      indexes.forEach((origin, index) -> sink.putVarint(origin).putVarint(index));
    }

    /** Reads what {@link #write} wrote. */
    public static Told read(ByteSource source) {
      int version = source.getCount(Integer.MAX_VALUE);
      SortedSet<Integer> regions = new TreeSet<>();
      for (int left = source.getCount(RegionOrigin.MAX_REGION); left > 0; left--) {
        regions.add(source.getCount(RegionOrigin.MAX_REGION));
      }
      long complete = Math.max(0, source.getLong());
      long lastChange = Math.max(0, source.getLong());
      SortedMap<Integer, Long> vector = readIndexes(source);
      return new Told(version, regions, complete, lastChange, vector, readIndexes(source));
    }

    private static SortedMap<Integer, Long> readIndexes(ByteSource source) {
      SortedMap<Integer, Long> indexes = new TreeMap<>();
      int count = source.getCount(MAX_ORIGINS);
      for (int i = 0; i < count; i++) {
        indexes.put(source.getCount(Integer.MAX_VALUE), source.getVarint());
      }
      return indexes;
    }
  }

  /**
   * An entry in which a region tells is committed.
   *
   * @param stamp of the entry
   */
  public void told(int region, Told what, long stamp) {
    lastStamp = Math.max(lastStamp, stamp);
    lastChange = Math.max(lastChange, what.lastChange());
    if (what.version() < version) {
      return;
    }
    if (what.version() > version) {
      version = what.version();
      told.clear();
    }
    told.put(region, what);
    if (!told.keySet().containsAll(what.regions())) {
      candidate = null;
    } else if (candidate == null) {
      candidate = ofAll();
    } else if (told.values().stream().allMatch(this::hasCandidate)) {
      horizon = Math.max(horizon, candidate.complete());
      candidate = ofAll();
      if (horizon > waitsFor) {
        purgeable = next;
        next = horizon;
        waitsFor = lastStamp;
      }
    }
  }

  private boolean hasCandidate(Told each) {
    return candidate.vector().entrySet().stream()
        .allMatch(
            it ->
                each.covers(it.getKey(), it.getValue())
                    || hasLog(each, it.getKey(), it.getValue()));
  }

  /**
   * Whether a region has what another's log holds of an earlier epoch up to an index: that other
   * one says that its log goes so far, and this one has entries of a later epoch which that log
   * has, too. Their numbers differ where the epoch ends with entries of others: who pulled the log
   * has heard of its last own entry, who merged a snapshot of where it ends.
   */
  private boolean hasLog(Told each, int origin, long index) {
    int region = RegionOrigin.regionOf(origin);
    Told own = told.get(region);
    return own != null
        && own.log().getOrDefault(origin, 0L) >= index
        && each.vector().keySet().stream()
            .anyMatch(
                later ->
                    RegionOrigin.regionOf(later) == region
                        && later > origin
                        && own.log().containsKey(later));
  }

  /**
   * What a region says of its own log is not asked of others: they have that by its stamps. And no
   * other can have an earlier epoch to its end, where that region's log holds entries of others.
   */
  private Told ofAll() {
    long complete = Long.MAX_VALUE;
    SortedMap<Integer, Long> vector = new TreeMap<>();
    for (SortedMap.Entry<Integer, Told> each : told.entrySet()) {
      complete = Math.min(complete, each.getValue().complete());
      SortedMap<Integer, Long> has = each.getValue().vector();
      has.forEach(
          (origin, index) -> {
            if (RegionOrigin.regionOf(origin) != each.getKey()) {
              vector.merge(origin, index, Math::max);
            }
          });
    }
    return new Told(version, new TreeSet<>(told.keySet()), complete, 0, vector, new TreeMap<>());
  }

  /** Every region has every entry up to this stamp; 0 at first. Never goes back. */
  public long horizon() {
    return horizon;
  }

  /** What was removed up to this stamp may be forgotten; 0 at first. Never goes back. */
  public long purgeable() {
    return purgeable;
  }

  /**
   * The last change that any region has told of. Regions that merge the same in other entries end
   * with other ones, so until the horizon has passed the last of all, each has to tell.
   */
  public long lastChange() {
    return lastChange;
  }

  /** Where each epoch of a region ended in its log when it told last; empty when it has not. */
  public SortedMap<Integer, Long> toldLog(int region) {
    Told last = told.get(region);
    return last == null ? Collections.emptySortedMap() : last.log();
  }

  /** The newest version under which was told; 0 for none. */
  public int version() {
    return version;
  }

  public boolean isEmpty() {
    return told.isEmpty();
  }

  public void write(ByteSink sink) {
    sink.putLong(horizon).putLong(purgeable).putLong(next).putLong(waitsFor);
    sink.putLong(lastStamp).putLong(lastChange);
    sink.putVarint(version);
    sink.putByte(candidate == null ? 0 : 1);
    if (candidate != null) {
      candidate.write(sink);
    }
    sink.putVarint(told.size());
    told.forEach(
        (region, each) -> {
          sink.putVarint(region);
          each.write(sink);
        });
  }

  /** Reads what {@link #write} wrote, into an empty one. */
  public void read(ByteSource source) {
    horizon = source.getLong();
    purgeable = source.getLong();
    next = source.getLong();
    waitsFor = source.getLong();
    lastStamp = source.getLong();
    lastChange = source.getLong();
    version = source.getCount(Integer.MAX_VALUE);
    candidate = source.getByte() == 0 ? null : Told.read(source);
    int count = source.getCount(RegionOrigin.MAX_REGION);
    for (int i = 0; i < count; i++) {
      told.put(source.getCount(RegionOrigin.MAX_REGION), Told.read(source));
    }
  }

  @Override
  public String toString() {
    return "horizon=" + horizon + " told by " + told.keySet();
  }
}
