package io.trefoil.node;

import io.trefoil.base.Stamp;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsNotInMemory;
import io.trefoil.cell.CellsRefused;
import io.trefoil.control.Conflict;
import io.trefoil.control.Regions;
import io.trefoil.replication.multileader.RegionOrigin;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.PartitionStore;
import java.util.ArrayList;
import java.util.List;

/**
 * Cells that leaders of several regions write, each its own copies. What a command changes is
 * merged in front of the store, and goes into its entry as changes: for the followers here, and for
 * the other regions.
 */
final class RegionCells implements ReplicaCells, MergedCells.Log {
  /** Keys of a partition that are looked at each tick: a thousand a second. */
  private static final int PURGE_STEPS = 10;

  /** The same of those that one leader wrote: ten thousand a second. */
  private static final int ADOPT_STEPS = 100;

  /** Further ahead than this no leader's clock can have been. */
  private static final long MAX_AHEAD_MILLIS = 3_600_000;

  private final PartitionReplica replica;
  private final Origins origins;
  private final MergedCells cells = new MergedCells();
  private final MergedStore newest;
  private final MergedStore committed;

  /** For what may wait for the disk. */
  private final MergedStore waiting;

  private boolean leading;
  private boolean judgedExpired;
  private long carriedIndex;

  /** Where to look for keys that one leader wrote, and whether there was one since the start. */
  private long adoptCursor;

  private boolean adoptedSome;

  /** Index of the entry that says that all are such; 0 for none. */
  private long saidAdopted;

  RegionCells(PartitionReplica replica, PartitionStore store, Origins origins) {
    this.replica = replica;
    this.origins = origins;
    this.newest = MergedStore.notWaiting(store, origins.state());
    this.committed = MergedStore.committed(store, origins.state());
    this.waiting = MergedStore.waiting(store, origins.state());
  }

  @Override
  public Cells begin(boolean onLeader, long nowMillis) {
    leading = onLeader;
    judgedExpired = false;
    carriedIndex = 0;
    cells.begin(leading ? newest : committed, this, MergedCells.Looks.IGNORED, nowMillis);
    return cells;
  }

  @Override
  public long heldIndex() {
    return Math.max(cells.heldIndex(), carriedIndex);
  }

  @Override
  public boolean judgedExpired() {
    return judgedExpired;
  }

  @Override
  public void judgedExpired(long expireAtMillis) {
    if (leading && expireAtMillis > replica.carriedTimeMillis()) {
      judgedExpired = true;
    } else if (leading) {
      carriedIndex = replica.carriedIndex();
    }
  }

  /**
   * What was removed is forgotten where every region has heard of it. What expired is removed
   * first, by an entry of the leader: by that all regions forget it.
   */
  @Override
  public void collect(long untilMillis) {
    if (!isAdopted() && replica.takesCommands() && replica.refuseWrite() == null) {
      adopt();
    }
    long purgeable = origins.horizon().purgeable();
    if (purgeable == 0) {
      return;
    }
    waiting.purge(purgeable, untilMillis, PURGE_STEPS);
    for (byte[] key : waiting.takeExpired()) {
      if (replica.takesCommands() && replica.refuseWrite() == null) {
        removeExpired(key);
      }
    }
  }

  /** Whether no key is left that one leader wrote, before several regions did. */
  boolean isAdopted() {
    return !replica.terms().database().wasSingle() || origins.adoptedAt() > 0;
  }

  /**
   * Has all keys that one leader wrote be such as several write, some each tick. Whoever leads next
   * begins anew, and finds them done.
   */
  private void adopt() {
    if (saidAdopted > replica.machine().commitIndex()) {
      return; // until it is committed; what was cut off with a leadership is said again
    }
    List<byte[]> plain = new ArrayList<>();
    adoptCursor = waiting.scanPlain(adoptCursor, ADOPT_STEPS, plain::add);
    plain.forEach(this::adopt);
    adoptedSome |= !plain.isEmpty();
    if (adoptCursor == 0 && !adoptedSome) {
      replica.runAsLeader(none -> replica.entry().adopted());
      saidAdopted = replica.wroteIndex();
      origins.adoptedIn(saidAdopted);
    } else if (adoptCursor == 0) {
      adoptedSome = false; // one more round finds none
    }
  }

  private void adopt(byte[] key) {
    replica.runAsLeader(
        none -> {
          MergedStore.Key open = waiting.open(key, 0, key.length);
          if (open.isPlain()) {
            replica.entry().adopt(key);
            open.adopt(index());
            open.save(index());
          }
        });
  }

  private void removeExpired(byte[] key) {
    try {
      replica.runAsLeader(none -> cells.removeExpired(key));
    } catch (CellsNotInMemory missing) {
      return; // another time
    }
  }

  private Regions regions() {
    return replica.terms().database().settings().regions();
  }

  @Override
  public int origin() {
    return RegionOrigin.number(regions().numberHere(), replica.epoch());
  }

  @Override
  public long random() {
    return replica.loop().random();
  }

  @Override
  public long nextStamp() {
    return replica.nextStamp();
  }

  @Override
  public long index() {
    return replica.lastIndex() + 1;
  }

  @Override
  public boolean keepsSiblings() {
    return regions().conflict() == Conflict.SIBLINGS;
  }

  /** Who wrote it: the region. */
  @Override
  public String nodeName(int origin) {
    return regions().name(RegionOrigin.regionOf(origin));
  }

  /** A stamp far ahead would take the clocks of all regions with it. */
  @Override
  public void observe(int origin, long stamp) {
    boolean known = regions().isNumber(RegionOrigin.regionOf(origin));
    DataLoop loop = replica.loop();
    long ahead = Stamp.millis(stamp) - Math.max(loop.wallMillis(), Stamp.millis(loop.lastStamp()));
    if (!known || ahead > MAX_AHEAD_MILLIS) {
      throw new CellsRefused(
          "ERR no leader of the database can have written that: origin "
              + RegionOrigin.text(origin)
              + ", "
              + ahead
              + " ms ahead");
    }
    loop.observeStamp(stamp);
  }

  @Override
  public void merge(byte[] key, byte[] change, int length) {
    replica.entry().merge(key, change, length);
    replica.changes(key, 0, key.length);
    origins.changed(replica.entry().stamp());
  }

  @Override
  public void part(
      CellType type, byte[] field, int offset, int fieldLength, byte[] change, int length) {
    replica.entry().part(type, field, offset, fieldLength, change, length);
  }
}
